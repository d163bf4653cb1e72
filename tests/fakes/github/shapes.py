"""The JSON of what many answers hold: accounts, apps, repositories, commits, files.

Only what the fake has something to say about; `completion` adds the rest.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from fakes.github.accounts import Account, App
from fakes.github.differences import ChangedFile
from fakes.github.git_store import Commit, Person
from fakes.github.pulls import Issue, Pull
from fakes.github.repository import Repository

if TYPE_CHECKING:
    from fakes.github.github import GitHub

Json = dict[str, Any]


def node_id(kind: str, number: int | str) -> str:
    return base64.b64encode(f"{kind}{number}".encode()).decode()


def account(github: GitHub, who: Account) -> Json:
    return {
        "login": who.login,
        "id": who.id,
        "node_id": node_id("U", who.id),
        "type": who.kind,
        "site_admin": False,
        "gravatar_id": "",
        "url": f"{github.api_url}/users/{who.login}",
        "html_url": f"{github.server_url}/{who.login}",
    }


def app(github: GitHub, which: App) -> Json:
    return {
        "id": which.id,
        "slug": which.slug,
        "node_id": node_id("A", which.id),
        "name": "GitHub Actions" if which.slug == "github-actions" else which.slug,
        "client_id": f"Iv1.{which.id}",
        "description": "",
        "external_url": f"{github.server_url}/apps/{which.slug}",
        "html_url": f"{github.server_url}/apps/{which.slug}",
        "owner": account(github, github.account("github")),
        "events": ["check_run", "pull_request"],
        "permissions": {"checks": "write", "contents": "read", "metadata": "read"},
    }


def api_url(repository: Repository) -> str:
    return f"{repository.github.api_url}/repos/{repository.full_name}"


def web_url(repository: Repository) -> str:
    return f"{repository.github.server_url}/{repository.full_name}"


def repository(which: Repository) -> Json:
    return {
        "id": which.id,
        "node_id": node_id("R", which.id),
        "name": which.name,
        "full_name": which.full_name,
        "owner": account(which.github, which.github.account(which.owner)),
        "private": which.private,
        "visibility": "private" if which.private else "public",
        "fork": which.parent is not None,
        "default_branch": which.default_branch,
        "url": api_url(which),
        "html_url": web_url(which),
        "clone_url": which.git_url,
        "pushed_at": which.pushed_at,
        "archived": False,
        "disabled": False,
    }


def person(who: Person) -> Json:
    return {"name": who.name, "email": who.email, "date": who.date}


def git_commit(which: Repository, commit: Commit) -> Json:
    """Return a commit of the git data API."""
    return {
        "sha": commit.sha,
        "node_id": node_id("C", commit.sha),
        "url": f"{api_url(which)}/git/commits/{commit.sha}",
        "html_url": f"{web_url(which)}/commit/{commit.sha}",
        "message": commit.message,
        "author": person(commit.author),
        "committer": person(commit.committer),
        "tree": _link(which, "trees", commit.tree),
        "parents": [
            {**_link(which, "commits", sha), "html_url": f"{web_url(which)}/commit/{sha}"}
            for sha in commit.parents
        ],
        "verification": {
            "verified": False,
            "reason": "unsigned",
            "signature": None,
            "payload": None,
            "verified_at": None,
        },
    }


def commit(which: Repository, found: Commit) -> Json:
    """Return a commit of the commits API."""
    data = git_commit(which, found)
    inner = ("author", "committer", "message", "tree", "url", "verification")
    return {
        "sha": found.sha,
        "node_id": data["node_id"],
        "url": f"{api_url(which)}/commits/{found.sha}",
        "html_url": data["html_url"],
        "comments_url": f"{api_url(which)}/commits/{found.sha}/comments",
        "commit": {**{name: data[name] for name in inner}, "comment_count": 0},
        "author": None,
        "committer": None,
        "parents": data["parents"],
    }


def _link(which: Repository, kind: str, sha: str) -> Json:
    return {"sha": sha, "url": f"{api_url(which)}/git/{kind}/{sha}"}


def changed_file(which: Repository, head: str, file: ChangedFile) -> Json:
    made = {
        "sha": file.sha,
        "filename": file.path,
        "status": file.status,
        "additions": file.additions,
        "deletions": file.deletions,
        "changes": file.additions + file.deletions,
        "blob_url": f"{web_url(which)}/blob/{head}/{file.path}",
        "raw_url": f"{web_url(which)}/raw/{head}/{file.path}",
        "contents_url": f"{api_url(which)}/contents/{file.path}?ref={head}",
    }
    if file.previous_path:
        made["previous_filename"] = file.previous_path
    return made


def issue(which: Issue) -> Json:
    """Return what both the API and webhooks say of an issue, which a pull request is too."""
    home = which.repository
    url = f"{api_url(home)}/issues/{which.number}"
    kind = "pull" if which.is_pull else "issues"
    about: Json = {
        "id": which.id,
        "node_id": node_id("I", which.id),
        "url": url,
        "repository_url": api_url(home),
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "labels_url": f"{url}/labels{{/name}}",
        "html_url": f"{web_url(home)}/{kind}/{which.number}",
        "number": which.number,
        "title": which.title,
        "user": account(home.github, which.account),
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "state": which.state,
        "locked": which.locked,
        "comments": len(home.comments(which)),
        "created_at": which.created_at,
        "updated_at": which.created_at,
        "closed_at": which.closed_at,
        "author_association": which.association,
        "body": which.body,
    }
    if isinstance(which, Pull):
        pull_url = f"{api_url(home)}/pulls/{which.number}"
        about["draft"] = which.draft
        about["pull_request"] = {
            "url": pull_url,
            "html_url": about["html_url"],
            "diff_url": f"{about['html_url']}.diff",
            "patch_url": f"{about['html_url']}.patch",
            "merged_at": which.closed_at if which.merged else None,
        }
    return about


def pull(which: Pull) -> Json:
    """Return what both the API and webhooks say of a pull request."""
    base = which.repository
    url = f"{api_url(base)}/pulls/{which.number}"
    issue_url = f"{api_url(base)}/issues/{which.number}"
    html_url = f"{web_url(base)}/pull/{which.number}"
    head = which.head_repository
    links = {
        "self": url,
        "html": html_url,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{url}/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api_url(base)}/statuses/{which.head_sha}",
    }
    return {
        "_links": {name: {"href": link} for name, link in links.items()},
        **{f"{name}_url": links[name] for name in links if name not in ("self", "html", "issue")},
        "id": which.id,
        "node_id": node_id("PR", which.id),
        "url": url,
        "html_url": html_url,
        "issue_url": issue_url,
        "diff_url": f"{html_url}.diff",
        "patch_url": f"{html_url}.patch",
        "number": which.number,
        "state": which.state,
        "locked": which.locked,
        "title": which.title,
        "body": which.body,
        "user": account(base.github, which.account),
        "draft": which.draft,
        "created_at": which.created_at,
        "updated_at": which.created_at,
        "closed_at": which.closed_at,
        "merged_at": which.closed_at if which.merged else None,
        "merge_commit_sha": which.merge_sha,
        "author_association": which.association,
        "head": _side(base.github, which.head_owner, head, which.head_ref, which.head_sha),
        "base": _side(base.github, base.owner, base, which.base_ref, which.base_sha),
    }


def _side(github: GitHub, owner: str, which: Repository | None, ref: str, sha: str) -> Json:
    return {
        "label": f"{owner}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": account(github, github.account(owner)),
        "repo": repository(which) if which else None,
    }
