"""What the command line does first of all: before its own imports, which take as long."""

from __future__ import annotations

import os
import sys

from bot.backends.local.interpreter import interpreters, kernel_environment, with_python_first
from bot.backends.local.launchers import CAN_FORK, ForkServerLauncher
from bot.errors import UsageError


def forget_secrets() -> None:
    """Begin this process anew if its environment holds what no notebook may see.

    A kernel of the same user can read the environment that our process was started with, whatever
    we do to `os.environ` (`man 5 proc`, /proc/pid/environ).
    """
    allowed = kernel_environment(os.environ)
    if len(allowed) != len(os.environ):
        os.execve(sys.executable, sys.orig_argv, allowed)  # noqa: S606 - ourselves


def start_early(arguments: list[str]) -> ForkServerLauncher | None:
    """Return a launcher for what is most likely needed, None when nothing will be run.

    Importing ipykernel takes the other Python as long as our own imports take us: begun before
    them, it costs no time. A guess that turns out wrong costs nothing but its work.
    """
    if arguments[:1] != ["run"] or {"-h", "--help"} & set(arguments) or not CAN_FORK:
        return None
    try:
        python = next(interpreters(_chosen_python(arguments), os.environ))
        environment = with_python_first(kernel_environment(os.environ), python)
        return ForkServerLauncher(python, environment)
    except UsageError:
        return None  # it comes up again, where it can be told


def _chosen_python(arguments: list[str]) -> str | None:
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == "--python":
            return following
        if argument.startswith("--python="):
            return argument.partition("=")[2]
    return None
