"""Posts whose task has changed, through whichever door, lose their buttons and say what became of it."""

from __future__ import annotations

from typing import Final

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.store import conversations

BATCH: Final = 500


def queue_updates(desk: Desk) -> int:
    """Queue a change of each post that is out of date; returns how many. Running it again changes nothing, and what it
    queues is sent, retried and shown like any other notice."""
    queued = 0
    while True:
        with desk.reading() as conn:
            if not conversations.any_out_of_date(conn):
                return queued
        with desk.writing() as conn:
            posts = conversations.out_of_date(conn, BATCH)
            queued += conversations.change(conn, posts, desk.now(conn))
        if len(posts) < BATCH:
            return queued


def queue_updates_of(desk: Desk, conn: Connection, deal_id: int) -> int:
    """The same for one deal, in the transaction that changes it: so a press is followed up at once."""
    posts = conversations.out_of_date(conn, BATCH, deal_id)
    return conversations.change(conn, posts, desk.now(conn))
