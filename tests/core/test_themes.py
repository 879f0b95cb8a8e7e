"""Themes in texts: whole words, in any case, English and German, and the ARR of whoever speaks of them, once.

Planted bugs that turned these tests red: a word found inside another, an account that is counted with each of its
texts, a phrase whose second word is anywhere, and a theme without words that stays.
"""

from __future__ import annotations

import re
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.arr import Course
from saveline.core.blocks import Bars, Chart
from saveline.core.phrases import words_of
from saveline.core.report_themes import SHIPPED, themes
from saveline.core.saying import Saying
from saveline.core.themes import Heard, Spotter, ThemeLine, heard, merged, worth
from saveline.core.tongue import ENGLISH
from saveline.files.themes import shipped_themes
from saveline.notify.languages import tongue
from tests.reported import report

OURS = {"price": ("expensive", "preis*"), "speed": ("too slow", "takes long*")}
TEXT = st.lists(
    st.sampled_from(("expensive", "inexpensive", "Preise", "too", "SLOW", "slow,", "takes", "longer", "-", "is"))
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is too EXPENSIVE for what we use.", {"price"}),
        ("Inexpensively built.", set()),
        ("Die Preiserhöhung kam überraschend; zu teuer!", {"price"}),
        ("Seit dem letzten Ausfall ist der Export langsam.", {"reliability", "speed"}),
        ("Jo (our champion) left the company", {"people"}),
        ("We left, and the company is well.", set()),
        ("Die Schnittstelle fehlt uns", {"integration", "missing_features"}),
        ("ÜBERNAHME durch Globex", {"own_budget_cuts"}),
        ("", set()),
    ],
)
def test_the_shipped_words(text: str, found: set[str]) -> None:
    assert Spotter(shipped_themes()).of(text) == found


@given(words=TEXT)
def test_as_a_pattern_of_whole_words_would(words: list[str]) -> None:
    text = " ".join(words)
    patterns = {"price": r"\b(expensive|preis\w*)\b", "speed": r"\b(too\W+slow|takes\W+long\w*)\b"}
    assert Spotter(OURS).of(text) == {name for name, p in patterns.items() if re.search(p, text.casefold())}


@given(
    texts=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(("expensive", "too slow", "fine", "Preis, too slow"))))
)
def test_a_theme_costs_what_its_accounts_pay_however_often_they_say_it(texts: list[tuple[int, str]]) -> None:
    arr = {1: 100, 2: 2000, 3: 30_000}
    found = heard(texts, OURS, arr)
    says = {"price": ("expensive", "Preis, too slow"), "speed": ("too slow", "Preis, too slow")}
    for line in found.themes:
        of = [i for i, text in texts if text in says[line.theme]]
        assert (line.accounts, line.mentions) == (len(set(of)), len(of))
        assert line.arr_cents == sum(arr.get(i, 0) for i in set(of))
    assert (found.texts, found.silent) == (len(texts), sum(text == "fine" for _, text in texts))
    assert [x.arr_cents for x in found.themes] == sorted((x.arr_cents for x in found.themes), reverse=True)


def test_a_workspace_adds_changes_and_takes_away() -> None:
    assert merged(OURS, {"speed": (), "price": ("dear",), "ours": ("seats",)}) == {
        "price": ("dear",),
        "ours": ("seats",),
    }


def test_what_an_account_pays_or_paid_last() -> None:
    course = Course((date(2025, 1, 1), date(2025, 6, 1), date(2026, 1, 1)), (500, 300, 0))
    assert [worth(course, day) for day in (date(2024, 1, 1), date(2025, 2, 1), date(2025, 7, 1), date(2026, 5, 1))] == [
        0,
        500,
        300,
        300,
    ]


def test_what_is_said_of_them() -> None:
    """Never the texts themselves: the report has no place for them."""
    section = themes(report(), Saying("USD", ZoneInfo("Europe/Lisbon"), ENGLISH))
    assert section is not None
    chart = section.blocks[0]
    assert isinstance(chart, Chart)
    assert isinstance(chart.drawing, Bars)
    assert chart.finding == "Price costs the most: 61 accounts worth $5.1M speak of it."
    assert [(b.label, b.text, b.note) for b in chart.drawing.bars][1] == ("support", "$3.9M", "48 accounts")
    assert (Heard.__struct_fields__, ThemeLine.__struct_fields__) == (
        ("themes", "texts", "silent"),
        ("theme", "accounts", "mentions", "arr_cents"),
    )


def test_every_theme_that_comes_with_it_has_a_name_in_every_language() -> None:
    assert sorted(SHIPPED) == sorted(words_of(theme) for theme in shipped_themes())
    section = themes(report(), Saying("USD", ZoneInfo("Europe/Lisbon"), tongue("de")))
    assert section is not None
    chart = section.blocks[0]
    assert isinstance(chart, Chart)
    assert isinstance(chart.drawing, Bars)
    assert chart.finding.startswith("Preis kostet am meisten")
    assert [b.label for b in chart.drawing.bars] == ["Preis", "Support", "fehlende Funktionen"]
