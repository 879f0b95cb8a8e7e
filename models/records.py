"""The outbox, and what is remembered about files, requests and reports."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import BigKey

UNDELIVERED = text("status IN ('queued', 'sending', 'unknown')")
LIVE = text("live")
BUNDLED = text("bundle_id IS NOT NULL")
UNJUDGED = text("judged_at IS NULL AND status IN ('queued', 'sending', 'unknown')")
JUDGED = text("judged_at IS NOT NULL")
LEASED = text("lease IS NOT NULL")


class Notice(SQLModel, table=True):
    """The outbox: one message to one person or room by one channel, inserted with the change that caused it.

    Without a deal (digests, reports) ``deal_id`` is 0, to a room ``person_id`` is 0: a NULL would slip past the unique
    key. No foreign keys, as in ``event``. ``attempts`` counts those that began, the first of them at ``tried_at``;
    ``doubts`` those of which nobody can say whether they arrived.

    ``judged_at`` is when it was seen to that it does not disturb: until then no worker takes it. One that is said
    together with others is ``bundled`` into the notice ``bundle_id``. ``held_for`` says in words why it waits until
    ``not_before``. ``live``: what was sent has buttons, so it is changed when the task changes.
    """

    __table_args__ = (
        UniqueConstraint("deal_id", "task_no", "kind", "ordinal", "person_id", "channel", name="uq_notice_once"),
        CheckConstraint(
            "status IN ('queued', 'sending', 'sent', 'unknown', 'dead', 'cancelled', 'missed', 'bundled')",
            name="status",
        ),
        Index("ix_notice_undelivered", "not_before", sqlite_where=UNDELIVERED, postgresql_where=UNDELIVERED),
        Index("ix_notice_leased", "lease_until", sqlite_where=LEASED, postgresql_where=LEASED),
        Index("ix_notice_live", "deal_id", sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_notice_bundle", "bundle_id", sqlite_where=BUNDLED, postgresql_where=BUNDLED),
        Index("ix_notice_unjudged", "not_before", sqlite_where=UNJUDGED, postgresql_where=UNJUDGED),
        Index("ix_notice_judged", "person_id", "judged_at", sqlite_where=JUDGED, postgresql_where=JUDGED),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    deal_id: int = Field(default=0, sa_type=BigKey)
    task_no: int = 0
    kind: str
    ordinal: int = 1
    person_id: int = Field(default=0, sa_type=BigKey)
    channel: str
    at: datetime
    about: str = "{}"
    status: str = "queued"
    not_before: datetime
    attempts: int = 0
    doubts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    tried_at: datetime | None = None
    lease: str | None = None
    lease_until: datetime | None = None
    sent_at: datetime | None = None
    ref: str | None = None
    error: str | None = None
    judged_at: datetime | None = None
    bundle_id: int | None = Field(default=None, sa_type=BigKey)
    held_for: str | None = None
    live: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class PlaybookVersion(SQLModel, table=True):
    """A playbook as it once was. ``hash`` covers its text and the policies it used: a running deal keeps both."""

    __tablename__ = "playbook_version"
    hash: str = Field(primary_key=True)
    name: str
    text: str
    policies: str
    seen_at: datetime


class PlaybookDecision(SQLModel, table=True):
    """What somebody decided about running deals when a playbook changed to version ``hash``, and why.

    ``finished_at`` is when the last deal was through and the summaries were queued: one without was interrupted.
    """

    __tablename__ = "playbook_decision"
    __table_args__ = (
        CheckConstraint("choice IN ('pin', 'migrate', 'new_only', 'rollback')", name="choice"),
        Index(None, "name"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    name: str
    hash: str = Field(foreign_key="playbook_version.hash")
    choice: str
    by_id: int | None = Field(default=None, sa_type=BigKey)
    at: datetime
    reason: str
    finished_at: datetime | None = None


class PlaybookDecided(SQLModel, table=True):
    """What came of a decision for one deal: ``effect`` is what it meant for the people on it, as JSON.

    ``before`` is the version it had. No foreign key to the deal, as in ``event``.
    """

    __tablename__ = "playbook_decided"
    __table_args__ = (
        CheckConstraint("result IN ('pinned', 'migrated', 'refused', 'rolled_back')", name="result"),
        Index(None, "deal_id"),
    )
    decision_id: int = Field(primary_key=True, foreign_key="playbook_decision.id", sa_type=BigKey)
    deal_id: int = Field(primary_key=True, sa_type=BigKey)
    result: str
    before: str
    effect: str


class Inbound(SQLModel, table=True):
    """A press, link or webhook that was acted on, so that it is acted on once."""

    source: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    at: datetime
    result: str = ""


class ImportRun(SQLModel, table=True):
    """One run of an import: what was read, what changed, what was refused."""

    __tablename__ = "import_run"
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    source: str
    started_at: datetime
    finished_at: datetime
    counts: str
    problems: str


class Report(SQLModel, table=True):
    """A report as it was built, so that every form of it prints the same value. Keys are like stage_report:2026-W47."""

    key: str = Field(primary_key=True)
    starts_at: datetime
    ends_at: datetime
    built_at: datetime
    value: str


class NamesVersion(SQLModel, table=True):
    """What the workspace called its stages, outcomes and departments from ``at`` on, as JSON."""

    __tablename__ = "names_version"
    at: datetime = Field(primary_key=True)
    value: str
