"""Deals, their tasks and their history."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import BigKey

OPEN_DEAL = text("state <> 'closed'")
DUE_DEAL = text("next_at IS NOT NULL")
IN_TRIAL = text("trial IS NOT NULL")
OPEN_TASK = text("state = 'open'")
LATE = text("late_s >= 3600")
WAY = text("kind IN ('stage_entered', 'deal_migrated', 'deal_reopened', 'deal_joined', 'causes_split')")
"""The events that a deal's way is made of, but for its first opening and its end, which its row has."""
DONE = text("kind = 'task_done'")
CLOSED = text("kind = 'deal_closed'")


class Deal(SQLModel, table=True):
    """A flight risk on its way through the pipeline.

    ``next_at`` is the earliest moment at which something is due; an open deal without one is refused, so none can be
    forgotten. A saved deal that is watched has one too, although it is closed. ``seq`` is the number of its last event.
    The last three columns are for a deal that could not be decided.
    """

    __table_args__ = (
        CheckConstraint("state IN ('open', 'paused', 'closed')", name="state"),
        CheckConstraint("state = 'closed' OR next_at IS NOT NULL", name="not_forgotten"),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL AND outcome IS NOT NULL)", name="closed"),
        CheckConstraint("(state = 'paused') = (paused_at IS NOT NULL AND paused_until IS NOT NULL)", name="paused"),
        CheckConstraint("kept_cents IS NULL OR kept_cents >= 0", name="kept"),
        Index("uq_deal_open_account", "account_id", unique=True, sqlite_where=OPEN_DEAL, postgresql_where=OPEN_DEAL),
        Index("ix_deal_due", "next_at", sqlite_where=DUE_DEAL, postgresql_where=DUE_DEAL),
        Index("ix_deal_trial", "trial", sqlite_where=IN_TRIAL, postgresql_where=IN_TRIAL),
        Index(None, "account_id"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    account_id: int = Field(foreign_key="account.id", sa_type=BigKey)
    play: str
    play_hash: str = Field(foreign_key="playbook_version.hash")
    state: str = "open"
    stage: str
    visit: int = 1
    owner_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigKey)
    opened_at: datetime
    stage_at: datetime
    stage_due_at: datetime | None = None
    stage_late_at: datetime | None = None
    decide_at: datetime
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    closed_at: datetime | None = None
    outcome: str | None = None
    reason: str | None = None
    evidence: str | None = None
    arr_cents: int = Field(default=0, sa_type=BigKey)
    kept_cents: int | None = Field(default=None, sa_type=BigKey)
    score: int = 0
    severity: str | None = None
    override_until: datetime | None = None
    watch_until: datetime | None = None
    kept_at: datetime | None = None
    left_at: datetime | None = None
    merged_into: int | None = Field(default=None, sa_type=BigKey)
    reopened_at: datetime | None = None
    closed_before: datetime | None = None
    earlier: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    trial: str | None = None
    arm: str | None = None
    next_at: datetime | None = None
    seq: int = 0
    failures: int = 0
    error: str | None = None
    retry_at: datetime | None = None


class DealCause(SQLModel, table=True):
    """Why the deal is one, in the order the causes joined. One that was split off has a ``place`` below 0 and the
    moment at which it went: what was observed before then does not bring it back."""

    __tablename__ = "deal_cause"
    deal_id: int = Field(primary_key=True, foreign_key="deal.id", sa_type=BigKey)
    cause: str = Field(primary_key=True)
    place: int
    at: datetime


class Task(SQLModel, table=True):
    """One piece of work; ``no`` counts within the deal. An open task always has a due and a next moment."""

    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'open', 'done', 'cannot', 'skipped', 'withdrawn')", name="state"),
        CheckConstraint(
            "state <> 'open' OR (started_at IS NOT NULL AND due_at IS NOT NULL AND next_at IS NOT NULL)",
            name="not_forgotten",
        ),
        CheckConstraint("state IN ('waiting', 'open') OR closed_at IS NOT NULL", name="closed"),
        CheckConstraint("state = 'open' OR next_at IS NULL", name="silent"),
        Index("ix_task_assignee", "assignee_id", sqlite_where=OPEN_TASK, postgresql_where=OPEN_TASK),
        # Tasks of a deal lie side by side: reading a deal reads one page.
        {"sqlite_with_rowid": False},
    )
    deal_id: int = Field(primary_key=True, foreign_key="deal.id", sa_type=BigKey)
    no: int = Field(primary_key=True)
    plan: str
    stage: str
    visit: int
    state: str = "waiting"
    title: str = ""
    assignee_id: int | None = Field(default=None, sa_type=BigKey)
    department: str | None = None
    starts_at: datetime | None = None
    meant_id: int | None = Field(default=None, sa_type=BigKey)
    link: str | None = None
    started_at: datetime | None = None
    due_at: datetime | None = None
    promised_at: datetime | None = None
    anchor_at: datetime | None = None
    since: datetime | None = None
    seen_at: datetime | None = None
    snoozed_until: datetime | None = None
    assigned: int = 0
    reminded: int = 0
    rung: int = 0
    escalated: int = 0
    escalated_at: datetime | None = None
    waits_since: datetime | None = None
    closed_at: datetime | None = None
    closed_by: int | None = Field(default=None, sa_type=BigKey)
    outcome: str | None = None
    note: str | None = None
    answers: str = "{}"
    next_at: datetime | None = None


class Event(SQLModel, table=True):
    """The history: one row a change, never updated, never deleted.

    ``at`` is the moment it belongs to, ``late_s`` how many seconds later it was written. No foreign keys: the row is
    written thousands of times a second beside the deal's own, in the same transaction.
    """

    __table_args__ = (
        UniqueConstraint("deal_id", "seq"),
        # Only what was written hours after it happened: reports ask which facts of an earlier time are new.
        Index("ix_event_late", "late_s", "at", "deal_id", sqlite_where=LATE, postgresql_where=LATE),
        # A deal's way, and by which door its tasks were finished, are asked of all the deals of a year.
        Index("ix_event_way", "deal_id", "seq", sqlite_where=WAY, postgresql_where=WAY),
        Index("ix_event_done", "deal_id", "via", sqlite_where=DONE, postgresql_where=DONE),
        # Why deals were closed that have been opened again since.
        Index("ix_event_closed", "deal_id", sqlite_where=CLOSED, postgresql_where=CLOSED),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    deal_id: int = Field(sa_type=BigKey)
    seq: int
    task_no: int = 0
    at: datetime
    late_s: int = 0
    kind: str
    by_id: int | None = Field(default=None, sa_type=BigKey)
    via: str
    data: str


class KeptCase(SQLModel, table=True):
    """What statistics see of a deal, worked out ahead: true only while the deal is still at ``seq``.

    ``at`` and ``late_s`` are of its last event, ``form`` says of which kind the JSON is: of what it has ``alike`` with
    others, and of its ``own``. It may be deleted at any time: whoever asks works it out from the deal's row or events.
    """

    __tablename__ = "kept_case"
    deal_id: int = Field(primary_key=True, foreign_key="deal.id", sa_type=BigKey)
    seq: int
    at: datetime
    late_s: int
    form: int
    alike: str
    own: str


class Comment(SQLModel, table=True):
    """What people wrote on a deal or task; ``seq`` is the event that says when and by which door."""

    deal_id: int = Field(primary_key=True, foreign_key="deal.id", sa_type=BigKey)
    seq: int = Field(primary_key=True)
    task_no: int = 0
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigKey)
    at: datetime
    body: str
