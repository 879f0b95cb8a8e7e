"""Messages and the files that say what they should say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa

from saveline.actions import wording
from saveline.notify.channels.blocks import as_blocks
from saveline.notify.render import Form
from saveline.store import outbox
from saveline.store.rows import NOTICE
from tests.goldens import as_lines
from tests.imapserver import Imapserver
from tests.notify.letters import empty, with_mailbox
from tests.notify.looking import only_mail
from tests.slack_limits import faults
from tests.world import World

Golden: TypeAlias = Callable[[str, str], None]


@pytest.fixture
def letters(lite: World, golden: Golden) -> Callable[..., None]:
    """Compare the last notice of a kind to somebody with its golden files, in every form."""

    def check(kind: str, who: str | None, name: str | None = None, **about: Any) -> None:
        notice_id = last(lite, kind, who, about)
        said = wording.preview(lite.desk, notice_id)
        for form, text in (("subject.txt", said.subject + "\n"), ("email.html", said.html), ("email.txt", said.text)):
            golden(f"messages/{name or kind}/{form}", text)
        golden(f"messages/{name or kind}/slack.txt", said.slack)
        golden(f"slack/messages/{name or kind}.json", posted(lite, notice_id))

    return check


def posted(world: World, notice_id: int) -> str:
    """The blocks of a notice as the bot posts them, one a line; Slack would take them. Signed tokens are left out."""
    with world.desk.reading() as conn:
        notice = outbox.notice(conn, notice_id)
        facts = wording.Facts(world.desk, conn, [notice])
    forms: tuple[Form, ...] = ("slack",)
    blocks = as_blocks(wording.message(facts.matter(notice), forms), pressed=True)
    assert faults(blocks) == []
    return as_lines(blocks)


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
