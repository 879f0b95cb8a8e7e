"""What people ask about the outbox, and what they may put right in it: send one again, or never."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.why import notice as why_notice
from saveline.actions.wording import Facts
from saveline.core import delivery
from saveline.core.errors import HasLeft, NoticeStays, UnknownNotice
from saveline.core.facts import Doer, Fact
from saveline.core.notice_states import State, became, state_of
from saveline.core.notices import address_of
from saveline.core.people import People
from saveline.core.phrases import count
from saveline.core.why.lines import Part, Why, read
from saveline.store import destinations, inbound, notices, outbox, sending
from saveline.store.notices import Line, Wanted
from saveline.store.sending import Attempt

BY_HAND = "notice"
"""The source under which it is remembered who sent one again or dropped it."""


class Told(Fact, frozen=True):
    """A notice with its state, its attempts, and what people did with it by hand."""

    notice: Line
    state: State
    to: str
    attempts: tuple[Attempt, ...] = ()
    by_hand: tuple[str, ...] = ()


def listed(desk: Desk, wanted: Wanted) -> list[Told]:
    """Notices with all their attempts, the newest first."""
    with desk.reading() as conn:
        return _told(conn, desk.people(conn), notices.lines(conn, wanted))


def _told(conn: Connection, people: People, lines: Sequence[Line]) -> list[Told]:
    tried: dict[int, list[Attempt]] = {}
    for attempt in sending.attempts(conn, [n.id for n in lines]):
        tried.setdefault(attempt.notice_id, []).append(attempt)
    return [
        Told(
            n,
            state_of(n.status, n.attempts),
            people.name(n.person_id) if n.person_id else n.channel.partition(":")[2] or n.channel,
            tuple(tried.get(n.id, ())),
        )
        for n in lines
    ]


# --- one of them ------------------------------------------------------------------------------------------------------


def explained(desk: Desk, notice_id: int) -> tuple[Told, Why]:
    """One notice, and why: to whom, by this channel, what became of it, and each attempt. Raises UnknownNotice."""
    with desk.reading() as conn:
        line, people = _one(conn, notice_id), desk.people(conn)
        [told] = _told(conn, people, [line])
        done = tuple(f"{at:%Y-%m-%d %H:%M} UTC: {words}" for at, words in inbound.of(conn, f"{BY_HAND}:{line.id}"))
        twins, closed = notices.twins(conn, line), _closed(desk, conn, line, people)
    told = Told(told.notice, told.state, told.to, told.attempts, done)
    calendar = people.calendar(line.person_id or None)

    def moment(at: datetime) -> str:
        return read(calendar, at)

    parts = [Part("What became of it", (*became(line, twins, moment), *closed))]
    if told.attempts:
        parts.append(Part(count(len(told.attempts), "attempt"), tuple(_attempts(told.attempts, calendar.local))))
    if done:
        parts.append(Part("By hand", done))
    why = _why(desk, line)
    return told, Why(why.about, why.zone, (*why.parts, *parts))


def _why(desk: Desk, line: Line) -> Why:
    """Why it was decided. What is wrong with its row or its deal's must not hide what became of it."""
    try:
        return why_notice(desk, line.id)
    except Exception as error:
        words = f"it cannot be said: {type(error).__name__}: {error}"
        return Why(f"Notice {line.id}  {line.kind}", desk.workspace.zone, (Part("To them", (words,)),))


def _attempts(attempts: Sequence[Attempt], local: Callable[[datetime], datetime]) -> Iterator[str]:
    for attempt in attempts:
        worker = attempt.worker.partition("/")[0]
        came = attempt.outcome or "no outcome: it is under way, or died with its worker"
        said = f": {attempt.reason}" if attempt.reason else f" ({attempt.ref})" if attempt.ref else ""
        yield f"{local(attempt.at):%a %d %b %Y %H:%M:%S}  {came}{said}, by {worker}"


def _closed(desk: Desk, conn: Connection, line: Line, people: People) -> list[str]:
    """What holds up its channel or its mailbox just now."""
    if line.status not in ("queued", "unknown"):
        return []
    name, now = line.channel.partition(":")[0], desk.now(conn)
    address = address_of(line.channel, people.by_id.get(line.person_id), desk.workspace)
    there = {d.key: d for d in destinations.everything(conn)}
    found = (there.get(key) for key in dict.fromkeys((name, destinations.key_of(name, address))))
    return [
        f"{d.key} is left alone until {read(people.calendar(None), d.not_before)}: {d.error or 'one at a time'}"
        for d in found
        if d is not None and d.not_before is not None and d.not_before > now
    ]


