"""Customers and what is observed about them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import BigKey


class Account(SQLModel, table=True):
    """A customer; ``key`` is its natural key in the source, ``fields`` a JSON object of the user's own columns."""

    __table_args__ = (
        CheckConstraint("arr_cents >= 0", name="arr"),
        CheckConstraint("health IS NULL OR health BETWEEN 0 AND 100", name="health"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    key: str = Field(unique=True)
    name: str
    segment: str | None = None
    vertical: str | None = None
    region: str | None = None
    country: str | None = None
    arr_cents: int = Field(default=0, sa_type=BigKey)
    renewal: date | None = None
    health: int | None = None
    left_on: date | None = None
    fields: str = "{}"


class AccountVersion(SQLModel, table=True):
    """What was known of an account from ``at`` on: a row whenever one of these has changed."""

    __tablename__ = "account_version"
    account_id: int = Field(primary_key=True, sa_type=BigKey)
    at: datetime = Field(primary_key=True)
    name: str
    segment: str | None = None
    vertical: str | None = None
    region: str | None = None
    arr_cents: int = Field(sa_type=BigKey)
    renewal: date | None = None
    left_on: date | None = None


class AccountRole(SQLModel, table=True):
    """Who of us has which role with the account: csm, ae, sponsor."""

    __tablename__ = "account_role"
    account_id: int = Field(primary_key=True, foreign_key="account.id", sa_type=BigKey)
    role: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", sa_type=BigKey)


class Contact(SQLModel, table=True):
    """Somebody at the customer. A champion who has left has a ``left_on``."""

    __table_args__ = (UniqueConstraint("account_id", "email"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    account_id: int = Field(foreign_key="account.id", sa_type=BigKey)
    email: str
    name: str
    title: str | None = None
    champion: bool = False
    left_on: date | None = None


class Signal(SQLModel, table=True):
    """One observation about an account; ``source_key`` tells it from others of its kind in the source.

    ``contact`` is who said it, where somebody did. ``recorded_at`` is since when we know of it what this row says.
    """

    __table_args__ = (
        UniqueConstraint("account_id", "kind", "source_key"),
        Index(None, "account_id", "at"),
        Index(None, "kind", "at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    account_id: int = Field(foreign_key="account.id", sa_type=BigKey)
    kind: str
    at: datetime
    value: float | None = None
    note: str = ""
    source: str = ""
    source_key: str
    contact: str | None = None
    recorded_at: datetime


class SignalBefore(SQLModel, table=True):
    """What a signal said from ``recorded_at`` until before ``until``, when it was corrected."""

    __tablename__ = "signal_before"
    signal_id: int = Field(primary_key=True, sa_type=BigKey)
    recorded_at: datetime = Field(primary_key=True)
    until: datetime
    account_id: int = Field(sa_type=BigKey)
    kind: str
    at: datetime
    value: float | None = None
    note: str = ""
    contact: str | None = None


class Touchpoint(SQLModel, table=True):
    """Human contact: who met the customer, when and how. ``recorded_at`` is since when we know what this row says."""

    __table_args__ = (
        UniqueConstraint("account_id", "source_key"),
        # All that a report asks of each account's last contact: a million touchpoints are counted from the index alone.
        Index(None, "account_id", "at", "recorded_at"),
        Index(None, "at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    account_id: int = Field(foreign_key="account.id", sa_type=BigKey)
    person_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigKey)
    contact_id: int | None = Field(default=None, foreign_key="contact.id", sa_type=BigKey)
    at: datetime
    how: str
    note: str = ""
    source_key: str
    recorded_at: datetime


class TouchpointBefore(SQLModel, table=True):
    """What a touchpoint said from ``recorded_at`` until before ``until``, when it was corrected."""

    __tablename__ = "touchpoint_before"
    touchpoint_id: int = Field(primary_key=True, sa_type=BigKey)
    recorded_at: datetime = Field(primary_key=True)
    until: datetime
    account_id: int = Field(sa_type=BigKey)
    at: datetime
    how: str


class Subscription(SQLModel, table=True):
    """What an account pays a year from ``starts_on`` until before ``ends_on``; ``source_key`` is its natural key."""

    __table_args__ = (
        UniqueConstraint("account_id", "source_key"),
        CheckConstraint("arr_cents >= 0", name="arr"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    account_id: int = Field(foreign_key="account.id", sa_type=BigKey)
    source_key: str
    starts_on: date
    ends_on: date | None = None
    arr_cents: int = Field(sa_type=BigKey)


class SubscriptionVersion(SQLModel, table=True):
    """What was known of a subscription from ``at`` on."""

    __tablename__ = "subscription_version"
    subscription_id: int = Field(primary_key=True, sa_type=BigKey)
    at: datetime = Field(primary_key=True)
    account_id: int = Field(sa_type=BigKey)
    starts_on: date
    ends_on: date | None = None
    arr_cents: int = Field(sa_type=BigKey)


class Departure(SQLModel, table=True):
    """That an account left on a day, or said that it would, and why."""

    __table_args__ = (UniqueConstraint("account_id", "source_key"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    account_id: int = Field(foreign_key="account.id", sa_type=BigKey)
    source_key: str
    on: date
    reason: str
    note: str = ""


class DepartureVersion(SQLModel, table=True):
    """What was known of a departure from ``at`` on."""

    __tablename__ = "departure_version"
    departure_id: int = Field(primary_key=True, sa_type=BigKey)
    at: datetime = Field(primary_key=True)
    account_id: int = Field(sa_type=BigKey)
    on: date
    reason: str
    note: str = Field(default="", sa_column_kwargs={"server_default": ""})


class SupportCase(SQLModel, table=True):
    """What a customer came to support with. ``contacts`` is how often they had to, ``reopened`` whether it was opened
    again after it was resolved, ``satisfaction`` their answer on the source's own scale; None is what the source does
    not say."""

    __tablename__ = "support_case"
    __table_args__ = (
        UniqueConstraint("account_id", "source_key"),
        CheckConstraint("contacts >= 0", name="contacts"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    account_id: int = Field(foreign_key="account.id", sa_type=BigKey)
    source_key: str
    opened_at: datetime
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    contacts: int | None = None
    reopened: bool | None = None
    satisfaction: float | None = None
    escalated: bool | None = None
    complaint: bool | None = None


class SupportCaseVersion(SQLModel, table=True):
    """What was known of a support case from ``at`` on."""

    __tablename__ = "support_case_version"
    support_case_id: int = Field(primary_key=True, sa_type=BigKey)
    at: datetime = Field(primary_key=True)
    account_id: int = Field(sa_type=BigKey)
    opened_at: datetime
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    contacts: int | None = None
    reopened: bool | None = None
    satisfaction: float | None = None
    escalated: bool | None = None
    complaint: bool | None = None
