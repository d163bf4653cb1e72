from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.model import Outcome, Progress, RunState, Skipped
from bot.report.terminal import TerminalReport

MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]|\x1b[^\[]|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")

ENDED = """\
\N{EN DASH} c.ipynb: skipped, only outputs changed
✓ a.ipynb: passed, 2/2 cells, 1.2 s
✗ reports/quarterly.ipynb: failed in cell 3, 1/4 cells, 12.3 s: KeyError: 'overseas'

── ✗ reports/quarterly.ipynb failed in cell 3 ──────────────────────────────────────────────────────
reports/quarterly.ipynb:118
   1 │ columns = ['north']
 ❱ 2 │ total = frame['overseas']
   3 │ print(total)

KeyError Traceback
KeyError: 'overseas'

1 of 2 notebooks failed (1 skipped). Report: nbci-report/index.html
"""


def console(encoding="utf-8", **options):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    return Console(file=stream, highlight=False, **{"width": 100, **options})


def text_of(target):
    return target.file.buffer.getvalue().decode(target.encoding)


def shown(review, *, quiet=False, folder=None, **options):
    """Return all a console shows of a review that is over."""
    target = console(**options)
    with TerminalReport(target, quiet) as report:
        report.update(review)
        report.finish(review, folder)
    return text_of(target)


def without_time(text):
    return re.sub(r" in [\d.]+ s\.", ".", text)


def test_a_log_tells_each_run_in_a_line_then_the_failures_then_the_verdict(review, run, failing):
    skipped = Skipped(notebook="c.ipynb", reasons=("only outputs changed",))
    passed = run("a.ipynb", Outcome.PASSED, cells_done=2, cells_total=2, seconds=1.25)

    text = shown(review(passed, failing, skipped=(skipped,)), folder=Path("nbci-report"))

    assert without_time(text) == ENDED


def test_quiet_is_only_failures_and_the_last_line(review, run, failing):
    text = shown(review(run("a.ipynb", Outcome.PASSED), failing), quiet=True)

    assert "a.ipynb" not in text
    assert "❱ 2 │" in text
    assert without_time(text).endswith("\n1 of 2 notebooks failed.\n")
    assert without_time(shown(review(run("a.ipynb", Outcome.PASSED)), quiet=True)) == (
        "1 notebook passed.\n"
    )


@pytest.mark.parametrize("quiet", [True, False])
def test_a_problem_is_told_with_what_to_do(troubled, quiet):
    assert shown(troubled, quiet=quiet) == (
        "Name some of them, or raise `max_notebooks`.\n"
        ".github/nbci.yml:3: it is 500\n"
        "600 notebooks, more than 500.\n"
    )


@pytest.mark.parametrize("outcome", [Outcome.LOST, Outcome.REJECTED, Outcome.DIED])
def test_what_happened_is_told_where_no_cell_raised(review, run, outcome):
    text = shown(review(run("a.ipynb", outcome, message="no room", log="Killed\n")), quiet=True)

    assert "\nno room\n\nKilled\n" in text


def test_each_run_is_told_once_however_often_there_is_news(review, run):
    value = review(run("a.ipynb", Outcome.PASSED), run("b.ipynb", None))
    target = console()

    with TerminalReport(target) as report:
        for _ in range(5):
            report.update(value)

    assert text_of(target).count("a.ipynb") == 1


def test_a_log_holds_no_escapes_and_no_colours(hostile):
    assert "\x1b" not in shown(hostile)


@pytest.mark.parametrize("interactive", [True, False])
def test_hostile_text_moves_nothing_and_is_no_markup(hostile, hostile_text, interactive):
    text = shown(
        hostile, force_terminal=True, force_interactive=interactive, color_system="truecolor"
    )
    ours = re.sub(r"\x1b\[\?25[lh]|\x1b\[[12][AK]|\r", "", text) if interactive else text

    assert not MOVES.search(ours)
    assert "[bold]markup[/bold]" in text
    assert "owned" not in COLOURS.sub("", text).replace("]0;owned\\x07", "")


def test_the_colours_of_a_traceback_are_kept(review, failing):
    text = shown(review(failing), force_terminal=True, color_system="truecolor")

    assert "\x1b[31mKeyError\x1b[0m Traceback" in text


def test_no_color_means_none(review, failing):
    text = shown(review(failing), force_terminal=True, force_interactive=False, no_color=True)

    assert not re.search(r"\x1b\[[0-9;]*3[0-9][;m]", text)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_terminal_of_few_characters_shows_what_it_can(review, failing, hostile, encoding):
    text = shown(review(failing), encoding=encoding)

    assert "x reports/quarterly.ipynb: failed in cell 3" in text
    assert " > 2 | total" in text
    assert "\\ufffd" not in text
    shown(hostile, encoding=encoding)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_line_of_a_terminal_fits_its_width(review, run, failing, width):
    long = replace(
        failing, run_id="long", notebook="ordner/" * 20 + "名前のとても長いノートブック.ipynb"
    )
    going = run(
        "b" * 200 + ".ipynb",
        None,
        progress=Progress(cells_done=3, cells_total=9, cell=5, seconds=700),
    )
    going = replace(going, state=RunState.RUNNING)
    target = console(width=width, force_terminal=True)

    with TerminalReport(target) as report:
        report.update(review(long, failing, going))

    frames = re.split(r"[\r\n]+", COLOURS.sub("", text_of(target)))
    lines = [MOVES.sub("", line) for line in frames]
    assert max(cell_len(line) for line in lines) < width
    assert any("ipynb" in line and "…" in line for line in lines)


def test_running_notebooks_are_shown_as_far_as_there_is_room(review, run):
    runs = [replace(run(f"{n:03}.ipynb", None), state=RunState.RUNNING) for n in range(300)]
    target = console(height=20, force_terminal=True)

    with TerminalReport(target) as report:
        report.update(review(*runs))

    text = text_of(target)
    assert "016.ipynb" in text
    assert "017.ipynb" not in text
    assert "300 running" in text


def test_frames_are_drawn_now_and_then_only(review, run):
    value = review(replace(run("a.ipynb", None), state=RunState.RUNNING))
    target = console(force_terminal=True)

    with TerminalReport(target) as report:
        for _ in range(200):
            report.update(value)

    assert text_of(target).count("a.ipynb") < 20


def test_an_interrupted_report_gives_the_cursor_back(review, run):
    value = review(replace(run("a.ipynb", None), state=RunState.RUNNING))
    target = console(force_terminal=True)

    def interrupted():
        with TerminalReport(target) as report:
            report.update(value)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    text = text_of(target)
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


def test_of_very_many_failures_only_some_are_shown(review, failing):
    runs = [replace(failing, run_id=str(number)) for number in range(50)]

    text = shown(review(*runs), quiet=True)

    assert text.count("reports/quarterly.ipynb:118") == 20
    assert "30 more failures in the report." in text


def test_of_a_long_traceback_the_end_is_shown(review, failing):
    error = replace(
        failing.result.failing_cell, traceback=tuple(f"line {number}" for number in range(1000))
    )
    long = failing.ended(replace(failing.result, failing_cell=error))

    text = shown(review(long), quiet=True)

    assert "… 940 lines before this\nline 940\n" in text
    assert "line 999\n" in text
