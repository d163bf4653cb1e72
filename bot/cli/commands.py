"""The commands for notebooks on this machine, and their options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from bot.backends.local.launchers import ForkServerLauncher
from bot.cli.group import cli
from bot.cli.parameters import MINUTES, PARAMETER

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)


def _selection(command: Any) -> Any:
    """Add what `run` and `plan` have in common."""
    options = [
        click.argument("paths", nargs=-1, metavar="[PATH]..."),
        click.option("--base", metavar="REF", help="Compare with the merge base with REF."),
        click.option(
            "--head", metavar="REF", help="Take the files at REF, not the working tree's."
        ),
        click.option("--all", "everything", is_flag=True, help="All notebooks, changed or not."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@cli.command()
@_selection
@click.option(
    "-p",
    "parameters",
    multiple=True,
    type=PARAMETER,
    metavar="NAME=VALUE",
    help="Set a parameter in every notebook (JSON, or else text). May be given more than once.",
)
@click.option("--jobs", "-j", type=click.IntRange(1), metavar="N", help="How many run at a time.")
@click.option(
    "--timeout",
    type=MINUTES,
    metavar="MIN",
    help="Minutes per notebook.",
)
@click.option(
    "--python", metavar="PYTHON", help="The Python for the kernels; by default the activated one."
)
@click.option("--isolated", is_flag=True, help="Run in a clean copy, without what git ignores.")
@click.option(
    "--report",
    type=_FOLDER,
    default=Path("nbci-report"),
    metavar="DIR",
    show_default=True,
    help="Folder for the report.",
)
@click.option("--junit", type=_FILE, metavar="FILE", help="Write JUnit XML; - is standard output.")
@click.option("--json", type=_FILE, metavar="FILE", help="Write JSON; - is standard output.")
@click.option("--quiet", "-q", is_flag=True, help="Show only failures and the last line.")
@click.option("--no-color", is_flag=True, help="No colours.")
@click.pass_obj
def run(early: ForkServerLauncher | None, /, **options: Any) -> None:
    """Run the notebooks that the change affects, or those named.

    A PATH is a notebook, a folder or a glob. Without --head the working tree is taken as it is,
    uncommitted changes included.

    \b
    Examples:
      nbci run
      nbci run notebooks/ -j 4 --timeout 10
      nbci run --base origin/main --head feature --junit report.xml
    """  # noqa: D301 - \b tells click to leave the lines as they are
    from bot.cli.run import RunOptions, run_notebooks

    sys.exit(run_notebooks(RunOptions(**options), early))


@cli.command()
@_selection
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(**options: Any) -> None:
    """Show which notebooks the change affects, and why; run nothing."""
    from bot.cli.plan import show_plan

    show_plan(**options)


@cli.command("check-config")
@click.argument("path", required=False, type=click.Path(path_type=Path))
def check_config(path: Path | None) -> None:
    """Check the configuration, by default .github/nbci.yml of this repository."""
    from bot.cli.check_config import check

    check(path)


@cli.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors."""
    from bot.config import schema_json

    click.echo(schema_json(), nl=False)


@cli.command()
@click.option("--python", metavar="PYTHON", help="The Python to look at.")
def doctor(python: str | None) -> None:
    """Show what is installed and what is missing, with what to do about it."""
    from bot.cli.doctor import diagnose

    sys.exit(diagnose(python))


@cli.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      eval "$(nbci completion bash)"        in ~/.bashrc
      nbci completion fish > ~/.config/fish/completions/nbci.fish
    """  # noqa: D301 - \b tells click to leave the lines as they are
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "nbci", "_NBCI_COMPLETE").source())
