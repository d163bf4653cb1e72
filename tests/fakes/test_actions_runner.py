"""The stand-in for the Actions runner does as the runner does, and action.yml works on it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from building.repositories import make_repository
from fakes.actions.expressions import ExpressionError, Scope
from fakes.actions.file_commands import MalformedFile, read_pairs
from fakes.actions.processes import Patience
from fakes.actions.runner import Runner
from fakes.actions.values import Sensitive, as_contexts
from fakes.actions.yaml_files import load_yaml

ROOT = Path(__file__).parents[2]

# What a review does, as far as action.yml is concerned.
REVIEW = """\
import json, os, pathlib, sys
import github
report = pathlib.Path(os.environ["RUNNER_TEMP"], "report")
report.mkdir(exist_ok=True)
(report / ".gitignore").write_text("*")
(report / "index.html").write_text("report")
inputs = {key: value for key, value in os.environ.items() if key.startswith("NBCI_")}
(report / "seen.json").write_text(json.dumps({"inputs": inputs, "path": sys.path}))
with open(os.environ["GITHUB_OUTPUT"], "a") as file:
    print(f"report={report}", "artifact=nbci-report", "conclusion=success", sep="\\n", file=file)
"""


@pytest.fixture
def action(tmp_path):
    """A copy of our action with another review in it: one that only notes what it was given."""
    folder = tmp_path / "our action"
    for path in ("action.yml", "action/find-python.sh", "action/install.sh"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, folder / path)
    (folder / "requirements").mkdir()
    shutil.copy(ROOT / "requirements" / "action.txt", folder / "requirements")
    (folder / "action" / "__init__.py").touch()
    (folder / "action" / "main.py").write_text(REVIEW)
    return folder


@pytest.fixture
def runner(tmp_path, action):
    return Runner(action, tmp_path / "work here" / "r", patience=Patience(5, 5, 5))


def run(runner, *steps):
    """Run steps: a string is a script in bash, with the id `step` and its place."""
    given = [
        {"id": f"step{number}", "shell": "bash", "run": step} if isinstance(step, str) else step
        for number, step in enumerate(steps, 1)
    ]
    return runner.start_steps(given).wait()


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("github.event.issue.number", "7"),
        ("github.event['issue'].title", "It's"),
        ("github.event.missing.more", ""),
        ("GitHub.Event_Name == 'PUSH'", "true"),
        ("'a' && 'b' || 'c'", "b"),
        ("'' || 0 || 'last'", "last"),
        ("!github.event.draft && 1 < 2", "true"),
        ("1 == '1' && null == '' && true == 1", "true"),
        ("'' == 0", "true"),
        ("'x' == 0", "false"),
        ("1.0", "1"),
        ("0xff", "255"),
        ("-1.5e1", "-15"),
        ("(2 >= 2) != (1 > 2)", "true"),
        ("github.event.labels.*.name", "Array"),
        ("join(github.event.labels.*.name, '+')", "one+two"),
        ("github.event.labels[1].name", "two"),
        ("contains(github.event.labels.*.name, 'TWO')", "true"),
        ("contains('Hello', 'ell')", "true"),
        ("startsWith('Hello', 'he') && endsWith('Hello', 'LO')", "true"),
        ("format('{{{0}}} {1}', 'a', 2)", "{a} 2"),
        ("fromJSON('[1, {\"a\": true}]')[1].A", "true"),
        ("toJSON(github.event.labels[0])", '{\n  "name": "one"\n}'),
        ("env.Name", "cased"),
        ("env.NAME", ""),
    ],
)
def test_expressions_have_the_value_that_github_gives_them(expression, text):
    event = {
        "issue": {"number": 7, "title": "It's"},
        "labels": [{"name": "one"}, {"name": "two"}],
        "draft": False,
    }
    contexts = {"github": as_contexts({"event": event, "event_name": "push"})}
    scope = Scope({**contexts, "env": Sensitive({"Name": "cased"})})

    assert scope.interpolate(f"<${{{{ {expression} }}}}>") == f"<{text}>"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("secrets.A", "Unrecognized named-value: 'secrets'"),
        ("shout('a')", "Unrecognized function: 'shout'"),
        ("'a' + 'b'", "unexpected '+'"),
        ("(1", "expected ')'"),
        ('"a"', "unexpected '\"'"),
        ("", "unexpected 'end'"),
    ],
)
def test_expressions_that_github_refuses_are_refused(expression, reason):
    with pytest.raises(ExpressionError) as caught:
        Scope({}).evaluate(expression)

    assert reason in str(caught.value)


def test_yaml_knows_only_true_and_false():
    assert load_yaml("{on: yes, a: true, b: [off, False]}") == {
        "on": "yes",
        "a": True,
        "b": ["off", False],
    }


def test_output_files_are_read_as_the_runner_reads_them(tmp_path):
    path = tmp_path / "output"
    path.write_bytes(b"a=1=2\n\nb<<END\nx\n\n<<y\nEND \r\nEND\nc=a<<b\nd<<E\nE\n")

    assert read_pairs(path) == {"a": "1=2", "b": "x\n\n<<y\nEND \r", "c": "a<<b", "d": ""}


@pytest.mark.parametrize("text", ["no pair\n", "a<<END\nx\n", "<<END\nEND\n", "a<<\n", "b<<E\nE x"])
def test_output_files_that_the_runner_cannot_read_are_refused(tmp_path, text):
    path = tmp_path / "output"
    path.write_text(text)

    with pytest.raises(MalformedFile):
        read_pairs(path)


def test_steps_pass_on_variables_path_outputs_and_summary(runner):
    result = run(
        runner,
        'echo A=1 >> "$GITHUB_ENV"; echo /extra >> "$GITHUB_PATH"; echo o=p >> "$GITHUB_OUTPUT";'
        ' echo "# One" >> "$GITHUB_STEP_SUMMARY"',
        'echo "A is $A"; echo "$PATH"; echo "Two" >> "$GITHUB_STEP_SUMMARY"; test ! -t 0; pwd',
        {"run": 'echo "$GIVEN"', "env": {"GIVEN": "${{ steps.step1.outputs.o }}-${{ env.A }}"}},
    )

    assert result.outcome == "success"
    assert "\nA is 1\n/extra:" in result.log
    assert "\np-1\n" in result.log
    assert f"\n{runner.workspace}\n" in result.log
    assert result.summary == "# One\nTwo\n"


def test_a_failure_skips_what_follows_unless_its_condition_says_otherwise(runner):
    result = run(
        runner,
        {"id": "tolerated", "run": "exit 3", "continue-on-error": True},
        {"id": "before", "run": "true"},
        {"id": "fails", "run": "false; echo never"},
        {"id": "after", "run": "true"},
        {"id": "cleanup", "if": "failure() && steps.fails.outcome == 'failure'", "run": "true"},
        {"id": "anyway", "if": "${{ always() }}", "run": "true"},
        {"id": "cancelled", "if": "cancelled()", "run": "true"},
    )

    assert {name: step.outcome for name, step in result.steps.items()} == {
        "tolerated": "failure",
        "before": "success",
        "fails": "failure",
        "after": "skipped",
        "cleanup": "success",
        "anyway": "success",
        "cancelled": "skipped",
    }
    assert result.outcome == "failure"
    assert result.annotated("error") == [
        "Process completed with exit code 3.",
        "Process completed with exit code 1.",
    ]


def test_commands_in_the_output_become_annotations(runner):
    result = run(
        runner,
        "echo '  ::error file=a%2Cb.ipynb,line=3,title=x%3Ay::one%0Atwo%25'\n"
        "echo 'text ##[warning]older style' >&2\n"
        "echo 'text ::notice::none of it'\n"
        "echo '::unknown::just text'\n"
        "echo '::notice::three'",
    )

    (error,) = [note for note in result.annotations if note.level == "error"]
    assert error.message == "one\ntwo%"
    assert error.properties == {"file": "a,b.ipynb", "line": "3", "title": "x:y"}
    assert result.annotated("warning") == ["older style"]
    assert result.annotated("notice") == ["three"]
    assert "\n::unknown::just text\n" in result.log


def test_a_step_has_at_most_ten_annotations_of_a_level(runner):
    result = run(
        runner, "for i in {1..12}; do echo ::error::$i; done; echo ::notice::n", "echo ::error::x"
    )

    assert result.annotated("error") == [*map(str, range(1, 11)), "x"]
    assert result.annotated("notice") == ["n"]


def test_nothing_is_obeyed_until_the_token_of_stop_commands(runner):
    result = run(
        runner,
        "echo ::stop-commands::8f4f2b6e\necho ::error::quoted\necho '##[error]quoted too'\n"
        "echo ::wrong::\necho ::8f4f2b6e::\necho ::error::real",
    )

    assert result.annotated("error") == ["real"]
    assert "8f4f2b6e" not in result.log.partition("##[endgroup]")[2]


def test_secrets_are_masked_in_log_annotations_and_summary(runner):
    result = run(
        runner,
        "echo ::add-mask::hunter2\necho hunter2\necho ::error::hunter2\n"
        'echo hunter2 >> "$GITHUB_STEP_SUMMARY"',
        {"run": 'echo "$TOKEN"', "env": {"TOKEN": "${{ github.token }}"}},
    )

    assert "hunter2" not in result.log.partition("##[endgroup]")[2]
    assert result.annotated("error") == ["***"]
    assert result.summary == "***\n"
    assert runner.token not in result.log


def test_deprecated_commands_are_noted(runner):
    result = run(
        runner, "echo '::set-output name=a::1'", "echo '::set-env name=B::1'; echo \"B=$B\""
    )

    assert result.forbidden == ["::set-output name=a::1", "::set-env name=B::1"]
    assert result.steps["step1"].outputs == {"a": "1"}
    assert result.steps["step2"].outcome == "failure"
    assert "\nB=\n" in result.log


def test_a_job_summary_that_is_too_large_is_lost(runner):
    result = run(runner, 'head -c 1048577 /dev/zero >> "$GITHUB_STEP_SUMMARY"')

    assert result.summary == ""
    assert "supports content up to a size of 1024k" in result.annotated("error")[0]
    assert result.outcome == "success"


def test_the_token_is_not_in_the_environment_of_a_step(runner):
    result = run(runner, "env")

    assert "\nGITHUB_REPOSITORY=o/r\n" in result.log
    assert "TOKEN" not in result.log


def test_what_outlives_its_step_is_ended_with_the_job(runner):
    result = run(
        runner,
        "sleep 1234 >/dev/null 2>&1 &\nuntil grep -q sleep /proc/$!/cmdline; do :; done",
    )

    assert result.orphans == ["sleep 1234"]


@pytest.mark.parametrize(
    ("script", "signals"),
    [
        ("trap 'echo asked; exit 0' INT; echo ready; while :; do sleep 0.05; done", ["SIGINT"]),
        (
            "trap '' INT; trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done",
            ["SIGINT", "SIGTERM"],
        ),
        (
            "trap '' INT TERM; echo ready; while :; do sleep 0.05; done",
            ["SIGINT", "SIGTERM", "SIGKILL"],
        ),
    ],
    ids=["listens", "is slow", "is deaf"],
)
def test_cancelling_asks_then_insists_then_kills(runner, script, signals):
    runner.patience = Patience(0.5, 0.5, 0.5) if len(signals) > 1 else runner.patience
    steps = [
        {"id": "long", "shell": "bash", "run": script},
        {"id": "next", "run": "true"},
        {"id": "cleanup", "if": "cancelled()", "run": "echo cleaned"},
        {"id": "always", "if": "always()", "run": "true"},
    ]
    with runner.start_steps(steps) as job:
        job.wait_for_log("\nready")

        job.cancel()

    result = job.wait()
    assert result.signals == signals
    assert result.outcome == "cancelled"
    assert {name: step.outcome for name, step in result.steps.items()} == {
        "long": "cancelled",
        "next": "skipped",
        "cleanup": "success",
        "always": "success",
    }


def test_a_step_that_always_runs_is_not_ended_by_cancelling(runner):
    script = 'echo ready; until [ -e "$RUNNER_TEMP/go" ]; do sleep 0.02; done'
    steps = [{"id": "kept", "if": "always()", "run": script}]
    with runner.start_steps(steps) as job:
        job.wait_for_log("\nready")

        job.cancel()
        (runner.temp / "go").touch()

    result = job.wait()
    assert result.signals == []
    assert result.steps["kept"].outcome == "success"
    assert result.outcome == "cancelled"


@pytest.fixture
def origin(tmp_path, runner):
    """A repository `o/r` with a pull request; the runner is for the merge of that."""
    repository = make_repository(tmp_path / "server" / "o" / "r")
    repository.write("a.txt", "1")
    repository.commit()
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.write("b.txt", "2")
    head = repository.commit()
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    runner.sha = repository.git("rev-parse", "HEAD")
    repository.git("update-ref", "refs/pull/5/merge", runner.sha)
    repository.git("reset", "--quiet", "--hard", "HEAD^1")
    runner.server_url = f"file://{tmp_path}/server"
    runner.ref = "refs/pull/5/merge"
    return repository, head


@pytest.mark.parametrize("persist", [True, False])
def test_checkout_has_the_merge_commit_at_depth_one(runner, origin, persist):
    _repository, head = origin

    result = run(
        runner,
        {"uses": "actions/checkout@v6", "with": {"persist-credentials": persist}},
        "git log --format=%H; ls; cat .git/config",
    )

    log = result.log
    assert f"\n{runner.sha}\na.txt\nb.txt\n" in log
    assert head not in log
    assert ("git-credentials-" in log) is persist
    assert runner.token not in (runner.workspace / ".git" / "config").read_text()
    assert not list(runner.temp.glob("git-credentials-*"))


def test_a_cache_is_restored_where_its_key_and_paths_are_the_same(runner, tmp_path):
    folder = tmp_path / "kept"
    cache = {
        "id": "cache",
        "uses": "actions/cache@v5",
        "with": {"path": str(folder), "key": "k-${{ runner.os }}"},
    }
    made = run(runner, cache, f"mkdir '{folder}'; echo 1 > '{folder}/file'")
    shutil.rmtree(folder)

    again = run(runner, cache, f"cat '{folder}/file'")

    assert made.steps["cache"].outputs["cache-hit"] == ""
    assert again.steps["cache"].outputs["cache-hit"] == "true"
    assert runner.caches.saved == ["k-Linux"]


def upload(name, path, **more):
    given = {"name": name, "path": str(path), **more}
    return {"id": name, "uses": "actions/upload-artifact@v7", "with": given}


def test_artifacts_leave_out_hidden_files_and_need_a_name_of_their_own(runner, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a").touch()
    (tmp_path / "out" / ".b").touch()
    more = {"include-hidden-files": True}

    result = run(
        runner,
        upload("one", tmp_path / "out"),
        upload("two", tmp_path / "out", **more),
        upload("one", tmp_path / "out"),
    )

    files = {
        name: sorted(path.name for path in folder.iterdir())
        for name, folder in result.artifacts.items()
    }
    assert files == {"one": ["a"], "two": [".b", "a"]}
    assert "(409) Conflict" in result.annotated("error")[0]


def test_artifacts_cannot_hold_names_that_windows_refuses(runner, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "why?.html").touch()

    result = run(runner, upload("one", tmp_path / "out"))

    assert result.artifacts == {}
    assert "Contains the following character: '?'" in result.annotated("error")[0]


def test_the_action_runs_a_review_and_keeps_its_report(runner):
    result = runner.run_action({"timeout-minutes": 3, "notebooks": "a b.ipynb\n$(c).ipynb"})

    assert result.outcome == "success", result.log
    assert result.outputs["conclusion"] == "success"
    assert result.outputs["passed"] == ""
    seen = load_yaml((result.artifacts["nbci-report"] / "seen.json").read_text())
    assert seen["inputs"]["NBCI_INPUT_TIMEOUT_MINUTES"] == "3"
    assert seen["inputs"]["NBCI_INPUT_NOTEBOOKS"] == "a b.ipynb\n$(c).ipynb"
    assert seen["inputs"]["NBCI_INPUT_TOKEN"] == runner.token
    assert seen["inputs"]["NBCI_INPUT_CONFIG"] == ".github/nbci.yml"
    assert seen["inputs"]["NBCI_JOB_TOTAL"] == "1"
    assert runner.token not in result.log
    assert result.forbidden == []


def test_an_input_that_does_not_exist_is_pointed_out(runner):
    result = runner.run_action({"notebook": "a.ipynb"})

    assert "Unexpected input(s) ['notebook']" in result.annotated("warning")[0]


def test_no_module_of_the_checkout_or_of_pythonpath_gets_into_the_review(runner, tmp_path):
    for folder in (runner.workspace, tmp_path / "elsewhere"):
        (folder / "action").mkdir(parents=True)
        (folder / "action" / "__init__.py").touch()
        (folder / "action" / "main.py").write_text("print('INTRUDER')")
        (folder / "github.py").write_text("print('INTRUDER')")
    runner.env = {
        "PYTHONPATH": str(tmp_path / "elsewhere"),
        "PYTHONSTARTUP": "x",
        "PYTHONHOME": "/",
    }

    result = runner.run_action()

    assert result.outcome == "success", result.log
    assert "INTRUDER" not in result.log


def test_a_second_use_in_a_job_finds_the_packages_of_the_first(runner):
    uses = "nbci-dev/nbci@main"

    result = run(runner, {"uses": uses}, {"uses": uses, "with": {"mode": "clean-up"}})

    assert len(runner.caches.restored) == 1
    assert result.steps["cache"].outcome == "skipped"


def test_the_action_works_in_its_own_repository(runner, action):
    shutil.copytree(action, runner.workspace, dirs_exist_ok=True)

    result = run(runner, {"id": "nbci", "uses": "./"})

    assert result.steps["nbci"].outputs["conclusion"] == "success", result.log


def test_a_report_that_cannot_be_kept_does_not_change_the_verdict(runner, action):
    main = action / "action" / "main.py"
    main.write_text(REVIEW.replace("index.html", "why?.html"))

    result = runner.run_action()

    assert result.outcome == "success", result.log
    assert result.artifacts == {}
    assert result.steps["Keep the report"].outcome == "failure"


def test_a_failing_review_fails_the_job_and_keeps_the_report(runner, action):
    (action / "action" / "main.py").write_text(REVIEW + "sys.exit(1)\n")

    result = runner.run_action()

    assert result.outcome == "failure"
    assert list(result.artifacts) == ["nbci-report"]


def test_the_review_itself_is_asked_to_end_and_its_report_is_kept(runner, action):
    waiting = """
