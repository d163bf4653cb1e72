"""Event payloads: real ones of GitHub's, with the values of the fake's state put in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fakes.github import shapes
from fakes.github.accounts import Account
from fakes.github.differences import changed_files
from fakes.github.endpoints import check_runs, issue_comments
from fakes.github.git_store import Commit
from fakes.github.pulls import Pull
from fakes.github.records import CheckRun, Comment
from fakes.github.webhook_examples import payloads

if TYPE_CHECKING:
    from fakes.github.repository import Repository

Json = dict[str, Any]
_NOBODY = "0" * 40


def pull_event(pull: Pull, action: str, sender: str, changes: Json) -> Json:
    event = _begin("pull_request", pull.repository, sender, action)
    event["number"] = pull.number
    files = pull.repository.store.between(pull.base_sha, pull.head_sha)
    about = {
        **shapes.pull(pull),
        "merged": pull.merged,
        "mergeable": None,
        "comments": len(pull.repository.comments(pull)),
        "commits": len(files),
    }
    event["pull_request"] = _put(event["pull_request"], _sides(event, about))
    event.pop("before", None)
    event.pop("after", None)
    if action == "synchronize":
        event["before"], event["after"] = pull.before_sha or pull.base_sha, pull.head_sha
    if changes:
        event["changes"] = changes
    return event


def _sides(event: Json, about: Json) -> Json:
    """Return *about* with both repositories as complete as the example's."""
    example = event["pull_request"]["base"]["repo"]
    for side in ("head", "base"):
        if about[side]["repo"]:
            about[side]["repo"] = _put(example, about[side]["repo"])
    return about


def comment_event(comment: Comment, action: str, sender: str) -> Json:
    event = _begin("issue_comment", comment.repository, sender, action)
    event["issue"] = _put(event["issue"], shapes.issue(comment.issue))
    if not comment.issue.is_pull:
        event["issue"].pop("pull_request", None)
    event["comment"] = _put(event["comment"], issue_comments.shape(comment))
    event.pop("changes", None)
    if action == "edited":
        event["changes"] = {"body": {"from": comment.bodies[-2:][0]}}
    return event


def push_event(repository: Repository, branch: str, before: str | None, sender: str) -> Json:
    store = repository.store
    after = repository.branch_sha(branch)
    if before is None:
        before = (store.commit(after).parents or (_NOBODY,))[0]
    shas = [after] if before == _NOBODY else store.between(before, after)
    commits = [_pushed(repository, store.commit(sha)) for sha in shas]
    event = _begin("push", repository, sender)
    event |= {
        "ref": f"refs/heads/{branch}",
        "before": before,
        "after": after,
        "created": before == _NOBODY,
        "deleted": False,
        "forced": before != _NOBODY and not store.is_ancestor(before, after),
        "base_ref": None,
        "compare": f"{shapes.web_url(repository)}/compare/{before[:12]}...{after[:12]}",
        "commits": commits,
        "head_commit": commits[-1] if commits else _pushed(repository, store.commit(after)),
        "pusher": {"name": sender, "email": f"{sender}@example.org"},
    }
    return event


def _pushed(repository: Repository, commit: Commit) -> Json:
    parent = commit.parents[0] if commit.parents else _empty_tree(repository)
    files = changed_files(repository.store, parent, commit.sha)
    gone = [file.previous_path for file in files if file.previous_path]
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": True,
        "message": commit.message,
        "timestamp": commit.committer.date,
        "url": f"{shapes.web_url(repository)}/commit/{commit.sha}",
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
        "added": [file.path for file in files if file.status in ("added", "renamed")],
        "removed": [file.path for file in files if file.status == "removed"] + gone,
        "modified": [file.path for file in files if file.status in ("modified", "changed")],
    }


def _empty_tree(repository: Repository) -> str:
    return repository.store.git("hash-object", "-t", "tree", "-w", "--stdin").decode().strip()


