"""When a play has changed: what that would mean for the deals that run by it, and what somebody decides about them.

Deals go over in batches, each in a transaction with what came of it. When the last is through, everybody concerned gets
one summary; a change that was interrupted keeps what is done, and its summary is queued by the next housekeeping.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec
from msgspec.structs import replace
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from saveline.actions.desk import Desk
from saveline.core.changes import Event
from saveline.core.decide.draft import Case, duty_after
from saveline.core.decide.migrate import Migration, migrate, take_back
from saveline.core.errors import CannotMigrate, Invalid, Missing, Refusal, SomebodyWasFaster, UnknownWord, Unwritable
from saveline.core.facts import Account, Deal, Doer, Fact
from saveline.core.migration import Difference, Effect, Preview, Summary, differences, summaries
from saveline.core.notices import Notice, channels_for, rooms_for
from saveline.core.people import Duty, People
from saveline.core.play import Play
from saveline.core.writable import half_or_nul
from saveline.files.workspace import PLAYBOOKS, LivePlay
from saveline.store import load, outbox, playbooks, versions
from saveline.store.apply import apply
from saveline.store.rows import encode_json
from saveline.store.versions import Decided, Passed

log = logging.getLogger(__name__)

BATCH: Final = 100
"""Deals that go over in one transaction."""
GIVEN_UP: Final = timedelta(minutes=15)
"""After how long a change that is not through counts as interrupted."""
LONGEST: Final = 40
"""Lines of a summary; of more it says how many there are."""

Told: TypeAlias = Callable[[int, int], None]
"""Hears how many of how many deals are through."""
Read: TypeAlias = tuple[list[tuple[Deal, Account]], dict[int, Exception]]
"""Deals with their accounts, and the errors of those that could not be read."""


class Way(Fact, frozen=True):
    """Where the deals go: all to ``play``, or each back to the version that ``before`` names. By whom, and why."""

    play: Play | None = None
    before: Mapping[int, str] = {}
    by: Doer | None = None
    reason: str = ""


class Wanted(Fact, frozen=True):
    """Which deals: those with the ids ``deals``, else every one on an older version; with ``pinned`` the pinned too."""

    deals: tuple[int, ...] = ()
    pinned: bool = False


class Outcome(Fact, frozen=True):
    """What came of a decision: each deal's effect, those that differ from the preview, and how many were told."""

    decision: int
    choice: str
    play: str
    version: str
    deals: tuple[Effect, ...] = ()
    differences: tuple[Difference, ...] = ()
    told: int = 0


def preview(desk: Desk, name: str, wanted: Wanted | None = None, told: Told | None = None) -> Preview:
    """What the present version of play ``name`` would mean for the deals on older ones. Nothing is written.

    Raises UnknownWord for a play that is not there, Invalid for one that is not in order, Missing for a deal that does
    not run by an older version of it.
    """
    play = live_play(desk, name).play
    with desk.reading() as conn:
        now = desk.now(conn)
        ids, left_out = _wanted(conn, play, wanted or Wanted())
        effects = _foreseen(desk, conn, ids, now, Way(play), told)
    return Preview(name, play.hash, now, effects, tuple(sorted(left_out)))


def live_play(desk: Desk, name: str) -> LivePlay:
    """The play as its file says it now. Raises UnknownWord and Invalid."""
    found = next((p for p in desk.plays.live if p.play.name == name), None)
    if found is None:
        if name in desk.plays.broken:
            raise Invalid([p for p in desk.plays.problems if p.file.startswith(f"{PLAYBOOKS}/{name}.")])
        raise UnknownWord("a playbook", name, [p.play.name for p in desk.plays.live])
    return found


def pin(desk: Desk, name: str, way: Way, wanted: Wanted | None = None) -> Outcome:
    """The deals keep the version they have, and the next preview leaves them out."""
    live = live_play(desk, name)
    with desk.writing() as conn:
        now = desk.now(conn)
        ids, _ = _wanted(conn, live.play, wanted or Wanted())
        decision = _record(conn, live, "pin", way, now)
        deals = load.deals(conn, ids)
        versions.pass_(conn, decision, [Passed(d.id, "pinned", d.play_hash, None) for d, _ in deals])
        versions.finish(conn, decision, now)
    kept = tuple(Effect(d.id, a.name, d.stage, d.play_hash, d.play_hash, d.seq) for d, a in deals)
    return Outcome(decision, "pin", name, live.play.hash, kept)


