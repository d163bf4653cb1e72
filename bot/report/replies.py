"""What is replied to commands about one head, as Markdown."""

from __future__ import annotations

from bot.report.inert import code


def nothing_run_yet(head: str) -> str:
    """Return the answer to a question about a head that has no review."""
    return f"Nothing was run for {code(head[:10])} yet."


def nothing_running(head: str) -> str:
    """Return the answer to who wants to stop what does not run."""
    return f"Nothing is running for {code(head[:10])}."


def stopped(head: str) -> str:
    """Return that what ran was told to end."""
    return f"Cancelled what was running for {code(head[:10])}."


def no_earlier_result(head: str) -> str:
    """Return why it is not known which notebooks failed."""
    return (
        f"There is no earlier result for {code(head[:10])} to go by, so nothing was run."
        " `/nbci run` runs what this pull request affects."
    )


def all_passed(head: str) -> str:
    """Return that there is no notebook that failed."""
    return f"Every notebook passed for {code(head[:10])}: nothing to run again."


def running_already(head: str) -> str:
    """Return that what is asked for is being done."""
    return f"These notebooks of {code(head[:10])} are running already."
