"""What people say about an account itself: that it has left, or that it stays after all."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core.decide import deals as decide
from saveline.core.decide.draft import Decision
from saveline.core.decide.due import on_due
from saveline.core.errors import Missing, UnknownAccount
from saveline.core.facts import Account, Doer, Fact
from saveline.store import load, remembered
from saveline.store.apply import apply
from saveline.store.lineage import last_deals
from saveline.store.load import ACCOUNT


class Said(Fact, frozen=True):
    """What somebody said: the day on which the account leaves, None where it stays, and how they know."""

    left_on: date | None
    words: str
    by: Doer


def account_left(desk: Desk, account_id: int, by: Doer, *, on: date | None, evidence: str) -> Decision | None:
    """The account stopped paying ``on`` a day (today), or will. Its open deal's owner is asked; a save that is watched
    becomes a delayed loss. Returns what that came to, None where the account has no such deal. Raises UnknownAccount,
    Missing.
    """
    if not evidence.strip():
        raise Missing("Say how you know: the mail, the notice or the call that says so.")
    with desk.writing() as conn:
        now, account = desk.now(conn), _locked(conn, account_id)
        today = desk.people(conn).calendar(None).local(now).date()
        return _apply(desk, conn, account, Said(on or today, evidence, by), now)


def account_stays(desk: Desk, account_id: int, by: Doer, *, reason: str) -> Decision | None:
    """What was said of its leaving is taken back. Raises UnknownAccount, Missing."""
    if not reason.strip():
        raise Missing("Say in a few words why it is still there.")
    with desk.writing() as conn:
        now, account = desk.now(conn), _locked(conn, account_id)
        if account.left_on is None:
            raise Missing(f"Nobody said that {account.name} leaves.")
        return _apply(desk, conn, account, Said(None, reason, by), now)


def _locked(conn: Connection, account_id: int) -> Account:
    conn.execute(sa.select(ACCOUNT.c.id).where(ACCOUNT.c.id == account_id).with_for_update(key_share=True))
    found = load.accounts(conn, [account_id])
    if not found:
        raise UnknownAccount(str(account_id))
    return found[0]


def _apply(desk: Desk, conn: Connection, account: Account, said: Said, now: datetime) -> Decision | None:
    last = last_deals(conn, [account.id]).get(account.id)
    if last is None or last.account_id != account.id or not (last.open or last.saved):
        case = None
    else:
        case = desk.locked(conn, last.id)
    conn.execute(sa.update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(left_on=said.left_on))
    remembered.keep_accounts(conn, now, [account.id])
    if case is None:
        return None
    # What fell due before it was said happened to an account of which nobody had said it.
    due = on_due(case, now)
    told = replace(case, deal=due.deal, account=replace(case.account, left_on=said.left_on))
    made = due.then(decide.account_told(told, at=now, words=said.words, by=said.by))
    apply(conn, [made], now)
    return made
