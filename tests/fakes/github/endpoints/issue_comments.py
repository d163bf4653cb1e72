"""Comments on issues and pull requests, and reactions to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakes.github import shapes
from fakes.github.answers import Refusal, Reply, invalid, not_found
from fakes.github.call import Call
from fakes.github.endpoints.permissions import Endpoint
from fakes.github.pulls import Issue
from fakes.github.records import Comment, Reaction

_CHARACTERS = 65_536


def list_(call: Call) -> Reply:
    since = call.query.get("since", "")
    found = [item for item in call.repository.comments(_issue(call)) if item.updated_at >= since]
    return call.listed(found, shape)


def create(call: Call) -> Reply:
    issue = _issue(call)
    _check_body(call.body["body"])
    assert call.token is not None
    if issue.locked and not call.token.may("issues", "write", issue.repository):
        raise Refusal(403, "Unable to create comment because issue is locked.")
    comment = issue.repository.comment(issue, call.body["body"], call.account.login)
    comment.app = call.token.app
    return Reply(shape(comment), 201)


def get(call: Call) -> dict[str, Any]:
    return shape(_find(call))


def update(call: Call) -> dict[str, Any]:
    comment = _own(call)
    _check_body(call.body["body"])
    comment.edit(call.body["body"])
    return shape(comment)


def delete(call: Call) -> Reply:
    comment = _own(call)
    del call.repository.all_comments[comment.id]
    return Reply(status=204)


def list_reactions(call: Call) -> Reply:
    wanted = call.query.get("content")
    found = [item for item in _find(call).reactions if wanted in (None, item.content)]
    return call.listed(found, lambda item: _reaction(call, item))


def react(call: Call) -> Reply:
    """Answer 201 for a new reaction, 200 for one that this account gave before."""
    comment, content = _find(call), call.body["content"]
    for reaction in comment.reactions:
        if (reaction.account, reaction.content) == (call.account, content):
            return Reply(_reaction(call, reaction), 200)
    reaction = Reaction(call.github.new_id("reaction"), call.account, content, call.github.now())
    comment.reactions.append(reaction)
    return Reply(_reaction(call, reaction), 201)


def unreact(call: Call) -> Reply:
    comment, number = _find(call), call.number("reaction_id")
    found = next((item for item in comment.reactions if item.id == number), None)
    if found is None:
        raise not_found()
    if found.account != call.account:
        raise Refusal(403, "Must have admin rights to Repository.")
    comment.reactions.remove(found)
    return Reply(status=204)


def shape(comment: Comment) -> dict[str, Any]:
    """Return the JSON of a comment."""
    repository = comment.repository
    url = f"{shapes.api_url(repository)}/issues"
    kind = "pull" if comment.issue.is_pull else "issues"
    number = comment.issue.number
    github = repository.github
    return {
        "id": comment.id,
        "node_id": shapes.node_id("IC", comment.id),
        "url": f"{url}/comments/{comment.id}",
        "html_url": f"{shapes.web_url(repository)}/{kind}/{number}#issuecomment-{comment.id}",
        "issue_url": f"{url}/{number}",
        "user": shapes.account(github, comment.account),
        "body": comment.body,
        "author_association": comment.association,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "performed_via_github_app": shapes.app(github, comment.app) if comment.app else None,
    }


def _reaction(call: Call, reaction: Reaction) -> dict[str, Any]:
    return {
        "id": reaction.id,
        "node_id": shapes.node_id("REA", reaction.id),
        "user": shapes.account(call.github, reaction.account),
        "content": reaction.content,
        "created_at": reaction.created_at,
    }


def _check_body(body: str) -> None:
    about = {"resource": "IssueComment", "field": "body"}
    if not body.strip():
        raise invalid("Validation Failed", **about, code="missing_field", message="body is blank")
    if len(body) > _CHARACTERS:
        message = "body is too long (maximum is 65536 characters)"
        raise invalid("Validation Failed", **about, code="custom", message=message)


def _issue(call: Call) -> Issue:
    found = call.repository.issues.get(call.number("issue_number"))
    if found is None:
        raise not_found()
    return found


def _find(call: Call) -> Comment:
    found = call.repository.all_comments.get(call.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _own(call: Call) -> Comment:
    """Return the comment of the path, which its author may change, and who may write."""
    comment = _find(call)
    assert call.token is not None
    if comment.account != call.account and not call.token.may("issues", "write", call.repository):
        raise Refusal(403, "Must have admin rights to Repository.")
    return comment


def _permission(level: str) -> Callable[[Call], str]:
    """Return what a call needs: of a pull request's comments either permission is enough."""

    def needed(call: Call) -> str:
        issue = _find(call).issue if "comment_id" in call.path else _issue(call)
        alternative = f"; pull_requests={level}" if issue.is_pull else ""
        return f"issues={level}{alternative}"

    return needed


_READ, _WRITE = _permission("read"), _permission("write")
ENDPOINTS = {
    "issues/list-comments": Endpoint(list_, _READ),
    "issues/create-comment": Endpoint(create, _WRITE, everybody=True),
    "issues/get-comment": Endpoint(get, _READ),
    "issues/update-comment": Endpoint(update, _WRITE, everybody=True),
    "issues/delete-comment": Endpoint(delete, _WRITE, everybody=True),
    "reactions/list-for-issue-comment": Endpoint(list_reactions, _READ),
    "reactions/create-for-issue-comment": Endpoint(react, _WRITE, everybody=True),
    "reactions/delete-for-issue-comment": Endpoint(unreact, _WRITE, everybody=True),
}
