"""The page on which a person has GitHub make the App, and that keeps what GitHub tells of it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask, Response, abort, render_template_string, request

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
    what was begun here.
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


def create_setup(setup: Setup) -> Flask:
    """Return the application with `/setup` and where GitHub sends the browser back to."""
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/setup", "begin", lambda: _begin(setup))
    app.add_url_rule("/setup/done", "done", lambda: _done(setup))
    app.after_request(lambda response: _guarded(response, setup))
    return app


def _begin(setup: Setup) -> str:
    if not hmac.compare_digest(request.args.get("token", "").encode(), setup.token.encode()):
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


def _done(setup: Setup) -> str:
    if not hmac.compare_digest(request.args.get("state", "").encode(), setup.state.encode()):
        abort(403, "This is no answer to what was begun here. Open the link of `nbci setup` again.")
    try:
        made = app_from(setup.api_url, request.args.get("code", ""))
    except NbciError as error:
        abort(502, f"GitHub does not say what it has made: {error}. Open the link again.")
    setup.keep(made)
    setup.done()
    content = render_template_string(_DONE, slug=made.slug, page=made.page, env_file=setup.env_file)
    return _page("The App is made", content)


def _page(title: str, content: str) -> str:
    from markupsafe import Markup

    return render_template_string(_PAGE, title=title, content=Markup(content))  # noqa: S704 - escaped


def _guarded(response: Response, setup: Setup) -> Response:
    # A form's answer is followed by the browser to GitHub, which `form-action` must name.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none';"
        f" form-action {setup.server_url}"
    )
    response.headers.extend(_HEADERS)
    return response
