"""Fault 17, the deals' part: a deal that cannot be read, decided or written is set aside, and all others go on.

Planted bugs, each tried by hand: no ``except`` around the deciding of one deal; reading due deals only all together;
no second try deal by deal when a batch cannot be written; a retry moment that does not grow; a deal that stays set
aside after it was written.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

import pytest
import sqlalchemy as sa

from saveline.actions.advance import Advanced, advance
from saveline.actions.audit import audit
from saveline.actions.doctor import examine
from saveline.core.changes import Event
from saveline.core.notices import Notice
from saveline.files import shipped
from saveline.runtime import Runtime
from saveline.store import load, outbox
from saveline.store.playbooks import VERSION
from saveline.store.rows import DEAL, NOTICE, TASK
from tests.faults.figures import measured
from tests.stories.test_intake import bring_in
from tests.world import World

POISONED: Final = 2
"""The deal in the middle of three."""
Mend: TypeAlias = Callable[[], None]


def unreadable(world: World) -> Mend:
    """A row that no version of ours would write."""
    mine = sa.update(TASK).where(TASK.c.deal_id == POISONED)
    _run(world, mine.values(answers="{"))
    return lambda: _run(world, mine.values(answers="{}"))


def undecidable(world: World) -> Mend:
    """A deal whose version of the play cannot be compiled any more."""
    with world.desk.writing() as conn:
        version = conn.execute(sa.select(VERSION)).mappings().one()
        conn.execute(
            sa.insert(VERSION), {**version, "hash": "old", "text": version["text"].replace("stages:", "sages:")}
        )
        conn.execute(sa.update(DEAL).where(DEAL.c.id == POISONED).values(play_hash="old"))
    return lambda: _run(world, sa.update(VERSION).where(VERSION.c.hash == "old").values(text=version["text"]))


def unwritable(world: World) -> Mend:
    """A notice of the next step is in the outbox already: the schema refuses it a second time."""
    with world.desk.reading() as conn:
        (due,) = [d.next_at for d, _ in load.deals(conn, [POISONED])]
    notice = Notice("escalation", due or world.now, world.person("bob"), "slack", 1, 1)
    with world.desk.writing() as conn:
        assert outbox.add(conn, POISONED, [notice], world.now) == 1
    mine = sa.delete(NOTICE).where(NOTICE.c.deal_id == POISONED, NOTICE.c.kind == "escalation")
    return lambda: _run(world, mine)


def _run(world: World, statement: sa.Executable) -> None:
    with world.desk.writing() as conn:
        conn.execute(statement)


POISONS: Final = {"unreadable": unreadable, "undecidable": undecidable, "unwritable": unwritable}


def again(world: World) -> Advanced:
    """A pass of an engine that was started anew and remembers nothing."""
    fresh = Runtime(world.settings)
    try:
        return advance(fresh.desk())
    finally:
        fresh.close()


def history(world: World, deal_id: int) -> list[Event]:
    with world.desk.reading() as conn:
        return load.history(conn, [deal_id])[deal_id]


def aside(world: World) -> tuple[int, str | None, datetime | None]:
    asked = sa.select(DEAL.c.failures, DEAL.c.error, DEAL.c.retry_at).where(DEAL.c.id == POISONED)
    with world.desk.reading() as conn:
        row = conn.execute(asked).one()
    return row[0], row[1], row[2]


@pytest.mark.parametrize("poison", POISONS)
def test_a_poison_deal_is_set_aside_and_the_others_go_on(on_both: World, poison: str) -> None:
    """It is tried again after 1, 2, 4 … minutes, the auditor names it and its error, and once mended it catches up:
    its history is that of the others, each event at its own moment."""
    for key in ("acme", "globex", "initech"):
        on_both.open(on_both.account(key))
    due = on_both.next_at()
    assert due is not None
    mend = POISONS[poison](on_both)
    on_both.clock.set(due)
    done = again(on_both)
    assert list(done.set_aside) == [POISONED]
    assert [e.kind for e in history(on_both, 1)[-1:]] == [e.kind for e in history(on_both, 3)[-1:]] == ["escalated"]
    assert history(on_both, POISONED)[-1].kind == "task_assigned"
    failures, error, retry_at = aside(on_both)
    assert (failures, retry_at) == (1, due + timedelta(minutes=1))
    assert error
    assert again(on_both) == Advanced(), "it is left alone until its moment"

    waits = []
    for _ in range(8):
        _, _, moment = aside(on_both)
        assert moment is not None
        on_both.clock.set(moment)
        assert list(again(on_both).set_aside) == [POISONED]
        waits.append(((aside(on_both)[2] or moment) - moment) / timedelta(minutes=1))
    assert waits == [2, 4, 8, 16, 32, 60, 60, 60]
    _assert_named(on_both, error)

    mend()
    on_both.clock.set(on_both.now + timedelta(hours=1))
    assert again(on_both).set_aside == {}
    assert aside(on_both) == (0, None, None)
    assert [(e.at, e.kind, e.change) for e in history(on_both, POISONED)[1:]] == [
        (e.at, e.kind, e.change) for e in history(on_both, 1)[1:]
    ]
    assert not [f for f in audit(on_both.desk) if f.id == "deal-set-aside"]
    measured(17, on_both)


def _assert_named(world: World, error: str) -> None:
    (found,) = [f for f in audit(world.desk) if f.id == "deal-set-aside"]
    assert found.urgent
    assert found.words == f"deal {POISONED} could not be decided (9 times): {error}"
    checks = list(examine(world.settings, lambda: world.desk, shipped.folder("migrations")))
    assert [(c.level, c.words) for c in checks if c.id == "deal-set-aside"] == [("error", found.words)]


@pytest.mark.parametrize("poison", ["unreadable", "undecidable"])
def test_a_poison_deal_does_not_cost_the_import(on_both: World, tmp_path: Path, poison: str) -> None:
    """The other deals hear of their new causes, and the import says which one did not.

    Planted, each tried by hand: no ``except`` around the deciding, or the reading, of one deal.
    """
    for key in ("acme", "globex", "initech"):
        on_both.open(on_both.account(key))
    POISONS[poison](on_both)
    lines = [f"{key},nps,2026-11-19,2,,n1\n" for key in ("acme", "globex", "initech")]
    signals = "account,kind,at,value,note,key\n" + "".join(lines)
    result = bring_in(on_both, tmp_path / "in", {"signals.csv": signals})
    assert [j.deal for j in result.joined] == [1, 3]
    assert [p.file for p in result.problems if "could not be decided" in p.what] == [f"deal {POISONED}"]
    assert result.written
    assert on_both.history(1)[-1] == on_both.history(3)[-1] == "cause_added"
    assert "cause_added" not in on_both.history(POISONED)
