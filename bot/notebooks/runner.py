"""Execute ONE notebook, as it is, and write down everything that happened.

    python runner.py SPEC.json

This file is the same wherever notebooks run: the local backend forks it, a cloud backend ships it
beside the code. It therefore stands alone: Python 3.9, the standard library and pyzmq, which every
environment with a Jupyter kernel has (jupyter_client is asked for kernels other than Python's). It
speaks the Jupyter messaging protocol itself
(https://jupyter-client.readthedocs.io/en/stable/messaging.html): nbclient's imports take longer
than a small notebook, and it loses the idle message of a cell that nests Output widgets.

SPEC.json is `Spec` as an object. Into its folder go, each replaced atomically,

- `executed.ipynb`: the notebook with the outputs so far, valid nbformat at any moment,
- `progress.jsonl`: one line for each event, as it happens,
- `result.json`: how the run ended. Where it is missing, the run did not end by itself.

SIGTERM ends the kernel, writes what there is and exits.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import hmac
import importlib.machinery
import importlib.util
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Callable, NamedTuple

import zmq

Json = dict[str, Any]

EXECUTED_NOTEBOOK = "executed.ipynb"
PROGRESS = "progress.jsonl"
RESULT = "result.json"
LOG = "runner.log"

SKIP_TAGS = {"skip-execution", "nbci-skip"}
CELL_OUTPUT_LIMIT = 10_000_000
TEXT_LIMIT = 100_000
LOG_LIMIT = 20_000
START_LIMIT = 120.0
FLUSH_GRACE = 2.0
INTERRUPT_GRACE = 2.0
NO_REPLY_GRACE = 1.0
TICK = 0.25


@dataclass(frozen=True)
class Spec:
    """What to execute and how; times in seconds, sizes in bytes, paths absolute.

    `parameters_source` is the source of a cell that sets the parameters, in the kernel's language.
    `kernel` overrides the notebook's own. `env` is added to this process's environment. Packages
    called `bot` and `action` in the folder `hidden` cannot be imported by a Python kernel.
    `no_python` says why Python notebooks cannot be run here. `sockets` is a folder of short path
    for the kernel's sockets; one is made where it is None.
    """

    notebook: str
    folder: str
    cwd: str
    kernel: str | None = None
    timeout: float = 1800.0
    cell_timeout: float | None = None
    memory_limit: int | None = None
    process_limit: int = 1000
    output_limit: int = 50_000_000
    notebook_limit: int = 100_000_000
    parameters_source: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    hidden: str | None = None
    no_python: str | None = None
    sockets: str | None = None


class Rejected(Exception):
    """The notebook cannot be run at all; the text says why and what to do."""


class Stopped(Exception):
    """The run ends before its last cell."""

    def __init__(self, outcome: str, ename: str, evalue: str) -> None:
        super().__init__(evalue)
        self.outcome = outcome
        self.ename = ename
        self.evalue = evalue


# --- The notebook -----------------------------------------------------------------------------


def read_notebook(path: str, limit: int) -> Json:
    """Return the notebook at *path* with cells that can be executed; raises Rejected."""
    try:
        size = os.path.getsize(path)
        if size > limit:
            raise Rejected(
                f"notebook too large: {size / 1e6:.0f} MB, the limit is {limit / 1e6:.0f} MB;"
                " clear its outputs"
            )
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise Rejected(f"the notebook cannot be read: {error.strerror}") from None
    if data.startswith(b"version https://git-lfs.github.com/spec/"):
        raise Rejected("this is a Git LFS pointer, not the notebook: fetch it with `git lfs pull`")
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Rejected(f"invalid notebook: not UTF-8, line {line}") from None
    except json.JSONDecodeError as error:
        raise Rejected(f"invalid notebook: not JSON: {error.msg}, line {error.lineno}") from None
    except ValueError as error:  # such as an integer of more digits than Python converts
        raise Rejected(f"invalid notebook: {error}") from None
    except RecursionError:
        raise Rejected("invalid notebook: its JSON is nested too deeply") from None
    check_notebook(notebook)
    return notebook  # type: ignore[no-any-return]


def check_notebook(notebook: Any) -> None:
    """Raise Rejected unless *notebook* has the parts of nbformat 4 that execution needs."""
    if not isinstance(notebook, dict) or "nbformat" not in notebook:
        raise Rejected("invalid notebook: no `nbformat` at the top: is this a notebook at all?")
    version = notebook["nbformat"]
    if version in (1, 2, 3):
        raise Rejected(
            f"invalid notebook: nbformat {version} is too old to run as it is; upgrade it with"
            " `jupyter nbconvert --to notebook --nbformat 4 --inplace`"
        )
    if version != 4:
        raise Rejected(f"invalid notebook: nbformat {json.dumps(version)}, expected 4")
    if not isinstance(notebook.get("cells"), list):
        raise Rejected("invalid notebook: `cells` must be a list")
    if not isinstance(notebook.get("metadata", {}), dict):
        raise Rejected("invalid notebook: `metadata` must be an object")
    for number, cell in enumerate(notebook["cells"], 1):
        problem = _cell_problem(cell)
        if problem:
            raise Rejected(f"invalid notebook: cell {number}: {problem}")


def _cell_problem(cell: Any) -> str | None:
    if not isinstance(cell, dict):
        return "must be an object"
    if cell.get("cell_type") not in ("code", "markdown", "raw"):
        return f"`cell_type` must be code, markdown or raw, got {json.dumps(cell.get('cell_type'))}"
    source = cell.get("source")
    if not isinstance(source, str) and not (
        isinstance(source, list) and all(isinstance(line, str) for line in source)
    ):
        return "`source` must be text or a list of texts"
    if not isinstance(cell.get("metadata", {}), dict):
        return "`metadata` must be an object"
    return None


def text_of(value: Any) -> str:
    """Return nbformat's multi-line text as one string."""
    return "".join(value) if isinstance(value, list) else value


def tags_of(cell: Json) -> list[str]:
    """Return the tags of a cell, none where they are malformed."""
    tags = cell["metadata"].get("tags", [])
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []


_METADATA_CHECKS: dict[str, Callable[[Any], bool]] = {
    "collapsed": lambda value: isinstance(value, bool),
    "scrolled": lambda value: isinstance(value, bool) or value == "auto",
    "deletable": lambda value: isinstance(value, bool),
    "format": lambda value: isinstance(value, str),
    "name": lambda value: isinstance(value, str) and bool(value),
    "jupyter": lambda value: (
        isinstance(value, dict)
        and all(
            isinstance(value.get(key, False), bool) for key in ("source_hidden", "outputs_hidden")
        )
    ),
    "tags": lambda value: (
        isinstance(value, list)
        and all(isinstance(tag, str) and tag and "," not in tag for tag in value)
        and len(set(value)) == len(value)
    ),
}
_CELL_KEYS = {"cell_type", "metadata", "source", "attachments", "id"}
_CELL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


