"""What can be done with a deal as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.tasks import act
from saveline.core.choose import Choice
from saveline.core.decide import deals as decide
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case, Decision, duty_after
from saveline.core.decide.reopening import reopen_deal
from saveline.core.errors import AccountLeft, DealIsOpen, Invalid, Missing, Problem, UnknownAccount, UnknownWord
from saveline.core.facts import Account, Deal, Doer, Fact
from saveline.core.opening import cooling, gone
from saveline.core.people import Duty, People
from saveline.core.phrases import words_of
from saveline.core.play import Play
from saveline.core.suitable import Candidate, asked_for, suitable
from saveline.store import load, playbooks
from saveline.store.apply import apply
from saveline.store.lineage import last_deals
from saveline.store.load import ACCOUNT
from saveline.store.rows import encode_json


class Wanted(Fact, frozen=True):
    """An account that is to become a deal: for which causes, with which score, and why. ``notes`` explain causes;
    ``play`` is one that somebody asks for by name, whatever fits best."""

    account: Account
    causes: Sequence[str]
    score: int = 0
    why: Sequence[str] = ()
    notes: Mapping[str, str] = {}
    play: str = ""


def open_deal(
    desk: Desk, account_id: int, *, causes: Sequence[str], score: int = 0, by: Doer | None = None, play: str = ""
) -> Deal:
    """Open a deal on an account by hand, with the ``play`` that fits it best or the one of that name; a deal that was
    closed within the cool-down is opened again.

    Raises DealIsOpen, UnknownAccount, AccountLeft, UnknownWord for the play, and Invalid when no play is in order.
    """
    with desk.writing() as conn:
        now = desk.now(conn)
        found = load.accounts(conn, [account_id])
        if not found:
            raise UnknownAccount(str(account_id))
        if gone(found[0], desk.workspace, now) and found[0].left_on is not None:
            raise AccountLeft(found[0].name, f"{found[0].left_on:%-d %b %Y}", found[0].key)
        return open_deals(desk, conn, [Wanted(found[0], causes, score, play=play)], now, by)[0]


def open_deals(
    desk: Desk,
    conn: Connection,
    wanted: Sequence[Wanted],
    now: datetime,
    by: Doer | None = None,
    *,
    apart_from: int | None = None,
) -> list[Deal]:
    """Open them all within the caller's transaction, each with the play that fits it best, no two of one deal.

    A deal that was closed within the cool-down is opened again. ``apart_from`` is a deal into which that of the account
    may have been merged, and out of which it comes now.
    """
    before = _refuse_second(desk, conn, wanted, now, apart_from)
    people = desk.people(conn)
    duty = desk.duty(conn, people, desk.live_picks())
    decisions: list[Decision] = []
    for w in wanted:
        deal, account = before.get(w.account.id, (Deal(id=0, account_id=w.account.id), w.account))
        again = deal if deal.id else None
        candidate = Candidate(account, tuple(w.causes), now, w.score, again)
        play, choice = _choose(desk, candidate, w.play, people, duty)
        case = Case(desk.workspace, people, play, account, deal, duty)
        decisions.append(_opening(case, w, choice, now, by))
        duty = duty_after(duty, decisions[-1])
    for live in desk.plays.live:
        if any(d.deal.play_hash == live.play.hash for d in decisions):
            version = playbooks.Version(live.play.hash, live.play.name, live.text, encode_json(live.policies))
            playbooks.remember(conn, version, now)
    return apply(conn, decisions, now)


def _opening(case: Case, wanted: Wanted, choice: Choice, now: datetime, by: Doer | None) -> Decision:
    why = (*wanted.why, *choice.why)
    if case.deal.id:
        causes = {cause: wanted.notes.get(cause, "") for cause in wanted.causes}
        return reopen_deal(case, at=now, causes=causes, score=wanted.score, why=why, by=by)
    return decide.open_deal(case, at=now, causes=wanted.causes, score=wanted.score, why=why, by=by, lot=choice.lot)


def _refuse_second(
    desk: Desk, conn: Connection, wanted: Sequence[Wanted], now: datetime, apart_from: int | None
) -> dict[int, tuple[Deal, Account]]:
    """By account, the deal that is to be opened again. An account has one open deal at a time; a further cause joins
    it. Raises DealIsOpen."""
    ids = [w.account.id for w in wanted]
    # Whoever opens one at the same moment waits here and then finds the deal.
    conn.execute(
        sa.select(ACCOUNT.c.id).where(ACCOUNT.c.id.in_(ids)).order_by(ACCOUNT.c.id).with_for_update(key_share=True)
    )
    again: dict[int, int] = {}
    for account_id, last in last_deals(conn, ids).items():
        if last.open and (last.id != apart_from or last.own == last.id):
            raise DealIsOpen(next(w.account.name for w in wanted if w.account.id == account_id), last.id)
        if last.open:
            again[account_id] = last.own
        elif last.closed_at is not None and cooling(last.closed_at, desk.workspace.cool_down, now):
            again[account_id] = last.id
    found = {deal.id: (deal, account) for deal, account in load.deals(conn, sorted(set(again.values())), lock=True)}
    return {account_id: found[deal_id] for account_id, deal_id in again.items()}


def _choose(desk: Desk, candidate: Candidate, named: str, people: People, duty: Duty) -> tuple[Play, Choice]:
    """The play that fits the account best, by lot where a trial draws one; where time is short, the short form that
    fits the time. Or the one that is ``named``: the lot is kept with the deal all the same. Raises UnknownWord."""
    plays, default = [live.play for live in desk.plays.live], desk.workspace.default_play
    asked = next((p for p in plays if p.name == named), None)
    if named and asked is None:
        raise UnknownWord("a playbook", named, [p.name for p in plays])
    found = suitable(candidate, plays, desk.workspace, people, default, duty)
    if asked is not None:
        found = asked_for(found, asked)
    if found.play is None:
        what = "no playbook applies, and the default is not in order"
        raise Invalid([Problem("playbooks", 1, 1, what, f"a playbook {default} that can run")])
    return found.play, found


def move_stage(desk: Desk, deal_id: int, by: Doer, *, to: str, reason: str = "") -> Decision:
    return act(desk, deal_id, lambda case, now: decide.move_stage(case, by=by, at=now, to=to, reason=reason))


def set_severity(desk: Desk, deal_id: int, by: Doer, *, to: str, reason: str) -> Decision:
    return act(desk, deal_id, lambda case, now: decide.set_severity(case, by=by, at=now, to=to, reason=reason))


def override_gate(desk: Desk, deal_id: int, by: Doer, *, until: datetime, reason: str) -> Decision:
    return act(desk, deal_id, lambda case, now: decide.override_gate(case, by=by, at=now, until=until, reason=reason))


def pause(desk: Desk, deal_id: int, by: Doer, *, until: datetime, reason: str) -> Decision:
    return act(desk, deal_id, lambda case, now: decide.pause(case, by=by, at=now, until=until, reason=reason))


def resume(desk: Desk, deal_id: int, by: Doer) -> Decision:
    return act(desk, deal_id, lambda case, now: decide.resume_deal(case, by=by, at=now))


def close_deal(desk: Desk, deal_id: int, by: Doer, closing: Closing) -> Decision:
    return act(desk, deal_id, lambda case, now: decide.close_deal(case, closing, by=by, at=now))


def add_cause(desk: Desk, deal_id: int, by: Doer, *, cause: str, note: str = "") -> Decision:
    """Somebody says that there is a further cause. Raises UnknownWord, Missing, DealIsClosed."""
    if cause not in desk.workspace.causes:
        raise UnknownWord("a cause", cause, desk.workspace.causes)

    def intent(case: Case, now: datetime) -> Decision:
        if cause in case.deal.causes and not case.deal.closed:
            raise Missing(f"Deal {deal_id} has the cause {words_of(cause)} already.")
        return decide.add_cause(case, at=now, cause=cause, score=case.deal.score, note=note.strip(), by=by)

    return act(desk, deal_id, intent)
