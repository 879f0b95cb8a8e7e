"""Nobody is flooded: before a notice may be sent it is judged whether it goes now, waits, or is said with others.

A judgement is one transaction of a fixed number of statements, and what it leaves is either judged or waits for a
stated moment: killed anywhere, it is as if it had not begun.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core import attention as core
from saveline.core.attention import Judgement, Reader, Waiting
from saveline.core.people import People
from saveline.core.workspace import Attention
from saveline.store import attention
from saveline.store.attention import ToReader
from saveline.store.outbox import one_at_a_time

log = logging.getLogger(__name__)

MOST: Final = 2_000
READERS: Final = 500
STALE: Final = timedelta(minutes=15)
"""A notice that could not be sent for so long after it was judged is judged again."""


def judge(desk: Desk, *, most: int = MOST) -> Mapping[str, int]:
    """Judge what is due, at most ``most`` notices. Returns how many go, wait, were bundled and were cancelled; judging
    again changes nothing."""
    with desk.reading() as conn:
        if not attention.anything(conn, desk.now(conn)):
            return {}
    with desk.writing() as conn:
        one_at_a_time(conn)
        return _judge(desk, conn, most)


def judge_again(desk: Desk) -> int:
    """Forget what was judged of those that could not be sent since, because their channel was down: meanwhile it may
    be night, and ten messages may be one."""
    with desk.reading() as conn:
        now = desk.now(conn)
        if not attention.stale(conn, now, now - STALE):
            return 0
    with desk.writing() as conn:
        return attention.judge_again(conn, now, now - STALE)


def _judge(desk: Desk, conn: Connection, most: int) -> Mapping[str, int]:
    now, people = desk.now(conn), desk.people(conn)
    done = Counter(cancelled=attention.cancel_refused(conn, now))
    if _nothing_to_decide(desk, people):
        done["sent"] = attention.let_all_go(conn, now)
        return +done
    done["sent"] = attention.let_rooms_go(conn, now)
    ids = attention.readers(conn, now, READERS)
    waiting = attention.waiting(conn, ids, now, most) if ids else {}
    readers = _readers(desk, conn, people, list(waiting), now)
    judged = {i: _judged(notices, readers[i], desk.workspace.attention, now) for i, notices in waiting.items()}
    _write(conn, judged, now)
    for found in judged.values():
        done += Counter(
            sent=len(found.go),
            held=len(found.holds),
            bundled=sum(len(b.ids) for b in found.bundles),
            bundles=len(found.bundles),
        )
    return +done


def _judged(notices: Sequence[Waiting], reader: Reader, rules: Attention, now: datetime) -> Judgement:
    """One reader's judgement. A bug in it must not keep their notices, nor anybody else's: then all go at once."""
    try:
        return core.judge(notices, reader, rules, now)
    except Exception:
        log.exception("notices could not be judged; they go as they are")
        return Judgement(tuple(n.id for n in notices))


def _nothing_to_decide(desk: Desk, people: People) -> bool:
    """Whether everything goes at once, whoever reads it."""
    rules = desk.workspace.attention
    if rules.cap is not None or rules.bundle_from is not None or (rules.catch_up and people.anybody_away):
        return False
    return not rules.quiet and not any(p.quiet for p in people.by_id.values())


def _readers(desk: Desk, conn: Connection, people: People, ids: Sequence[int], now: datetime) -> dict[int, Reader]:
    found = {i: core.reader(people.calendar(i), people.by_id[i], desk.workspace) for i in ids}
    if not found or desk.workspace.attention.cap is None:
        return found
    got = attention.got(conn, {i: core.start_of_day(reader, now) for i, reader in found.items()})
    rests = attention.rests(conn, ids, now)
    return {i: replace(reader, today=got[i], rest_at=rests.get(i)) for i, reader in found.items()}


def _write(conn: Connection, judged: Mapping[int, Judgement], now: datetime) -> None:
    attention.let_go(conn, [i for found in judged.values() for i in found.go], now)
    attention.hold(conn, [h for found in judged.values() for h in found.holds])
    attention.bundle(conn, [ToReader(i, b) for i, found in judged.items() for b in found.bundles], now)
