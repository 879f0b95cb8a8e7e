"""Messages and the files that say what they should say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from saveline.actions import wording
from saveline.store.rows import NOTICE
from tests.imapserver import Imapserver
from tests.notify.forms import Golden, in_every_form
from tests.notify.letters import empty, with_mailbox
from tests.notify.looking import only_mail
from tests.world import World


@pytest.fixture
def letters(lite: World, golden: Golden) -> Callable[..., None]:
    """Compare the last notice of a kind to somebody with its golden files, in every form and language."""

    def check(kind: str, who: str | None, name: str | None = None, **about: Any) -> None:
        in_every_form(golden, lite, last(lite, kind, who, about), name or kind)

    return check


@pytest.fixture
def mailed(lite: World) -> Callable[[str], str]:
    """The text of the last notice to somebody, in their own language."""

    def text(who: str) -> str:
        wanted = sa.select(NOTICE.c.id).where(NOTICE.c.person_id == lite.person(who)).order_by(NOTICE.c.id.desc())
        with lite.desk.reading() as conn:
            notice = conn.execute(wanted).scalar()
        assert notice is not None, f"nothing to {who}"
        return wording.preview(lite.desk, notice).text

    return text


def last(world: World, kind: str, who: str | None, about: dict[str, Any]) -> int:
    wanted = sa.select(NOTICE.c.id, NOTICE.c.about).where(NOTICE.c.kind == kind).order_by(NOTICE.c.id.desc())
    if who is not None:
        wanted = wanted.where(NOTICE.c.person_id == (0 if who.startswith("#") else world.person(who)))
    with world.desk.reading() as conn:
        rows = [row.id for row in conn.execute(wanted) if all(f'"{v}"' in row.about for v in about.values())]
    assert rows, f"no {kind} to {who}: {world.told()}"
    return int(rows[0])


@pytest.fixture
def inbox(dovecot: Imapserver, lite: World) -> Iterator[Imapserver]:
    """An empty mailbox, from which the world reads answers; everything goes by mail, and addresses take a plus."""
    only_mail(lite)
    with_mailbox(lite, dovecot.url)
    yield dovecot
    empty(dovecot)
