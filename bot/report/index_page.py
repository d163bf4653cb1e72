"""The page a report opens with: the verdict, every run, and what went wrong."""

from __future__ import annotations

import os
from urllib.parse import quote

from bot.model import CellError, Conclusion, Problem, Review, Run, Skipped, printable
from bot.notebooks.html.document import document, text
from bot.notebooks.html.terminal_text import coloured
from bot.notebooks.timespan import duration
from bot.report.failures import (
    excerpt,
    failures,
    message_beside_error,
    outcome_words,
    traceback_of,
    what_happened,
    worst_first,
)
from bot.report.pages import Link, no_link
from bot.report.plain import visible
from bot.report.wording import OUTCOME_ICONS, headline, place, plural, run_label

LONGEST_TRACEBACK = 50_000
"""Characters of a traceback, of which the end is kept."""

_STATES = {
    None: "unfinished",
    Conclusion.SUCCESS: "success",
    Conclusion.FAILURE: "failure",
    Conclusion.TIMED_OUT: "failure",
}
"""How the page is coloured; anything else asks for attention without being a failure."""


def index_html(review: Review, *, link: Link = no_link) -> str:
    """Return a complete page about *review*; *link* gives the URL of a run's executed notebook."""
    failed = failures(review)
    title = headline(review)
    parts = [
        _header(review, title),
        "<main>",
        _problem(review.problem),
        _table(review, link, {run.run_id: index for index, run in enumerate(failed, start=1)}),
        _failures(failed, link),
        _skipped(review.skipped),
        "</main>",
        '<footer><a href="review.json">review.json</a>',
        '<a href="summary.md">summary.md</a></footer>',
    ]
    return document(title=f"{title} · nbci", body="\n".join(part for part in parts if part))


def _header(review: Review, title: str) -> str:
    request = review.request
    state = _STATES.get(review.conclusion, "neutral")
    facts = []
    if request.working_tree:
        facts.append("working tree")
    elif request.head:
        facts.append(f"head {_sha(request.head)}")
    if request.base:
        facts.append(f"base {_sha(request.base)}")
    if request.ref:
        facts.append(f"<code>{text(printable(request.ref))}</code>")
    if request.merge:
        facts.append(f"merge {_sha(request.merge)}")
    if review.runs:
        seconds = sum(run.result.seconds for run in review.runs if run.result)
        facts.append(f"{duration(seconds)} in all")
    return (
        f'<header class="{state}">\n<h1>{text(title)}</h1>\n'
        f"<p>{' '.join(f'<span>{fact}</span>' for fact in facts)}</p>\n</header>"
    )


def _sha(sha: str) -> str:
    return f'<code title="{text(sha)}">{text(sha[:10])}</code>'


def _problem(problem: Problem | None) -> str:
    if problem is None or not problem.details:
        return ""
    items = "\n".join(f"<li>{_sentence(detail)}</li>" for detail in problem.details)
    return f'<section class="finding">\n<ul>\n{items}\n</ul>\n</section>'


def _table(review: Review, link: Link, numbers: dict[str, int]) -> str:
    if not review.runs:
        return ""
    head = "".join(
        f'<th scope="col">{name}</th>'
        for name in ("Outcome", "Notebook", "Why it ran", "Cells", "Time")
    )
    rows = "\n".join(
        _row(run, link(run), numbers.get(run.run_id)) for run in worst_first(review.runs)
    )
    return (
        '<section class="wide" tabindex="0" aria-label="Notebooks">\n'
        f'<table class="runs">\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</section>"
    )


def _row(run: Run, url: str | None, number: int | None) -> str:
    result = run.result
    cells = f"{result.cells_done}/{result.cells_total}" if result and result.cells_total else ""
    taken = duration(result.seconds) if result and result.seconds else ""
    name = f"<code>{text(run_label(run))}</code>"
    notebook = f'<a href="{text(url)}">{name}</a>' if url else name
    happened = text(what_happened(run))
    if happened:
        notebook += f'<span class="happened">{happened}</span>'
    outcome = outcome_badge(run)
    if number:
        outcome = f'<a href="#failure-{number}">{outcome}</a>'
    return (
        f'<tr><td>{outcome}</td><th scope="row">{notebook}</th>'
        f'<td data-name="Why">{_reasons(run.reasons)}</td>'
        f'<td class="number" data-name="Cells">{cells}</td>'
        f'<td class="number" data-name="Time">{taken}</td></tr>'
    )


def outcome_badge(run: Run) -> str:
    """Return how a run ended as an icon and words, so that no colour has to be seen."""
    outcome = run.outcome
    icon = OUTCOME_ICONS[outcome] if outcome else "…"
    kind = outcome.value if outcome else "unfinished"
    return (
        f'<span class="badge {kind}"><span aria-hidden="true">{icon}</span> '
        f"{text(outcome_words(run))}</span>"
    )


def _reasons(reasons: tuple[str, ...]) -> str:
    return "<br>".join(_sentence(reason) for reason in reasons)


def _sentence(sentence: str) -> str:
    """Return *sentence*, in which names stand between backticks, with those as code."""
    return "".join(
        f"<code>{text(part)}</code>" if index % 2 else text(part)
        for index, part in enumerate(printable(sentence).split("`"))
    )


def _failures(failed: list[Run], link: Link) -> str:
    if not failed:
        return ""
    articles = [_failure(run, link(run), number) for number, run in enumerate(failed, start=1)]
    return "<h2>What went wrong</h2>\n" + "\n".join(articles)


def _failure(run: Run, url: str | None, number: int) -> str:
    result = run.result
    if result is None:
        return ""
    error = result.failing_cell
    parts = [
        f'<article id="failure-{number}" class="finding">',
        f"<h3>{outcome_badge(run)} <code>{text(run_label(run))}</code></h3>",
    ]
    if message := message_beside_error(result):
        parts.append(f"<p>{text(printable(message))}</p>")
    if error:
        parts.append(_source(run, error))
    if trace := traceback_of(result)[-LONGEST_TRACEBACK:]:
        parts.append(f'<pre class="error" tabindex="0">{coloured(trace)}</pre>')
    if result.log:
        log = coloured(result.log[-LONGEST_TRACEBACK:])
        parts.append(f'<details><summary>Log</summary><pre tabindex="0">{log}</pre></details>')
    parts.append(_links(result.executed_notebook, url))
    return "\n".join([*parts, "</article>"])


def _source(run: Run, error: CellError) -> str:
    lines = "".join(
        f'<span class="line{" raised" if line.raised else ""}"><span class="number">{line.number}'
        f"</span>{text(visible(line.text).expandtabs(4)) or ' '}\n</span>"
        for line in excerpt(error)
    )
    source = f'\n<pre class="source lines" tabindex="0">{lines}</pre>' if lines else ""
    return f'<p class="place"><code>{text(place(run, error))}</code></p>{source}'


def _links(executed: str | None, url: str | None) -> str:
    links = []
    if url:
        links.append(f'<a href="{text(url)}">Executed notebook</a>')
    if executed:
        links.append(f'<a href="{text(quote(os.fsencode(executed)))}">.ipynb file</a>')
    return f"<p>{' '.join(links)}</p>" if links else ""


def _skipped(skipped: tuple[Skipped, ...]) -> str:
    if not skipped:
        return ""
    items = "\n".join(
        f"<li><code>{text(printable(notebook.notebook))}</code> {_reasons(notebook.reasons)}</li>"
        for notebook in skipped
    )
    return (
        f'<details class="skipped"><summary>{plural(len(skipped), "notebook")} skipped</summary>\n'
        f"<ul>\n{items}\n</ul>\n</details>"
    )