def new_only(desk: Desk, name: str, way: Way) -> Outcome:
    """Only new deals get this version. That is so anyhow: this says that somebody has looked at it and decided."""
    live = live_play(desk, name)
    with desk.writing() as conn:
        now = desk.now(conn)
        decision = _record(conn, live, "new_only", way, now)
        versions.finish(conn, decision, now)
    return Outcome(decision, "new_only", name, live.play.hash)


def migrate_deals(
    desk: Desk,
    name: str,
    way: Way,
    wanted: Wanted | None = None,
    expected: Preview | None = None,
    told: Told | None = None,
) -> Outcome:
    """Take the deals over that can. Those that cannot keep their version, with the reason.

    Each is decided anew; ``differences`` names those that came out otherwise than in ``expected``. Raises as
    :func:`preview`, and Missing where ``expected`` is a preview of something else.
    """
    live = live_play(desk, name)
    if expected is not None and (expected.play, expected.version) != (name, live.play.hash):
        raise Missing(f"That is a preview of {expected.play} {expected.version}; {name} is {live.play.hash} now.")
    with desk.writing() as conn:
        now = desk.now(conn)
        ids, _ = _wanted(conn, live.play, wanted or Wanted())
        decision = _record(conn, live, "migrate", way, now)
    effects = _through(desk, decision, ids, replace(way, play=live.play), told)
    people = finish(desk, decision)
    otherwise = differences(expected, effects) if expected is not None else ()
    return Outcome(decision, "migrate", name, live.play.hash, effects, otherwise, people)


def roll_back(desk: Desk, name: str, way: Way, *, dry: bool = False, told: Told | None = None) -> Outcome:
    """The deals of the last migration of ``name`` go back to the version they had. With ``dry`` nothing is written.

    Raises Missing where there was none, or where no deal runs by its version any more.
    """
    with desk.reading() as conn:
        now, last = desk.now(conn), _last_migration(conn, name)
        went = {p.deal_id: p.before for p in versions.passed(conn, last.id) if p.result == "migrated"}
        ids = versions.running_by(conn, list(went), last.hash)
        if not ids:
            raise Missing(f"No deal that was migrated on {last.at:%-d %b %Y} runs by version {last.hash} any more.")
        way = replace(way, before=went)
        if dry:
            return Outcome(0, "rollback", name, last.hash, _foreseen(desk, conn, ids, now, way, told))
    with desk.writing() as conn:
        decision = _record(conn, last, "rollback", way, desk.now(conn))
    effects = _through(desk, decision, ids, way, told)
    return Outcome(decision, "rollback", name, last.hash, effects, (), finish(desk, decision))


def _last_migration(conn: Connection, name: str) -> Decided:
    last = next((d for d in versions.decisions(conn, name) if d.choice == "migrate"), None)
    if last is None:
        raise Missing(f"No deal of {name} was ever migrated.")
    return last


def _wanted(conn: Connection, play: Play, wanted: Wanted) -> tuple[list[int], set[int]]:
    """The deals that are to go over, and those left out because they are pinned."""
    ids = versions.running(conn, play.name, other_than=play.hash)
    for deal_id in wanted.deals:
        if deal_id not in ids:
            raise Missing(f"Deal {deal_id} does not run by an older version of {play.name}.")
    if wanted.deals:
        return sorted(set(wanted.deals)), set()
    left_out = set() if wanted.pinned else versions.pinned(conn, ids)
    return [i for i in ids if i not in left_out], left_out