import signal
signal.signal(signal.SIGINT, lambda *_: sys.exit("asked to end"))
print("ready", flush=True)
signal.pause()
"""
    (action / "action" / "main.py").write_text(REVIEW + waiting)
    with runner.start_action() as job:
        job.wait_for_log("\nready")

        job.cancel()

    result = job.wait()
    assert result.signals == ["SIGINT"]
    assert "\nasked to end\n" in result.log
    assert result.outcome == "cancelled"
    assert list(result.artifacts) == ["nbci-report"]


def test_the_workflow_for_pull_requests_runs_as_it_is(runner, origin):
    runner.env = {"PIP_NO_INDEX": "1"}  # ipykernel is there already

    result = runner.run_workflow_job(ROOT / "workflows" / "notebooks.yml")

    assert result.outcome == "success", result.log
    assert list(result.artifacts) == ["nbci-report"]
    assert (runner.workspace / "b.txt").exists()


def test_a_pull_request_that_is_closed_is_not_checked_out(runner):
    runner.event = {"action": "closed", "pull_request": {"number": 5}}

    result = runner.run_workflow_job(ROOT / "workflows" / "notebooks.yml")

    assert result.outcome == "success", result.log
    assert list(runner.workspace.iterdir()) == []
    assert result.steps["review"].outcome == "success"


def test_a_comment_that_is_no_command_runs_nothing(runner):
    runner.event = {"issue": {"number": 5, "pull_request": {}}, "comment": {"body": "Nice!"}}

    result = runner.run_workflow_job(ROOT / "workflows" / "commands.yml")

    assert result.outcome == "skipped"
    assert result.steps == {}


def test_a_cancelled_workflow_ends_with_its_clean_up(runner, action):
    runner.event = {"action": "closed", "pull_request": {"number": 5}}
    waiting = """
