"""Check runs of one commit: found again by their `external_id`, or made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

from bot.forges.github.api import Api, Refused
from bot.report.check_run import Annotation, CheckRun, CheckStatus

ANNOTATIONS_A_REQUEST = 50
"""https://docs.github.com/rest/checks/runs#create-a-check-run"""


@dataclass(frozen=True, slots=True)
class ExistingCheck:
    """A check run as GitHub has it; `text` is what its output says at length.

    `origin` is that of the Checks that wrote it last, empty where it had none.
    """

    id: int
    name: str
    external_id: str
    origin: str
    status: str
    conclusion: str | None
    title: str
    text: str
    annotations: int
    details_url: str
    url: str
    app: str


@dataclass
class _OurCheck:
    """What we know of a check run of ours on GitHub.

    Annotations are added by each request and can never be taken back, so we keep account: of the
    `annotated` that are on GitHub those in `sent` are known, `pending` were in a request that got
    no answer. One that was `found` we did not see made: another App's may look the same. Of one
    that `is_unread` nothing but the id is known.
    """

    id: int
    annotated: int = 0
    sent: set[Annotation] = field(default_factory=set)
    pending: tuple[Annotation, ...] | None = None
    found: bool = False
    is_unread: bool = False

    def confirm(self) -> None:
        """Note that the pending request took effect."""
        self.sent.update(self.pending or ())
        self.annotated += len(self.pending or ())
        self.pending = None