def blank_copy(notebook: Json) -> Json:
    """Return *notebook* without outputs, every source unchanged, as the nbformat schema wants it.

    Cells without a usable id get one where the version has ids; what the schema does not allow is
    left out. Outputs of the past are dropped: they may be stale, or hold somebody's secrets.
    """
    minor = notebook.get("nbformat_minor")
    if not isinstance(minor, int) or isinstance(minor, bool) or minor < 0:
        minor = 4
    metadata = {
        key: value for key, value in notebook.get("metadata", {}).items() if key != "widgets"
    }
    for key in ("kernelspec", "language_info", "orig_nbformat", "title", "authors"):
        if key in metadata and not _NOTEBOOK_METADATA_CHECKS[key](metadata[key]):
            del metadata[key]
    seen: set[str] = set()
    cells = [_blank_cell(cell, minor, seen) for cell in notebook["cells"]]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


_NOTEBOOK_METADATA_CHECKS: dict[str, Callable[[Any], bool]] = {
    "kernelspec": lambda value: (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("display_name"), str)
    ),
    "language_info": lambda value: (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("codemirror_mode", ""), (str, dict))
        and all(
            isinstance(value.get(key, ""), str)
            for key in ("file_extension", "mimetype", "pygments_lexer")
        )
    ),
    "orig_nbformat": lambda value: isinstance(value, int) and value >= 1,
    "title": lambda value: isinstance(value, str),
    "authors": lambda value: isinstance(value, list),
}


def _blank_cell(cell: Json, minor: int, seen: set[str]) -> Json:
    copy = {key: value for key, value in cell.items() if key in _CELL_KEYS}
    if cell["cell_type"] == "code" or not isinstance(copy.get("attachments", {}), dict):
        copy.pop("attachments", None)
    copy["metadata"] = {
        key: value
        for key, value in cell.get("metadata", {}).items()
        if key != "execution" and _METADATA_CHECKS.get(key, lambda value: True)(value)
    }
    if minor < 5:
        copy.pop("id", None)
    else:
        identifier = copy.get("id")
        if not isinstance(identifier, str) or not _CELL_ID.match(identifier) or identifier in seen:
            copy["id"] = uuid.uuid4().hex[:8]
        seen.add(copy["id"])
    if cell["cell_type"] == "code":
        copy["execution_count"] = None
        copy["outputs"] = []
    return copy


def inject_parameters(notebook: Json, source: str | None) -> list[int | None]:
    """Put the parameters' cell where papermill does; return each cell's number in the source.

    That is after the first cell tagged `parameters`, in the place of one tagged
    `injected-parameters`, or before all others
    (https://papermill.readthedocs.io/en/latest/usage-parameterize.html). The injected cell has no
    number.
    """
    cells = notebook["cells"]
    numbers: list[int | None] = list(range(1, len(cells) + 1))
    if source is None:
        return numbers
    injected: Json = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": ["injected-parameters"]},
        "outputs": [],
        "source": source,
    }
    if notebook["nbformat_minor"] >= 5:
        injected["id"] = uuid.uuid4().hex[:8]
    tags = [tags_of(cell) for cell in cells]
    old = next((i for i, found in enumerate(tags) if "injected-parameters" in found), None)
    if old is not None:
        cells[old] = injected
        return numbers
    defaults = next((i for i, found in enumerate(tags) if "parameters" in found), -1)
    cells.insert(defaults + 1, injected)
    numbers.insert(defaults + 1, None)
    return numbers


# --- Which kernel -----------------------------------------------------------------------------


@dataclass(frozen=True)
class KernelChoice:
    """The kernel that runs a notebook; `argv` is None for the Python that runs this file."""

    name: str
    display_name: str
    language: str
    argv: list[str] | None = None
    env: dict[str, str] = field(default_factory=dict)
    interrupt_by_message: bool = False


OWN_PYTHON = KernelChoice("python3", "Python 3", "python")
# The names that nb_conda_kernels gives: a promise about the environment, not only the language.
_CONDA_KERNEL = re.compile(r"conda-(?:env-)?(?P<environment>.+?)-(?:py|r)\Z")


def choose_kernel(metadata: Json, override: str | None, no_python: str | None) -> KernelChoice:
    """Return the kernel for a notebook with this *metadata*; raises Rejected.

    An unknown name falls back to the one kernel of the same language, as JupyterLab does
    (`SessionContext.getDefaultKernel`), unless it promises a conda environment that is not here.
    *no_python* says why there is no Python kernel.
    """
    name, language = _wanted_kernel(metadata, override)
    if name in ("", "python", "python3") and language in ("", "python"):
        return _own_python(no_python)
    known = known_kernels()
    if name in known:
        return _own_python(no_python) if known[name] is OWN_PYTHON else known[name]
    conda = _CONDA_KERNEL.match(name)
    if not conda or conda["environment"] == os.environ.get("CONDA_DEFAULT_ENV"):
        if language == "python":
            return _own_python(no_python)
        same = [choice for choice in known.values() if choice.language.lower() == language]
        if len(same) == 1:
            return same[0]
    raise Rejected(
        f"no such kernel: {name or 'one for ' + language}; kernels here:"
        f" {', '.join(sorted(known)) or 'none'}. Install it, or set `kernel` in .github/nbci.yml"
    )


def _wanted_kernel(metadata: Json, override: str | None) -> tuple[str, str]:
    """Return the name and the language, in lower case, asked for; empty where nothing is said."""
    if override:
        return override, ""
    spec = metadata.get("kernelspec")
    spec = spec if isinstance(spec, dict) else {}
    info = metadata.get("language_info")
    info = info if isinstance(info, dict) else {}
    return str(spec.get("name") or ""), str(spec.get("language") or info.get("name") or "").lower()


def _own_python(no_python: str | None) -> KernelChoice:
    if no_python is None and importlib.util.find_spec("ipykernel") is None:
        no_python = f"{sys.executable} has no ipykernel, so it cannot run notebooks"
    if no_python:
        raise Rejected(no_python)
    return OWN_PYTHON


