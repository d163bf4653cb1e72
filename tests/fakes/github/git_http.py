"""Git over HTTP, served by git's own `git http-backend`.

https://git-scm.com/docs/git-http-backend
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from building.repositories import ENVIRONMENT
from fakes.github.accounts import Token
from fakes.github.recording import Request
from fakes.github.repository import Repository
from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from fakes.github.github import GitHub

_PATH = re.compile(
    r"/([^/]+/[^/]+?)(?:\.git)?(/info/refs|/git-upload-pack|/git-receive-pack|/HEAD)"
)


def serve_git(github: GitHub, http: HttpRequest, record: Request) -> Response:
    """Answer git's request, for a token that may read or write the repository's contents."""
    match = _PATH.fullmatch(http.path)
    repository = github.repositories.get(match[1]) if match else None
    token = _token(github, http)
    record.login = token.account.login if token else None
    if http.authorization and token is None:
        return _unauthorized()
    if match is None or repository is None or (token and not token.may_see(repository)):
        return Response("Repository not found.", 404, content_type="text/plain")
    writes = "git-receive-pack" in (http.args.get("service"), match[2].strip("/"))
    if token is None and (writes or repository.private):
        return _unauthorized()
    if token and not token.may("contents", "write" if writes else "read", repository):
        message = f"Permission to {repository.full_name}.git denied to {token.account.login}."
        return Response(message, 403, content_type="text/plain")
    response = _run_backend(http, repository, match[2], token)
    if match[2] == "/git-receive-pack":
        repository.refresh_pulls()
    return response


def _token(github: GitHub, http: HttpRequest) -> Token | None:
    given = http.authorization
    if given is None or given.type not in ("basic", "bearer"):
        return None
    token = github.tokens.get(str(given.password if given.type == "basic" else given.token))
    return token if token and not token.expired else None


def _unauthorized() -> Response:
    headers = {"WWW-Authenticate": 'Basic realm="GitHub"'}
    message = "Invalid username or token. Password authentication is not supported."
    return Response(message, 401, headers, content_type="text/plain")


def _run_backend(
    http: HttpRequest, repository: Repository, path: str, token: Token | None
) -> Response:
    body = http.get_data()
    environment = {
        **ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(repository.store.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": http.headers.get("Git-Protocol", ""),
        "PATH_INFO": path,
        "REQUEST_METHOD": http.method,
        "QUERY_STRING": http.query_string.decode(),
        "CONTENT_TYPE": http.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": http.headers.get("Content-Encoding", ""),
        "REMOTE_USER": token.account.login if token else "",
        "REMOTE_ADDR": "127.0.0.1",
    }
    done = subprocess.run(
        ["git", "http-backend"], env=environment, input=body, capture_output=True, check=True
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(headers.pop("Status", "200").split()[0])
    return Response(content, status, headers)
