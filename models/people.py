"""The people who do the tasks: nobody here has a password."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint, false, text, true
from sqlmodel import Field, SQLModel

from models.columns import BigKey


class Department(SQLModel, table=True):
    """A team that takes part in saves."""

    key: str = Field(primary_key=True)
    name: str
    lead_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigKey)
    channel: str | None = None


class Person(SQLModel, table=True):
    """Name, addresses, working hours. ``zone``, ``country``, ``hours``, ``language`` and ``quiet`` fall back to the
    workspace's. ``prefers`` is a JSON object: the channel by which they want a kind of notice, or ``off``; ``reports``
    are a JSON list: those they want."""

    __table_args__ = (CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    email: str = Field(unique=True)
    name: str
    slack_id: str | None = Field(default=None, unique=True)
    department: str | None = None
    manager_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigKey)
    zone: str | None = None
    country: str | None = None
    hours: str | None = None
    capacity: int | None = None
    active: bool = True
    language: str | None = None
    quiet: str | None = None
    digest_hour: int | None = None
    prefers: str = Field(default="{}", sa_column_kwargs={"server_default": text("'{}'")})
    reports: str = Field(default="[]", sa_column_kwargs={"server_default": text("'[]'")})


class PersonVersion(SQLModel, table=True):
    """What somebody was called from ``at`` on, to whom they belonged and when they worked. ``absences`` are a JSON
    list, in order."""

    __tablename__ = "person_version"
    person_id: int = Field(primary_key=True, sa_type=BigKey)
    at: datetime = Field(primary_key=True)
    name: str
    department: str | None = None
    zone: str | None = None
    country: str | None = None
    hours: str | None = None
    capacity: int | None = None
    active: bool = Field(default=True, sa_column_kwargs={"server_default": true()})
    absences: str = Field(default="[]", sa_column_kwargs={"server_default": text("'[]'")})


class Absence(SQLModel, table=True):
    """Days away, ``[first, back)``, and who stands in."""

    __table_args__ = (UniqueConstraint("person_id", "first"), CheckConstraint("first < back", name="order"))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    person_id: int = Field(foreign_key="person.id", sa_type=BigKey)
    first: date
    back: date
    substitute_id: int | None = Field(default=None, foreign_key="person.id", sa_type=BigKey)


class PulseAnswer(SQLModel, table=True):
    """An answer from 1 to 5 to the monthly question. Nothing here says whose: ``source_key`` is a number of the
    source's, under which the same answer may be brought in again."""

    __tablename__ = "pulse_answer"
    __table_args__ = (UniqueConstraint("source_key"), CheckConstraint("value BETWEEN 1 AND 5", name="value"))
    id: int | None = Field(default=None, primary_key=True, sa_type=BigKey)
    source_key: str
    department: str
    at: datetime
    value: int
    recorded_at: datetime


class PulseAnswerBefore(SQLModel, table=True):
    """What an answer was from ``recorded_at`` until before ``until``, when it was corrected."""

    __tablename__ = "pulse_answer_before"
    pulse_answer_id: int = Field(primary_key=True, sa_type=BigKey)
    recorded_at: datetime = Field(primary_key=True)
    until: datetime
    department: str
    at: datetime
    value: int


class PulseAsked(SQLModel, table=True):
    """Who was asked the question of a ``month`` (202611), with which department their answer is told, and whether they
    have given one: never which, and not when. It is forgotten when the month is over."""

    __tablename__ = "pulse_asked"
    month: int = Field(primary_key=True)
    person_id: int = Field(primary_key=True, sa_type=BigKey)
    department: str
    answered: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class Rotation(SQLModel, table=True):
    """Whom a department's round robin picked last."""

    department: str = Field(primary_key=True)
    person_id: int = Field(sa_type=BigKey)


class Revision(SQLModel, table=True):
    """A counter that grows whenever what it names has changed, so that processes know when to read it again."""

    name: str = Field(primary_key=True)
    value: int = Field(default=0, sa_type=BigKey)
