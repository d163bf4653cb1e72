"""The check run of one notebook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from bot.model import Conclusion, Outcome, Review, Run, RunState
from bot.notebooks.timespan import duration
from bot.report.annotations import annotations_of_run
from bot.report.check_run import LONGEST_TEXT, LONGEST_TITLE, Button, CheckRun, CheckStatus
from bot.report.failures import did_not_pass, outcome_words, what_happened, what_happened_there
from bot.report.inert import code, linked, words
from bot.report.limited import LimitedPage
from bot.report.pages import Pages
from bot.report.sections import HOW_TO_RERUN, evidence, whereabouts
from bot.report.wording import clipped, plural, run_label

LONGEST_NAME = 200

_RERUN = Button(label="Re-run", description="Run this notebook again", identifier="rerun")

_CONCLUSIONS = {
    Outcome.PASSED: Conclusion.SUCCESS,
    Outcome.FAILED: Conclusion.FAILURE,
    Outcome.TIMED_OUT: Conclusion.TIMED_OUT,
    Outcome.DIED: Conclusion.FAILURE,
    Outcome.LOST: Conclusion.FAILURE,
    Outcome.CANCELLED: Conclusion.CANCELLED,
    Outcome.SKIPPED: Conclusion.SKIPPED,
    Outcome.REJECTED: Conclusion.FAILURE,
}

_SENTENCES = {
    Outcome.PASSED: "nbci ran this Jupyter notebook, and it passed.",
    Outcome.FAILED: "nbci ran this Jupyter notebook, and one of its cells raised an error.",
    Outcome.TIMED_OUT: "nbci ran this Jupyter notebook, and it took longer than it may.",
    Outcome.DIED: "nbci ran this Jupyter notebook, and the process that runs its cells died,"
    " which often is for want of memory.",
    Outcome.LOST: "nbci could not run this Jupyter notebook. The notebook is not to blame.",
    Outcome.CANCELLED: "nbci did not run this Jupyter notebook to its end.",
    Outcome.SKIPPED: "nbci did not run this Jupyter notebook, as there was no need to.",
    Outcome.REJECTED: "nbci cannot run this Jupyter notebook as it is.",
}


def notebook_check(
    review: Review, run: Run, *, pages: Pages, buttons: bool, commands: bool = False
) -> CheckRun:
    """Return the check run of one notebook of *review*, as it stands."""
    return CheckRun(
        name=_name(run, review.request.variant),
        external_id=run.run_id,
        status=_status(run),
        conclusion=_conclusion(run),
        title=clipped(_title(run), LONGEST_TITLE),
        summary=_notebook_summary(review, run, pages, commands=commands),
        text=evidence(run, LONGEST_TEXT) if did_not_pass(run) else "",
        annotations=annotations_of_run(run),
        buttons=(_RERUN,) if buttons and run.result else (),
        details_url=pages.run(run) or pages.report,
    )


def _name(run: Run, variant: str) -> str:
    """Return the path and parameters; where they are shortened, with what keeps names apart."""
    name = run_label(run)
    ending = f" ({variant})" if variant else ""
    if len(name) + len(ending) <= LONGEST_NAME and "…" not in name:
        return name + ending
    identity = json.dumps([run.notebook, sorted(run.parameters.items())])
    ending = f" ({hashlib.sha256(identity.encode()).hexdigest()[:8]}){ending}"
    return clipped(name, LONGEST_NAME - len(ending)) + ending


def _status(run: Run) -> CheckStatus:
    if run.result:
        return CheckStatus.COMPLETED
    return CheckStatus.IN_PROGRESS if run.state is RunState.RUNNING else CheckStatus.QUEUED


def _conclusion(run: Run) -> Conclusion | None:
    if run.outcome is None:
        return None
    return Conclusion.NEUTRAL if run.is_excused else _CONCLUSIONS[run.outcome]


def _title(run: Run) -> str:
    result = run.result
    if result is None:
        progress = run.progress
        if run.state is not RunState.RUNNING or not progress.cells_total:
            return outcome_words(run)
        done = f"{progress.cells_done} of {plural(progress.cells_total, 'cell')} done"
        return f"{outcome_words(run)}, {done}"
    if result.outcome is Outcome.PASSED:
        return f"passed in {duration(result.seconds)}, {plural(result.cells_done, 'cell')}"
    standing = "could not be run" if result.outcome is Outcome.LOST else outcome_words(run)
    happened = what_happened_there(run)
    return f"{standing}: {happened}" if happened else standing


def _notebook_summary(review: Review, run: Run, pages: Pages, *, commands: bool) -> str:
    page = LimitedPage(LONGEST_TEXT, pages.report)
    page.add(_sentence(run) + "\n\n")
    for name, value in _facts(review, run, pages):
        page.add(f"- **{name}:** {value}\n")
    if commands and did_not_pass(run):
        page.add(HOW_TO_RERUN)
    return page.text()


def _sentence(run: Run) -> str:
    if run.outcome:
        excuse = " The configuration allows that." if run.is_excused else ""
        return _SENTENCES[run.outcome] + excuse
    if run.state is RunState.RUNNING:
        return "nbci is running this Jupyter notebook. This is updated as its cells end."
    return "nbci is going to run this Jupyter notebook."


def _facts(review: Review, run: Run, pages: Pages) -> Iterator[tuple[str, str]]:
    """Yield what there is to know of a run, each with its name, as Markdown."""
    yield "Notebook", code(run_label(run), 1_000)
    if happened := what_happened(run):
        yield "What happened", code(happened)
    if run.reasons:
        yield "Why it ran", "; ".join(words(clipped(reason, 400)) for reason in run.reasons[:5])
    stands = run.result or run.progress
    if stands.cells_total:
        yield "Cells", f"{stands.cells_done} of {stands.cells_total} done"
    if stands.seconds:
        yield "Time", duration(stands.seconds)
    if where := whereabouts(review):
        yield "What was run", where
    if url := pages.run(run):
        yield "To look at", linked("the executed notebook", url)
    elif pages.report:
        yield "To look at", linked("the full report", pages.report)
