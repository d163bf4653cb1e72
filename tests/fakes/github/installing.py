"""A GitHub App of the tests: its key, where it is installed, and the webhooks it is sent."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import secrets
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fakes.github.accounts import Account, App, Token
from fakes.github.answers import Refusal

if TYPE_CHECKING:
    from fakes.github.github import GitHub
    from fakes.github.repository import Repository

PERMISSIONS = {
    "checks": "write",
    "contents": "read",
    "issues": "write",
    "merge_queues": "read",
    "metadata": "read",
    "pull_requests": "write",
}
EVENTS = (
    "check_run",
    "check_suite",
    "issue_comment",
    "merge_group",
    "pull_request",
    "repository",
)
_LONGEST_JWT = 600
_SKEW = 5


@dataclass
class Installation:
    """Where an app is installed, and for which repositories."""

    id: int
    app: InstalledApp
    account: Account
    repositories: list[Repository]
    permissions: dict[str, str]
    suspended: bool = False
    removed: bool = False


@dataclass
class Delivered:
    """A webhook that was sent: the same `guid` for each attempt at it."""

    id: int
    guid: str
    event: str
    payload: dict[str, Any]
    status: int
    delivered_at: str
    redelivery: bool = False


@dataclass
class InstalledApp:
    """An app with a key of its own; its webhooks go to `url`, signed with `secret`."""

    github: GitHub
    app: App
    pem: str = field(repr=False)
    public: rsa.RSAPublicKey = field(repr=False)
    secret: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    url: str = ""
    installations: dict[int, Installation] = field(default_factory=dict)
    deliveries: list[Delivered] = field(default_factory=list)
    permissions: dict[str, str] = field(default_factory=lambda: dict(PERMISSIONS))
    events: tuple[str, ...] = EVENTS
    # How its webhook is set up, beside its address.
    webhook: dict[str, str] = field(
        default_factory=lambda: {
            "content_type": "json",
            "insecure_ssl": "0",
            "secret": "********",
        }
    )

    def install(
        self, *repositories: Repository, permissions: dict[str, str] | None = None
    ) -> Installation:
        """Install the app for repositories of one owner."""
        made = Installation(
            id=self.github.new_id("installation"),
            app=self,
            account=self.github.account(repositories[0].owner),
            repositories=list(repositories),
            permissions=dict(permissions or self.permissions),
        )
        self.installations[made.id] = made
        return made

    def installation_of(self, repository: Repository) -> Installation | None:
        """Return where a repository is installed; a suspended installation counts."""
        for found in self.installations.values():
            if repository in found.repositories and not found.removed:
                return found
        return None

    def mint(self, installation: Installation, wanted: dict[str, Any]) -> Token:
        """Return a token for what is *wanted* of the installation, as the body says it."""
        if installation.suspended:
            raise Refusal(403, "This installation has been suspended")
        ids = wanted.get("repository_ids")
        chosen = [one for one in installation.repositories if ids is None or one.id in ids]
        if ids is not None and len(chosen) != len(ids):
            raise Refusal(
                422, "There is at least one repository that does not exist or is not accessible."
            )
        permissions = wanted.get("permissions") or installation.permissions
        levels = ("read", "write", "admin")
        for name, level in permissions.items():
            given = installation.permissions.get(name)
            if given is None or levels.index(given) < levels.index(level):
                raise Refusal(
                    422, "The permissions requested are not granted to this installation."
                )
        token = Token(
            value=f"ghs_{secrets.token_hex(18)}",
            account=self.github.account(f"{self.app.slug}[bot]"),
            app=self.app,
            repositories=tuple(chosen),
            permissions=permissions,
            installation=installation,
        )
        self.github.tokens[token.value] = token
        return token

    def verify(self, text: str, now: float) -> None:
        """Raise the refusal of a JSON Web Token that GitHub would not accept."""
        try:
            claims = jwt.decode(
                text,
                self.public,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_iat": False, "require": ["iat", "exp"]},
            )
        except jwt.PyJWTError:
            raise Refusal(401, "A JSON web token could not be decoded") from None
        if claims["iat"] > now + _SKEW:
            raise Refusal(
                401,
                "'Issued at' claim ('iat') must be an Integer representing the time that the"
                " assertion was issued",
            )
        if claims["exp"] > now + _LONGEST_JWT + _SKEW:
            raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
        if claims["exp"] < now:
            raise Refusal(401, "'Expiration time' claim ('exp') must be a numeric value in future")

    def deliver(self, event: str, payload: dict[str, Any], *, guid: str | None = None) -> int:
        """Send a webhook as GitHub does, once, and return the status it was answered with.

        0 stands for no answer. The installation is filled in by the payload's repository.
        """
        payload = dict(payload)
        repository = payload.get("repository") or {}
        for found in self.installations.values():
            if any(one.id == repository.get("id") for one in found.repositories):
                payload.setdefault("installation", {"id": found.id, "node_id": f"I{found.id}"})
        return self.send(event, payload, guid or str(uuid.uuid4())).status

    def send(
        self, event: str, payload: dict[str, Any], guid: str, *, redelivery: bool = False
    ) -> Delivered:
        body = json.dumps(payload).encode()
        made = Delivered(
            id=self.github.new_id("delivery"),
            guid=guid,
            event=event,
            payload=payload,
            status=self._post(event, body, guid),
            delivered_at=self.github.now(),
            redelivery=redelivery,
        )
        self.deliveries.append(made)
        return made

    def send_again(self, delivered: Delivered) -> None:
        self.send(delivered.event, delivered.payload, delivered.guid, redelivery=True)

    def _post(self, event: str, body: bytes, guid: str) -> int:
        url = urlsplit(self.url)
        digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/0000000",
            "X-GitHub-Delivery": guid,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature-256": f"sha256={digest}",
        }
        connection = http.client.HTTPConnection(url.netloc, timeout=10)
        try:
            connection.request("POST", url.path, body, headers)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return 0
        else:
            return response.status
        finally:
            connection.close()


def new_app(github: GitHub, app: App) -> InstalledApp:
    """Return an app with a new key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return InstalledApp(github, app, pem_of(key), key.public_key())


def new_pem() -> str:
    """Return a new private key, as the page of an app gives it."""
    return pem_of(rsa.generate_private_key(public_exponent=65537, key_size=2048))


def pem_of(key: rsa.RSAPrivateKey) -> str:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return pem.decode()