def _one(conn: Connection, notice_id: int) -> Line:
    found = notices.by_id(conn, [notice_id])
    if notice_id not in found:
        raise UnknownNotice(notice_id)
    return found[notice_id]


# --- put right --------------------------------------------------------------------------------------------------------


def resend(desk: Desk, notice_id: int, by: Doer, *, again: bool = False) -> str:
    """Queue it as if for the first time; returns what will happen, in a sentence. One that was sent only ``again``.

    Raises UnknownNotice, HasLeft, and NoticeStays where it cannot or need not be sent.
    """
    with desk.writing() as conn:
        now, who = desk.now(conn), _somebody(desk, conn, by)
        line = _one(conn, notice_id)
        state = state_of(line.status, line.attempts)
        _resendable(line, state, again=again)
        unwanted = _unwanted(desk, conn, line)
        if unwanted:
            raise NoticeStays(line.id, f"would be cancelled at once: {unwanted}")
        if not notices.queue_again(conn, line, now):
            raise NoticeStays(line.id, "is in the hands of a worker just now: look again in a minute")
        _remember(conn, line, f"{who} sent it again; it was {state}", now)
        told = [t for t in notices.twins(conn, line) if t.status == "sent"]
    how = "A second copy goes" if state == "sent" else "It goes"
    also = f" They were told by {told[0].channel} already (notice {told[0].id})." if told else ""
    looks = " It may have arrived before: that is looked for first, or said in it." if line.doubts else ""
    goes = f"{how} by {line.channel} with the next pass, as things stand then."
    return f"Notice {line.id} is queued again. {goes}{looks}{also}"


def _resendable(line: Line, state: State, *, again: bool) -> None:
    if state == "sent" and not again:
        raise NoticeStays(line.id, "was sent: say --again to send a second copy")
    if state == "sending":
        raise NoticeStays(line.id, "is being sent just now")
    if state == "queued":
        raise NoticeStays(
            line.id, f"waits to be sent for the first time{f': {line.held_for}' if line.held_for else ''}"
        )
    if state == "bundled":
        raise NoticeStays(line.id, f"was said in notice {line.bundle_id}: send that one again")


def _unwanted(desk: Desk, conn: Connection, line: Line) -> str:
    """Why a worker would not send it now; '' where it would."""
    queued = outbox.notice(conn, line.id)
    facts = Facts(desk, conn, [queued])
    matter = facts.matter(queued)
    reason = delivery.unwanted(queued, matter.about.get("news"), matter.deal, facts.people)
    late = line.at < facts.now - desk.workspace.late_after.calendar()
    if reason is None and late and outbox.superseded(conn, [line.id]):
        reason = "a later one about the same was sent, or waits"
    return reason or ""


def drop(desk: Desk, notice_id: int, by: Doer, *, reason: str) -> str:
    """Never send it; returns what happened, in a sentence. Raises UnknownNotice, HasLeft, and NoticeStays."""
    with desk.writing() as conn:
        now, who = desk.now(conn), _somebody(desk, conn, by)
        line = _one(conn, notice_id)
        state = state_of(line.status, line.attempts)
        if state not in ("queued", "failed", "unknown"):
            raise NoticeStays(line.id, f"is {state}: there is nothing to drop")
        if not notices.cancel(conn, line, f"dropped by {who}: {reason}", now):
            raise NoticeStays(line.id, "is in the hands of a worker just now: look again in a minute")
        _remember(conn, line, f"{who} dropped it: {reason}", now)
    maybe = " It may have arrived already." if line.doubts else ""
    return f"Notice {line.id} will not be sent.{maybe}"


def _somebody(desk: Desk, conn: Connection, by: Doer) -> str:
    people = desk.people(conn)
    person = people.by_id.get(by.person_id or 0)
    if person is None or not person.active:
        raise HasLeft(person.name if person else "Somebody unknown")
    return person.name


def _remember(conn: Connection, line: Line, words: str, now: datetime) -> None:
    source, key = f"{BY_HAND}:{line.id}", now.isoformat()
    if inbound.remember(conn, source, key, now) is None:
        inbound.settle(conn, source, key, words)
