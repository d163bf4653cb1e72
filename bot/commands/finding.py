"""From a comment to the command in it."""

from __future__ import annotations

from bot.commands.command import Command, CommandError


def find_command(comment: str) -> Command | None:
    """Return the command of *comment*, None when there is none.

    Raises CommandError, whose text is the reply, when a line is addressed to nbci but is not a
    command, and when there are several commands.
    """
    # The command line imports this package for its parameters, and is not to wait for the rest.
    from bot.commands.grammar import parse_command
    from bot.commands.lines import addressed_lines

    lines = addressed_lines(comment)
    if not lines:
        return None
    if len(lines) > 1:
        raise CommandError(
            f"This comment holds {len(lines)} commands, so none of them was carried out."
            " Write one command in a comment."
        )
    return parse_command(lines[0])
