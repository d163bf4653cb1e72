"""The errors nbci raises on purpose, one class for each kind of person who can mend them.

A notebook that fails is no error: it is an `Outcome`. Whatever is raised beside these classes is
a bug of nbci and rises to the one boundary of its process.
"""


class NbciError(Exception):
    """The base of all of them; its text is written for the person who reads it."""

    exit_code = 3


class UsageError(NbciError):
    """The command, its arguments or the state of the checkout is wrong: the caller can mend it."""

    exit_code = 2


class ConfigError(NbciError):
    """The configuration is wrong: the repository can mend it.

    `problems` holds one line for each mistake, `file:line: what is wrong`.
    """

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class BackendError(NbciError):
    """The machine or service that runs notebooks cannot: its operator can mend it."""


class ForgeError(NbciError):
    """GitHub refuses something: who set up the permissions, or the server, can mend it."""


class TryLater(NbciError):
    """GitHub asks for patience: it can be tried again at `at`, in seconds since the epoch."""

    def __init__(self, message: str, at: float) -> None:
        super().__init__(message)
        self.at = at


class Unanswered(NbciError):
    """A request got no answer that can be read; whether it took effect is not known."""
