"""Themes and what they cost, causes stated and found, and what became of product changes, as blocks."""

from __future__ import annotations

from typing import Final

from saveline.core.blocks import Bar, Bars, Block, Cell, Column, Note, Row, Section, Sentences, Table
from saveline.core.intervals import Rate
from saveline.core.phrases import capitalised, words_of
from saveline.core.product_changes import Fate
from saveline.core.report import StageReport
from saveline.core.report_sections import charted
from saveline.core.root_causes import Pair, Verified
from saveline.core.saying import Saying
from saveline.core.themes import Heard, ThemeLine
from saveline.core.tongue import sentence

MOST: Final = 10
RULES: Final = sentence(
    "Found by lists of words in {texts}, of which {silent} have none of them: nothing is understood, and a text can be "
    "about several themes, so these sums overlap. The ARR is that of the distinct accounts, however often they say it."
)
FATES: Final[dict[Fate, str]] = {
    "done": sentence("Done"),
    "cannot": sentence("Cannot be done"),
    "open": sentence("Still open"),
    "nobody": sentence("Nobody has begun"),
}


# --- themes -----------------------------------------------------------------------------------------------------------

SHIPPED: Final = (
    sentence("price"),
    sentence("missing features"),
    sentence("reliability"),
    sentence("speed"),
    sentence("support"),
    sentence("usability"),
    sentence("integration"),
    sentence("onboarding"),
    sentence("value"),
    sentence("people"),
    sentence("competitor"),
    sentence("security"),
    sentence("contract"),
    sentence("own budget cuts"),
)
"""The themes that come with Saveline, as they are called; a workspace's own are called as it calls them."""


def themes(report: StageReport, saying: Saying) -> Section | None:
    """The themes of twelve months, the most expensive first."""
    found = report.voice.heard if report.voice else None
    if found is None or not found.themes:
        return None
    say, title = saying.say, saying.say("What they talk about")
    table = _themes_table(found, saying)
    most = found.themes[0]
    finding = say(
        "{theme} costs the most: {accounts} worth {arr} speak of it.",
        theme=capitalised(_name(most.theme, saying)), accounts=saying.accounts(most.accounts).said,
        arr=saying.money(most.arr_cents),
    )  # fmt: skip
    bars = Bars(tuple(_bar(line, saying) for line in found.themes[:MOST]))
    texts = saying.counted("{n} text", "{n} texts", found.texts)
    blocks = charted(bars, finding, title, table, saying)
    return Section("themes", title, (*blocks, Note(say(RULES, texts=texts, silent=found.silent))))


def _themes_table(found: Heard, saying: Saying) -> Table:
    say = saying.say
    columns = (
        Column("theme", say("Theme"), place="name"),
        Column("accounts", say("Accounts"), "number", "accounts", "aside"),
        Column("arr", say("ARR"), "money", saying.currency, "figure"),
        Column("mentions", say("Texts"), "number", "texts"),
    )
    rows = tuple(
        Row(
            line.theme,
            (
                Cell(_name(line.theme, saying), line.theme),
                saying.accounts(line.accounts),
                saying.amount(line.arr_cents),
                saying.number(line.mentions, saying.counted("{n} text", "{n} texts", line.mentions)),
            ),
        )
        for line in found.themes[:MOST]
    )
    left = len(found.themes) - MOST
    more = saying.counted("and {n} more theme", "and {n} more themes", left) if left > 0 else ""
    return Table(
        "themes", say("Themes of the last twelve months by the ARR of who speaks of them"), columns, rows, more=more
    )


def _name(theme: str, saying: Saying) -> str:
    return saying.say(words_of(theme))


def _bar(line: ThemeLine, saying: Saying) -> Bar:
    text = saying.money(line.arr_cents)
    return Bar(_name(line.theme, saying), line.arr_cents / 100, text, saying.accounts(line.accounts).said)


# --- causes -----------------------------------------------------------------------------------------------------------


