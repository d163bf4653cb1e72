"""Virtual environments made from a requirements or conda file, one for each content of the file."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from platformdirs import user_cache_path

from bot.model import printable

_CONDA = ("micromamba", "mamba", "conda")
_LIMIT = 3600.0


class Unsolvable(Exception):
    """An environment cannot be made; the text says why."""


class Environments:
    """Makes environments in the background and keeps them in the user's cache."""

    def __init__(self, root: Path, variables: Mapping[str, str]) -> None:
        self._root = root
        self._variables = variables
        self._cache = user_cache_path("nbci") / "environments"
        self._builds: dict[str, Future[str]] = {}
        self._pool = ThreadPoolExecutor(1)

    @property
    def is_building(self) -> bool:
        """Whether an environment is being built."""
        return any(not build.done() for build in self._builds.values())

    def python_for(self, file: str, base_python: str) -> str | None:
        """Return the Python of the environment that *file* describes, None while it is being made.

        *file* is a path in the repository. Raises Unsolvable when it cannot be made.
        """
        if file not in self._builds:
            self._builds[file] = self._pool.submit(self._make, file, base_python)
        build = self._builds[file]
        return build.result() if build.done() else None

    def close(self) -> None:
        """Forget what has not been begun; what is being built is finished for the next time."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _make(self, file: str, base_python: str) -> str:
        path = self._root / file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise Unsolvable(
                f"environment file {printable(file)}: cannot be read: {error.strerror}"
            ) from None
        identity = hashlib.sha256(b"\0".join([content, path.name.encode(), base_python.encode()]))
        target = self._cache / identity.hexdigest()[:24]
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (target / "complete").exists():
                shutil.rmtree(target, ignore_errors=True)
                self._build(path, file, target, base_python)
                (target / "complete").touch()
        return str(target / "bin" / "python")

    def _build(self, path: Path, file: str, target: Path, base_python: str) -> None:
        python = str(target / "bin" / "python")
        if path.suffix in (".yml", ".yaml"):
            conda = next(filter(shutil.which, _CONDA), None)
            if conda is None:
                raise Unsolvable(
                    f"environment file {printable(file)} needs conda:"
                    f" none of {', '.join(_CONDA)} is on the PATH"
                )
            create = "create" if conda == "micromamba" else "env create"
            arguments = [conda, *create.split(), "--yes", "--prefix", str(target)]
            self._run([*arguments, "--file", path.name], path, file)
        else:
            self._run([base_python, "-m", "venv", str(target)], path, file)
            self._run([python, "-m", "pip", "install", "-r", path.name], path, file)
        self._run([python, "-m", "pip", "install", "ipykernel"], path, file)

    def _run(self, command: Sequence[str], path: Path, file: str) -> None:
        done = subprocess.run(
            command,
            cwd=path.parent,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_LIMIT,
            check=False,
        )
        if done.returncode:
            output = done.stdout.decode("utf-8", "replace").strip().splitlines()
            errors = [line for line in output if line.startswith("ERROR")]
            reason = (errors or output or [f"{command[0]} failed"])[-1]
            raise Unsolvable(f"environment file {printable(file)} cannot be solved: {reason}")
