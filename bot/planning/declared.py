"""What notebooks depend on without importing or running it: declared files, and environments."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from bot.config import Config, Matcher, matcher
from bot.planning.wording import at_most, quoted

# What installers, conda and repo2docker read, apart from requirements*.txt.
_ENVIRONMENT_FILES = frozenset(
    {"environment.yaml", "environment.yml", "Pipfile", "Pipfile.lock", "pyproject.toml"}
    | {"conda-lock.yml", "pixi.lock", "pixi.toml", "poetry.lock", "renv.lock", "uv.lock"}
    | {"Manifest.toml", "Project.toml"}
)


class Declared:
    """The reasons that the configuration and the environment files give to notebooks."""

    def __init__(self, config: Config, happened: Mapping[str, str]) -> None:
        """Take what happened to each changed file."""
        self._config = config
        self._happened = happened
        self._matchers: dict[tuple[str, ...], list[str]] = {}
        self._environments: dict[str, list[str]] = defaultdict(list)
        for path in sorted(happened):
            if is_environment_file(path):
                self._environments[_folder_of_environment(path)].append(path)

    def reasons_for(self, notebook: str) -> Iterator[str]:
        """Yield why a change concerns *notebook*, whatever its code says."""
        settings = self._config.settings_for(notebook)
        paths = [path for path in self._matching(settings.depends_on) if path != notebook]
        reasons = [f"depends on {quoted(path)}, {self._happened[path]}" for path in paths]
        yield from at_most(reasons, len(reasons), "file it depends on", "files it depends on")
        for path in self._environment_of(notebook, settings.options.environment):
            yield f"environment file {quoted(path)} {self._happened[path]}"

    def _matching(self, patterns: tuple[str, ...]) -> list[str]:
        if patterns not in self._matchers:
            matches: Matcher = matcher(patterns)
            self._matchers[patterns] = [path for path in sorted(self._happened) if matches(path)]
        return self._matchers[patterns]

    def _environment_of(self, notebook: str, configured: str | None) -> list[str]:
        """Return the changed files among those that make the notebook's environment."""
        if configured is not None:
            path = posixpath.normpath(configured)
            return [path] if path in self._happened else []
        if not self._environments:
            return []
        return [
            path
            for parent in PurePosixPath(notebook).parents
            for path in self._environments.get("" if str(parent) == "." else str(parent), ())
        ]


def is_environment_file(path: str) -> bool:
    """Whether a file of this name says what is to be installed."""
    folder, _, name = path.rpartition("/")
    if name in _ENVIRONMENT_FILES:
        return True
    is_requirements = name.startswith("requirements") or folder.rpartition("/")[2] == "requirements"
    return is_requirements and name.endswith((".txt", ".in"))


def _folder_of_environment(path: str) -> str:
    folder, _, name = posixpath.dirname(path).rpartition("/")
    return folder if name == "requirements" else posixpath.dirname(path)
