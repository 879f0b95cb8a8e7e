"""Messages and the files that say what they should say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa

from saveline.actions import wording
from saveline.store.rows import NOTICE
from tests.world import World

Golden: TypeAlias = Callable[[str, str], None]


@pytest.fixture
def letters(lite: World, golden: Golden) -> Callable[..., None]:
    """Compare the last notice of a kind to somebody with its golden files, in every form."""

    def check(kind: str, who: str | None, name: str | None = None, **about: Any) -> None:
        said = wording.preview(lite.desk, last(lite, kind, who, about))
        for form, text in (("subject.txt", said.subject + "\n"), ("email.html", said.html), ("email.txt", said.text)):
            golden(f"messages/{name or kind}/{form}", text)
        golden(f"messages/{name or kind}/slack.txt", said.slack)

    return check


def last(world: World, kind: str, who: str | None, about: dict[str, Any]) -> int:
    wanted = sa.select(NOTICE.c.id, NOTICE.c.about).where(NOTICE.c.kind == kind).order_by(NOTICE.c.id.desc())
    if who is not None:
        wanted = wanted.where(NOTICE.c.person_id == (0 if who.startswith("#") else world.person(who)))
    with world.desk.reading() as conn:
        rows = [row.id for row in conn.execute(wanted) if all(f'"{v}"' in row.about for v in about.values())]
    assert rows, f"no {kind} to {who}: {world.told()}"
    return int(rows[0])
