"""History as data for other tools: an event log, or plain tables. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core import dataset
from saveline.core.dataset import Ages, Shown
from saveline.core.eventlog import Entry, entries
from saveline.core.facts import Deal, Fact, Person
from saveline.core.people import People
from saveline.core.records import known
from saveline.files import ocel, xes
from saveline.files.datatables import Form, Put, table_files
from saveline.files.xes import Trace
from saveline.store import export, remembered

LogForm: TypeAlias = Literal["xes", "ocel"]


class Exported(Fact, frozen=True):
    """What was written: the files, how many deals and events, and as of which moment."""

    files: tuple[str, ...]
    deals: int
    events: int
    as_of: datetime


def write_log(
    desk: Desk, target: Path, form: LogForm, *, as_of: datetime | None = None, shown: Shown | None = None
) -> Exported:
    """Write the event log of all deals, as far as it was known at the moment ``as_of`` (now).

    People are called by their numbers unless their names may be ``shown``. Raises CannotWrite.
    """
    shown = shown or Shown()
    with export.snapshot(desk.engine) as conn:
        people, at = desk.people(conn), as_of or desk.now(conn)
        telling = Telling(desk, conn, as_of)
        names = {p.id: _called(p, shown) for p in people.by_id.values()}
        if form == "xes":
            person = lambda i: names.get(i, _number(i))  # noqa: E731 - a word for a person's number, used here only
            department_of = _departments(people)
            xes.write_xes(target, telling.traces(), as_of=at, person=person, department_of=department_of)
        else:
            members = ocel.Members(tuple(people.by_id.values()), desk.workspace.departments, names)
            ocel.write_ocel(target, telling.traces(), members, set(telling.ids))
    return Exported((str(target),), telling.deals, telling.events, at)


def write_tables(
    desk: Desk, folder: Path, form: Form, *, as_of: datetime | None = None, shown: Shown | None = None
) -> Exported:
    """Write deals, tasks, events, accounts and people as far as they were known at the moment ``as_of`` (now), a file
    in ``folder`` each. Raises CannotWrite."""
    shown = shown or Shown()
    with export.snapshot(desk.engine) as conn, table_files(folder, form) as put:
        people, at = desk.people(conn), as_of or desk.now(conn)
        telling = Telling(desk, conn, as_of)
        for deal, told in telling.stories():
            _put_deal(put, deal, told, shown)
        for accounts in export.all_accounts(conn, as_of):
            put["accounts"](dataset.account_row(a, shown) for a in accounts)
        for versions in export.account_versions(conn, as_of):
            put["account_versions"](tuple(row) for row in versions)
        known_people = list(people.by_id.values())
        if as_of is not None:
            known_people = remembered.people_as_of(conn, known_people, as_of)
        put["people"](dataset.person_row(p, shown) for p in known_people)
    files = tuple(str(folder / f"{name}.{form}") for name in dataset.TABLES)
    return Exported(files, telling.deals, telling.events, at)


def _put_deal(put: Mapping[str, Put], deal: Deal, told: tuple[Entry, ...], shown: Shown) -> None:
    ages = Ages()
    for entry in told:
        ages.note(entry)
    put["events"](dataset.event_row(entry, shown) for entry in told)
    put["deals"]([dataset.deal_row(deal, shown)])
    put["tasks"](dataset.task_rows(deal, ages, shown))


class Telling:
    """Goes through all deals once, some at a time, and counts what it came by."""

    def __init__(self, desk: Desk, conn: Connection, as_of: datetime | None) -> None:
        self._desk, self._conn, self._as_of = desk, conn, as_of
        self.ids = export.known_deals(conn, as_of)
        self.deals = self.events = 0

    def stories(self) -> Iterator[tuple[Deal, tuple[Entry, ...]]]:
        """Each deal as it stands at the end, with its log."""
        for part in export.histories(self._conn, self.ids):
            for history in part:
                empty = Deal(id=history.deal_id, account_id=history.account_id)
                records = history.records
                if self._as_of is not None:
                    records = known(records, self._as_of, self._as_of)
                told = tuple(entries(empty, records))
                if told:
                    self.deals += 1
                    self.events += len(told)
                    yield told[-1].deal, told

    def traces(self) -> Iterator[Trace]:
        """The same with the deals' accounts."""
        part: list[tuple[Deal, tuple[Entry, ...]]] = []
        for story in self.stories():
            part.append(story)
            if len(part) == export.CHUNK:
                yield from self._with_accounts(part)
                part = []
        yield from self._with_accounts(part)

    def _with_accounts(self, part: list[tuple[Deal, tuple[Entry, ...]]]) -> Iterator[Trace]:
        ids = sorted({deal.account_id for deal, _ in part})
        found = {a.id: a for a in export.accounts(self._conn, ids, self._as_of)}
        return (Trace(deal, found[deal.account_id], told) for deal, told in part)


def _called(person: Person, shown: Shown) -> str:
    return person.name if shown.people else _number(person.id)


def _number(person_id: int) -> str:
    """What somebody is called whose name stays here."""
    return f"person {person_id}"


def _departments(people: People) -> dict[int, str | None]:
    return {p.id: p.department for p in people.by_id.values()}
