"""A notebook looks for the token and the workflow's variables wherever a process may look."""

import base64
import ctypes
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from building.notebooks import text_of
from building.worlds import executed

# https://man7.org/linux/man-pages/man7/capabilities.7.html
PR_CAPBSET_DROP = 24
CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON = 19, 21, 38

ENVIRONMENT = "import json, os\nprint(json.dumps(dict(os.environ)))"
SEARCH = r"""
import json, os, pathlib, re

PATTERN = re.compile(rb"ghs_[0-9a-f]{36}|eC1hY2Nlc3MtdG9rZW46[A-Za-z0-9+/=]+|canary-[a-z]{4,}")
found = {}

def look(place, data):
    for match in PATTERN.findall(data):
        found.setdefault(match.decode(), []).append(str(place))

def read(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""

def memory(process):
    try:
        file = open(process / "mem", "rb", 0)
    except OSError:
        return
    for line in read(process / "maps").decode().splitlines():
        first, last = (int(end, 16) for end in line.split()[0].split("-"))
        if " rw" in line and last - first < 50_000_000:
            try:
                file.seek(first)
                look(process / "mem", file.read(last - first))
            except (OSError, ValueError, OverflowError):
                pass

def parents():
    number = os.getppid()
    while number > 1:
        process = pathlib.Path("/proc", str(number))
        yield process
        if b"action.main" in read(process / "cmdline"):
            return
        number = int(read(process / "stat").rpartition(b")")[2].split()[1])

for process in pathlib.Path("/proc").glob("[0-9]*"):
    for name in ("environ", "cmdline"):
        look(process / name, read(process / name))
for process in parents():
    memory(process)
    try:
        for descriptor in (process / "fd").iterdir():
            if descriptor.is_file():
                look(descriptor, read(descriptor))
    except OSError:
        pass
for path in pathlib.Path.cwd().parent.rglob("*"):
    if path.is_file() and path.stat().st_size < 5_000_000:
        look(path, read(path))
print(json.dumps(found))
"""

VARIABLES = {
    "DATA_URL": "canary-given",
    "DEPLOY_KEY": "canary-withheld",
    "GITHUB_TOKEN": "canary-githubtoken",
    "ACTIONS_RUNTIME_TOKEN": "canary-runtime",
    "NBCI_SOMETHING": "canary-ours",
}


def as_any_user(do):
    """Return what *do* returns in a thread whose processes can look into others as any user's can.

    Tests often run as root, who has capabilities to look anywhere; a thread can lose its own.
    """
    with ThreadPoolExecutor(max_workers=1, initializer=lose_sight) as thread:
        return thread.submit(do).result()


def lose_sight():
    for capability in (CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_PERFMON):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.fixture(scope="module")
def searched(new_world):
    """A job whose notebooks show their environment and what they found."""
    world = new_world({}, {"environment.ipynb": [ENVIRONMENT], "search.ipynb": [SEARCH]})
    inputs = {"pass-env": "DATA_URL GITHUB_TOKEN"}
    world.result = as_any_user(lambda: world.run(inputs, variables=VARIABLES))
    return world


def shown(world, notebook):
    return json.loads(text_of(executed(world.result)[notebook]["cells"][0]))


def test_a_notebook_sees_what_pass_env_names_and_nothing_else_of_the_workflow(searched):
    environment = shown(searched, "environment.ipynb")

    canaries = {name for name, value in environment.items() if "canary-" in value}
    assert canaries == {"DATA_URL"}
    prefixes = ("GITHUB_", "ACTIONS_", "NBCI_", "RUNNER_", "INPUT_")
    assert [name for name in environment if name.startswith(prefixes)] == []
    assert environment["PATH"]


def test_neither_token_nor_secrets_are_found_in_processes_memory_and_files(searched):
    found = shown(searched, "search.ipynb")

    encoded = base64.b64encode(f"x-access-token:{searched.token}".encode()).decode()
    assert "canary-given" in found  # it does see what it may see
    assert {searched.token, encoded}.isdisjoint(found)
    assert {"canary-withheld", "canary-githubtoken", "canary-runtime"}.isdisjoint(found)


def test_the_token_is_masked_in_the_log(new_world):
    world = new_world({}, {"a.ipynb": ["1"]})
    own = world.github.token(world.repository)
    say = 'echo "it is $TOKEN"'
    action = {"id": "nbci", "uses": "nbci-dev/nbci@main", "with": {"token": own}}
    tell = {"run": say, "shell": "bash", "env": {"TOKEN": own}}

    result = world.run(steps=[{"uses": "actions/checkout@v6"}, action, tell])

    assert result.outcome == "success"
    assert "it is ***" in result.log
