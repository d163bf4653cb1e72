"""A job is cancelled: what it began is ended, and GitHub is told so."""

import os
import select
import threading
from contextlib import contextmanager

import psutil
import pytest

# The kernel says which process it is through a pipe, and then has no intention to end.
ENDLESS = """\
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(os.environ["PIPE"], "w").write(str(os.getpid()))
while True:
    time.sleep(1)
"""


@contextmanager
def named_pipe(folder):
    """Yield the path of a pipe, and what waits for the text that somebody writes there."""
    path = folder / "pipe"
    os.mkfifo(path)
    end = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def read():
        assert select.select([end], [], [], 60)[0], "nobody has written to the pipe"
        return os.read(end, 100).decode()

    try:
        yield path, read
    finally:
        os.close(end)


def on_request(world, method, path):
    """Return an event that is set when such a request comes."""
    happened = threading.Event()

    def note(request):
        if request.method == method and request.path.endswith(path):
            happened.set()

    world.github.before_request(note)
    return happened


@pytest.fixture(scope="module")
def cancelled(new_world):
    """A job that was cancelled while its second notebook was running."""
    world = new_world({}, {"endless.ipynb": ["1", ENDLESS], "a.ipynb": ["1"], "z.ipynb": ["1"]})
    concluded = on_request(world, "PATCH", "")
    with named_pipe(world.folder) as (pipe, read):
        inputs = {"jobs": "1", "pass-env": "PIPE"}
        with world.start(inputs, variables={"PIPE": str(pipe)}) as job:
            world.kernel = int(read())
            assert concluded.wait(60)
            job.cancel()
            world.result = job.wait(60)
    return world


def test_the_runner_need_not_insist(cancelled):
    assert cancelled.result.outcome == "cancelled"
    assert cancelled.result.signals == ["SIGINT"]
    assert cancelled.result.steps["review"].outcome == "cancelled"


def test_every_check_run_is_concluded(cancelled):
    conclusions = cancelled.conclusions()

    assert conclusions.pop("a.ipynb") == "success"
    assert conclusions == dict.fromkeys(conclusions, "cancelled")
    assert {"nbci report", "endless.ipynb"} <= set(conclusions)
    assert cancelled.report.title == "Cancelled: the job was cancelled, 1 of 3 notebooks passed"


def test_the_comment_says_so(cancelled):
    assert "⊘ Cancelled: the job was cancelled" in cancelled.living_comment.body


def test_no_kernel_is_left(cancelled):
    assert not psutil.pid_exists(cancelled.kernel)
    assert cancelled.result.orphans == []


def test_the_outputs_and_the_report_are_there(cancelled):
    assert cancelled.result.outputs["conclusion"] == "cancelled"
    assert len(cancelled.result.artifacts) == 1


@pytest.mark.parametrize("path", ["/info/refs", "/git-upload-pack"])
def test_cancelled_while_it_finds_out_what_to_run(new_world, path):
    world = new_world({"b.ipynb": ["1"]}, {"a.ipynb": ["1"]})
    running = []

    def cancel(request):
        if request.path.endswith(path) and "nbci" in running:
            running.remove("nbci")
            running[-1].cancel()

    world.github.before_request(cancel)
    with world.start() as job:
        running += [job]
        job.wait_for_log("NBCI_INPUT_MODE")
        running.insert(0, "nbci")
        result = job.wait(60)

    assert result.outcome == "cancelled"
    assert result.signals == ["SIGINT"]
    assert world.conclusions() == {"nbci report": "cancelled"}
    assert "Cancelled: the job was cancelled" in world.living_comment.body


def test_clean_up_concludes_what_this_run_left_and_nothing_else(new_world):
    world = new_world({}, {"endless.ipynb": [ENDLESS]})
    checks = on_request(world, "POST", "/comments")
    with (
        named_pipe(world.folder) as (pipe, read),
        world.start({"pass-env": "PIPE"}, variables={"PIPE": str(pipe)}) as job,
    ):
        kernel = psutil.Process(int(read()))
        assert checks.wait(60)
        end_at_once(kernel)
        job.wait(60)
    left = {check.name for check in world.checks().values() if check.status == "in_progress"}
    other = world.github.token(world.repository)
    assert left

    world.run({"mode": "clean-up", "token": other}, checkout=None)
    assert {check.status for check in world.checks().values()} == {"in_progress"}

    result = world.run({"mode": "clean-up"}, checkout=None, run_id=1)

    assert result.outcome == "success"
    assert world.conclusions() == dict.fromkeys(left, "cancelled")
    assert f"Concluded {len(left)} check run" in result.log
    assert "### ⊘ Cancelled" in world.living_comment.body


def end_at_once(kernel):
    """Kill the Action's process as a machine that is lost does, and the kernel with it."""
    ours = next(parent for parent in kernel.parents() if "action.main" in parent.cmdline())
    for process in [ours, *ours.children(recursive=True)]:
        process.kill()
