"""Servers that are down or slow for a while by the stepped clock, and crowds of readers to write to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from threading import local
from typing import Any, TypeVar

import sqlalchemy as sa

from saveline.store.rows import NOTICE
from tests.casting import people
from tests.world import World

T = TypeVar("T")


class Script(deque[T]):
    """In place of a server's list of misbehaviours: asks ``decide`` at each request what to do. None is to behave."""

    def __init__(self, decide: Callable[[], T | None]) -> None:
        super().__init__()
        self._decide, self._own = decide, local()

    def __bool__(self) -> bool:
        self._own.found = self._decide()
        return self._own.found is not None

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _: Any) -> Any:
        return self._own.found

    def popleft(self) -> T:
        found: T = self._own.found
        return found


def before(clock: Callable[[], datetime], until: datetime, fault: T) -> Script[T]:
    """The fault, at each request until that moment."""
    return Script(lambda: fault if clock() < until else None)


def crowd(world: World, number: int) -> list[int]:
    """So many more people, each with an address and a place in Slack. Returns their ids."""
    names = [f"c{n:03}" for n in range(number)]
    facts = {n: {"department": "customer_success", "slack": f"U{n.upper()}"} for n in names}
    people(world, **facts)
    _ = world.desk  # reads people.yaml into the database
    return [world.person(n) for n in names]


def patient(world: World) -> None:
    """Nothing is so late that a later one says it all: each notice counts."""
    world.setting("saveline.yaml", "default_play:", "late_after: 3 days\ndefault_play:")


def fill(world: World, notices: Iterable[Mapping[str, Any]], *, judged: bool = True) -> None:
    """Notices that are due, at once: what is not said is that of a stage that takes too long. ``judged``: that they
    disturb nobody has been seen to, so that each goes as it is."""
    rows = [_row(world, n, judged) for n in notices]
    with world.desk.writing() as conn:
        conn.execute(sa.insert(NOTICE), rows)


def _row(world: World, given: Mapping[str, Any], judged: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"deal_id": 1, "kind": "stage_late", "at": world.now, "about": "{}"}
    row |= {"person_id": 0, "task_no": 0}  # each row has the same columns, or the first would decide for all
    return row | {"not_before": given.get("at", world.now), "judged_at": world.now if judged else None, **given}


def many(number: int, readers: Sequence[int], *, first: int = 1000) -> list[dict[str, Any]]:
    """To each reader in turn, by e-mail and by Slack in turn."""
    channels = ("email", "slack")
    return [
        {"ordinal": first + n, "person_id": readers[n // 2 % len(readers)], "channel": channels[n % 2]}
        for n in range(number)
    ]
