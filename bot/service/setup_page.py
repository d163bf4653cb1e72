"""The page on which a person has GitHub make the App, and that keeps what GitHub tells of it."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, abort, make_response, render_template_string, request
from markupsafe import Markup

from bot.errors import NbciError
from bot.forges.github.app_manifest import NewApp, app_from, form_address, manifest

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>nbci: set up</title>
<style>
  body { font: 17px/1.5 system-ui, sans-serif; max-width: 38em; margin: 3em auto; padding: 0 1em;
         color: #1f2328; background: #fff; }
  button, .button { font: inherit; padding: .5em 1.2em; border: 0; border-radius: 6px;
         background: #1f883d; color: #fff; cursor: pointer; text-decoration: none; }
  code { background: #eff1f3; padding: .1em .3em; border-radius: 4px; }
  @media (prefers-color-scheme: dark) {
    body { color: #e6edf3; background: #0d1117; } code { background: #262c36; } }
</style>
<h1>{{ title }}</h1>
{{ content }}
</html>
"""

_BEGIN = """{% autoescape true %}
<p>GitHub will make an App named <code>{{ name }}</code>
{% if organization %}for the organisation <code>{{ organization }}</code>{% endif %} that may read
code, and write check runs and comments on pull requests. Its webhooks go to
<code>{{ public_url }}/webhook</code>.</p>
<form action="{{ action }}" method="post">
<input type="hidden" name="manifest" value="{{ manifest }}">
<button>Make the App on GitHub</button>
</form>
{% endautoescape %}"""

_DONE = """{% autoescape true %}
<p>GitHub has made the App <code>{{ slug }}</code>, and its settings are in
<code>{{ env_file }}</code>, which only you can read.</p>
<p><a class="button" href="{{ page }}/installations/new">Install it</a> for your repositories, then
start the bot with <code>nbci serve</code>.</p>
{% endautoescape %}"""

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What App is to be made, and where; *keep* writes down what GitHub tells of it.

    Only who has `token`, which the log shows, can begin; `state` ties what GitHub sends back to
    what was begun here. *done* is called when the last page has been sent.
    """

    name: str
    public_url: str
    api_url: str
    server_url: str
    organization: str | None
    env_file: str
    keep: Callable[[NewApp], None]
    done: Callable[[], None]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    state: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class _Made:
    """The App, once GitHub has told of it: it does that once, and pages are loaded again."""

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self._lock = threading.Lock()
        self._app: NewApp | None = None

    def app(self, code: str) -> NewApp:
        """Return it, for the code that the browser has brought; raises what asking does."""
        with self._lock:
            if self._app is None:
                self._app = app_from(self._api_url, code)
            return self._app


def create_setup(setup: Setup) -> Flask:
    """Return the application with `/setup` and where GitHub sends the browser back to."""
    app = Flask(__name__, static_folder=None)
    made = _Made(setup.api_url)
    app.add_url_rule("/setup", "begin", lambda: _begin(setup))
    app.add_url_rule("/setup/done", "done", lambda: _done(setup, made))
    app.after_request(lambda response: _guarded(response, setup))
    return app


def _begin(setup: Setup) -> str:
    if not _is_same("token", setup.token):
        abort(403, "This link is not the one that `nbci setup` has printed last.")
    content = render_template_string(
        _BEGIN,
        name=setup.name,
        organization=setup.organization,
        public_url=setup.public_url,
        action=form_address(setup.server_url, setup.organization, setup.state),
        manifest=manifest(setup.name, setup.public_url, f"{setup.public_url}/setup/done"),
    )
    return _page("Set up nbci", content)


def _done(setup: Setup, made: _Made) -> Response:
    if not _is_same("state", setup.state):
        abort(403, "This is no answer to what was begun here. Open the link of `nbci setup` again.")
    try:
        app = made.app(request.args.get("code", ""))
    except NbciError as error:
        abort(502, f"GitHub does not say what it has made: {error}. Open the link again.")
    try:
        setup.keep(app)
    except (NbciError, OSError) as error:
        abort(500, f"{setup.env_file} cannot be written: {error}. Mend that, and load this again.")
    content = render_template_string(_DONE, slug=app.slug, page=app.page, env_file=setup.env_file)
    response = make_response(_page("The App is made", content))
    response.call_on_close(setup.done)
    return response


def _is_same(name: str, expected: str) -> bool:
    return hmac.compare_digest(request.args.get(name, "").encode(), expected.encode())


def _page(title: str, content: str) -> str:
    return render_template_string(_PAGE, title=title, content=Markup(content))  # noqa: S704 - escaped


def _guarded(response: Response, setup: Setup) -> Response:
    # A form's answer is followed by the browser to GitHub, which `form-action` must name.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none';"
        f" form-action {setup.server_url}"
    )
    response.headers.extend(_HEADERS)
    return response
