"""A message in every form and language, beside the files that say what it should say."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from saveline.actions import wording
from saveline.notify.channels.blocks import as_blocks
from saveline.notify.render import Form
from saveline.store import outbox
from tests.goldens import as_lines
from tests.slack_limits import faults
from tests.world import World

Golden: TypeAlias = Callable[[str, str], None]


def in_every_form(golden: Golden, world: World, notice: int, name: str) -> None:
    """Compare a notice with its golden files: its mail, its text and its posts, in English and in German."""
    for ending, language in (("", "en"), ("_de", "de")):
        said = wording.preview(world.desk, notice, language=language)
        place = f"messages{ending}/{name}"
        golden(f"{place}/subject.txt", said.subject + "\n")
        golden(f"{place}/email.html", said.html)
        golden(f"{place}/email.txt", said.text)
        golden(f"{place}/slack.txt", said.slack)
        golden(f"slack/messages{ending}/{name}.json", posted(world, notice, language))


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
