"""What is installed on this machine, which kernels there are, and the state of git."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bot.backends.local.interpreter import interpreters, kernel_environment
from bot.backends.local.kernel_check import why_no_kernel
from bot.backends.local.launchers import RUNNER
from bot.cli.findings import Finding
from bot.errors import NbciError
from bot.forges.opening import open_checkout
from bot.model import printable
from bot.wiring import local as wiring

_ASK_KERNELS = """
import importlib.util, json, os, sys
here = importlib.util.spec_from_file_location("runner", sys.argv[1])
runner = importlib.util.module_from_spec(here)
sys.modules["runner"] = runner
here.loader.exec_module(runner)
print("\\n" + sys.argv[2] + json.dumps([sys.version.split()[0], sorted(runner.known_kernels())]))
"""
# Begins the line of the answer: a sitecustomize, for one, may print others.
_ANSWER = "nbci's answer: "


def machine_findings(python: str | None) -> Iterator[Finding]:
    """Look at what running notebooks takes here, with *python* or the one that would be taken."""
    yield from _nbci()
    yield from _kernels(python)
    yield from _extras()


def _nbci() -> Iterator[Finding]:
    version = importlib.metadata.version("nbci")
    yield Finding("nbci", f"{version} in {sys.prefix}, Python {platform.python_version()}")
    system = platform.platform()
    if sys.platform == "win32":
        advice = "use nbci inside WSL: https://learn.microsoft.com/windows/wsl/"
        yield Finding("System", f"{system}: notebooks are not run on Windows", advice, True)
    elif sys.platform != "linux":
        yield Finding("System", f"{system}: kernels are started one by one, not forked")
    else:
        yield Finding("System", system)


def _kernels(chosen: str | None) -> Iterator[Finding]:
    try:
        candidates = list(interpreters(chosen, os.environ))
    except NbciError as error:
        yield Finding("Python for notebooks", str(error), "give the path of a Python", True)
        return
    environment = kernel_environment(os.environ)
    problems = {python: why_no_kernel(python, environment) for python in candidates}
    usable = [python for python, problem in problems.items() if problem is None]
    if not usable:
        text, _, advice = (problems[candidates[0]] or "").partition("; ")
        yield Finding("Python for notebooks", text, advice or "name another: --python", True)
        return
    yield from _kernels_of(usable[0], environment)


def _kernels_of(python: str, environment: Mapping[str, str]) -> Iterator[Finding]:
    command = [python, "-c", _ASK_KERNELS, str(RUNNER), _ANSWER]
    asked = subprocess.run(command, capture_output=True, env=environment, check=False)
    lines = asked.stdout.decode("utf-8", "replace").splitlines()
    answers = [line.removeprefix(_ANSWER) for line in lines if line.startswith(_ANSWER)]
    if not answers:
        said = asked.stderr.decode("utf-8", "replace").strip()
        advice = f"{python} -m pip install --force-reinstall jupyter_client"
        yield Finding("Kernels", printable(f"unknown: {said.rpartition(chr(10))[2]}"), advice)
        return
    version, kernels = json.loads(answers[0])
    yield Finding("Python for notebooks", f"{python}, Python {version}")
    yield Finding("Kernels", printable(", ".join(kernels)))


def repository_findings() -> Iterator[Finding]:
    """Look at the repository in the current folder, and its configuration."""
    try:
        checkout = open_checkout(Path.cwd())
        request = checkout.request()
        yield Finding("Repository", checkout.describe(request))
        config = wiring.config_of(checkout.source(request), request)
        yield Finding("Configuration", f"valid, {len(config.rules)} rules")
    except NbciError as error:
        first, *rest = str(error).splitlines()
        yield Finding("Repository", first, "; ".join(rest) or "see the message above")


def _extras() -> Iterator[Finding]:
    try:
        importlib.metadata.version("papermill")
    except importlib.metadata.PackageNotFoundError:
        advice = "pip install 'nbci[translators]', if you need them"
        yield Finding("Parameters", "only for Python notebooks", advice)
    else:
        yield Finding("Parameters", "for Python and every language papermill translates")