import os, signal
print("ready for", os.environ["NBCI_INPUT_MODE"], flush=True)
if os.environ["NBCI_INPUT_MODE"] == "auto":
    signal.pause()
"""
    (action / "action" / "main.py").write_text(waiting)
    with runner.start_workflow_job(ROOT / "workflows" / "notebooks.yml") as job:
        job.wait_for_log("\nready for auto")

        job.cancel()

    result = job.wait()
    assert result.outcome == "cancelled"
    assert "\nready for clean-up\n" in result.log
    last = result.steps["Conclude what a cancelled run left in progress"]
    assert last.outcome == "success", result.log


def test_packages_that_are_damaged_are_installed_anew(runner, action):
    damage = 'rm "$RUNNER_TEMP"/nbci-*/lib/python*/site-packages/packages.pth'
    runner.env = {"PIP_NO_INDEX": "1"}  # so that the attempt shows by failing

    result = run(
        runner,
        {"uses": "nbci-dev/nbci@main"},
        damage,
        {"id": "again", "uses": "nbci-dev/nbci@main"},
    )

    assert "##[group]Installing nbci's packages" in result.log
    assert "nbci could not be installed" in result.annotations[0].properties["title"]
    assert result.steps["again"].outcome == "failure"


def test_a_machine_without_a_fitting_python_is_told_what_to_add(runner, tmp_path, action):
    script = (action / "action" / "find-python.sh").read_text()
    (action / "action" / "find-python.sh").write_text(script.replace("/usr/bin/python3 ", ""))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "bash").symlink_to(shutil.which("bash"))
    (programs / "python3").write_text("#!/bin/sh\necho is Python 3.10\n")
    (programs / "python3").chmod(0o755)
    runner.env = {"PATH": str(programs)}

    result = runner.run_action()

    (error, _exit_code) = result.annotated("error")
    assert "needs Python 3.11, 3.12 or 3.13" in error
    assert "\n  python3 is Python 3.10\n" in error
    assert "actions/setup-python" in error


def test_the_python_of_the_tool_cache_is_found(runner, tmp_path, action):
    script = (action / "action" / "find-python.sh").read_text()
    (action / "action" / "find-python.sh").write_text(script.replace("/usr/bin/python3 ", ""))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "bash").symlink_to(shutil.which("bash"))
    cached = runner.tools / "Python" / "3.12.9" / "x64" / "bin"
    cached.mkdir(parents=True)
    (cached / "python").symlink_to(sys._base_executable)
    runner.env = {"PATH": str(programs)}

    result = runner.run_action()

    assert result.steps["find"].outcome == "success", result.log
    assert result.outcome == "success", result.log


@pytest.mark.package_index
def test_the_action_installs_its_packages_once_and_then_restores_them(tmp_path, action):
    through = ("PIP_", "HTTP_", "HTTPS_", "NO_PROXY", "SSL_CERT", "REQUESTS_CA")
    env = {name: value for name, value in os.environ.items() if name.upper().startswith(through)}
    runner = Runner(action, tmp_path / "work here" / "r", env=env, prepared=False)

    first = runner.run_action()
    shutil.rmtree(runner.artifacts.folder, ignore_errors=True)
    second = runner.run_action()

    assert first.outcome == "success", first.log
    assert first.steps["install"].outputs["installed"] == "true"
    assert len(runner.caches.saved) == 1
    assert second.outcome == "success", second.log
    assert second.steps["install"].outputs["installed"] == "false"
    assert runner.caches.restored == runner.caches.saved
