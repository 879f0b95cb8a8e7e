"""What a member of Slack looks at by themselves: their Home, and what ``/saveline`` answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from saveline.core.facts import Fact
from saveline.core.phrases import count
from saveline.notify.buttons import WORDS
from saveline.notify.channels.blocks import Block, actions, button_elements, context, cut, header, link, section
from saveline.notify.message import Button
from saveline.notify.render import escaped_for_slack

MOST_AT_HOME: Final = 40
"""Tasks in a Home: two blocks each, of the 100 that Slack takes."""
MOST_IN_ANSWER: Final = 20
MOST_DEALS: Final = 15
HELP: Final = (
    "`/saveline` shows your tasks.\n"
    "`/saveline deal 12` or `/saveline Acme` shows a deal.\n"
    "`/saveline risk` shows what is at risk today."
)
NOTHING: Final = "Nothing is open with you. What comes is posted to you, and stands here."
NO_RISK: Final = "No deal is open: nothing is at risk today."


class TaskCard(Fact, frozen=True):
    """A task of a list: ``about`` names it for its buttons. Everything else is words."""

    about: str
    title: str
    account: str
    arr: str
    due: str
    late: bool
    offered: str = ""
    buttons: tuple[Button, ...] = ()


class DealLine(Fact, frozen=True):
    """A deal of a list, in words."""

    id: int
    account: str
    arr: str
    stage: str
    owner: str
    tasks: str
    late: bool


class DealCard(Fact, frozen=True):
    """A deal by itself: its facts as label and value, its open tasks, and the last that happened."""

    title: str
    facts: Sequence[tuple[str, str]]
    tasks: Sequence[str] = ()
    history: Sequence[str] = ()


def home(cards: Sequence[TaskCard], name: str, page: str) -> Block:
    """A person's Home: their tasks with buttons, the earliest due first."""
    foot = [context(f"Saveline for {escaped_for_slack(name)}. {HELP.splitlines()[1]}")]
    return {"type": "home", "blocks": [header(_head(cards)), *_cards(cards, MOST_AT_HOME, page), *foot]}


def stranger_home(words: str) -> Block:
    return {"type": "home", "blocks": [header("Saveline"), section(words)]}


def my_tasks(cards: Sequence[TaskCard], page: str) -> list[Block]:
    """The answer to ``/saveline``."""
    return [header(_head(cards)), *_cards(cards, MOST_IN_ANSWER, page)]


def deal(card: DealCard) -> list[Block]:
    """The answer to ``/saveline deal 12``."""
    facts = "  ·  ".join(f"{escaped_for_slack(k)}: {escaped_for_slack(v)}" for k, v in card.facts)
    blocks = [header(card.title), section(facts)]
    if card.tasks:
        blocks.append(section(_bullets(["*Open*", *card.tasks])))
    if card.history:
        blocks.append(section(_bullets(["*Last*", *card.history])))
    return blocks


def at_risk(lines: Sequence[DealLine], total: str) -> list[Block]:
    """The answer to ``/saveline risk``: the most valuable first."""
    if not lines:
        return [section(NO_RISK)]
    late = sum(1 for line in lines if line.late)
    head = f"{total} a year at risk in {count(len(lines), 'deal')}" + (f", {late} of them late" if late else "")
    shown = [section(_line(line)) for line in lines[:MOST_DEALS]]
    rest = len(lines) - MOST_DEALS
    return [header(head), *shown, *([context(f"and {count(rest, 'more deal')}")] if rest > 0 else [])]


def _head(cards: Sequence[TaskCard]) -> str:
    if not cards:
        return "Nothing is open with you"
    late = sum(1 for card in cards if card.late)
    return count(len(cards), "open task") + (f", {late} late" if late else "")


def _cards(cards: Sequence[TaskCard], most: int, page: str) -> list[Block]:
    if not cards:
        return [section(NOTHING)]
    blocks: list[Block] = []
    for card in cards[:most]:
        due = f"*{escaped_for_slack(card.due)}*" if card.late else escaped_for_slack(card.due)
        offered = f" · offered to {escaped_for_slack(card.offered)}" if card.offered else ""
        about = f"{escaped_for_slack(card.account)}, {escaped_for_slack(card.arr)} a year"
        title = escaped_for_slack(cut(card.title, 300))
        blocks.append(section(f"*{title}*\n{due} · {about}{offered} · {escaped_for_slack(card.about)}"))
        blocks.append(actions(button_elements(card.buttons, card.about)))
    rest = len(cards) - most
    if rest > 0:
        blocks.append(context(f"and {count(rest, 'more task')}"))
    return [*blocks, actions([link(WORDS["open"], page)])] if page else blocks


def _line(line: DealLine) -> str:
    tasks = f"*{escaped_for_slack(line.tasks)}*" if line.late else escaped_for_slack(line.tasks)
    words = (line.arr, line.stage, line.owner)
    return f"*{escaped_for_slack(line.account)}* ({line.id})\n{' · '.join(map(escaped_for_slack, words))} · {tasks}"


def _bullets(lines: Sequence[str]) -> str:
    first, *others = lines
    return cut("\n".join([first, *(f"• {escaped_for_slack(line)}" for line in others)]), 3_000)
