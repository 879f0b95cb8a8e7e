"""What can be done with a deal as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.tasks import Doer, act
from saveline.core import choose
from saveline.core.decide import deals as decide
from saveline.core.decide.deals import Closing
from saveline.core.decide.draft import Case, Decision, account_facts, duty_after
from saveline.core.errors import DealIsOpen, Invalid, Problem, UnknownAccount
from saveline.core.facts import Account, Deal
from saveline.store import load, playbooks
from saveline.store.apply import apply
from saveline.store.rows import DEAL, encode_json


def open_deal(desk: Desk, account_id: int, *, causes: Sequence[str], score: int = 0, doer: Doer | None = None) -> Deal:
    """Open a deal on an account by hand. Raises DealIsOpen, UnknownAccount, and Invalid when no play is in order."""
    with desk.writing() as conn:
        now = desk.now(conn)
        found = load.accounts(conn, [account_id])
        if not found:
            raise UnknownAccount(str(account_id))
        return open_deals(desk, conn, [(found[0], causes, score, ())], now, doer)[0]


def open_deals(
    desk: Desk,
    conn: Connection,
    wanted: Sequence[tuple[Account, Sequence[str], int, Sequence[str]]],
    now: datetime,
    doer: Doer | None = None,
) -> list[Deal]:
    """Open a deal for each ``(account, causes, score, why)`` within the caller's transaction."""
    taken = {
        a: i
        for i, a in conn.execute(
            sa.select(DEAL.c.id, DEAL.c.account_id).where(
                DEAL.c.state != "closed", DEAL.c.account_id.in_([w[0].id for w in wanted])
            )
        )
    }
    decisions: list[Decision] = []
    duty = desk.duty(conn, {key for p in desk.plays.live for key in p.play.picks})
    for account, causes, score, why in wanted:
        if account.id in taken:
            raise DealIsOpen(account.name, taken[account.id])
        case, why = _case(desk, conn, account, causes, why, now)
        by, via = (doer.person_id, doer.via) if doer else (None, "engine")
        opening = replace(case, duty=duty)
        decisions.append(decide.open_deal(opening, at=now, causes=causes, score=score, why=why, by=by, via=via))
        duty = duty_after(duty, decisions[-1])
    return apply(conn, decisions, now)


def _case(
    desk: Desk, conn: Connection, account: Account, causes: Sequence[str], why: Sequence[str], now: datetime
) -> tuple[Case, tuple[str, ...]]:
    """The case of a deal that is to be opened with the play that fits best, and why it was chosen."""
    deal_facts = {"causes": list(causes), "arr": account.arr_cents / 100}
    empty = Deal(id=0, account_id=account.id)
    facts = {"account": account_facts(account, replace(empty, opened_at=now)), "deal": deal_facts, "answers": {}}
    plays = {p.play.hash: p for p in desk.plays.live}
    choice = choose.choose(
        [p.play for p in plays.values()], account, causes, facts, at=now, default=desk.workspace.default_play
    )
    if choice.play is None:
        raise Invalid(
            [Problem("playbooks", 1, 1, "no playbook applies and the default is not in order", "a default play")]
        )
    live = plays[choice.play.hash]
    version = playbooks.Version(live.play.hash, live.play.name, live.text, encode_json(live.policies))
    playbooks.remember(conn, version, now)
    return Case(desk.workspace, desk.people(conn), live.play, account, empty), (*why, *choice.why)


def move_stage(desk: Desk, deal_id: int, doer: Doer, *, to: str, reason: str = "") -> Decision:
    return act(
        desk,
        deal_id,
        lambda case, now: decide.move_stage(case, by=doer.person_id, via=doer.via, at=now, to=to, reason=reason),
    )


def pause(desk: Desk, deal_id: int, doer: Doer, *, until: datetime, reason: str) -> Decision:
    return act(
        desk,
        deal_id,
        lambda case, now: decide.pause(case, by=doer.person_id, via=doer.via, at=now, until=until, reason=reason),
    )


def resume(desk: Desk, deal_id: int, doer: Doer) -> Decision:
    return act(desk, deal_id, lambda case, now: decide.resume_deal(case, by=doer.person_id, via=doer.via, at=now))


def close_deal(desk: Desk, deal_id: int, doer: Doer, closing: Closing) -> Decision:
    return act(
        desk, deal_id, lambda case, now: decide.close_deal(case, closing, by=doer.person_id, via=doer.via, at=now)
    )
