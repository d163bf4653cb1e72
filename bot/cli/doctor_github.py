"""Whether GitHub knows the App as it has to be, lets it in, and gets its webhooks delivered."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from itertools import islice

from bot.cli.findings import Finding
from bot.errors import NbciError, UsageError
from bot.forges.github.api import Refused
from bot.forges.github.app import PERMISSIONS, GitHubApp, Installation
from bot.forges.github.app_deliveries import FailedDelivery, sent_since
from bot.forges.github.app_description import Description, describe, lacking, webhook_of
from bot.forges.github.app_manifest import EVENTS, NEEDED
from bot.model import printable
from bot.settings import Settings

_DAY = 24 * 3600.0
_MOST_INSTALLATIONS = 20
"""Installations that a token is asked for."""

_BEARABLE = 60.0
"""Seconds by which the clock of a machine may be wrong: as many as a signature is dated back."""


def github_findings(settings: Settings) -> Iterator[Finding]:
    """Ask GitHub about the App; what needs an answer that does not come is left out."""
    key = settings.github_private_key.get_secret_value()
    app = GitHubApp(settings.github_app_id, key, settings.github_api_url)
    try:
        found = describe(app)
    except NbciError as error:
        yield Finding("GitHub App", str(error), _how_to_get_in(error, settings), is_fatal=True)
        return
    yield Finding("GitHub App", f"{printable(found.slug)}, number {settings.github_app_id}")
    yield from _clock(found)
    yield from _rights(found)
    for look in (_webhook, _installations, _deliveries):
        try:
            yield from look(app, found, settings)
        except NbciError as error:
            yield Finding("GitHub App", str(error), "try again later", is_fatal=True)


def _how_to_get_in(error: NbciError, settings: Settings) -> str:
    if isinstance(error, UsageError):
        return "make a new private key on the page of the GitHub App"
    if not isinstance(error, Refused):
        return f"see that {settings.github_api_url} can be reached from here"
    if error.status == HTTPStatus.UNAUTHORIZED:
        return "NBCI_GITHUB_PRIVATE_KEY is none of this App: make a new one on its page"
    return f"see that NBCI_GITHUB_APP_ID is of an App on {settings.github_api_url}"


def _clock(found: Description) -> Iterator[Finding]:
    behind = found.seconds_behind
    if abs(behind) > _BEARABLE:
        where = "behind" if behind > 0 else "ahead of"
        text = f"this machine is {abs(behind):.0f} s {where} GitHub"
        yield Finding("Clock", text, "let it be set by NTP")


def _rights(found: Description) -> Iterator[Finding]:
    change = f"change it in the App's settings: {found.settings_page}"
    if missing := lacking(found.permissions, NEEDED):
        wanted = ", ".join(f"{name}: {level}" for name, level in missing.items())
        yield Finding("Permissions", f"the App lacks {wanted}", change, is_fatal=True)
    else:
        yield Finding("Permissions", "as needed")
    if untold := sorted({*EVENTS} - found.events):
        text = f"the App is not told of {', '.join(untold)}"
        yield Finding("Events", text, change, is_fatal=True)
    else:
        yield Finding("Events", "as needed")


def _webhook(app: GitHubApp, found: Description, settings: Settings) -> Iterator[Finding]:
    webhook = webhook_of(app)
    shown = printable(webhook.url) or "nowhere"
    change = f"change it in the App's settings: {found.settings_page}"
    expected = f"{settings.public_url}/webhook"
    if settings.public_url and webhook.url != expected:
        text = f"webhooks go to {shown}, and the bot is at {settings.public_url}"
        yield Finding("Webhook", text, f"let them go to {expected}, or mend NBCI_PUBLIC_URL", True)
    elif not webhook.url:
        yield Finding("Webhook", "webhooks go nowhere", change, is_fatal=True)
    elif not webhook.is_signed:
        text = f"webhooks go to {shown} and are not signed, so none is taken"
        yield Finding(
            "Webhook", text, f"set the secret NBCI_WEBHOOK_SECRET: {found.settings_page}", True
        )
    elif webhook.content_type != "json":
        text = f"webhooks go to {shown} as a form, so none is taken"
        yield Finding(
            "Webhook", text, f"choose application/json: {found.settings_page}", is_fatal=True
        )
    elif not webhook.checks_certificate:
        text = f"webhooks go to {shown}, whose certificate GitHub does not look at"
        yield Finding("Webhook", text, change)
    else:
        yield Finding("Webhook", shown)


def _installations(app: GitHubApp, found: Description, settings: Settings) -> Iterator[Finding]:
    there = list(islice(app.installations(), _MOST_INSTALLATIONS + 1))
    if not there:
        advice = f"install it for your repositories: {found.page}/installations/new"
        yield Finding("Installations", "none", advice)
    for one in there[:_MOST_INSTALLATIONS]:
        yield _installation(app, one)
    if there[_MOST_INSTALLATIONS:]:
        yield Finding("Installations", f"only {_MOST_INSTALLATIONS} were looked at")


def _installation(app: GitHubApp, one: Installation) -> Finding:
    subject = f"Installation {printable(one.account)}"
    if one.is_suspended:
        return Finding(subject, "suspended", f"who manages it can lift that: {one.page}")
    if missing := lacking(one.permissions, PERMISSIONS):
        text = f"has not agreed to {', '.join(missing)}"
        return Finding(subject, text, f"who manages it can: {one.page}", is_fatal=True)
    try:
        first = next(app.repositories(one.id), None)
        if first is None:
            return Finding(subject, "has no repository", f"choose some: {one.page}")
        app.token(one.id, first.id)
    except NbciError as error:
        return Finding(subject, str(error), "see the message above", is_fatal=True)
    return Finding(subject, f"lets the bot in, at {printable(first.full_name)} for one")


def _deliveries(app: GitHubApp, found: Description, settings: Settings) -> Iterator[Finding]:
    sent = sent_since(app, time.time() - _DAY)
    if not sent.failed:
        yield Finding("Deliveries", f"none failed in the last day, {sent.taken} were taken")
        return
    answers = Counter(one.status for one in sent.failed)
    of_these = ", ".join(
        f"{count} with {f'HTTP {status}' if status else 'no answer'}"
        for status, count in answers.most_common()
    )
    text = f"{len(sent.failed)} webhooks of the last day were not taken ({of_these})"
    yield Finding("Deliveries", text, _why_not_taken(sent.failed[0], found))


def _why_not_taken(newest: FailedDelivery, found: Description) -> str:
    match newest.status:
        case HTTPStatus.UNAUTHORIZED:
            return f"NBCI_WEBHOOK_SECRET must be the secret that is set at {found.settings_page}"
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return "let what is before the bot take bodies of 25 MB"
        case 0:
            said = f" (it says: {printable(newest.text)})" if newest.text else ""
            return f"see that GitHub can reach the webhook's address{said}"
        case HTTPStatus.NOT_FOUND | HTTPStatus.METHOD_NOT_ALLOWED:
            return "see that what is before the bot passes on /webhook"
    return "see the log of `nbci web`; what is missing is asked back when it answers"
