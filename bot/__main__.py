"""The command line's way in: `nbci`, or `python -m bot`."""

from __future__ import annotations

import contextlib
import sys

from bot.cli.exit_codes import INTERRUPTED


def main() -> None:
    """Run the command that the process was called with, and exit."""
    try:
        with contextlib.ExitStack() as stack:
            early = None
            if sys.argv[1:2] == ["run"]:
                from bot.cli.early import forget_secrets, start_early

                forget_secrets()
                early = start_early(sys.argv[1:])
            if early:
                stack.callback(early.close)

            from bot.cli.group import cli

            cli.main(prog_name="nbci", obj=early)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
