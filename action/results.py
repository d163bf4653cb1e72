"""What a review leaves with the runner: the report's folder, outputs, the job summary, annotations.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re

from action import job_log
from action.context import Context
from bot.model import Outcome, Review
from bot.publishing import Channel, Publisher
from bot.report.annotations import annotations_of_review
from bot.report.markdown import summary_markdown
from bot.report.targets import Targets

_FAILED = (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DIED, Outcome.REJECTED)
_MOST_REPORTS = 1000


def prepare(context: Context) -> Targets:
    """Return the places of the report, and tell the runner where they are before anything runs."""
    step = re.sub(r"[^A-Za-z0-9._-]+", "-", context.step).strip("-")
    again = ("", *(f"-{number}" for number in range(2, _MOST_REPORTS)))
    names = (f"nbci-report-{step}{ending}" for ending in again)
    name = next(name for name in names if not (context.temporary / name).exists())
    folder = context.temporary / name
    targets = Targets(report=folder, junit=folder / "junit.xml", json=None)
    targets.prepare()
    json = str(folder / "review.json")
    outputs = {"report": str(folder), "json": json, "artifact": name}
    job_log.set_outputs(context.output_file, outputs)
    return targets


def leave(context: Context, ended: Review, targets: Targets) -> None:
    """Write the report, the outputs and the job summary of a review that has ended."""
    for problem in targets.write(ended):
        job_log.error(problem)
    if ended.problem:
        with job_log.inert():
            for line in (ended.problem.title, *ended.problem.details):
                job_log.say(line)
    job_log.set_outputs(context.output_file, _counts(ended))
    job_log.add_summary(context.summary_file, summary_markdown(ended))


def _counts(ended: Review) -> dict[str, str]:
    outcomes = [run.outcome for run in ended.runs]
    passed = outcomes.count(Outcome.PASSED)
    failed = sum(outcome in _FAILED for outcome in outcomes)
    other = len(outcomes) + len(ended.skipped) - passed - failed
    return {
        "conclusion": ended.conclusion.value if ended.conclusion else "",
        "passed": str(passed),
        "failed": str(failed),
        "other": str(other),
    }


def tell(ended: Review, publisher: Publisher, *, is_shown: bool, has_checks: bool) -> None:
    """Say what GitHub did not take, and annotate here what it has no check runs for.

    *has_checks* says whether it takes check runs; a commit status has no annotations.
    """
    for channel, refusal in publisher.refusals.items():
        what = "check runs" if channel is Channel.CHECKS else "the comment"
        job_log.say(f"This token may not write {what}, so the results are here only. {refusal}")
    for problem in publisher.problems:
        job_log.warning(problem)
    if not is_shown:
        job_log.warning(f"GitHub did not take the last results: {publisher.waiting_for}")
    if not (is_shown and has_checks):
        for annotation in annotations_of_review(ended)[: job_log.MOST_ANNOTATIONS]:
            job_log.annotate(annotation)
