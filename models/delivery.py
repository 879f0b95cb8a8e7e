"""How messages travel: every attempt, the state of each destination, threads, and what people asked not to get."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from models.columns import BigKey


class Attempt(SQLModel, table=True):
    """One attempt to send a notice. ``outcome`` is empty while it lasts; one that stays empty died with its worker."""

    __table_args__ = (
        CheckConstraint("outcome IN ('', 'sent', 'transient', 'permanent', 'unknown')", name="outcome"),
        Index(None, "notice_id"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    notice_id: int = Field(sa_type=BigKey)
    at: datetime
    ended_at: datetime | None = None
    worker: str
    outcome: str = ""
    reason: str | None = None
    ref: str | None = None


class Destination(SQLModel, table=True):
    """Where messages go: a channel as a whole, or one room or mailbox of it.

    Before ``not_before`` no worker sends there: that is how a 429 and the rate of a service are kept by all of them.
    ``failures`` are those since ``sent_at``, the last success.
    """

    key: str = Field(primary_key=True)
    not_before: datetime | None = None
    sent_at: datetime | None = None
    failed_at: datetime | None = None
    failures: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    error: str | None = None


class Unreachable(SQLModel, table=True):
    """A person whom a channel does not reach any more, because a mail to them came back; ``notice_id`` is which."""

    person_id: int = Field(primary_key=True, sa_type=BigKey)
    channel: str = Field(primary_key=True)
    address: str
    at: datetime
    reason: str
    notice_id: int | None = Field(default=None, sa_type=BigKey)


class Unsubscribed(SQLModel, table=True):
    """A kind of message that a person has asked not to get; only digests and reports can be."""

    person_id: int = Field(primary_key=True, sa_type=BigKey)
    kind: str = Field(primary_key=True)
    at: datetime


class Thread(SQLModel, table=True):
    """The conversation about a deal in one room of a channel; ``ref`` is the channel's name for its first message."""

    deal_id: int = Field(primary_key=True, sa_type=BigKey)
    address: str = Field(primary_key=True)
    ref: str
    at: datetime


class ApiToken(SQLModel, table=True):
    """A system that may send us facts. Only ``digest``, the token's SHA-256, is kept; ``scopes`` are words."""

    __tablename__ = "api_token"
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    name: str = Field(unique=True)
    digest: str = Field(unique=True)
    scopes: str
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
