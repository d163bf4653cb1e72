"""Obeys the commands in what steps print, as the runner of GitHub Actions does.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from fakes.actions.results import Annotation

_LEVELS = ("error", "warning", "notice")
_DEPRECATED = ("set-output", "save-state", "set-env", "add-path")
_COMMANDS = {
    *_LEVELS, *_DEPRECATED, "debug", "group", "endgroup", "echo", "add-mask", "add-matcher",
    "remove-matcher", "stop-commands",
}  # fmt: skip
LONGEST_MESSAGE = 4096


@dataclass(frozen=True)
class Command:
    """A line that is a command."""

    name: str
    properties: dict[str, str]
    data: str


def parse_command(line, known):
    """Return the Command that a line is, None if it is just text.

    `::name key=value::data` must begin a line; the older `##[name key=value]data` counts anywhere.
    """
    stripped = line.lstrip()
    if stripped.startswith("::") and (end := stripped.find("::", 2)) >= 0:
        escapes = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
        command = _command(stripped[2:end], ",", escapes, stripped[end + 2 :], known)
        if command:
            return command
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    escapes = (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%25", "%"))
    return _command(line[start + 3 : end], ";", escapes, line[end + 1 :], known)


def _command(head, separator, escapes, data, known):
    name, _, rest = head.partition(" ")
    if name.lower() not in known:
        return None
    properties = {}
    for part in rest.strip().split(separator):
        key, equals, value = part.partition("=")
        if equals and value:
            properties[key] = _unescaped(value, escapes)
    data_escapes = escapes if separator == ";" else (("%0D", "\r"), ("%0A", "\n"), ("%25", "%"))
    return Command(name.lower(), properties, _unescaped(data, data_escapes))


def _unescaped(text, escapes):
    for escape, character in escapes:
        text = text.replace(escape, character)
    return text


@dataclass
class JobLog:
    """The log of a job, and the commands in it that were obeyed."""

    masks: set[str] = field(default_factory=set)
    outputs: dict[str, str] = field(default_factory=dict)
    forbidden: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def __post_init__(self):
        self._lines = []
        self._issues = []
        self._stopped_until = None
        self._changed = threading.Condition(threading.RLock())

    def masked(self, text):
        """Return *text* with each secret replaced."""
        for mask in sorted(self.masks, key=len, reverse=True):
            text = text.replace(mask, "***")
        return text

    def mask(self, secret):
        """Hide *secret*, and each line of it, from here on."""
        self.masks |= {part for part in [secret, *secret.splitlines()] if part.strip()}

    def text(self):
        with self._changed:
            return "".join(line + "\n" for line in self._lines)

    def wait_for(self, text, timeout):
        """Wait until a line with *text* is in the log, and return whether one is."""
        with self._changed:
            return self._changed.wait_for(lambda: text in self.text(), timeout)

    def write(self, line):
        with self._changed:
            self._lines.append(self.masked(line))
            self._changed.notify_all()

    def issue(self, annotation):
        """Annotate the step that runs now, and say so in the log."""
        with self._changed:
            self._issues.append(annotation)
            self.write(f"##[{annotation.level}]{annotation.message}")

    def annotate_error(self, message):
        self.issue(Annotation("error", message))

    def take_issues(self):
        """Return what was annotated since the last call: no more than ten of each level.

        That is the runner's limit for a step of a job; the steps of an action share one.
        """
        with self._changed:
            issues, self._issues = self._issues, []
        kept = []
        for level in _LEVELS:
            kept += [issue for issue in issues if issue.level == level][:10]
        return [
            Annotation(issue.level, self.masked(issue.message)[:LONGEST_MESSAGE], issue.properties)
            for issue in issues
            if any(issue is other for other in kept)
        ]

    def read(self, line):
        """Take a line that a step printed: obey it if it is a command, else log it."""
        with self._changed:
            known = _COMMANDS | ({self._stopped_until.lower()} if self._stopped_until else set())
            command = parse_command(line, known)
            if command is None:
                self.write(line)
            elif self._stopped_until is not None:
                self._resume(line, command)
            else:
                self._obey(line, command)

    def _resume(self, line, command):
        if command.name == self._stopped_until.lower():
            self._stopped_until = None
        self.write(line)

    def _obey(self, line, command):
        if command.name in _LEVELS:
            self.issue(Annotation(command.name, command.data, command.properties))
        elif command.name == "add-mask":
            self.mask(command.data)
        elif command.name == "stop-commands":
            self._stop(line, command.data)
        elif command.name in _DEPRECATED:
            self._deprecated(line, command)
        elif command.name in ("group", "endgroup"):
            self.write(f"##[{command.name}]{command.data}")

    def _stop(self, line, token):
        if not token or token.lower() in _COMMANDS | {"pause-logging"}:
            self.annotate_error(
                "Unable to process command: the token of stop-commands is no secret."
            )
            self.problems.append("stop-commands")
            return
        self._stopped_until = token
        if len(token) > 6:
            self.mask(token)
        self.write(line)

    def _deprecated(self, line, command):
        self.forbidden.append(line)
        if command.name == "set-output":
            self.outputs[command.properties.get("name", "")] = command.data
        elif command.name in ("set-env", "add-path"):
            self.annotate_error(f"The `{command.name}` command is disabled.")
            self.problems.append(command.name)