def known_kernels() -> dict[str, KernelChoice]:
    """Return the installed kernels by name."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager
    except ImportError:
        return {}
    specs = KernelSpecManager().get_all_specs()
    kernels = {}
    for name, found in specs.items():
        spec = found["spec"]
        own = name == "python3" and _is_own_python(spec.get("argv", []))
        kernels[name] = (
            OWN_PYTHON
            if own
            else KernelChoice(
                name,
                spec.get("display_name") or name,
                spec.get("language") or "",
                [
                    part.replace("{resource_dir}", found["resource_dir"])
                    for part in spec.get("argv", [])
                ],
                {key: os.path.expandvars(value) for key, value in spec.get("env", {}).items()},
                spec.get("interrupt_mode") == "message",
            )
        )
    return kernels


def _is_own_python(argv: list[str]) -> bool:
    command = argv[0] if argv else ""
    return "ipykernel_launcher" in argv and (
        os.path.basename(command) == command
        or os.path.realpath(command) == os.path.realpath(sys.executable)
    )


# --- Being a Python kernel ----------------------------------------------------------------------


def import_ipykernel() -> None:
    """Import what a Python kernel imports before it is asked anything, but for its debugger.

    Nobody can attach a debugger here, and importing it takes longer than all the rest.
    """
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    try:
        import ipykernel.ipkernel
        import ipykernel.kernelapp

        with contextlib.suppress(ImportError):
            import ipykernel.debugger  # noqa: F401
    finally:
        del sys.modules["debugpy"]


class _Hidden:
    """Finds nbci's own packages anywhere but in nbci's folder, as if nbci were not installed."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)

    def find_spec(
        self, name: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name not in ("bot", "action") or path is not None:
            return None
        folders = [
            entry for entry in sys.path if os.path.realpath(entry or os.getcwd()) != self.folder
        ]
        spec = importlib.machinery.PathFinder.find_spec(name, folders)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return spec


def become_kernel(connection_file: str, hidden: str | None) -> None:
    """Be a Python kernel until told to end."""
    if hidden:
        if not os.path.basename(hidden).endswith("-packages"):
            sys.path[:] = [entry for entry in sys.path if entry != hidden]
        sys.meta_path.insert(0, _Hidden(hidden))
    import_ipykernel()
    from ipykernel.kernelapp import IPKernelApp

    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [
        launcher.origin if launcher and launcher.origin else "ipykernel",
        "-f",
        connection_file,
    ]
    app: Any = IPKernelApp.instance()
    # The process whose end is the kernel's too; 1 is none, where die_with_parent sees to that.
    parent = 1 if ON_LINUX else os.getppid()
    app.initialize(
        [
            *sys.argv[1:],
            "--HistoryManager.hist_file=:memory:",
            f"--IPKernelApp.parent_handle={parent}",
        ]
    )
    app.start()


# --- Processes --------------------------------------------------------------------------------

ON_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    if ON_LINUX:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def die_with_parent(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Have the signal *how* sent to this process when its parent, with the id *parent*, dies."""
    _prctl(_PR_SET_PDEATHSIG, how)
    if ON_LINUX and os.getppid() != parent:
        os._exit(1)


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent dies."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def descendants(root: int) -> list[int]:
    """Return the ids of all processes below *root*, parents before children; Linux only."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc") if ON_LINUX else ():
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as file:
                stat = file.read()
                parent = int(stat[stat.rindex(b")") + 2 :].split()[1])
                children.setdefault(parent, []).append(int(entry))
    found = list(children.get(root, ()))
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def kill_all(
    pids: Callable[[], list[int]], spared: Callable[[int], bool] = lambda pid: False
) -> None:
    """Kill every process that *pids* lists, and those that they start meanwhile.

    They are stopped before they are killed, so that a fork bomb cannot outrun us. Children of this
    process are reaped, those *spared* left alone.
    """
    deadline = time.monotonic() + 10
    stopped: set[int] = set()
    while time.monotonic() < deadline:
        alive = [pid for pid in pids() if not spared(pid)]
        if not alive:
            return
        fresh = set(alive) - stopped
        for pid in fresh or alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGSTOP if fresh else signal.SIGKILL)
        stopped |= fresh
        if not fresh:
            _reap(alive)


def _reap(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    time.sleep(0.001)


def memory_of(pids: list[int], *, shared_once: bool) -> int:
    """Return the bytes of memory that processes hold; exact but slower with *shared_once*."""
    total = 0
    page = os.sysconf("SC_PAGE_SIZE")
    for pid in pids:
        with contextlib.suppress(OSError, ValueError, IndexError):
            if shared_once:
                with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
                    total += next(int(x.split()[1]) * 1024 for x in file if x.startswith(b"Pss:"))
            else:
                with open(f"/proc/{pid}/statm", "rb") as file:
                    total += int(file.read().split()[1]) * page
    return total


def sockets_and_files(pid: int) -> tuple[int, int]:
    """Return how many sockets, and how many files for writing, a process has open; Linux only."""
    sockets = files = 0
    with contextlib.suppress(OSError):
        for descriptor in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{descriptor}")
            sockets += target.startswith("socket:")
            if target.startswith("/") and not target.startswith("/dev/"):
                with open(f"/proc/{pid}/fdinfo/{descriptor}") as file:
                    flags = next(line for line in file if line.startswith("flags:"))
                files += bool(int(flags.split()[1], 8) & (os.O_WRONLY | os.O_RDWR))
    return sockets, files


class Kernel:
    """The kernel's process: alive or not, what it wrote outside of cells, its connection."""

    def __init__(self, choice: KernelChoice, connection: Json, connection_file: str) -> None:
        self.choice = choice
        self.connection = connection
        self.connection_file = connection_file
        self.pid = 0
        self.status: int | None = None
        self.log = b""
        self.log_fd = -1

    @classmethod
    def prepare(cls, choice: KernelChoice, sockets: str) -> Kernel:
        """Return a kernel that is yet to be started, its connection file written to *sockets*."""
        connection: Json = {
            "transport": "ipc",
            "ip": os.path.join(sockets, "k"),
            "key": uuid.uuid4().hex,
            "signature_scheme": "hmac-sha256",
            "kernel_name": choice.name,
        }
        for port, channel in enumerate(("shell", "iopub", "stdin", "control", "hb"), 1):
            connection[channel + "_port"] = port
        path = os.path.join(sockets, "kernel.json")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(connection, file)
        return cls(choice, connection, path)

    def fork(self, spec: Spec) -> bool:
        """Start the process; return True in it when it is to become a Python kernel by itself.

        A kernel that is a program of its own replaces the new process and never returns.
        """
        parent = os.getpid()
        self.log_fd, log_end = os.pipe()
        self.pid = os.fork()
        if self.pid:
            os.close(log_end)
            os.set_blocking(self.log_fd, False)
            return False
        os.setsid()
        die_with_parent(parent)
        _prefer_as_victim()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (log_end, 1), (log_end, 2)):
            os.dup2(source, target)
        os.closerange(3, 256)
        os.chdir(spec.cwd)
        os.environ.update({**self.choice.env, **spec.env})
        if self.choice.argv is None and ON_LINUX:
            return True
        argv = [
            part.replace("{connection_file}", self.connection_file)
            for part in self.choice.argv or _kernel_command(spec)
        ]
        try:
            os.execvp(argv[0], argv)  # noqa: S606 - a kernel spec names a program
        except OSError as error:
            os.write(2, f"cannot start {argv[0]}: {error.strerror}\n".encode())
        os._exit(127)

    def reap(self) -> None:
        """Note the kernel's end, and bury orphans that this process adopted."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self.pid:
                    self.status = status

    def read_log(self) -> None:
        """Take what the kernel wrote to its standard output and error; the last of it is kept."""
        with contextlib.suppress(BlockingIOError):
            while True:
                piece = os.read(self.log_fd, 65536)
                if not piece:
                    return
                self.log = (self.log + piece)[-LOG_LIMIT:]

    def how_it_ended(self) -> str:
        """Return in words how the process ended."""
        assert self.status is not None
        if os.WIFSIGNALED(self.status):
            number = os.WTERMSIG(self.status)
            name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
            hint = ", probably out of memory" if number == signal.SIGKILL else ""
            return f"killed by {name}{hint}"
        return f"it ended with exit status {os.WEXITSTATUS(self.status)}"


def _kernel_command(spec: Spec) -> list[str]:
    """Return the command of a Python kernel, for systems whose libraries do not survive a fork."""
    return [
        sys.executable,
        os.path.abspath(__file__),
        "--kernel",
        "{connection_file}",
        spec.hidden or "",
    ]


def _prefer_as_victim() -> None:
    """Have the kernel killed before nbci when the machine runs out of memory."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")


