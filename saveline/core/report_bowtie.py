"""The customers' journey after the sale, as blocks: one picture of the year, with what was saved in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saveline.core.blocks import Block, Cell, Column, Flow, Node, Note, Row, Section, Shade, Stream, Table
from saveline.core.bowtie import STEPS, Bowtie, Danger, Way
from saveline.core.report import StageReport
from saveline.core.report_sections import charted
from saveline.core.saying import Saying
from saveline.core.tongue import sentence

MEANT: Final = sentence(
    "Each account is in every step once. ARR is that of the first day; of an account that began later, of the last. An "
    "account is at risk if a deal of it was open at some time of the year, and counts by what became of its last deal."
)
_LABELS: Final = {
    "there": sentence("A year ago"),
    "began": sentence("New or back"),
    "safe": sentence("Not at risk"),
    "at_risk": sentence("At risk"),
    "cleared": sentence("Risk cleared"),
    "saved": sentence("Saved"),
    "open": sentence("Still open"),
    "lost": sentence("Lost or let go"),
    "more": sentence("Pay more"),
    "same": sentence("Pay the same"),
    "less": sentence("Pay less"),
    "left": sentence("Left"),
}
_TONES: Final[Mapping[Danger, Shade]] = {"safe": "dull", "cleared": "pale", "saved": "good", "open": "", "lost": "gone"}
_DRAWN: Final = (("began", "there"), ("at_risk", "safe"), ("saved", "open", "cleared", "lost", "safe"), STEPS[3])
"""The nodes of each column, from top to bottom."""


def bowtie(report: StageReport, saying: Saying) -> Section | None:
    """From what was there a year ago to what is there now, with saves and losses between."""
    found = report.voice.bowtie if report.voice else None
    if found is None or not found.at(0, "there")[0]:
        return None  # nobody paid a year ago: there is no year to tell of yet
    title = saying.say("The customers' journey of the year")
    table = _table(found, saying)
    blocks = list[Block](charted(_flow(found, saying), _finding(found, saying), title, table, saying))
    outside = ""
    if found.outside:
        outside = " " + saying.counted(
            "{n} account with a deal paid nothing in the year and is left out.",
            "{n} accounts with a deal paid nothing in the year and are left out.",
            found.outside,
        )
    return Section("bowtie", title, (*blocks, Note(saying.say(MEANT) + outside)))


def _keys(found: Bowtie) -> list[tuple[int, str]]:
    """Each step with its keys; safe accounts pass the third step by, and what nobody came to is left out there."""
    return [
        (step, key)
        for step, keys in enumerate(STEPS)
        for key in keys
        if step != 2 or (key != "safe" and found.at(step, key)[0])
    ]


def _table(found: Bowtie, saying: Saying) -> Table:
    say, currency = saying.say, saying.currency
    columns = (
        Column("step", say("Step"), place="name"),
        Column("accounts", say("Accounts"), "number", "accounts", "aside"),
        Column("arr", say("ARR"), "money", currency, "figure"),
        Column("now", say("Pay now"), "money", currency),
    )
    rows = []
    for step, key in _keys(found):
        accounts, base, now = found.at(step, key)
        phrase = say("{arr} now", arr=saying.money(now))
        cells = (Cell(say(_LABELS[key])), saying.accounts(accounts), saying.amount(base))
        rows.append(Row(key, (*cells, saying.amount(now, phrase))))
    return Table("bowtie", say("Accounts and ARR of twelve months, step by step"), columns, tuple(rows))


def _flow(found: Bowtie, saying: Saying) -> Flow:
    """As wide as what is paid: who is new begins from nothing, and who leaves ends in nothing."""
    shown = [tuple(k for k in keys if found.at(i, k)[0]) for i, keys in enumerate(_DRAWN)]
    columns = tuple(tuple(_node(found, step, key, saying) for key in keys) for step, keys in enumerate(shown))
    return Flow(columns, tuple(sorted((_stream(way, shown) for way in found.ways), key=lambda s: s.places)))


def _node(found: Bowtie, step: int, key: str, saying: Saying) -> Node:
    accounts, base, now = found.at(step, key)
    if step == 2 and key == "safe":
        return Node("", base / 100, "")
    text = {"began": f"+{saying.money(base)}", "left": f"−{saying.money(base)}"}.get(key)
    return Node(saying.say(_LABELS[key]), base / 100, text or saying.money(now if step == 3 else base), str(accounts))


def _stream(way: Way, shown: list[tuple[str, ...]]) -> Stream:
    base, now = way.base_cents / 100, way.now_cents / 100
    places = tuple(keys.index(key) for keys, key in zip(shown, way.steps, strict=True))
    return Stream(places, (base if way.began == "there" else 0.0, base, base, now), _TONES[way.ended])


def _finding(found: Bowtie, saying: Saying) -> str:
    _, risked, _ = found.at(1, "at_risk")
    if not risked:
        return saying.say("No account was at risk in the year.")
    saved, lost = found.at(2, "saved")[1], found.at(2, "lost")[1]
    return saying.say(
        "{risked} came into danger in the year: {saved} is saved, {lost} lost or let go.",
        risked=saying.money(risked), saved=saying.money(saved), lost=saying.money(lost),
    )  # fmt: skip