def causes(report: StageReport, saying: Saying) -> Section | None:
    """The cause a deal was opened with beside the one that was found, and that beside the reason given on leaving."""
    found = report.voice.verified if report.voice else None
    if found is None or not (found.found or found.given or found.few):
        return None
    say, title = saying.say, saying.say("Causes stated and causes found")
    blocks: list[Block] = [Sentences((_other(found, saying),))]
    pairs = (
        ("causes", say("What deals were opened for, and what it was found to be"), say("Opened for"), found.found),
        ("reasons", say("What was found, and what was said on leaving"), say("Found"), found.given),
    )
    for key, caption, name, some in pairs:
        if some:
            blocks.append(_pairs_table(key, (caption, name), some, saying))
    left_out = say("Deals of causes with fewer than 10 such deals are left out: {n}.", n=found.few)
    unknown = say("Closed deals of which nobody said what it was: {n}.", n=found.unknown)
    return Section("causes", title, (*blocks, Note(f"{left_out} {unknown}")))


def _pairs_table(key: str, names: tuple[str, str], pairs: tuple[Pair, ...], saying: Saying) -> Table:
    say, (caption, name) = saying.say, names
    other = say("Found to be") if key == "causes" else say("Said on leaving")
    columns = (
        Column("pair", name, place="name"),
        Column("other", other),
        Column("deals", say("Deals"), "number", "deals", "aside"),
        Column("share", say("Share"), "number", "percent", "figure"),
        Column("low", say("At least"), "number", "percent"),
        Column("high", say("At most"), "number", "percent"),
        Column("arr", say("ARR"), "money", saying.currency),
    )
    rows = tuple(
        Row(
            f"{key}:{pair.stated}:{pair.found}",  # both tables are of one section, and may hold the same pair
            (
                Cell(words_of(pair.stated), pair.stated),
                Cell(words_of(pair.found), pair.found, f"→ {words_of(pair.found)}"),
                Cell(str(pair.rate.k), pair.rate.k, say("{k} of {deals} deals", k=pair.rate.k, deals=pair.rate.n)),
                *_shares(pair.rate, saying),
                saying.amount(pair.arr_cents),
            ),
        )
        for pair in pairs
    )
    return Table(key, caption, columns, rows)


def _shares(rate: Rate, saying: Saying) -> tuple[Cell, Cell, Cell]:
    share, low, high = (_percent(value, saying) for value in (rate.share, rate.low, rate.high))
    return (
        share,
        Cell(low.text, low.value, saying.say("at least {value}", value=low.text)),
        Cell(high.text, high.value, saying.say("at most {value}", value=high.text)),
    )


def _percent(share: float | None, saying: Saying) -> Cell:
    assert share is not None  # of nothing there is no pair
    return Cell(saying.percent(share, digits=0), round(100 * share, 2))


def _other(found: Verified, saying: Saying) -> str:
    """The largest group that was found to be something else."""
    others = [p for p in found.found if p.found != p.stated]
    if not others:
        return saying.say("Too few deals with a cause that was found.")
    most = max(others, key=lambda p: (p.rate.k, p.stated, p.found))
    return saying.say(
        "Of {n} deals opened for {stated}, {k} were found to be {found}.",
        n=most.rate.n, stated=words_of(most.stated), k=most.rate.k, found=words_of(most.found),
    )  # fmt: skip


# --- product changes --------------------------------------------------------------------------------------------------


def product(report: StageReport, saying: Saying) -> Section | None:
    """Product changes that deals of twelve months asked for, and what became of them."""
    found = report.voice.changes if report.voice else ()
    if not found:
        return None
    say, title = saying.say, saying.say("Product changes asked for to keep customers")
    columns = (
        Column("fate", say("What became of it"), place="name"),
        Column("deals", say("Deals"), "number", "deals", "aside"),
        Column("arr", say("ARR"), "money", saying.currency, "figure"),
        Column("saved", say("Saved"), "number", "deals"),
    )
    lines = [(line.fate, say(FATES[line.fate]), (line.deals, line.arr_cents, line.saved)) for line in found]
    sums = tuple(sum(getattr(line, name) for line in found) for name in ("deals", "arr_cents", "saved"))
    rows = tuple(
        Row(
            key,
            (Cell(label), saying.deals(deals), saying.amount(cents), saying.number(saved, say("{n} saved", n=saved))),
            strong=key == "asked",
        )
        for key, label, (deals, cents, saved) in (("asked", say("Asked for"), sums), *lines)
    )
    done = sum(line.deals for line in found if line.fate == "done")
    said = say(
        "{deals} worth {arr} asked for a product change: {done} got it.",
        deals=saying.deals(sums[0]).said, arr=saying.money(sums[1]), done=done,
    )  # fmt: skip
    caption = say("Deals of the last twelve months that asked for a product change")
    return Section("product", title, (Sentences((said,)), Table("product", caption, columns, rows)))