# --- Messages -----------------------------------------------------------------------------------


class Message(NamedTuple):
    """A message of the kernel."""

    type: str
    parent: str
    content: Json
    metadata: Json
    buffers: list[bytes]
    left_out: int = 0


class Wire:
    """The sockets between this process and the kernel."""

    def __init__(self, connection: Json) -> None:
        self.context = zmq.Context()
        self.session = uuid.uuid4().hex
        self.count = 0
        self.mac = hmac.new(connection["key"].encode(), digestmod=hashlib.sha256)
        self.shell = self._connect(zmq.DEALER, connection, "shell")
        self.control = self._connect(zmq.DEALER, connection, "control")
        self.iopub = self._connect(zmq.SUB, connection, "iopub")
        self.iopub.setsockopt(zmq.SUBSCRIBE, b"")

    def _connect(self, kind: int, connection: Json, channel: str) -> zmq.Socket[bytes]:
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.RCVHWM, 0)
        # The kernel binds its sockets some time after we connect; by default zmq looks again
        # only after 100 ms.
        socket.setsockopt(zmq.RECONNECT_IVL, 5)
        socket.connect(f"ipc://{connection['ip']}-{connection[channel + '_port']}")
        return socket

    def _sign(self, parts: list[bytes]) -> bytes:
        mac = self.mac.copy()
        for part in parts:
            mac.update(part)
        return mac.hexdigest().encode()

    def send(self, socket: zmq.Socket[bytes], kind: str, content: Json) -> str:
        """Send a request and return its id."""
        self.count += 1
        header = {
            "msg_id": f"{self.session}_{self.count}",
            "msg_type": kind,
            "username": "nbci",
            "session": self.session,
            "date": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime()),
            "version": "5.3",
        }
        parts = [json.dumps(part).encode() for part in (header, {}, {}, content)]
        socket.send_multipart([b"<IDS|MSG>", self._sign(parts), *parts])
        return str(header["msg_id"])

    def receive(self, socket: zmq.Socket[bytes]) -> Message | None:
        """Return the next message that is waiting, or None; one not signed is without content."""
        try:
            frames = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        start = frames.index(b"<IDS|MSG>")
        signature, *parts = frames[start + 1 : start + 6]
        if len(parts) != 4 or not hmac.compare_digest(signature, self._sign(parts)):
            return Message("unsigned", "", {}, {}, [])
        header, parent, metadata = (
            json.loads(part.decode("utf-8", "replace")) for part in parts[:3]
        )
        kind, request = header["msg_type"], parent.get("msg_id", "")
        if kind == "stream" and len(parts[3]) > CELL_OUTPUT_LIMIT:
            content, left_out = beginning_of_stream(parts[3])
            return Message(kind, request, content, metadata, [], left_out)
        content = json.loads(parts[3].decode("utf-8", "replace"))
        return Message(kind, request, content, metadata, frames[start + 6 :])

    def close(self) -> None:
        """Give the sockets back."""
        self.context.destroy(linger=0)


_STREAM_NAME = re.compile(rb'"name":\s*"(\w+)"')
_STREAM_TEXT = re.compile(rb'"text":\s*"([^"\\]*(?:\\.[^"\\]*)*)')


def beginning_of_stream(content: bytes) -> tuple[Json, int]:
    """Return a stream's content as far as it can be kept, and about how many bytes are left out.

    To read all of a text of 1 GB takes several times its size in memory.
    """
    name = _STREAM_NAME.search(content[:100] + content[-100:])
    found = _STREAM_TEXT.search(content[:CELL_OUTPUT_LIMIT])
    text = found[1] if found else b""
    for cut in range(len(b"\\ud83d\\ude00") + 1):  # it may end inside of an escape
        with contextlib.suppress(ValueError):
            shown = json.loads(b'"%s"' % text[: len(text) - cut]).encode("utf-8", "ignore")
            kept = {"name": name[1].decode() if name else "stdout", "text": shown.decode()}
            return kept, len(content) - len(text)
    return {}, len(content)


# --- Outputs --------------------------------------------------------------------------------------


def as_shown(text: str) -> str:
    """Return *text* as a terminal shows it: without what a carriage return or backspace replaced.

    Linear in its length, whatever it holds.
    """
    if "\r" not in text and "\b" not in text:
        return text
    return "\n".join(map(_line_as_shown, text.split("\n")))


def _line_as_shown(line: str) -> str:
    written = line.rstrip("\r")
    line = written.rpartition("\r")[2] + line[len(written) :]
    if "\b" not in line:
        return line
    shown: list[str] = []
    for character in line:
        if character != "\b":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)


