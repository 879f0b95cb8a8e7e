"""What lies in the outbox, as a story asks for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from saveline.core.notices import Notice
from saveline.store import outbox
from saveline.store.rows import NOTICE
from tests.world import World


def rows(world: World, **wanted: Any) -> list[Any]:
    """The notices whose columns are as asked for, in order of id. ``who`` is the start of a person's address."""
    if "who" in wanted:
        wanted["person_id"] = world.person(wanted.pop("who"))
    asked = sa.select(NOTICE).where(*(NOTICE.c[k] == v for k, v in wanted.items())).order_by(NOTICE.c.id)
    with world.desk.reading() as conn:
        return list(conn.execute(asked).all())


def row(world: World, **wanted: Any) -> Any:
    found = rows(world, **wanted)
    assert len(found) == 1, found
    return found[0]


def statuses(world: World, **wanted: Any) -> list[str]:
    return [r.status for r in rows(world, **wanted)]


def only_mail(world: World) -> None:
    """Settings in which everything goes by mail."""
    settings = world.settings.workspace / "saveline.yaml"
    text = settings.read_text().replace("[slack, email]", "[email]").replace(', channel: "slack:#engineering"', "")
    settings.write_text("\n".join(line for line in text.splitlines() if "sslack://" not in line) + "\n")


def put(world: World, deal: int = 0, at: datetime | None = None, **notice: Any) -> int:
    """Put one notice in by hand; returns its id."""
    made = Notice(**{"kind": "stage_entered", "at": at or world.now, **notice})
    with world.desk.writing() as conn:
        assert outbox.add(conn, deal, [made], world.now) == 1
        return int(conn.execute(sa.select(sa.func.max(NOTICE.c.id))).scalar_one())


def change(world: World, notice_id: int, **columns: Any) -> None:
    """Spoil a row, as a bug or an old version could have written it."""
    with world.desk.writing() as conn:
        conn.execute(sa.update(NOTICE).where(NOTICE.c.id == notice_id).values(**columns))
