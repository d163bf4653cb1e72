import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from building.notebooks import notebook

from bot.backends.local.backend import LocalBackend
from bot.backends.local.durations import Durations
from bot.backends.local.pythons import Pythons
from bot.model import ReviewRequest, Run, RunOptions, RunResult, RunState, run_id


@dataclass
class Machine:
    """A local backend over a folder of notebooks, and what it collects."""

    root: Path
    report: Path
    backend: LocalBackend

    def write(self, name: str, content: dict[str, Any] | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else json.dumps(content, indent=1).encode()
        path.write_bytes(data)
        return path

    def submit(self, name: str, *, parameters: Any = None, **options: Any) -> str:
        request = ReviewRequest(repository="test")
        identity = run_id(request, name, parameters or {}, 1)
        run = Run(
            run_id=identity,
            notebook=name,
            parameters=parameters or {},
            options=RunOptions(**{"timeout": 120.0, **options}),
        )
        self.backend.submit(run)
        return identity

    def await_state(self, identity: str, state: RunState) -> None:
        while self.backend.poll([identity])[identity].state is not state:
            self.backend.wait(0.05)

    def result(self, identity: str) -> RunResult:
        self.await_state(identity, RunState.ENDED)
        return self.backend.collect(identity, self.report)

    def run(
        self, *cells: dict[str, Any] | str, metadata: Any = None, **options: Any
    ) -> tuple[RunResult, dict[str, Any]]:
        """Run a notebook of these cells; return its result and its executed notebook."""
        self.write("notebook.ipynb", notebook(*cells, **(metadata or {})))
        result = self.result(self.submit("notebook.ipynb", **options))
        return result, self.executed(result)

    def executed(self, result: RunResult) -> dict[str, Any]:
        if result.executed_notebook is None:
            return {}
        executed: dict[str, Any] = json.loads((self.report / result.executed_notebook).read_bytes())
        return executed


@pytest.fixture(autouse=True)
def _kernels_as_users_have_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep Python's development mode to ourselves: in it ipykernel 7 does not end when told to."""
    monkeypatch.delenv("PYTHONDEVMODE", raising=False)


@pytest.fixture
def new_machine(tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    made: list[Machine] = []

    def make(
        *,
        jobs: int = 2,
        python: str = sys.executable,
        environment: Any = None,
        root: Any = None,
        forks: bool = True,
    ) -> Machine:
        folder = root or tmp_path / "repository"
        folder.mkdir(exist_ok=True)
        backend = LocalBackend(
            folder,
            jobs=jobs,
            pythons=Pythons(folder, chosen=python, environment=environment, forks=forks),
            durations=Durations("test", tmp_path / "durations.json"),
        )
        made.append(Machine(folder, tmp_path / "report", backend))
        return made[-1]

    yield make
    for machine in made:
        machine.backend.close()


@pytest.fixture
def machine(new_machine: Callable[..., Machine]) -> Machine:
    return new_machine()
