"""Ending a kind of message, and having it back. One's own tasks cannot be ended: only what sums up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saveline.actions.desk import Desk
from saveline.core.errors import Missing
from saveline.core.notices import REFUSABLE
from saveline.store import unsubscribed

ENDABLE: Final[Mapping[str, str]] = {
    "digest": "the daily list of your tasks",
    "stage_report": "the stage report",
    "pulse": "the monthly question",
}
"""What people call the kinds that they may do without."""
assert set(ENDABLE) == set(REFUSABLE)


def unsubscribe(desk: Desk, person_id: int, kind: str) -> bool:
    """End it; whether it was not ended before. Raises Missing for a kind that cannot be ended."""
    _check(kind)
    with desk.writing() as conn:
        return unsubscribed.put(conn, person_id, kind, desk.now(conn))


def subscribe_again(desk: Desk, person_id: int, kind: str) -> bool:
    """Have it back; whether it was ended. Raises Missing for a kind that cannot be ended."""
    _check(kind)
    with desk.writing() as conn:
        return unsubscribed.take_back(conn, person_id, kind)


def _check(kind: str) -> None:
    if kind not in ENDABLE:
        raise Missing(
            "Messages about your own tasks cannot be ended: only the daily list, reports and the monthly question can."
        )
