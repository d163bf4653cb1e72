"""Play the whole product on this machine: a pull request is opened, found broken, and mended.

The bot and its PostgreSQL are the real ones. What stands in for GitHub serves its API, git and
webhooks on this machine, for a repository of real notebooks (`examples/demo`). The bot's data and
log are in `build/demo`, or the folder that is given. The pages stay open until Ctrl-C; with
`DEMO_EXIT=1` the demo ends by itself, with 0 if everything was seen that there is to see.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from building.repositories import Repository as Working
from fakes.github import GitHub
from fakes.github.installing import InstalledApp
from film_club import BROKEN, BROKEN_CODE, GOOD_CODE, HASTY_CODE, HERE, TITLE, make_film_club, mend
from interrupts import end_on_signals
from local_bot import DemoFailed, LocalBot
from rich.markup import escape
from screen import Screen
from watching import Watch
from workplace import workplace

from bot.errors import NbciError

_INTERRUPTED = 130


@dataclass
class Story:
    """What is told, of a *working* copy whose pull request is watched."""

    working: Working
    app: InstalledApp
    watch: Watch
    screen: Screen

    def tell(self) -> None:
        """Tell all of it; raises DemoFailed where the bot does not play along."""
        broken = self.open()
        mended = self.mend()
        self.end(broken, mended)

    def open(self) -> str:
        """Open the pull request; returns its commit, which is found to be broken."""
        pull, watch = self.watch.pull, self.watch
        self.screen.begin(f"octocat opens pull request #{pull.number}")
        self.screen.say(f"  [bold]{escape(pull.title)}[/]\n")
        self.deliver("opened")
        sha = pull.head_sha
        watch.wait(lambda: watch.is_told(sha), "the end of the first review")
        self.show_annotation(sha)
        self.screen.comment(watch.comments()[0], pull.number)
        _must(_conclusion(watch, sha) == "failure", "the broken change has failed")
        return sha

    def show_annotation(self, sha: str) -> None:
        """Show what is said beside the code, which must be on the line that raised."""
        found = next((run for run in self.watch.checks(sha) if run.name.endswith(BROKEN)), None)
        _must(found and found.annotations, f"the check run of {BROKEN} has an annotation")
        assert found
        annotation = found.annotations[0]
        source = self.watch.pull.repository.files(sha)[BROKEN].decode()
        self.screen.annotation(annotation, source)
        line = source.splitlines()[annotation["start_line"] - 1]
        _must(BROKEN_CODE in line, "the annotation is on the line that raised")

    def mend(self) -> str:
        """Push a fix that is none, and at once the right one; returns that one's commit."""
        watch = self.watch
        self.screen.begin("octocat pushes a fix, and while it is reviewed, a better one")
        hasty = self.push(HASTY_CODE, "Multiply matrices that fit")
        watch.wait(lambda: watch.is_started(hasty), "the start of the review of the first fix")
        good = self.push(GOOD_CODE, "Keep the strongest directions alone")
        watch.wait(
            lambda: watch.is_over(hasty) and watch.is_told(good), "the end of the other reviews"
        )
        self.screen.comment(watch.comments()[0], watch.pull.number)
        return good

    def end(self, broken: str, mended: str) -> None:
        """Check what all of it has come to, and say where to look."""
        watch, screen = self.watch, self.screen
        _must(_conclusion(watch, mended) == "success", "the mended change has passed")
        _must(len(watch.comments()) == 1, "there is one comment")
        _must(not self.app.github.violations, "GitHub would have taken every request")
        screen.begin("The reports")
        for what, sha in (("broken", broken), ("mended", mended)):
            page = self.page(sha)
            screen.say(f"  {what}  [link={page}]{escape(page)}[/link]")

    def page(self, sha: str) -> str:
        """Return where the report on a commit is, which can be read there."""
        summary = self.watch.summary(sha)
        page = summary.details_url if summary else None
        _must(page and self.watch.bot.get(urlsplit(page).path) == 200, f"there is a page: {page}")
        assert page
        return page

    def push(self, code: str, message: str) -> str:
        """Push a commit that changes what raised; returns it."""
        mend(self.working, code, message)
        self.watch.pull.push()
        self.deliver("synchronize")
        return self.watch.pull.head_sha

    def deliver(self, action: str) -> None:
        """Send the webhook of what was done with the pull request."""
        status = self.app.deliver("pull_request", self.watch.pull.event(action))
        self.screen.delivered("pull_request", action, status)
        _must(status == 202, "the webhook is accepted")


def _conclusion(watch: Watch, sha: str) -> str | None:
    summary = watch.summary(sha)
    return summary.conclusion if summary else None


def _must(is_so: object, what: str) -> None:
    if not is_so:
        raise DemoFailed(f"this does not hold: {what}")


def play(folder: Path, screen: Screen, *, stay: bool) -> None:
    """Let the bot run, tell the story, and if asked to *stay*, wait for Ctrl-C."""
    with GitHub() as github:
        working = make_film_club(folder / "repository")
        repository = github.add_repository("film-club/recommendations", working)
        pull = repository.open_pull_request(title=TITLE)
        app = github.install_app("nbci", repository)
        screen.say("Starting nbci, with a PostgreSQL of its own; its data and log are in")
        screen.say(f"  {escape(str(folder))}")
        with LocalBot(app, folder) as bot:
            try:
                bot.await_ready()
                screen.say(f"nbci serves at {bot.url}, and what stands in for GitHub has")
                screen.say(f"  {repository.git_url}")
                Story(working, app, Watch(pull, bot, screen), screen).tell()
            except DemoFailed:
                screen.say(f"\nThe end of {escape(str(bot.log))}:\n\n{escape(bot.end_of_log())}")
                raise
            if stay:
                stay_open(bot, screen)


def stay_open(bot: LocalBot, screen: Screen) -> None:
    """Return at Ctrl-C; raises DemoFailed where the bot does not live as long."""
    screen.say("\n  Look at them: they are there until you press [bold]Ctrl-C[/].")
    try:
        bot.wait()
    except KeyboardInterrupt:
        screen.say("\nStopping the bot and its database")
    else:
        bot.must_live()


def main() -> int:
    """Return 0 when all went as it should, 1 where it did not, 130 when interrupted before."""
    end_on_signals()
    screen = Screen()
    wanted = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parent / "build" / "demo"
    stay = os.environ.get("DEMO_EXIT", "") in ("", "0")
    try:
        with workplace(wanted.resolve()) as folder:
            play(folder, screen, stay=stay)
    except (DemoFailed, NbciError) as error:
        screen.say(f"\n[red]The demo failed:[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        screen.say("\nInterrupted: the bot and its database are stopped.")
        return _INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
