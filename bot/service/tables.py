"""The tables of the bot. The revisions in `migrations` make them; a test holds both together.

What is written as JSON into a text column is ASCII: JSON's own escapes carry what PostgreSQL's text
cannot, such as NUL and the lone surrogates of file names that are not UTF-8.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)

metadata = MetaData()


def _time(name: str, *, is_set: bool = False) -> Column[object]:
    default = func.now() if is_set else None
    return Column(name, DateTime(timezone=True), nullable=not is_set, server_default=default)


installations = Table(
    "installations",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="GitHub's"),
    Column("account", Text, nullable=False),
    _time("suspended_at"),
    _time("removed_at"),
    # Nothing is asked of GitHub for this installation before.
    _time("paused_until"),
)

repositories = Table(
    "repositories",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False, comment="GitHub's"),
    Column("installation_id", BigInteger, nullable=False, index=True),
    Column("full_name", Text, nullable=False),
    Column("default_branch", Text, nullable=False),
    Column("clone_url", Text, nullable=False),
    Column("private", Boolean, nullable=False),
    _time("removed_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True, comment="X-GitHub-Delivery"),
    Column("event", Text, nullable=False, comment="X-GitHub-Event"),
    # The bytes as they came; dropped once the delivery is done and old.
    Column("payload", LargeBinary, nullable=False),
    _time("received_at", is_set=True),
    # waiting, done, ignored (nothing to do, `note` says why) or failed (`note` says why)
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("note", Text, nullable=False, server_default=""),
    # When a waiting one that could not be dealt with is tried again.
    _time("try_again_at"),
    _time("done_at"),
    Index("deliveries_waiting", "received_at", postgresql_where=text("state = 'waiting'")),
)

pull_requests = Table(
    "pull_requests",
    metadata,
    Column("repository_id", BigInteger, ForeignKey("repositories.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("is_open", Boolean, nullable=False),
    Column("head_sha", Text, nullable=False),
    Column("base_ref", Text, nullable=False),
    # GitHub's `updated_at`: what is older than what we know is not believed.
    _time("updated_at"),
    # The head of a fork that somebody who may write has let run, and for which base.
    Column("approved_sha", Text),
    Column("approved_base_ref", Text),
    Column("approved_by", Text),
)

reviews = Table(
    "reviews",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("repository_id", BigInteger, ForeignKey("repositories.id"), nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    # The number of the pull request, null where the review is of none.
    Column("number", Integer),
    Column("ref", Text, nullable=False),
    Column("head_sha", Text, nullable=False),
    # The branch that a pull request is to go into.
    Column("base_ref", Text),
    # What it was begun for: no two reviews of a repository have the same.
    Column("cause", Text, nullable=False),
    # Of the reviews of one head, the how manieth; the attempt of its runs.
    Column("attempt", Integer, nullable=False),
    # A bot.model.Review without its runs, as JSON.
    Column("value", Text, nullable=False),
    # Counts the times it was saved: who saves names the version they have read.
    Column("version", Integer, nullable=False, server_default="0"),
    # Why it is to be given up, once somebody wants that; `advance` sees to it.
    Column("cancel_reason", Text),
    Column("is_over", Boolean, nullable=False, server_default="false"),
    # When `advance` is due without anything having happened, null for never.
    _time("look_again_at"),
    # When `show` is due without anything having happened, null for never.
    _time("show_again_at"),
    # What `show` has to remember (bot.publishing.Memory), as JSON.
    Column("shown", Text, nullable=False, server_default=""),
    Column("is_shown", Boolean, nullable=False, server_default="false", comment="to its end"),
    # How often `advance` or `show` ended in an error in a row, and the last one's id and text.
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    # Whoever has this in a link may look at the report.
    Column("page_key", Text, nullable=False),
    _time("created_at", is_set=True),
    _time("over_at"),
    UniqueConstraint("repository_id", "cause"),
    Index("reviews_of_pull", "repository_id", "number"),
    Index("reviews_open", "id", postgresql_where=text("NOT is_over OR NOT is_shown")),
    Index("reviews_look", "look_again_at", postgresql_where=text("look_again_at IS NOT NULL")),
    Index("reviews_show", "show_again_at", postgresql_where=text("show_again_at IS NOT NULL")),
)

runs = Table(
    "runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("review_id", BigInteger, ForeignKey("reviews.id", ondelete="CASCADE"), nullable=False),
    Column("repository_id", BigInteger, nullable=False),
    Column("installation_id", BigInteger, nullable=False),
    Column("position", Integer, nullable=False, comment="in its review, from 0"),
    Column("backend", Text, nullable=False),
    # A bot.model.Run as `advance` last saw it, as JSON.
    Column("value", Text, nullable=False),
    # Where it stands with its backend: planned (not handed over), queued, taken or ended.
    Column("state", Text, nullable=False, server_default="planned"),
    # A bot.backends.base.Observation as JSON, and of an ended run its RunResult; else empty.
    Column("observation", Text, nullable=False, server_default=""),
    Column("result", Text, nullable=False, server_default=""),
    Column("cancel_requested", Boolean, nullable=False, server_default="false"),
    # Who has taken it, and on a worker's own machine until when without a sign of life.
    Column("taken_by", Text),
    _time("taken_until"),
    # Grows each time it is taken: who writes about a run names the one they know.
    Column("generation", Integer, nullable=False, server_default="0"),
    # The SHA-256 of the token that its events must bear, until when it is good, and the last seen.
    Column("token_hash", LargeBinary),
    _time("token_until"),
    Column("event_number", Integer, nullable=False, server_default="0"),
    _time("queued_at"),
    _time("taken_at"),
    _time("submitted_at"),
    _time("ended_at"),
    Index("runs_of_review", "review_id", "position"),
    Index("runs_open", "backend", "state", postgresql_where=text("state IN ('queued', 'taken')")),
    Index("runs_ended", "repository_id", "queued_at"),
)

leases = Table(
    "leases",
    metadata,
    # What only one worker at a time does.
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", DateTime(timezone=True), nullable=False),
)

github_writes = Table(
    "github_writes",
    metadata,
    Column("installation_id", BigInteger, primary_key=True),
    # The beginning of ten seconds.
    Column("moment", DateTime(timezone=True), primary_key=True),
    Column("writes", Integer, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    # How far something that goes on for ever has come.
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
