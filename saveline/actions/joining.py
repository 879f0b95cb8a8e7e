"""Merging two deals, and splitting one: one transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from saveline.actions.deals import Wanted, open_deals
from saveline.actions.desk import Desk
from saveline.core.changes import CausesSplit, DealJoined
from saveline.core.decide import joining
from saveline.core.decide.draft import Case, Decision
from saveline.core.decide.joining import Merge
from saveline.core.errors import AccountLeft, UnknownAccount
from saveline.core.facts import Account, Deal, Doer
from saveline.core.opening import gone, judged
from saveline.core.risk import Assessment
from saveline.store import accounts, load
from saveline.store.apply import apply


def merge(desk: Desk, deal_id: int, into: int, by: Doer, wanted: Merge) -> tuple[Decision, Decision]:
    """Let deal ``deal_id`` go on as part of deal ``into``. Raises UnknownDeal, Missing, DealIsClosed."""
    with desk.writing() as conn:
        now = desk.now(conn)
        # In one order always, so that two people who merge the same two do not wait for each other.
        cases = {i: desk.locked(conn, i) for i in sorted({deal_id, into})}
        made = joining.merge(cases[deal_id], cases[into], wanted, by=by, at=now)
        apply(conn, made, now)
    return made


def split(desk: Desk, deal_id: int, account_id: int, by: Doer, causes: Sequence[str]) -> tuple[Decision, Deal]:
    """Let ``causes`` of a deal become a deal of another account. Raises UnknownDeal, UnknownAccount, AccountLeft,
    DealIsOpen, DealIsClosed, UnknownWord, Missing.
    """
    with desk.writing() as conn:
        now = desk.now(conn)
        case, account = desk.locked(conn, deal_id), _account(desk, conn, account_id, now)
        causes = tuple(dict.fromkeys(causes))
        joining.check_split(case, account, causes, now)
        points = _points(desk, conn, case, account, causes, now)
        why = (joining.came_from(case.deal, causes),)
        opened = open_deals(desk, conn, [Wanted(account, causes, points, why)], now, by, apart_from=deal_id)[0]
        score = max(0, case.deal.score - points)
        gone_ = CausesSplit(opened.id, account.name, causes, score, _joined_arr(conn, deal_id, opened.id))
        made = joining.split(case, gone_, by=by, at=now)
        apply(conn, [made], now)
    return made, opened


def _account(desk: Desk, conn: Connection, account_id: int, now: datetime) -> Account:
    found = load.accounts(conn, [account_id])
    if not found:
        raise UnknownAccount(str(account_id))
    account = found[0]
    if account.left_on is not None and gone(account, desk.workspace, now):
        raise AccountLeft(account.name, f"{account.left_on:%-d %b %Y}", account.key)
    return account


def _points(desk: Desk, conn: Connection, case: Case, account: Account, causes: Sequence[str], now: datetime) -> int:
    """What the causes weigh now, by what was observed of either account, and no more than the deal's whole score."""
    found = accounts.watched(conn, sorted({case.account.id, account.id}), now)
    lines = [line for a in found for line in _assessed(desk, a, now).lines if line.cause in causes]
    return min(case.deal.score, sum(line.points for line in lines))


def _assessed(desk: Desk, found: accounts.Watched, now: datetime) -> Assessment:
    return judged(
        found.account, found.signals, desk.workspace, now=now, closed_at=found.closed_at, split_off=found.split_off
    )


def _joined_arr(conn: Connection, deal_id: int, other: int) -> int:
    """What the other deal brought with it when it was merged into this one; 0 where it never was, or went since."""
    cents = 0
    for event in load.history(conn, [deal_id]).get(deal_id, ()):
        match event.change:
            case DealJoined(deal_id=joined, arr_cents=brought) if joined == other:
                cents = brought
            case CausesSplit(deal_id=left) if left == other:
                cents = 0
    return cents
