"""What people tell nbci in a comment: `/nbci run`, `cancel`, `status` and `help`."""

from bot.commands.command import (
    USAGE,
    CancelCommand,
    Command,
    CommandError,
    HelpCommand,
    RunCommand,
    RunScope,
    StatusCommand,
)
from bot.commands.finding import find_command

__all__ = [
    "USAGE",
    "CancelCommand",
    "Command",
    "CommandError",
    "HelpCommand",
    "RunCommand",
    "RunScope",
    "StatusCommand",
    "find_command",
]