class Checks:
    """The check runs of the commit *sha* in the repository *repository* (`owner/name`).

    What an interrupted review left in progress is gone on with. One that is completed belongs to
    an earlier review and is left as it is: its annotations could not be taken back; unless *unique*
    says that no two reviews have check runs with the same `external_id`. *ids* are those of check
    runs that are known to be there, by their `external_id`; what is found and made is added.

    *origin* says who works on a check run, the id of an Actions run say; it is kept behind the
    `external_id`, for of a workflow's own token GitHub takes no `details_url`:
    https://github.com/actions/github-script/issues/143

    `app` is the slug of the App that we write as, once GitHub has told it.
    """

    def __init__(
        self,
        api: Api,
        repository: str,
        sha: str,
        *,
        origin: str = "",
        unique: bool = False,
        ids: dict[str, int] | None = None,
    ) -> None:
        self._api = api
        self._path = f"/repos/{repository}/check-runs"
        self._list = f"/repos/{repository}/commits/{sha}/check-runs"
        self._sha = sha
        self._origin = origin
        self._unique = unique
        self._ids = {} if ids is None else ids
        self._ours: dict[str, _OurCheck] = {
            external_id: _OurCheck(number, is_unread=True)
            for external_id, number in self._ids.items()
        }
        self._is_listed = False
        self._earlier: set[int] = set()
        self._unsure: set[str] = set()
        self.app: str | None = None

    def existing(
        self, name: str | None = None, *, which: str = "latest"
    ) -> Iterator[ExistingCheck]:
        """Yield the check runs of the commit: the `latest` of each name, or `all` of them."""
        parameters = {"filter": which} | ({} if name is None else {"check_name": name})
        for raw in self._api.pages(self._list, parameters, key="check_runs"):
            check = _existing(raw)
            if name in (None, check.name):
                yield check

    def put(self, check: CheckRun) -> None:
        """Bring the check run that *check* describes up to date, or make it.

        Raises Unanswered after a few attempts; called again, it goes on where it stopped.
        """
        ours = self._ours.get(check.external_id) or self._known().get(check.external_id)
        is_current = False
        if ours is None:
            ours, is_current = self._create(check)
            self._ours[check.external_id] = ours
        self._ids[check.external_id] = ours.id
        if ours.is_unread and check.annotations:
            self._read(ours)
        if ours.found and ours.annotated and check.annotations:
            self._recall(ours, check)
        try:
            while not is_current or _unsent(check, ours):
                is_current = self._api.persist(partial(self._step, ours, check))
        except Refused as refused:
            if not ours.found or refused.status != HTTPStatus.FORBIDDEN:
                raise
            self._earlier.add(ours.id)
            del self._ours[check.external_id]
            self.put(check)
        ours.found = False

    def conclude(self, left: ExistingCheck, conclusion: str, title: str, summary: str) -> None:
        """Conclude a check run that nobody works on any more."""
        output = {"title": title, "summary": summary}
        body = {"status": "completed", "conclusion": conclusion, "output": output, "actions": []}
        path = f"{self._path}/{left.id}"
        self._api.persist(lambda: self._api.write("PATCH", path, body))

    def _known(self) -> dict[str, _OurCheck]:
        """Return the check runs to go on with, by their external id."""
        if not self._is_listed:
            found = list(self.existing(which="all" if self._unique else "latest"))
            if not self._unique:
                self._earlier = {check.id for check in found if check.status == "completed"}
            for check in found:
                if check.id not in self._earlier and check.external_id:
                    ours = _OurCheck(check.id, check.annotations, found=True)
                    self._ours.setdefault(check.external_id, ours)
            self._is_listed = True
        return self._ours

    def _read(self, ours: _OurCheck) -> None:
        """Find out how many annotations a check run bears that an earlier process has written."""
        ours.annotated = _existing(self._api.get(f"{self._path}/{ours.id}")).annotations
        ours.found, ours.is_unread = True, False

    def _create(self, check: CheckRun) -> tuple[_OurCheck, bool]:
        """Return the check run that was made, and whether it has the state of *check*."""
        first = check.annotations[:ANNOTATIONS_A_REQUEST]
        body = {"name": check.name, "head_sha": self._sha} | self._body(check, first)

        def create() -> tuple[_OurCheck, bool]:
            if check.external_id in self._unsure and (raw := self._find(check)) is not None:
                # What made it may have been an earlier call, for an earlier state.
                made = _existing(raw)
                return _OurCheck(made.id, made.annotations, found=True), _shows(raw, check)
            self._unsure.add(check.external_id)
            made = _existing(self._api.write("POST", self._path, body))
            self.app = made.app or None
            return _OurCheck(made.id, len(first), set(first)), True

        return self._api.persist(create)

    def _recall(self, ours: _OurCheck, check: CheckRun) -> None:
        """Find out which annotations a check run bears that we did not see it get."""
        there = {
            (raw.get("path"), raw.get("start_line"), raw.get("title"), raw.get("message"))
            for raw in self._api.pages(f"{self._path}/{ours.id}/annotations")
        }
        ours.sent |= {
            annotation
            for annotation in check.annotations
            if (annotation.path, annotation.line, annotation.title, annotation.message) in there
        }

    def _find(self, check: CheckRun) -> dict[str, Any] | None:
        """Return the check run that a request made whose answer was lost."""
        parameters = {"check_name": check.name, "filter": "all"}
        for raw in self._api.pages(self._list, parameters, key="check_runs"):
            found = _existing(raw)
            if found.external_id == check.external_id and found.id not in self._earlier:
                return raw
        return None

    def _step(self, ours: _OurCheck, check: CheckRun) -> bool:
        """Send the state with the next annotations, or find out what the last request did.

        Return whether GitHub has this state now, more annotations left aside.
        """
        path = f"{self._path}/{ours.id}"
        if ours.pending is not None:
            raw = self._api.get(path)
            if _existing(raw).annotations == ours.annotated + len(ours.pending):
                ours.confirm()
            ours.pending = None
            return _shows(raw, check)
        ours.pending = _unsent(check, ours)[:ANNOTATIONS_A_REQUEST]
        self._api.write("PATCH", path, self._body(check, ours.pending))
        ours.confirm()
        return True

    def _body(self, check: CheckRun, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
        origin = f"/{self._origin}" if self._origin else ""
        return {"external_id": f"{check.external_id}{origin}"} | _body(check, annotations)


def _unsent(check: CheckRun, ours: _OurCheck) -> tuple[Annotation, ...]:
    return tuple(annotation for annotation in check.annotations if annotation not in ours.sent)


def _body(check: CheckRun, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
    output: dict[str, Any] = {"title": check.title, "summary": check.summary}
    if check.text:
        output["text"] = check.text
    if annotations:
        output["annotations"] = [_annotation(annotation) for annotation in annotations]
    body: dict[str, Any] = {"status": check.status.value, "output": output}
    if check.status is CheckStatus.COMPLETED and check.conclusion:
        body["conclusion"] = check.conclusion.value
    if check.details_url:
        body["details_url"] = check.details_url
    body["actions"] = [
        {
            "label": button.label,
            "description": button.description,
            "identifier": button.identifier,
        }
        for button in check.buttons
    ]
    return body


def _annotation(annotation: Annotation) -> dict[str, Any]:
    sent = {
        "path": annotation.path,
        "start_line": annotation.line,
        "end_line": annotation.line,
        "annotation_level": annotation.level,
        "message": annotation.message,
        "title": annotation.title,
    }
    return sent | ({"raw_details": annotation.raw_details} if annotation.raw_details else {})


def _shows(raw: dict[str, Any], check: CheckRun) -> bool:
    found = _existing(raw)
    conclusion = check.conclusion.value if check.conclusion else None
    summary = (raw.get("output") or {}).get("summary")
    expected = (check.status.value, conclusion, check.title, check.summary)
    return (found.status, found.conclusion, found.title, summary) == expected


def _existing(raw: dict[str, Any]) -> ExistingCheck:
    output = raw.get("output") or {}
    external_id, _, origin = (raw.get("external_id") or "").partition("/")
    return ExistingCheck(
        id=raw["id"],
        name=raw.get("name") or "",
        external_id=external_id,
        origin=origin,
        status=raw.get("status") or "",
        conclusion=raw.get("conclusion"),
        title=output.get("title") or "",
        text=output.get("text") or "",
        annotations=output.get("annotations_count") or 0,
        details_url=raw.get("details_url") or "",
        url=raw.get("html_url") or "",
        app=(raw.get("app") or {}).get("slug") or "",
    )
