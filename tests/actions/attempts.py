"""Attempts that are refused and attempts made at once, as several stories of the actions have them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa

from saveline.core.errors import Refusal
from tests.world import World


def stored(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every deal, task and event as it is in the database: what a refusal must leave as it was."""
    with world.desk.reading() as conn:
        names = ("deal", "task", "event", "notice", "deal_cause")
        return {n: sorted(tuple(map(str, r)) for r in conn.execute(sa.text(f"SELECT * FROM {n}"))) for n in names}


def refused(world: World, attempt: Callable[[], object]) -> str:
    """What the refusal says; nothing may have changed."""
    before = stored(world)
    with pytest.raises(Refusal) as told:
        attempt()
    assert stored(world) == before
    return str(told.value)


def at_once(attempts: list[Callable[[], object]]) -> list[object]:
    """What each attempt gave, or the refusal it met, when all of them start at the same moment."""
    ready = Barrier(len(attempts))

    def one(attempt: Callable[[], object]) -> object:
        ready.wait(10)
        try:
            return attempt()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(attempts)) as pool:
        return list(pool.map(one, attempts))


def people(world: World, person: str, more: str) -> None:
    """Give somebody further columns in people.yaml."""
    path = world.settings.workspace / "people.yaml"
    path.write_text(path.read_text().replace(f"{{email: {person}@x.example,", f"{{email: {person}@x.example, {more},"))


DIAGNOSIS = "“Write the three-sentence diagnosis for Acme”"
FIX = "“Plan the product change that Acme needs”"
SAID: dict[str, Any] = {"root_cause": "product_gap", "summary": "They lost the one who knew why."}
AWAY = "away: [{from: 2026-11-16, to: 2026-11-27}]"
