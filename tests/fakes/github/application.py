"""One request from its first byte to its answer: faults, token, validation, endpoint, headers."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import jwt
from fakes.github import description, faults
from fakes.github.accounts import Token
from fakes.github.answers import Refusal, Reply
from fakes.github.call import Call
from fakes.github.completion import complete
from fakes.github.description import Operation
from fakes.github.endpoints import ENDPOINTS
from fakes.github.endpoints.permissions import require
from fakes.github.faults import Fault
from fakes.github.git_http import serve_git
from fakes.github.recording import Request, Violation
from fakes.github.server import CLOSE
from fakes.github.validation import request_mistakes
from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from fakes.github.github import GitHub

_API = "/api/v3"
_DOCUMENTATION = "https://docs.github.com/rest"


class Application:
    """The WSGI application of a fake GitHub."""

    def __init__(self, github: GitHub) -> None:
        self.github = github

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        http = HttpRequest(environ)
        http.get_data()  # or what is left of the body would be read as the next request
        record = self._record(http)
        try:
            response = self._respond(http, record)
        except ConnectionError:
            raise
        except Exception as error:
            # Where nobody looks at a 500 of ours, the test that caused it must still fail.
            message = f"the fake GitHub itself failed: {error!r}"
            self.github.violations.append(Violation(record.method, record.path, message))
            raise
        return response(environ, start_response)

    def _respond(self, http: HttpRequest, record: Request) -> Response:
        for hook in list(self.github.hooks):
            hook(record)
        with self.github.lock:
            fault = self.github.faults.choose(
                record.number, record.method, record.path, is_git=record.is_git
            )
        record.fault = fault.kind if fault else None
        response = self._answer(http, record, fault)
        if fault and fault.kind == "truncated":
            http.environ[CLOSE] = True
        record.status = response.status_code
        return response

    def _record(self, http: HttpRequest) -> Request:
        is_api = http.path.startswith(f"{_API}/")
        with self.github.lock:
            record = Request(
                number=len(self.github.requests) + 1,
                method=http.method,
                path=http.path.removeprefix(_API) if is_api else http.path,
                query=http.query_string.decode(),
                operation=None if is_api else "git",
            )
            self.github.requests.append(record)
        return record

    def _answer(self, http: HttpRequest, record: Request, fault: Fault | None) -> Response:
        early = faults.before(fault) if fault else None
        if early:
            return self._with_headers(early)
        if record.is_git:
            response = serve_git(self.github, http, record)
        else:
            response = self._with_headers(self._serve_or_refuse(http, record))
        return faults.after(fault, response, http.url) if fault else response

    def _serve_or_refuse(self, http: HttpRequest, record: Request) -> Response:
        try:
            return self._serve(http, record)
        except Refusal as refusal:
            return self._refuse(record, refusal)

    def _serve(self, http: HttpRequest, record: Request) -> Response:
        token = self._token(http)
        record.login = token.account.login if token else None
        if not http.headers.get("User-Agent"):
            raise Refusal(403, "Request forbidden by administrative rules.", mistake=True)
        found = description.find(http.method, record.path)
        if found is None:
            raise Refusal(404, "Not Found", mistake=True)
        operation, values = found
        record.operation = operation.id
        self._validate(operation, values, http)
        endpoint = ENDPOINTS.get(operation.id)
        if endpoint is None:
            raise Refusal(501, f"The fake GitHub does not know {operation.id} yet", mistake=True)
        call = Call(self.github, operation, values, http, token)
        with self.github.lock:
            require(call, endpoint)
            reply = endpoint.answer(call)
        return self._response(operation, call, reply)

    def _token(self, http: HttpRequest) -> Token | None:
        header = http.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, value = header.partition(" ")
        value = value.strip()
        if scheme.lower() == "bearer" and value.count(".") == 2:
            return self._signed(value)
        token = self.github.tokens.get(value)
        if scheme.lower() not in ("token", "bearer") or token is None or not token.is_good:
            raise Refusal(401, "Bad credentials")
        return token

    def _signed(self, value: str) -> Token:
        """Return who has signed a JSON Web Token: an app itself."""
        try:
            issuer = str(jwt.decode(value, options={"verify_signature": False}).get("iss"))
        except jwt.PyJWTError:
            raise Refusal(401, "A JSON web token could not be decoded") from None
        signer = self.github.installed_apps.get(issuer)
        if signer is None:
            raise Refusal(404, "Integration not found")
        signer.verify(value, time.time() + self.github.clock_ahead)
        account = self.github.account(f"{signer.app.slug}[bot]")
        return Token(value=value, account=account, app=signer.app, signer=signer)

    def _validate(self, operation: Operation, values: dict[str, str], http: HttpRequest) -> None:
        query = {name: http.args.getlist(name) for name in http.args}
        content_type = http.headers.get("Content-Type", "")
        mistakes = request_mistakes(operation, values, query, content_type, http.get_data())
        if not mistakes:
            return
        status = 400 if mistakes[0].startswith("Problems parsing JSON") else 422
        message = "Invalid request.\n\n" + "\n".join(mistakes)
        raise Refusal(status, message, mistake=True)

    def _response(self, operation: Operation, call: Call, reply: Reply | Any) -> Response:
        if not isinstance(reply, Reply):
            reply = Reply(reply)
        if isinstance(reply.value, bytes):
            return Response(reply.value, reply.status, reply.headers, content_type=call.accept)
        if reply.value is None:
            return Response(b"", reply.status, reply.headers)
        schema = operation.response_schema(reply.status)
        value = complete(schema, reply.value) if schema else reply.value
        response = Response(json.dumps(value), reply.status, reply.headers)
        response.content_type = "application/json; charset=utf-8"
        return response

    def _refuse(self, record: Request, refusal: Refusal) -> Response:
        if refusal.mistake:
            violation = Violation(record.method, record.path, refusal.message)
            self.github.violations.append(violation)
        body: dict[str, Any] = {"message": refusal.message}
        if refusal.errors is not None:
            body["errors"] = refusal.errors
        body |= {"documentation_url": _DOCUMENTATION, "status": str(refusal.status)}
        return Response(
            json.dumps(body),
            refusal.status,
            refusal.headers,
            content_type="application/json; charset=utf-8",
        )

    def _with_headers(self, response: Response) -> Response:
        used = len(self.github.requests)
        response.headers["X-GitHub-Request-Id"] = secrets.token_hex(10).upper()
        limits = {
            "Limit": 5000,
            "Remaining": max(5000 - used, 1),
            "Used": used,
            "Reset": int(time.time()) + 3600,
            "Resource": "core",
        }
        for name, value in limits.items():
            response.headers.setdefault(f"X-RateLimit-{name}", str(value))
        return response
