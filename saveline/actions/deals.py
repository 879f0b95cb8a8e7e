"""What can be done with a deal as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.tasks import act
from saveline.core.decide import deals as decide
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case, Decision, duty_after
from saveline.core.errors import DealIsOpen, Invalid, Problem, UnknownAccount
from saveline.core.facts import Account, Deal, Doer, Fact
from saveline.core.people import Duty, People
from saveline.core.play import Play
from saveline.core.suitable import Candidate, suitable
from saveline.store import load, playbooks
from saveline.store.apply import apply
from saveline.store.load import ACCOUNT
from saveline.store.rows import DEAL, encode_json


class Wanted(Fact, frozen=True):
    """An account that is to become a deal: for which causes, with which score, and why."""

    account: Account
    causes: Sequence[str]
    score: int = 0
    why: Sequence[str] = ()


def open_deal(desk: Desk, account_id: int, *, causes: Sequence[str], score: int = 0, by: Doer | None = None) -> Deal:
    """Open a deal on an account by hand. Raises DealIsOpen, UnknownAccount, and Invalid when no play is in order."""
    with desk.writing() as conn:
        now = desk.now(conn)
        found = load.accounts(conn, [account_id])
        if not found:
            raise UnknownAccount(str(account_id))
        return open_deals(desk, conn, [Wanted(found[0], causes, score)], now, by)[0]


def open_deals(
    desk: Desk, conn: Connection, wanted: Sequence[Wanted], now: datetime, by: Doer | None = None
) -> list[Deal]:
    """Open them all within the caller's transaction, each with the play that fits it best."""
    _refuse_second(conn, wanted)
    people = desk.people(conn)
    duty = desk.duty(conn, people, desk.live_picks())
    decisions: list[Decision] = []
    for w in wanted:
        play, why = _choose(desk, w, people, duty, now)
        case = Case(desk.workspace, people, play, w.account, Deal(id=0, account_id=w.account.id), duty)
        decisions.append(decide.open_deal(case, at=now, causes=w.causes, score=w.score, why=(*w.why, *why), by=by))
        duty = duty_after(duty, decisions[-1])
    for live in desk.plays.live:
        if any(d.deal.play_hash == live.play.hash for d in decisions):
            version = playbooks.Version(live.play.hash, live.play.name, live.text, encode_json(live.policies))
            playbooks.remember(conn, version, now)
    return apply(conn, decisions, now)


def _refuse_second(conn: Connection, wanted: Sequence[Wanted]) -> None:
    """An account has one open deal at a time; a further cause joins it. Raises DealIsOpen."""
    ids = [w.account.id for w in wanted]
    # Whoever opens one at the same moment waits here and then finds the deal.
    conn.execute(
        sa.select(ACCOUNT.c.id).where(ACCOUNT.c.id.in_(ids)).order_by(ACCOUNT.c.id).with_for_update(key_share=True)
    )
    running = sa.select(DEAL.c.account_id, DEAL.c.id).where(DEAL.c.state != "closed", DEAL.c.account_id.in_(ids))
    taken = dict(conn.execute(running).tuples().all())
    for w in wanted:
        if w.account.id in taken:
            raise DealIsOpen(w.account.name, taken[w.account.id])


def _choose(desk: Desk, wanted: Wanted, people: People, duty: Duty, now: datetime) -> tuple[Play, tuple[str, ...]]:
    """The play that fits the account best and, where time is short, the short form of it that fits the time."""
    candidate = Candidate(wanted.account, tuple(wanted.causes), now, wanted.score)
    plays, default = [live.play for live in desk.plays.live], desk.workspace.default_play
    found = suitable(candidate, plays, desk.workspace, people, default, duty)
    if found.play is None:
        what = "no playbook applies, and the default is not in order"
        raise Invalid([Problem("playbooks", 1, 1, what, f"a playbook {default} that can run")])
    return found.play, found.why


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
