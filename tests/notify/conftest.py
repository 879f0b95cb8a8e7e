"""Messages and the files that say what they should say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

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
    """Compare the last notice of a kind to somebody with its golden files, in every form and language."""

    def check(kind: str, who: str | None, name: str | None = None, **about: Any) -> None:
        notice = last(lite, kind, who, about)
        for ending, language in (("", "en"), ("_de", "de")):
            said = wording.preview(lite.desk, notice, language=language)
            place = f"messages{ending}/{name or kind}"
            golden(f"{place}/subject.txt", said.subject + "\n")
            golden(f"{place}/email.html", said.html)
            golden(f"{place}/email.txt", said.text)
            golden(f"{place}/slack.txt", said.slack)
            golden(f"slack/messages{ending}/{name or kind}.json", posted(lite, notice, language))

    return check


def posted(world: World, notice_id: int, language: str) -> str:
    """The blocks of a notice as the bot posts them, one a line; Slack would take them. Signed tokens are left out."""
    with world.desk.reading() as conn:
        notice = outbox.notice(conn, notice_id)
        facts = wording.Facts(world.desk, conn, [notice])
    forms: tuple[Form, ...] = ("slack",)
    matter = replace(facts.matter(notice), language=language)
    blocks = as_blocks(wording.message(matter, forms), pressed=True)
    assert faults(blocks) == []
    return as_lines(blocks)


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