def _record(conn: Connection, of: LivePlay | Decided, choice: str, way: Way, now: datetime) -> int:
    if isinstance(of, Decided):
        name, hash_ = of.name, of.hash
    else:
        name, hash_ = of.play.name, of.play.hash
        playbooks.remember(conn, playbooks.Version(hash_, name, of.text, encode_json(of.policies)), now)
    by = way.by.person_id if way.by else None
    if half_or_nul(way.reason):
        raise Unwritable(half_or_nul(way.reason))
    row = {"name": name, "hash": hash_, "choice": choice, "by_id": by, "at": now, "reason": way.reason}
    return versions.record(conn, row)


# --- deciding ---------------------------------------------------------------------------------------------------------


class _Batch(Fact, frozen=True):
    """Deals that were decided, what became of each, those that were refused among them; and the loads after it."""

    made: tuple[Migration, ...]
    effects: tuple[Effect, ...]
    duty: Duty


def _foreseen(
    desk: Desk, conn: Connection, ids: Sequence[int], now: datetime, way: Way, told: Told | None
) -> tuple[Effect, ...]:
    """What would become of the deals, without writing anything."""
    effects: list[Effect] = []
    more = Duty()
    for some in _batches(ids):
        batch = _decide(desk, conn, load.readable(conn, some), now, way, more)
        effects += batch.effects
        more = batch.duty
        if told is not None:
            told(len(effects), len(ids))
    return tuple(effects)


def _through(desk: Desk, decision: int, ids: Sequence[int], way: Way, told: Told | None) -> tuple[Effect, ...]:
    """Take the deals over, batch by batch. One that cannot be written is left as it is, and the others go on."""
    effects: list[Effect] = []
    for some in _batches(ids):
        try:
            effects += _write(desk, decision, some, way)
        except (SQLAlchemyError, SomebodyWasFaster):
            log.exception("a batch of deals could not be written; trying them one by one")
            for deal_id in some:
                effects += _write_one(desk, decision, deal_id, way)
        if told is not None:
            told(len(effects), len(ids))
    return tuple(effects)


def _write_one(desk: Desk, decision: int, deal_id: int, way: Way) -> tuple[Effect, ...]:
    try:
        return _write(desk, decision, [deal_id], way)
    except (SQLAlchemyError, SomebodyWasFaster) as error:
        log.exception("deal %s could not be written", deal_id)
        refused = Effect(deal_id, "", "", "", "", 0, refused=(f"it could not be written: {error}",))
        with desk.writing() as conn:
            versions.pass_(conn, decision, [Passed(deal_id, "refused", "", refused)])
        return (refused,)


def _write(desk: Desk, decision: int, ids: Sequence[int], way: Way) -> tuple[Effect, ...]:
    with desk.writing() as conn:
        now = desk.now(conn)
        batch = _decide(desk, conn, load.readable(conn, ids, lock=True), now, way, Duty())
        apply(conn, [m.decision for m in batch.made], now)
        result = "migrated" if way.play is not None else "rolled_back"
        rows = [Passed(e.deal, "refused" if e.refused else result, e.before, e) for e in batch.effects]
        versions.pass_(conn, decision, rows)
    return batch.effects


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[i : i + BATCH] for i in range(0, len(ids), BATCH))


def _decide(desk: Desk, conn: Connection, read: Read, now: datetime, way: Way, more: Duty) -> _Batch:
    """``more`` are loads that come on top of what the database says: of deals that were only looked at."""
    found, faults = read
    histories = load.history(conn, [deal.id for deal, _ in found]) if way.before else {}
    people = desk.people(conn)
    duty = _sum(desk.duty(conn, people, _picks(desk, conn, found, way)), more)
    made: list[Migration] = []
    effects = [_refused(Deal(id=i, account_id=0), "", error) for i, error in faults.items()]
    for deal, account in found:
        if deal.closed:
            continue
        try:
            case = desk.case(conn, people, deal, account, duty)
            made.append(_cross(case, _target(desk, conn, deal, way), way, histories.get(deal.id, ()), now))
        except Exception as error:  # one deal that cannot be decided must not hinder the others: it keeps its version
            effects.append(_refused(deal, account.name, error))
            continue
        duty, more = duty_after(duty, made[-1].decision), duty_after(more, made[-1].decision)
        effects.append(made[-1].effect)
    return _Batch(tuple(made), tuple(sorted(effects, key=lambda e: e.deal)), more)


