"""The command line as a whole: its help, and what becomes of errors."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from typing import Any

import click

from bot.cli.exit_codes import INFRASTRUCTURE, INTERRUPTED
from bot.errors import NbciError

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_OTHERS = "bot.cli.commands"
_SERVING = {
    "serve": "bot.cli.serving",
    "web": "bot.cli.serving",
    "worker": "bot.cli.serving",
    "migrate": "bot.cli.serving",
    "setup": "bot.cli.setup",
}
"""Where the commands are made."""

# What anything that is written can meet at any time, and the disk's owner can mend.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


def _drop_standard_output() -> None:
    """Have Python not try again, as it ends, to write what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _Commands(click.Group):
    """A group whose commands' own errors become a line on standard error and an exit code.

    A command is imported when it is asked for: a web process needs nothing of what runs notebooks.
    """

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a name, None where there is none."""
        _load(_SERVING.get(cmd_name, _OTHERS))
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        for module in {*_SERVING.values(), _OTHERS}:
            _load(module)
        return super().list_commands(ctx)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except NbciError as error:
            for line in str(error).splitlines():
                click.echo(f"nbci: {line}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            _drop_standard_output()
            click.echo(f"nbci: {error.strerror}", err=True)
            ctx.exit(INFRASTRUCTURE)


@click.group(cls=_Commands, context_settings=_CONTEXT)
@click.version_option(package_name="nbci", prog_name="nbci", message="%(prog)s %(version)s")
def cli() -> None:
    """Run the Jupyter notebooks that a change affects, and report on each.

    \b
    Examples:
      nbci plan                        which notebooks this branch affects, and why
      nbci run                         run them
      nbci run analysis/report.ipynb   run one, changed or not
      nbci run --all -p year=2024      run all, with a parameter

    Exit codes: 0 all passed, 1 a notebook did not pass, 2 wrong usage or configuration,
    3 infrastructure, 130 interrupted.
    """  # noqa: D301 - \b tells click to leave the lines as they are


def _load(module: str) -> None:
    """Have the commands of a module added to the group."""
    found = importlib.import_module(module)
    for name, where in _SERVING.items():
        if where == module:
            cli.add_command(getattr(found, name))
