"""What a review costs in requests to GitHub, and how many it writes in a minute and an hour.

Made-up reviews are shown on the tests' GitHub by what the Action shows them with, on a clock that
nobody waits for; one notebook in seven fails. Counted is what a job asks for under `pull_request`:
the merge base, for a checkout that does not tell it, and all that shows the review. Ends with 1
when a limit is not kept.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tables import table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from building.hosted import NAME, Hosted, host
from building.reviews import new_review
from building.showing import Show, busiest
from fakes.github import GitHub

from bot.forges.github.repository import GitHubRepository
from bot.publishing import ChecksMode

MOST_A_MINUTE = 80
MOST_AN_HOUR = 500
MODES = {
    ChecksMode.PER_NOTEBOOK: (1, 20, 300),
    ChecksMode.SUMMARY: (1, 20, 300, 5000),
}


@dataclass(frozen=True)
class Cost:
    """What one review cost; `late` is for how many seconds after its end it was not yet shown."""

    requests: int
    allowed: float
    writes: int
    a_minute: int
    an_hour: int
    late: float

    @property
    def is_kept(self) -> bool:
        """Whether all limits are."""
        return (
            self.requests <= self.allowed
            and self.a_minute <= MOST_A_MINUTE
            and self.an_hour <= MOST_AN_HOUR
        )


def measure(mode: ChecksMode, number: int, seconds: float) -> Cost:
    """Return what a review of *number* notebooks costs that takes so many seconds."""
    with GitHub() as github, tempfile.TemporaryDirectory(prefix="nbci-cost-") as folder:
        hosted = host(github, Path(folder, "work"))
        began = hosted.clock.now
        GitHubRepository(hosted.api(), NAME).merge_base(hosted.pull.base_sha, hosted.sha)
        Show(hosted, checks=mode, commands=True).play(new_review(hosted.sha, number), seconds)
        check_end(hosted, mode, number)
        written = hosted.written_at
        return Cost(
            requests=len(github.requests),
            allowed=12 + 2.2 * number if mode is ChecksMode.PER_NOTEBOOK else 25,
            writes=len(written),
            a_minute=busiest(written, 60),
            an_hour=busiest(written, 3600),
            late=max(written[-1] - began - seconds, 0.0),
        )


def check_end(hosted: Hosted, mode: ChecksMode, number: int) -> None:
    """Assert that what was counted did the work: everything is there and concluded."""
    checks = hosted.repository.check_runs()
    assert len(checks) == 1 + (number if mode is ChecksMode.PER_NOTEBOOK else 0)
    assert all(check.status == "completed" for check in checks)
    assert len(hosted.repository.comments(hosted.pull)) == 1
    assert not hosted.github.violations


def main() -> int:
    """Print a row for each review and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="+", default=[1, 10, 60, 360])
    arguments = parser.parse_args()
    rows = []
    is_kept = True
    for mode, sizes in MODES.items():
        for number in sizes:
            for minutes in arguments.minutes:
                cost = measure(mode, number, 60 * minutes)
                is_kept = is_kept and cost.is_kept
                rows.append(
                    [
                        mode.value,
                        str(number),
                        f"{minutes:g}",
                        str(cost.requests),
                        f"{cost.allowed:g}",
                        str(cost.writes),
                        str(cost.a_minute),
                        str(cost.an_hour),
                        f"{cost.late:.0f}",
                    ]
                )
    header = ["checks", "notebooks", "minutes", "requests", "allowed", "writes"]
    print(table([*header, "in a minute", "in an hour", "late, s"], rows))
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