def _cross(case: Case, play: Play, way: Way, history: Sequence[Event], now: datetime) -> Migration:
    if way.play is not None:
        return migrate(case, play, at=now, by=way.by, reason=way.reason)
    return take_back(case, play, history, at=now, by=way.by, reason=way.reason)


def _target(desk: Desk, conn: Connection, deal: Deal, way: Way) -> Play:
    return way.play if way.play is not None else desk.play(conn, way.before[deal.id])


def _picks(desk: Desk, conn: Connection, found: Sequence[tuple[Deal, Account]], way: Way) -> set[str]:
    hashes = {deal.play_hash for deal, _ in found} | {way.before[d.id] for d, _ in found if d.id in way.before}
    return desk.picks(conn, hashes) | (set(way.play.picks) if way.play is not None else set())


def _sum(duty: Duty, more: Duty) -> Duty:
    loads = {p: duty.open_tasks.get(p, 0) + more.open_tasks.get(p, 0) for p in {*duty.open_tasks, *more.open_tasks}}
    return Duty(loads, {**duty.last_pick, **more.last_pick})


def _refused(deal: Deal, account: str, error: Exception) -> Effect:
    match error:
        case CannotMigrate():
            reasons = error.reasons
        case Invalid():
            reasons = ("the version it runs by cannot be read any more",)
        case Refusal():
            reasons = (str(error),)
        case _:
            log.error("deal %s could not be decided", deal.id, exc_info=error)
            reasons = (f"it could not be decided: {type(error).__name__}: {error}",)
    return Effect(deal.id, account, deal.stage, deal.play_hash, deal.play_hash, deal.seq, refused=reasons)


# --- one summary a person ---------------------------------------------------------------------------------------------


def finish(desk: Desk, decision: int) -> int:
    """Queue the summaries of a change that is through, once; returns how many people and rooms are told."""
    with desk.writing() as conn:
        now = desk.now(conn)
        if not versions.finish(conn, decision, now):
            return 0
        found = versions.decision(conn, decision)
        effects = [p.effect for p in versions.passed(conn, decision) if p.effect is not None]
        people = desk.people(conn)
        told = 0
        for summary in summaries(effects):
            notices = list(_notices(desk, people, found, summary, now))
            told += bool(outbox.add(conn, 0, notices, now))
        return told


def finish_interrupted(desk: Desk) -> int:
    """Queue the summaries of changes that somebody began and that never came to their end; returns how many."""
    with desk.reading() as conn:
        left = versions.interrupted(conn, desk.now(conn) - GIVEN_UP)
    for decision in left:
        finish(desk, decision.id)
    return len(left)


def _notices(desk: Desk, people: People, of: Decided, summary: Summary, now: datetime) -> Iterator[Notice]:
    """The summary by every channel it goes by; to a department to its room, or to its members at work.

    The decision stands where a task's number would: two changes are two matters, and neither is missed for the other.
    """
    about = {
        "news": "play_changed",
        "play": _title(desk, of),
        "by": of.by_id,
        "reason": of.reason,
        "back": of.choice == "rollback",
        "lines": msgspec.to_builtins(summary.lines[:LONGEST]),
        "more": max(0, len(summary.lines) - LONGEST),
    }
    rooms = rooms_for(people.departments.get(summary.department or ""))
    yield from (Notice("news", now, 0, room, of.id, 1, about) for room in rooms)
    readers = [p for p in people.by_id.values() if p.id == summary.person_id]
    if summary.department is not None and not rooms:
        readers = [p for p in people.members(summary.department) if people.at_work(p.id, now, []) == p.id]
    for person in readers:
        for channel in channels_for("news", person, desk.workspace):
            yield Notice("news", now, person.id, channel, of.id, 1, about)


def _title(desk: Desk, of: Decided) -> str:
    return next((p.play.title for p in desk.plays.live if p.play.name == of.name), of.name)
