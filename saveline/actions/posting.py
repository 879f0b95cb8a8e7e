"""Rows that a program sends: checked, written by natural key and judged at once, by the same rules as a CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.opening import Judged, Opened, judge
from saveline.actions.running import Cleared, Joined, Left
from saveline.core.errors import nearest, one_of
from saveline.core.facts import Fact
from saveline.core.kinds import Kind, kinds_of
from saveline.core.posted import Numbered, Refused, Row, read_rows
from saveline.core.references import References
from saveline.faults import crash_point
from saveline.store import accounts, directory, remembered
from saveline.store.intake import Ids, Origin, contacts_named, write_rows
from saveline.store.natural import Written
from saveline.store.rows import encode_json


class Rows(Fact, frozen=True):
    """What ``sender`` sends: JSON values that should be rows of ``kind``. ``strict``: all of them or none."""

    kind: str
    given: Sequence[Any]
    sender: str
    strict: bool = False


class Posted(Fact, frozen=True):
    """What became of the rows, and of the deals of their accounts. ``written``: whether anything was to be kept."""

    read: int
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: tuple[Refused, ...] = ()
    warnings: tuple[str, ...] = ()
    opened: tuple[Opened, ...] = ()
    joined: tuple[Joined, ...] = ()
    left: tuple[Left, ...] = ()
    cleared: tuple[Cleared, ...] = ()
    written: bool = True


def post_rows(desk: Desk, conn: Connection, sent: Rows, now: datetime) -> Posted:
    """Take in what is in order, within the transaction of ``conn``; open deals on accounts at risk.

    Everything is checked before anything is written. Where nothing may go in, nothing is.
    """
    kind = kinds_of(desk.workspace.account_fields)[sent.kind]
    rows, refused = read_rows(kind, sent.given, ZoneInfo(desk.workspace.zone))
    known, ids = _known(desk, conn, kind, [row for _, row in rows])
    strangers = list(_strangers(kind, rows, known))
    rows = _without(rows, strangers)
    if kind.name == "touchpoints":
        ids = replace(ids, contacts=contacts_named(conn, ids, [row for _, row in rows]))
        strangers += _no_contacts(rows, ids)
        rows = _without(rows, strangers)
    refused = sorted((*refused, *strangers), key=lambda r: r.index)
    if not rows or (refused and sent.strict):
        return Posted(len(sent.given), refused=tuple(refused), written=False)
    good = [row for _, row in rows]
    written = _write(conn, kind, good, ids, Origin(sent.sender, now))
    if kind.name == "accounts":
        named = (key[0] for key in (*written.added, *written.changed))
        remembered.keep_accounts(conn, now, accounts.ids_by_key(conn, list(named)).values())
    crash_point("rows_written")
    judged = judge(desk, conn, *_to_judge(conn, kind, good, ids, written), now)
    crash_point("judged")
    posted = _posted(desk, kind, sent, good, written, judged)
    posted = replace(posted, refused=tuple(refused))
    if posted.added or posted.changed or refused:
        _record(desk, conn, sent, posted, now)
    return posted


def _known(desk: Desk, conn: Connection, kind: Kind, rows: Sequence[Row]) -> tuple[References, Ids]:
    """What the rows may name. All accounts are read only where one is not found, to find the nearest to it."""
    field = "key" if kind.name == "accounts" else "account"
    named = {row[field] for row in rows}
    found = accounts.ids_by_key(conn, named)
    if kind.name != "accounts" and len(found) < len(named):
        found = accounts.ids_by_key(conn)
    people = directory.ids_by_email(conn)
    return References(found, people, desk.workspace.roles, ()), Ids(found, people)


def _strangers(kind: Kind, rows: Iterable[Numbered], known: References) -> Iterator[Refused]:
    """What the rows name that is not there."""
    names = list(kind.fields)
    for index, row in rows:
        for fault in known.faults(kind, row, names.index):
            yield Refused(index, names[fault.column], fault.what, fault.expected, fault.nearest)


def _no_contacts(rows: Iterable[Numbered], ids: Ids) -> Iterator[Refused]:
    for index, row in rows:
        contact = row.get("contact")
        if contact is not None and (ids.accounts[row["account"]], contact) not in ids.contacts:
            what = f"unknown contact {contact!r} of account {row['account']!r}"
            yield Refused(index, "contact", what, "a contact of this account")


def _without(rows: Iterable[Numbered], refused: Iterable[Refused]) -> list[Numbered]:
    bad = {r.index for r in refused}
    return [(index, row) for index, row in rows if index not in bad]


def _write(conn: Connection, kind: Kind, rows: Sequence[Row], ids: Ids, origin: Origin) -> Written:
    """Write the rows, those with the same fields together: a field that a row does not have is left as it was."""
    alike: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(row), []).append(row)
    done = [write_rows(conn, kind.name, some, ids, origin) for some in alike.values()]
    return Written(
        tuple(key for w in done for key in w.added),
        tuple(key for w in done for key in w.changed),
        sum(w.unchanged for w in done),
    )


def _to_judge(
    conn: Connection, kind: Kind, rows: Sequence[Row], ids: Ids, written: Written
) -> tuple[set[int], set[int]]:
    """The ids of the accounts that are named, and of those whose own facts have changed."""
    if kind.name != "accounts":
        return {ids.accounts[row["account"]] for row in rows}, set()
    found = accounts.ids_by_key(conn, {row["key"] for row in rows})
    return set(found.values()), {found[key[0]] for key in written.changed}


def _posted(desk: Desk, kind: Kind, sent: Rows, rows: Sequence[Row], written: Written, judged: Judged) -> Posted:
    return Posted(
        len(sent.given),
        len(written.added),
        len(written.changed),
        written.unchanged,
        warnings=(*_uncounted(desk, kind, rows), *(str(p) for p in judged.problems)),
        opened=judged.opened,
        joined=judged.joined,
        left=judged.left,
        cleared=judged.cleared,
    )


def _uncounted(desk: Desk, kind: Kind, rows: Iterable[Row]) -> list[str]:
    """Kinds of signals that neither a rule nor the report counts: they are kept, but come to nothing."""
    if kind.name != "signals":
        return []
    counted = sorted({rule.signal for rule in desk.workspace.risk.rules if rule.signal})
    found = []
    answers = (*desk.workspace.voice.nps, *desk.workspace.voice.csat)
    for word in dict.fromkeys(row["kind"] for row in rows):
        if word not in counted and word not in answers:
            near = nearest(word, counted)
            text = f"no risk rule counts signals of kind {word!r}; expected {one_of(counted)}"
            found.append(text + (f"; did you mean {near!r}?" if near else ""))
    return found


def _record(desk: Desk, conn: Connection, sent: Rows, posted: Posted, started: datetime) -> None:
    """Keep what the call did with the records of imports; one that changed nothing leaves no trace."""
    counts: Mapping[str, Any] = {
        sent.kind: {name: getattr(posted, name) for name in ("read", "added", "changed", "unchanged")},
        "deals_opened": len(posted.opened),
        "causes_joined": len(posted.joined),
    }
    problems = [f"row {r.index}: {r.field}: {r.what}" for r in posted.refused]
    run = {
        "source": sent.sender,
        "started_at": started,
        "finished_at": desk.now(conn),
        "counts": encode_json(counts),
        "problems": encode_json({"count": len(problems), "first": problems[:200]} if problems else {}),
    }
    accounts.record_run(conn, run)
