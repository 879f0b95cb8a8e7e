"""The event log as OCEL 2.0, in its JSON form: events that have to do with deals, accounts, tasks, people, departments.

Both of its lists are written while the history is read: events into the file itself, objects into a second one that is
put behind them at the end.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from saveline.core.eventlog import Entry, Tie, other_deals, task_key, ties
from saveline.core.facts import Account, Deal, Department, Fact, Person, Task
from saveline.files.whole import packed, sound, whole
from saveline.files.xes import Trace

EVENT_ATTRIBUTES: Final = {
    "activity": "string",
    "kind": "string",
    "transition": "string",
    "stage": "string",
    "via": "string",
    "on_the_way": "boolean",
    "seq": "integer",
    "recorded_at": "time",
}
OBJECT_ATTRIBUTES: Final[Mapping[str, Mapping[str, str]]] = {
    "deal": {
        "play": "string",
        "state": "string",
        "stage": "string",
        "severity": "string",
        "outcome": "string",
        "arr_cents": "integer",
        "kept_cents": "integer",
    },
    "account": {
        "key": "string",
        "name": "string",
        "segment": "string",
        "vertical": "string",
        "region": "string",
        "arr_cents": "integer",
        "renewal": "string",
    },
    "task": {"plan": "string", "stage": "string", "state": "string"},
    "person": {"name": "string"},
    "department": {"name": "string"},
}
"""By type of object. What changes in time is told with its moments, for deals and tasks."""

ALWAYS: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment of what an object is from its beginning on, as the standard writes it."""

_encoder = msgspec.json.Encoder()


class Members(Fact, frozen=True):
    """Who and what there is besides deals: people are called by ``names``, which may hide who they are."""

    people: Sequence[Person]
    departments: Sequence[Department]
    names: Mapping[int, str]


def write_ocel(target: Path, traces: Iterable[Trace], members: Members, known: set[int]) -> None:
    """Write the log. Of other deals only those that are ``known`` are spoken of. Raises CannotWrite."""
    with whole(target) as part, packed(part, target.name) as out, tempfile.TemporaryFile(dir=part.parent) as aside:
        objects, types = _Listed(aside), dict[str, None]()
        out.write(b'{"events":[\n')
        events = _Listed(out)
        department_of = {p.id: p.department for p in members.people}
        keys, seen = _Known(members, known), set[int]()
        for trace in traces:
            for entry in trace.entries:
                types[entry.type] = None
                events.add(_event(entry, keys.only(ties(entry, department_of))))
            for found in _objects_of(trace, keys, seen):
                objects.add(found)
        for found in keys.members():
            objects.add(found)
        out.write(b'\n],\n"objects":[\n')
        aside.seek(0)
        shutil.copyfileobj(aside, out)
        out.write(b'\n],\n"eventTypes":' + _encoder.encode([_type(t, EVENT_ATTRIBUTES) for t in sorted(types)]))
        declared = [_type(name, attributes) for name, attributes in OBJECT_ATTRIBUTES.items()]
        out.write(b',\n"objectTypes":' + _encoder.encode(declared) + b"}\n")