def dispatch_event(repository: Repository, inputs: Json, branch: str, sender: str) -> Json:
    event = _begin("workflow_dispatch", repository, sender)
    # Actions hands every input over as text, whatever its type.
    event["inputs"] = {name: _input_text(value) for name, value in inputs.items()}
    event["ref"] = f"refs/heads/{branch}"
    event["workflow"] = ".github/workflows/dispatch.yml"
    return event


def _input_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def schedule_event(repository: Repository, cron: str) -> Json:
    """Return what Actions writes for a schedule, which is no webhook and has no example."""
    event = _begin("push", repository, repository.owner)
    kept = {name: event[name] for name in ("repository",)}
    return {"schedule": cron, "workflow": ".github/workflows/weekly.yml", **kept}


def merge_group_event(repository: Repository, pull: Pull) -> Json:
    store = repository.store
    base = repository.branch_sha(pull.base_ref)
    message = f"Merge pull request #{pull.number} from {pull.head_owner}/{pull.head_ref}"
    sha = store.merge(base, pull.head_sha, message)
    if sha is None:
        raise ValueError(f"pull request {pull.number} conflicts with {pull.base_ref}")
    ref = f"refs/heads/gh-readonly-queue/{pull.base_ref}/pr-{pull.number}-{base}"
    store.set_ref(ref, sha)
    event = _begin("merge_group", repository, "github-merge-queue[bot]", "checks_requested")
    commit = store.commit(sha)
    event["merge_group"] |= {
        "head_sha": sha,
        "head_ref": ref,
        "base_sha": base,
        "base_ref": f"refs/heads/{pull.base_ref}",
        "head_commit": {
            "id": sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": commit.committer.date,
            "author": {"name": commit.author.name, "email": commit.author.email},
            "committer": {"name": commit.committer.name, "email": commit.committer.email},
        },
    }
    return event


def check_run_event(
    repository: Repository, run: CheckRun, action: str, sender: str, identifier: str | None
) -> Json:
    event = _begin("check_run", repository, sender, action)
    event["check_run"] = _put(event["check_run"], check_runs.shape(repository, run))
    event.pop("requested_action", None)
    if identifier is not None:
        event["requested_action"] = {"identifier": identifier}
    return event


def _begin(event: str, repository: Repository, sender: str, action: str | None = None) -> Json:
    """Return GitHub's example of an event, happening in *repository* and done by *sender*."""
    examples = payloads(event)
    fitting = [item for item in examples if item.get("action") == action]
    made = (fitting or examples)[0]
    if action is not None:
        made["action"] = action
    for part in ("organization", "installation", "enterprise"):
        made.pop(part, None)
    name = made["repository"]["full_name"]
    addresses = {
        f"https://api.github.com/repos/{name}": shapes.api_url(repository),
        f"https://github.com/{name}": shapes.web_url(repository),
        "https://api.github.com": repository.github.api_url,
        "https://github.com": repository.github.server_url,
        name: repository.full_name,
    }
    moved: Json = _moved(made, addresses)
    moved["repository"] = _put(moved["repository"], shapes.repository(repository))
    who: Account = repository.github.account(sender)
    moved["sender"] = _put(moved["sender"], shapes.account(repository.github, who))
    return moved


def _moved(value: Any, addresses: dict[str, str]) -> Any:
    """Return *value* with all its addresses leading to the fake."""
    if isinstance(value, dict):
        return {key: _moved(item, addresses) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, addresses) for item in value]
    if isinstance(value, str):
        for old, new in addresses.items():
            value = value.replace(old, new)
    return value


def _put(example: Any, values: Any) -> Any:
    """Return *example* with *values* in it, at any depth; lists are taken from *values* whole."""
    if not isinstance(example, dict) or not isinstance(values, dict):
        return values
    return example | {key: _put(example.get(key), item) for key, item in values.items()}