class Outputs:
    """Puts what the kernel publishes into the cells of the notebook it belongs to.

    Beyond `CELL_OUTPUT_LIMIT` bytes of a cell, or *limit* of all, outputs are counted but not kept.
    """

    def __init__(self, cells: list[Json], limit: int) -> None:
        self.cells = cells
        self.budget = limit
        self.cell_of_request: dict[str, int] = {}
        self.displays: dict[str, list[Json]] = {}
        self.kept: dict[int, int] = {}
        self.dropped: dict[int, int] = {}
        self.clear_next: set[int] = set()
        self.widgets = Widgets()

    def take(self, message: Message) -> None:
        """Note a message of the iopub channel."""
        index = self.cell_of_request.get(message.parent)
        if message.type.startswith("comm_"):
            self.widgets.take(message)
        elif index is None:
            return
        elif message.type == "execute_input":
            self.cells[index]["execution_count"] = message.content.get("execution_count")
        elif message.type == "clear_output":
            self._clear(index, message)
        elif message.type == "update_display_data":
            self._update_display(message)
        elif message.type in ("stream", "display_data", "execute_result", "error"):
            self._add(index, message)

    def finish(self, index: int) -> None:
        """Bring the outputs of a cell that has ended into their final form."""
        for output in self.cells[index]["outputs"]:
            if output["output_type"] == "stream":
                output["text"] = as_shown(text_of(output["text"]))
        dropped = self.dropped.pop(index, 0)
        if dropped:
            note = f"\n[nbci: truncated, {dropped / 1e6:.1f} MB more were not kept]\n"
            self.cells[index]["outputs"].append(_stream("stderr", note))

    def _place(self, index: int, message: Message) -> list[Json]:
        widget = self.widgets.capturing(message.parent)
        return self.cells[index]["outputs"] if widget is None else widget

    def _clear(self, index: int, message: Message) -> None:
        if message.content.get("wait"):
            self.clear_next.add(index)
        else:
            self._place(index, message).clear()
            self.kept.pop(index, None)

    def _update_display(self, message: Message) -> None:
        identifier = (message.content.get("transient") or {}).get("display_id", "")
        for output in self.displays.get(identifier, ()):
            output["data"] = _bundle(message.content)
            output["metadata"] = message.content.get("metadata") or {}

    def _add(self, index: int, message: Message) -> None:
        place = self._place(index, message)
        if index in self.clear_next:
            self.clear_next.discard(index)
            place.clear()
            self.kept.pop(index, None)
        output = _output(message)
        size = _size(output) + message.left_out
        room = max(0, min(CELL_OUTPUT_LIMIT - self.kept.get(index, 0), self.budget))
        if size > room and output["output_type"] != "error":
            kept = min(room, len(output["text"])) if output["output_type"] == "stream" else 0
            self.dropped[index] = self.dropped.get(index, 0) + size - kept
            if not kept:
                return
            output["text"] = output["text"][:kept]
            size = kept
        self.kept[index] = self.kept.get(index, 0) + size
        self.budget -= size
        self._append(place, output, message)

    def _append(self, place: list[Json], output: Json, message: Message) -> None:
        last = place[-1] if place else None
        if output["output_type"] == "stream" and last and last.get("name") == output["name"]:
            if isinstance(last["text"], str):
                last["text"] = [last["text"]]
            last["text"].append(output["text"])
            return
        identifier = (message.content.get("transient") or {}).get("display_id")
        if identifier and "data" in output:
            for earlier in self.displays.get(identifier, ()):
                earlier["data"] = output["data"]
                earlier["metadata"] = output["metadata"]
            self.displays.setdefault(identifier, []).append(output)
        place.append(output)


def _stream(name: str, text: str) -> Json:
    return {"output_type": "stream", "name": name, "text": text}


def _shortened(value: object) -> str:
    text = str(value)
    return text[:TEXT_LIMIT] + " [nbci: truncated]" if len(text) > TEXT_LIMIT else text


def _output(message: Message) -> Json:
    content = message.content
    if message.type == "stream":
        return _stream(str(content.get("name", "stdout")), str(content.get("text", "")))
    if message.type == "error":
        return {
            "output_type": "error",
            "ename": _shortened(content.get("ename", "")),
            "evalue": _shortened(content.get("evalue", "")),
            "traceback": [_shortened(line) for line in content.get("traceback") or ()],
        }
    output = {
        "output_type": message.type,
        "data": _bundle(content),
        "metadata": content.get("metadata") or {},
    }
    if message.type == "execute_result":
        output["execution_count"] = content.get("execution_count")
    return output


def _bundle(content: Json) -> Json:
    return {
        kind: value if kind.endswith("json") or isinstance(value, str) else _as_text(value)
        for kind, value in (content.get("data") or {}).items()
    }


def _as_text(value: Any) -> Any:
    is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
    return value if is_lines else str(value)


def _size(output: Json) -> int:
    if output["output_type"] == "stream":
        return len(output["text"])
    values = output.get("data") or {"text/plain": "".join(output.get("traceback", ()))}
    return sum(len(v) if isinstance(v, str) else len(json.dumps(v)) for v in values.values())


class Widgets:
    """The state of ipywidgets models, and what Output widgets catch, as a front end holds it."""

    def __init__(self) -> None:
        self.models: dict[str, Json] = {}
        self.buffers: dict[str, dict[str, Json]] = {}
        self.listening: dict[str, str] = {}
        self.outdated: set[str] = set()

    def take(self, message: Message) -> None:
        """Note a comm message."""
        identifier = message.content.get("comm_id", "")
        data = message.content.get("data") or {}
        state = data.get("state")
        if message.type == "comm_open" and message.content.get("target_name") == "jupyter.widget":
            self.models[identifier] = {}
        echoed = data.get("method") == "echo_update"
        if identifier not in self.models or not isinstance(state, dict) or echoed:
            return
        self.models[identifier].update(state)
        for path, buffer in zip(data.get("buffer_paths") or (), message.buffers):
            self._note_buffer(identifier, path, buffer)
        if self.models[identifier].get("_model_name") == "OutputModel" and "msg_id" in state:
            self._listen(identifier, state["msg_id"])

    def _note_buffer(self, identifier: str, path: list[Any], buffer: bytes) -> None:
        import base64

        encoded = {"data": base64.b64encode(buffer).decode(), "encoding": "base64", "path": path}
        self.buffers.setdefault(identifier, {})[json.dumps(path)] = encoded

    def _listen(self, identifier: str, request: str) -> None:
        self.listening.pop(identifier, None)
        if request:
            self.listening[identifier] = request

    def capturing(self, request: str) -> list[Json] | None:
        """Return the outputs of the Output widget that catches what *request* publishes."""
        for identifier in reversed(list(self.listening)):
            if self.listening[identifier] == request:
                self.outdated.add(identifier)
                if not isinstance(self.models[identifier].get("outputs"), list):
                    self.models[identifier]["outputs"] = []
                return self.models[identifier]["outputs"]  # type: ignore[no-any-return]
        return None

    def updates(self) -> Iterator[Json]:
        """Yield, once, the comm messages that tell the kernel what its Output widgets caught."""
        for identifier in sorted(self.outdated):
            outputs = [
                {**output, "text": text_of(output["text"])} if "text" in output else output
                for output in self.models[identifier]["outputs"]
            ]
            data = {"method": "update", "state": {"outputs": outputs}, "buffer_paths": []}
            yield {"comm_id": identifier, "data": data}
        self.outdated.clear()

    def metadata(self) -> Json:
        """Return the widgets' state as notebook metadata keeps it."""
        state = {
            identifier: {
                "model_name": model["_model_name"],
                "model_module": model.get("_model_module"),
                "model_module_version": model.get("_model_module_version"),
                "state": model,
                **(
                    {"buffers": list(self.buffers[identifier].values())}
                    if identifier in self.buffers
                    else {}
                ),
            }
            for identifier, model in self.models.items()
            if "_model_name" in model
        }
        view = {"state": state, "version_major": 2, "version_minor": 0}
        return {"application/vnd.jupyter.widget-state+json": view} if state else {}


