"""Nobody is flooded: before a notice may be sent it is judged whether it goes now, waits, or is said with others."""

from __future__ import annotations

from collections.abc import Mapping

from saveline.actions.desk import Desk
from saveline.store import attention


def judge(desk: Desk) -> Mapping[str, int]:
    """Judge what is due, in one transaction; returns how many go. Judging again changes nothing."""
    with desk.reading() as conn:
        if not attention.anything(conn, desk.now(conn)):
            return {}
    with desk.writing() as conn:
        return {"sent": attention.let_all_go(conn, desk.now(conn))}
