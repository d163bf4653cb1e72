"""Does what actions/checkout v6 does, to the workspace and to git's configuration.

https://github.com/actions/checkout/tree/v6/src
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import uuid
from pathlib import Path

DEFAULTS = {
    "repository": "",
    "ref": "",
    "token": "",
    "path": "",
    "persist-credentials": "true",
    "fetch-depth": "1",
}


class CheckoutFailed(Exception):
    """git refused; the text is its own."""


def check_out(workspace, temp, github, inputs):
    """Check out what the event is about; return what removes the credentials afterwards."""
    settings = {**DEFAULTS, **inputs}
    if unknown := settings.keys() - DEFAULTS.keys():
        raise NotImplementedError(f"no stand-in for these inputs of actions/checkout: {unknown}")
    folder = Path(workspace, settings["path"])
    _empty(folder)
    repository = settings["repository"] or github["repository"]
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "remote", "add", "origin", f"{github['server_url']}/{repository}")
    _git(folder, "config", "--local", "gc.auto", "0")
    credentials = _write_credentials(temp, github["server_url"], settings["token"])
    include = f"includeIf.gitdir:{folder}/.git.path"
    _git(folder, "config", "--local", include, str(credentials))
    fetched, checked_out = _references(settings["ref"], github)
    depth = [] if settings["fetch-depth"] == "0" else [f"--depth={settings['fetch-depth']}"]
    options = ["--no-tags", "--prune", "--no-recurse-submodules", *depth]
    _git(folder, "-c", "protocol.version=2", "fetch", *options, "origin", *fetched)
    _git(folder, "checkout", "--progress", "--force", *checked_out)
    sha = _git(folder, "log", "-1", "--format=%H").strip()

    def forget():
        credentials.unlink(missing_ok=True)
        _git(folder, "config", "--local", "--unset-all", include, check=False)

    if settings["persist-credentials"] != "true":
        forget()
    return {"commit": sha, "ref": settings["ref"] or github["ref"]}, forget


def _empty(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _references(asked, github):
    """Return what to fetch and what to check out, for an empty `ref` the commit of the event."""
    ref, commit = (asked, "") if asked else (github["ref"], github["sha"])
    if ref.startswith("refs/pull/"):
        local = "refs/remotes/" + ref.removeprefix("refs/")
        return [f"+{commit or ref}:{local}"], [local]
    if ref.startswith("refs/heads/"):
        branch = ref.removeprefix("refs/heads/")
        local = f"refs/remotes/origin/{branch}"
        return [f"+{commit or ref}:{local}"], ["-B", branch, local]
    if ref.startswith("refs/"):
        return [f"+{ref}:{ref}"], [ref]
    if len(ref) == 40:
        return [ref], [ref]
    return [f"+refs/heads/{ref}:refs/remotes/origin/{ref}"], [
        "-B",
        ref,
        f"refs/remotes/origin/{ref}",
    ]


def _write_credentials(temp, server_url, token):
    path = Path(temp, f"git-credentials-{uuid.uuid4()}.config")
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    path.write_text(f'[http "{server_url}/"]\n\textraheader = AUTHORIZATION: basic {basic}\n')
    return path


def _git(folder, *arguments, check=True):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
    }
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=environment, capture_output=True, check=False
    )
    if check and done.returncode:
        raise CheckoutFailed(done.stderr.decode(errors="replace").strip())
    return done.stdout.decode(errors="replace")