# --- What is written ------------------------------------------------------------------------------


class Record:
    """The files in which a run is written down."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.started = time.monotonic()
        self.next_save = 0.0
        os.makedirs(folder, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        self.events = os.open(os.path.join(folder, PROGRESS), flags, 0o644)

    @property
    def seconds(self) -> float:
        """How long the run has taken so far."""
        return round(time.monotonic() - self.started, 4)

    def event(self, kind: str, **fields: Any) -> None:
        """Append a line to the progress."""
        line = json.dumps({"event": kind, "at": self.seconds, **fields}) + "\n"
        os.write(self.events, line.encode())

    def save(self, notebook: Json, *, now: bool = False) -> None:
        """Write the executed notebook; without *now* only when the last time is long enough ago."""
        begin = time.monotonic()
        if not now and begin < self.next_save:
            return
        self._replace(EXECUTED_NOTEBOOK, notebook, 1)
        end = time.monotonic()
        self.next_save = end + max(0.5, 20 * (end - begin))

    def result(self, result: Json) -> None:
        """Write how the run ended."""
        self.event("ended", outcome=result["outcome"])
        self._replace(RESULT, {"version": 1, "seconds": self.seconds, **result}, None)

    def _replace(self, name: str, value: Json, indent: int | None) -> None:
        try:
            data = (json.dumps(value, indent=indent, ensure_ascii=False) + "\n").encode()
        except UnicodeEncodeError:
            data = (json.dumps(value, indent=indent) + "\n").encode()
        path = os.path.join(self.folder, name)
        with open(path + ".part", "wb") as file:
            file.write(data)
        os.replace(path + ".part", path)


# --- The run --------------------------------------------------------------------------------------

_ANSI = re.compile(r"\x1b\[[0-9;:]*[A-Za-z]")

# Magics that show an error of the code that they run, and reply that all is well:
# https://github.com/ipython/ipython/issues/12291, `time` before IPython 9.
_HIDES_ERRORS = re.compile(r"^\s*(?:[^#\n=]+=\s*)?%%?(?:capture|rerun|run|time)\b", re.MULTILINE)
# How IPython names a cell in a traceback: `Cell In[3], line 7` from 8.5 on, in 8.0 and after
# `Input In [3], in <cell line: 7>()`, in 7 `<ipython-input-3-0123456789ab> in <module>`, or with
# ipykernel 6 `/tmp/ipykernel_12/34.py in <module>`, which does not say which cell it is.
_CELL_FRAME = re.compile(
    r" *(?:(?:Cell|Input) In ?\[(?P<v8>\d+)\]"
    r'|(?:File ")?(?:<ipython-input-(?P<v7>\d+)-|\S*/ipykernel_\d+/\d+\.py))'
    r"(?:.*?\bline:? (?P<line>\d+))?"
)
_TIMED_FRAME = re.compile(r"File <timed exec>:(?P<line>\d+)")
_ARROW = re.compile(r"-+> ?(?P<line>\d+) ?(?P<code>.*)")
_SYNTAX_ERROR = re.compile(r"\(\d+\.py, line (?P<line>\d+)\)\Z")


def line_in_cell(
    traceback: list[str], execution_count: Any, source: str, evalue: str
) -> int | None:
    """Return the line of *source*, from 1, that IPython's *traceback* last passes through.

    *evalue* has the line of a syntax error where the traceback has not.
    """
    lines = [line.strip() for line in source.splitlines()]
    blank = next((number for number, line in enumerate(lines) if line), 0)  # IPython drops them
    text = _ANSI.sub("", "\n".join(traceback))
    found = None
    for line, code in _lines_shown(text, str(execution_count)):
        found = _line_with(code, line + blank, lines) or found
    syntax_error = _SYNTAX_ERROR.search(evalue)
    if found is None and syntax_error:
        found = _line_with(None, int(syntax_error["line"]) + blank, lines)
    return found


def _lines_shown(text: str, count: str) -> Iterator[tuple[int, str | None]]:
    """Yield the lines that a traceback shows of what may be cell *count*, each with its code."""
    inside = False
    for line in text.splitlines():
        frame, timed, arrow = (kind.match(line) for kind in (_CELL_FRAME, _TIMED_FRAME, _ARROW))
        if frame:
            inside = (frame["v8"] or frame["v7"] or count) == count
            if inside and frame["line"]:
                yield int(frame["line"]), None
        elif timed:
            yield int(timed["line"]) + 1, None  # %%time is the first line
        elif not line.strip():
            inside = False
        elif inside and arrow:
            yield int(arrow["line"]), arrow["code"].strip()


def _line_with(code: str | None, line: int, lines: list[str]) -> int | None:
    """Return the number of the line with *code*, at *line* or, after magics of several, below."""
    if code is not None and "get_ipython()" not in code:
        return next((n for n in range(line, len(lines) + 1) if lines[n - 1] == code), None)
    return line if line <= len(lines) else None


class Run:
    """One notebook on its way through a kernel."""

    def __init__(self, spec: Spec, record: Record) -> None:
        self.spec = spec
        self.record = record
        source = read_notebook(spec.notebook, spec.notebook_limit)
        self.choice = choose_kernel(source.get("metadata", {}), spec.kernel, spec.no_python)
        self.notebook = blank_copy(source)
        self.numbers = inject_parameters(self.notebook, spec.parameters_source)
        self.cells = self.notebook["cells"]
        self.to_run = [index for index, cell in enumerate(self.cells) if self._is_run(cell)]
        self.total = sum(self.numbers[index] is not None for index in self.to_run)
        self.outputs = Outputs(self.cells, spec.output_limit)
        self.timings: list[Json] = []
        self.current: int | None = None
        self.cancelled = False
        self.parent = os.getppid()
        self.replies: dict[str, Json] = {}
        self.idle: set[str] = set()
        self.next_check = 0.0

    @staticmethod
    def _is_run(cell: Json) -> bool:
        return (
            cell["cell_type"] == "code"
            and bool(text_of(cell["source"]).strip())
            and not SKIP_TAGS.intersection(tags_of(cell))
        )

    def execute(self, kernel: Kernel) -> Json:
        """Run the cells in *kernel*, which has been started, and return the result."""
        self.kernel = kernel
        self.deadline = self.record.started + self.spec.timeout
        self.record.event("started", cells_total=self.total)
        self.record.save(self.notebook, now=True)
        self._listen_to_signals()
        self.wire = Wire(kernel.connection)
        self.poller = zmq.Poller()
        for source in (self.wire.shell, self.wire.iopub, kernel.log_fd, self.wake_fd):
            self.poller.register(source, zmq.POLLIN)
        failing: Json | None = None
        try:
            self._await_kernel()
            for index in self.to_run:
                failing = self._run_cell(index)
                if failing:
                    break
            outcome, message = ("failed", "") if failing else ("passed", "")
            self._let_flush()
        except Stopped as stopped:
            outcome, message = stopped.outcome, stopped.evalue
            failing = self._cell_error(stopped.ename, stopped.evalue, [])
        self._end()
        return self._result(outcome, message, failing)

    def _listen_to_signals(self) -> None:
        self.wake_fd, wake_end = os.pipe()
        for end in (self.wake_fd, wake_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._note_cancel)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def _note_cancel(self, number: int, frame: Any) -> None:
        self.cancelled = True

    def _await_kernel(self) -> None:
        """Return once the kernel answers and its outputs reach us."""
        limit = min(time.monotonic() + START_LIMIT, self.deadline)
        request, asked = "", 0.0
        while request not in self.idle or request not in self.replies:
            now = time.monotonic()
            if now > limit:
                raise Stopped("timed_out", "KernelTimeout", "the kernel did not start in time")
            # Our subscription reaches the kernel some time after our first request: ask again.
            if not asked or (request in self.replies and now - asked > 0.02):
                request, asked = self.wire.send(self.wire.shell, "kernel_info_request", {}), now
            self._pump(0.02 if request in self.replies else TICK)
        info = self.replies[request].get("language_info")
        metadata = self.notebook["metadata"]
        if isinstance(info, dict) and isinstance(info.get("name"), str):
            metadata["language_info"] = info
        self.sockets_at_start, _ = sockets_and_files(self.kernel.pid)
        metadata.setdefault(
            "kernelspec", {"name": self.choice.name, "display_name": self.choice.display_name}
        )

    def _run_cell(self, index: int) -> Json | None:
        """Run one cell and return its error, or None."""
        cell = self.cells[index]
        number = self.numbers[index]
        self.current = index
        begin = time.monotonic()
        self.record.event("cell_started", cell=number)
        may_raise = "raises-exception" in tags_of(cell)
        request = self._request_execution(index, stop_on_error=not may_raise)
        try:
            reply = self._await_reply(request, begin)
        except Stopped as stopped:
            self._cell_ended(index, begin, stopped.outcome)
            raise
        error = None if may_raise else self._error_of(reply)
        self._cell_ended(index, begin, "failed" if error else "passed")
        if not error and self._asks_to_exit(reply) and index != self.to_run[-1]:
            raise Stopped("died", "KernelExit", "the cell told the kernel to exit")
        return error

    def _error_of(self, reply: Json) -> Json | None:
        """Return the error that the current cell has raised, one a magic hides included, or None.

        Other errors that a cell shows without raising them, such as one of a plot that cannot be
        drawn, do not fail it: nbclient has it so, and notebooks rely on it.
        """
        shown = self._published_error()
        if reply.get("status") == "ok" and not (shown and self._hides_errors()):
            return None
        # What the kernel replies is what every other tool reports, "NoneType: None" of ipykernel 7
        # for a result that could not be shown included; the traceback tells the rest.
        if shown and "ename" not in reply:
            reply = shown
        ename = str(reply.get("ename") or reply.get("status"))
        return self._cell_error(ename, str(reply.get("evalue") or ""), reply.get("traceback") or [])

    def _request_execution(self, index: int, *, stop_on_error: bool) -> str:
        for update in self.outputs.widgets.updates():
            self.wire.send(self.wire.shell, "comm_msg", update)
        content = {
            "code": text_of(self.cells[index]["source"]),
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        request = self.wire.send(self.wire.shell, "execute_request", content)
        self.outputs.cell_of_request[request] = index
        return request

    def _await_reply(self, request: str, begin: float) -> Json:
        """Return the reply to *request* once all its outputs are here."""
        limit = self.deadline
        if self.spec.cell_timeout is not None:
            limit = min(limit, begin + self.spec.cell_timeout)
        fence, ending = "", 0.0
        while True:
            now = time.monotonic()
            if request in self.replies and (request in self.idle or fence in self.idle):
                return self.replies[request]
            if fence in self.replies and request not in self.replies:
                raise Stopped("died", "NoReply", "the kernel gave no answer; its log says why")
            if now > limit:
                self._interrupt(request, limit)
            if not fence and (request in self.replies or request in self.idle):
                # With nested Output widgets ipykernel reports idle for the wrong request, and where
                # its own handler fails it is idle without having replied. What it says to a later
                # request proves that nothing for ours is still on its way.
                ending = ending or now
                if now - ending > (0.05 if request in self.replies else NO_REPLY_GRACE):
                    fence = self.wire.send(self.wire.shell, "kernel_info_request", {})
            self._pump(max(0.0, min(0.05 if request in self.replies else TICK, limit - now)))

    def _interrupt(self, request: str, limit: float) -> None:
        """Interrupt a cell that has run for too long, so that it says where it was, and stop."""
        if self.choice.interrupt_by_message:
            self.wire.send(self.wire.control, "interrupt_request", {})
        else:
            os.kill(self.kernel.pid, signal.SIGINT)
        grace = time.monotonic() + INTERRUPT_GRACE
        while request not in self.replies and time.monotonic() < grace:
            self._pump(0.05)
        self._drain(0.05)
        of_cell = limit < self.deadline
        seconds = self.spec.cell_timeout if of_cell else self.spec.timeout
        what = "the cell" if of_cell else "the notebook"
        ename = "CellTimeout" if of_cell else "NotebookTimeout"
        raise Stopped("timed_out", ename, f"{what} ran longer than {seconds:g} s")

    def _cell_ended(self, index: int, begin: float, outcome: str) -> None:
        self.outputs.finish(index)
        number = self.numbers[index]
        seconds = round(time.monotonic() - begin, 4)
        if number is not None:
            self.timings.append({"number": number, "seconds": seconds, "outcome": outcome})
        self.record.event("cell_finished", cell=number, seconds=seconds, outcome=outcome)
        if outcome == "passed":
            self.record.save(self.notebook)

    @staticmethod
    def _asks_to_exit(reply: Json) -> bool:
        return any(
            payload.get("source") == "ask_exit" and not payload.get("keepkernel")
            for payload in reply.get("payload") or ()
        )

    def _hides_errors(self) -> bool:
        assert self.current is not None
        return bool(_HIDES_ERRORS.search(text_of(self.cells[self.current]["source"])))

    def _published_error(self) -> Json | None:
        """Return the last error among the outputs of the current cell."""
        assert self.current is not None
        outputs = self.cells[self.current]["outputs"]
        return next((o for o in reversed(outputs) if o["output_type"] == "error"), None)

    def _cell_error(self, ename: str, evalue: str, traceback: list[str]) -> Json | None:
        if self.current is None:
            return None
        cell = self.cells[self.current]
        published = self._published_error() or {}
        traceback = [_shortened(line) for line in traceback or published.get("traceback", [])]
        return {
            "number": self.numbers[self.current],
            "cell_line": line_in_cell(
                traceback, cell["execution_count"], text_of(cell["source"]), evalue
            ),
            "ename": _shortened(ename),
            "evalue": _shortened(evalue),
            "traceback": traceback,
            "source": text_of(cell["source"]),
        }

    def _pump(self, seconds: float) -> None:
        """Take what arrives within *seconds*, and look after limits, signals and the kernel."""
        self.poller.poll(int(seconds * 1000))
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake_fd, 1000)
        self.kernel.read_log()
        self._drain()
        self.kernel.reap()
        if self.cancelled:
            raise Stopped("cancelled", "Cancelled", "the run was cancelled")
        if self.kernel.status is not None:
            self._drain(0.1)
            raise Stopped("died", "KernelDied", f"the kernel died: {self.kernel.how_it_ended()}")
        if time.monotonic() > self.next_check:
            self.next_check = time.monotonic() + TICK
            if os.getppid() != self.parent:
                raise Stopped("cancelled", "Cancelled", "whoever started the run has died")
            self._check_limits()
            self.record.save(self.notebook)

    def _drain(self, patience: float = 0.0) -> None:
        """Take the messages that wait, and those that come within *patience*; not for ever."""
        limit = time.monotonic() + max(patience, TICK)
        while time.monotonic() < limit:
            message = self.wire.receive(self.wire.iopub)
            reply = self.wire.receive(self.wire.shell)
            if reply:
                self.replies[reply.parent] = reply.content
            if message and message.type == "status":
                if message.content.get("execution_state") == "idle":
                    self.idle.add(message.parent)
            elif message:
                self.outputs.take(message)
            if (
                not message
                and not reply
                and not (patience and self.wire.iopub.poll(int(patience * 1000)))
            ):
                return

    def _check_limits(self) -> None:
        pids = descendants(os.getpid())
        if len(pids) > self.spec.process_limit:
            raise Stopped(
                "died",
                "TooManyProcesses",
                f"it started more than {self.spec.process_limit} processes",
            )
        limit = self.spec.memory_limit
        if (
            limit
            and memory_of(pids, shared_once=False) > limit
            and memory_of(pids, shared_once=True) > limit
        ):
            raise Stopped(
                "died", "OutOfMemory", f"out of memory: it used more than {limit / 1e9:.2g} GB"
            )

    def _let_flush(self) -> None:
        """Ask a kernel that may have something left to write to end by itself, for a while.

        Others are simply killed: what they published is here, and ending takes some of them
        seconds. Files open for writing and connections made by the notebook tell which is which.
        """
        sockets, files = sockets_and_files(self.kernel.pid)
        if ON_LINUX and not files and sockets <= self.sockets_at_start:
            return
        self.wire.send(self.wire.control, "shutdown_request", {"restart": False})
        limit = time.monotonic() + FLUSH_GRACE
        with contextlib.suppress(Stopped):  # its end is what we wait for
            while time.monotonic() < limit:
                self._pump(TICK)

    def _end(self) -> None:
        """Have nothing left running, and the notebook as far as it came written down."""
        if self.current is not None:
            self.outputs.finish(self.current)
        self.wire.close()
        widgets = self.outputs.widgets.metadata()
        if widgets:
            self.notebook["metadata"]["widgets"] = widgets
        self.record.save(self.notebook, now=True)

    def _result(self, outcome: str, message: str, failing: Json | None) -> Json:
        done = sum(timing["outcome"] == "passed" for timing in self.timings)
        return {
            "outcome": outcome,
            "message": message,
            "cells_done": done,
            "cells_total": self.total,
            "failing_cell": failing,
            "cells": self.timings,
            "log": self.kernel.log.decode("utf-8", "replace"),
        }


def end_of_family(kernel: Kernel) -> None:
    """Kill the kernel and whatever it has started."""
    if ON_LINUX:
        kill_all(lambda: descendants(os.getpid()))
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(kernel.pid, signal.SIGKILL)


def run(spec: Spec) -> Callable[[], None] | None:
    """Execute a notebook; return None, or in the process of a Python kernel what it has to do.

    The caller leaves its own stack before it does that, so that the kernel ends as programs do.
    """
    record = Record(spec.folder)
    try:
        prepared = Run(spec, record)
    except Rejected as rejected:
        record.result({"outcome": "rejected", "message": str(rejected)})
        return None
    adopt_orphans()
    owner = os.getpid()
    sockets = spec.sockets or tempfile.mkdtemp(prefix="nbci-", dir="/tmp")
    try:
        os.makedirs(sockets, mode=0o700, exist_ok=True)
        kernel = Kernel.prepare(prepared.choice, sockets)
        if kernel.fork(spec):
            return lambda: become_kernel(kernel.connection_file, spec.hidden)
        try:
            result = prepared.execute(kernel)
        finally:
            end_of_family(kernel)
        record.result(result)  # only now is nobody left who could write another
    finally:
        if os.getpid() == owner:
            shutil.rmtree(sockets, ignore_errors=True)
    return None


def main() -> None:
    """Run what the file named on the command line specifies.

    A second argument is the process that this one must not outlive. With `--kernel` be a kernel.
    """
    if sys.argv[1] == "--kernel":
        become_kernel(sys.argv[2], sys.argv[3] or None)
        return
    if len(sys.argv) > 2:
        die_with_parent(int(sys.argv[2]), signal.SIGTERM)
    with open(sys.argv[1]) as file:
        spec = Spec(**json.load(file))
    become = run(spec)
    if become:
        become()


if __name__ == "__main__":
    sys.path.pop(0)
    main()