class _Listed:
    """A JSON list that is written item by item."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._between = out, b""

    def add(self, item: Any) -> None:
        self._out.write(self._between + _encoder.encode(item))
        self._between = b",\n"


class _Known:
    """The objects that may be spoken of: people and departments that are, or were, and deals of the log."""

    def __init__(self, members: Members, deals: set[int]) -> None:
        self._members, self._deals = members, deals
        self._people = {str(p.id) for p in members.people}
        self._departments = {d.key for d in members.departments}
        self._gone: dict[Tie, None] = {}

    def only(self, found: Iterable[Tie]) -> list[Tie]:
        """Those ties that lead to an object of the log. Who is not in the directory any more becomes one."""
        kept = []
        for tie in found:
            if tie.kind == "deal" and int(tie.key) not in self._deals:
                continue
            if (tie.kind == "person" and tie.key not in self._people) or (
                tie.kind == "department" and tie.key not in self._departments
            ):
                self._gone[Tie(tie.kind, tie.key, "")] = None
            kept.append(tie)
        return kept

    def members(self) -> Iterator[dict[str, Any]]:
        for person in self._members.people:
            name = self._members.names[person.id]
            at = [Tie("department", person.department, "member of")] if person.department else []
            yield _object("person", str(person.id), {"name": [(ALWAYS, name)]}, self.only(at))
        for department in self._members.departments:
            lead = [Tie("person", str(department.lead_id), "led by")] if department.lead_id else []
            yield _object("department", department.key, {"name": [(ALWAYS, department.name)]}, self.only(lead))
        for tie in self._gone:
            yield _object(tie.kind, tie.key, {}, [])


def _event(entry: Entry, found: Sequence[Tie]) -> dict[str, Any]:
    event = entry.event
    values = (
        entry.name,
        event.kind,
        entry.transition,
        entry.deal.stage,
        event.via,
        entry.on_the_way,
        event.seq,
        _moment(entry.record.recorded_at),
    )
    return {
        "id": f"event {entry.deal.id}/{event.seq}",
        "type": sound(entry.type),
        "time": _moment(event.at),
        "attributes": [
            {"name": name, "value": _plain(name, value)} for name, value in zip(EVENT_ATTRIBUTES, values, strict=True)
        ],
        "relationships": _relationships(found),
    }


def _objects_of(trace: Trace, keys: _Known, seen: set[int]) -> Iterator[dict[str, Any]]:
    """The deal, its tasks, and its account the first time that it comes."""
    deal = trace.deal
    about = [Tie("account", str(deal.account_id), "of account")]
    about += other_deals(trace.entries)
    changed = _over_time(((e.event.at, e.deal) for e in trace.entries), tuple(OBJECT_ATTRIBUTES["deal"]))
    yield _object("deal", str(deal.id), changed, keys.only(about))
    for no, states in _tasks_over_time(trace.entries).items():
        belongs = [Tie("deal", str(deal.id), "of deal")]
        yield _object("task", task_key(deal.id, no), _over_time(states, tuple(OBJECT_ATTRIBUTES["task"])), belongs)
    if deal.account_id not in seen:
        seen.add(deal.account_id)
        yield _account(trace.account, keys)


def _account(account: Account, keys: _Known) -> dict[str, Any]:
    values = {
        name: [(ALWAYS, getattr(account, name))]
        for name in OBJECT_ATTRIBUTES["account"]
        if getattr(account, name) is not None
    }
    team = [Tie("person", str(person), role) for role, person in account.team.items()]
    return _object("account", str(account.id), values, keys.only(team))


def _tasks_over_time(entries: Sequence[Entry]) -> dict[int, list[tuple[datetime, Task]]]:
    """Each task as it became at each moment at which it changed."""
    found: dict[int, list[tuple[datetime, Task]]] = {}
    for entry in entries:
        before = entry.before.tasks
        for i, task in enumerate(entry.deal.tasks):
            if i >= len(before) or task is not before[i]:
                found.setdefault(task.no, []).append((entry.event.at, task))
    return found


def _over_time(
    states: Iterable[tuple[datetime, Deal | Task]], names: Sequence[str]
) -> dict[str, list[tuple[datetime, Any]]]:
    """The values of each attribute, with the moments from which on they held."""
    found: dict[str, list[tuple[datetime, Any]]] = {}
    for at, state in states:
        for name in names:
            value = getattr(state, name)
            had = found.setdefault(name, [])
            if (had[-1][1] if had else None) != value:
                had.append((at, value))
    return found


def _object(
    kind: str, key: str, values: Mapping[str, Sequence[tuple[datetime, Any]]], found: Sequence[Tie]
) -> dict[str, Any]:
    attributes = [
        {"name": name, "time": _moment(at), "value": _plain(name, value)}
        for name, changes in values.items()
        for at, value in changes
    ]
    told = {"id": _id(kind, key), "type": kind, "attributes": attributes}
    return told | {"relationships": _relationships(found)} if found else told


def _relationships(found: Sequence[Tie]) -> list[dict[str, str]]:
    return [{"objectId": _id(tie.kind, tie.key), "qualifier": sound(tie.how)} for tie in found]


def _id(kind: str, key: str) -> str:
    """``deal 12``: ids are unique in the whole log, whatever their type."""
    return sound(f"{kind} {key}")


def _type(name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    return {"name": sound(name), "attributes": [{"name": n, "type": t} for n, t in attributes.items()]}


def _plain(name: str, value: Any) -> Any:
    """A value as an attribute holds it. The standard has none for what is there no more: no text, or no money."""
    if value is None:
        return 0 if name.endswith("_cents") else ""
    if isinstance(value, str):
        return sound(value)
    return value.isoformat() if isinstance(value, date) else value


def _moment(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
