"""After the directory has changed: open tasks follow the people."""

from __future__ import annotations

import logging

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core.decide import deals as decide
from saveline.core.decide.draft import Decision, duty_after
from saveline.store import directory, load
from saveline.store.apply import apply
from saveline.store.rows import DEAL

log = logging.getLogger(__name__)

TOGETHER = 200
"""Deals that are looked at in one transaction."""
_FOLLOWED = "followed"
"""The revision of the directory that the deals have followed."""


def nobody_to_follow(conn: Connection) -> bool:
    """Where no deal is open yet the directory, as it is, has been followed. Says whether that is so."""
    if conn.execute(sa.select(DEAL.c.id).where(DEAL.c.state != "closed").limit(1)).first() is not None:
        return False
    directory.set_revision(conn, _FOLLOWED, directory.revision(conn, "people"))
    return True


def follow_people(desk: Desk) -> list[Decision]:
    """Let every open deal follow the directory, where that has changed since. Returns what was decided.

    Who stops halfway starts again: what has followed already does not change a second time.
    """
    with desk.reading() as conn:
        wanted = directory.revision(conn, "people")
        if wanted == directory.revision(conn, _FOLLOWED):
            return []
        running = sa.select(DEAL.c.id).where(DEAL.c.state != "closed").order_by(DEAL.c.id)
        ids = list(conn.execute(running).scalars())
    made: list[Decision] = []
    for start in range(0, len(ids), TOGETHER):
        with desk.writing() as conn:
            made += _follow(desk, conn, ids[start : start + TOGETHER])
    with desk.writing() as conn:
        directory.set_revision(conn, _FOLLOWED, wanted)
    return made


def _follow(desk: Desk, conn: Connection, ids: list[int]) -> list[Decision]:
    now, people = desk.now(conn), desk.people(conn)
    found, faults = load.readable(conn, ids, lock=True)
    for deal_id, error in faults.items():
        log.error("deal %s could not be read", deal_id, exc_info=error)
    duty = desk.duty(conn, people, desk.picks(conn, {deal.play_hash for deal, _ in found}))
    decisions: list[Decision] = []
    for deal, account in found:
        try:
            made = decide.reconsider(desk.case(conn, people, deal, account, duty), at=now)
        except Exception:  # one deal that cannot be decided must not keep the others where they are
            log.exception("deal %s could not follow the directory", deal.id)
            continue
        if made.events or made.deal != deal:
            duty = duty_after(duty, made)
            decisions.append(made)
    apply(conn, decisions, now)
    return decisions
