"""The Pythons that run notebooks here, each with its launcher."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bot.backends.local.environments import Environments, Unsolvable
from bot.backends.local.interpreter import (
    interpreters,
    kernel_environment,
    same_file,
    with_kernels_beside,
    with_python_first,
)
from bot.backends.local.kernel_check import why_no_kernel
from bot.backends.local.launchers import (
    CAN_FORK,
    ForkServerLauncher,
    Launcher,
    ProcessLauncher,
)
from bot.model import RunOptions

_Preload = tuple[str, ...]
_Variables = frozenset[tuple[str, str]]


class Unavailable(Exception):
    """There is no Python for a run; the text says why and what to do."""


class Pythons:
    """Finds the Python for a run, and starts its launcher once.

    *early* is a launcher that was started before anything else was known; it is used when it turns
    out to be the right one. `no_python` says why Python notebooks cannot be run, once the default
    Python was looked for. Without *forks* each run is a program of its own.
    """

    def __init__(
        self,
        root: Path,
        *,
        chosen: str | None = None,
        environment: Mapping[str, str] | None = None,
        early: ForkServerLauncher | None = None,
        forks: bool = CAN_FORK,
    ) -> None:
        self._environment = kernel_environment(os.environ if environment is None else environment)
        self._chosen = chosen
        self._early = early
        self._forks = forks
        self._environments = Environments(root, self._environment)
        self._launchers: list[Launcher] = []
        self._servers: dict[tuple[str, _Preload, _Variables], ForkServerLauncher] = {}
        self._programs: dict[str, ProcessLauncher] = {}
        self._default: str | None = None
        self.no_python: str | None = None

    def launchers(self) -> list[Launcher]:
        """Return all launchers, those that have died included."""
        return list(self._launchers)

    @property
    def is_building(self) -> bool:
        """Whether an environment is being built."""
        return self._environments.is_building

    def launcher_for(self, options: RunOptions) -> Launcher | None:
        """Return the launcher for a run, None while its environment is being built.

        Raises Unavailable when there can be none.
        """
        python = self.default_python()
        if options.environment is not None:
            try:
                built = self._environments.python_for(options.environment, python)
            except Unsolvable as error:
                raise Unavailable(str(error)) from None
            if built is None:
                return None
            python = built
        if not self._forks:
            return self._process_launcher(python)
        server = self._fork_server(python, options.preload, frozenset(options.env.items()))
        if options.env and not server.is_up():
            raise Unavailable(self._why_down(python, options.env))
        return server

    def default_python(self) -> str:
        """Return the Python for runs that have no environment of their own; it has been tried."""
        if self._default is None:
            self._default = self._find_default()
        return self._default

    def close(self) -> None:
        """End every launcher, and with them what they run."""
        for launcher in self._launchers:
            launcher.close()
        if self._early is not None:
            self._early.close()
        self._environments.close()

    def _find_default(self) -> str:
        candidates = list(interpreters(self._chosen, self._environment))
        for python in candidates:
            if self._has_ipykernel(python):
                return python
        self.no_python = self._why_down(candidates[0], {})
        # Kernels of other languages can still be started, from the Python that nbci runs in.
        self._environment = with_kernels_beside(candidates[0], self._environment)
        self._servers.clear()  # they do not know that environment
        return sys.executable

    def _has_ipykernel(self, python: str) -> bool:
        if not self._forks:
            return why_no_kernel(python, self._environment) is None
        return self._fork_server(python, (), frozenset()).has_ipykernel()

    def _why_down(self, python: str, env: Mapping[str, str]) -> str:
        reason = why_no_kernel(python, {**self._environment, **env})
        reason = reason or f"{python} cannot run notebooks: it ended before it could"
        if not env:
            return reason
        return f"with the variables of `env` in the configuration, {reason.partition(';')[0]}"

    def _environment_for(self, python: str) -> Mapping[str, str]:
        if self.no_python and same_file(python, sys.executable):
            return self._environment
        return with_python_first(self._environment, python)

    def _fork_server(
        self, python: str, preload: _Preload, variables: _Variables
    ) -> ForkServerLauncher:
        """Return the server that started with these variables, many of which are read only then."""
        key = (python, preload, variables)
        server = self._servers.get(key)
        if server is None or not server.is_alive:
            environment = {**self._environment_for(python), **dict(variables)}
            server = (None if variables else self._take_early(python, preload)) or (
                ForkServerLauncher(python, environment, preload)
            )
            self._servers[key] = server
            self._launchers.append(server)
        return server

    def _take_early(self, python: str, preload: _Preload) -> ForkServerLauncher | None:
        early = self._early
        if early is None or preload != early.preload or not same_file(python, early.python):
            return None
        self._early = None
        return early

    def _process_launcher(self, python: str) -> ProcessLauncher:
        if python not in self._programs:
            launcher = ProcessLauncher(python, self._environment_for(python))
            self._programs[python] = launcher
            self._launchers.append(launcher)
        return self._programs[python]
