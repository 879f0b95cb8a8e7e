"""Causes stated and found, and what became of product changes.

Planted bugs that turned these tests red: shares of all deals in place of those with the same stated cause, a group of
nine that is judged, work that was under way before anybody asked, and a change called done while some of it is open.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.blocks import Sentences, Table
from saveline.core.product_changes import Change, Work, asks, changes, fate
from saveline.core.report_themes import causes, product
from saveline.core.root_causes import Opened, root_cause, verified
from saveline.core.saying import Saying
from saveline.core.tongue import ENGLISH
from tests.reported import report

SAYING = Saying("USD", ZoneInfo("Europe/Lisbon"), ENGLISH)
CAUSES = st.sampled_from((None, "price", "value"))
DEALS = st.lists(st.builds(Opened, CAUSES, CAUSES, CAUSES, st.integers(0, 10**7), st.booleans()), max_size=40)


@given(deals=DEALS, floor=st.integers(1, 12))
def test_pairs_are_shares_of_the_deals_with_the_same_cause(deals: list[Opened], floor: int) -> None:
    found = verified(deals, floor)
    for pairs, of in ((found.found, "stated"), (found.given, "found")):
        for cause in {p.stated for p in pairs}:
            some = [p for p in pairs if p.stated == cause]
            other = "found" if of == "stated" else "reason"
            both = [d for d in deals if getattr(d, of) == cause and getattr(d, other)]
            assert all(p.rate.n == len(both) >= floor for p in some)
            assert sum(p.rate.k for p in some) == len(both)
            assert sum(p.arr_cents for p in some) == sum(d.arr_cents for d in both)
    told = sum(p.rate.k for p in (*found.found, *found.given))
    assert told + found.few == sum(bool(d.stated and d.found) + bool(d.found and d.reason) for d in deals)
    assert found.unknown == sum(d.closed and not d.found for d in deals)


def test_what_is_said_of_causes() -> None:
    section = causes(report(), SAYING)
    assert section is not None
    said, found, given_ = section.blocks[:3]
    assert said == Sentences(("Of 31 deals opened for value not seen, 17 were found to be not adopted.",))
    assert isinstance(found, Table)
    assert isinstance(given_, Table)
    assert [c.text for c in found.rows[0].cells] == [
        "value not seen",
        "product gap",
        "14",
        "45%",
        "29%",
        "62%",
        "$1.2M",
    ]
    assert len(given_.rows) == 2


@pytest.mark.parametrize(
    ("answers", "asked", "cause"),
    [
        ({"product_change_needed": True}, True, None),
        ({"product_change_needed": False, "root_cause": "price"}, False, "price"),
        ({"root_cause": "product_gap"}, True, "product_gap"),
        ({"product_change_needed": "yes", "root_cause": 3}, False, None),
    ],
)
def test_what_an_answer_says(answers: dict[str, object], asked: bool, cause: str | None) -> None:
    assert (asks(answers), root_cause(answers)) == (asked, cause)


AT = datetime(2026, 11, 2, tzinfo=UTC)


def work(
    start: float, end: float | None, state: str = "done", outcome: str = "done", department: str = "product"
) -> Work:
    over = AT + timedelta(days=end) if end is not None else None
    return Work(department, AT + timedelta(days=start), over, state if over else "open", outcome if over else None)


@pytest.mark.parametrize(
    ("tasks", "became"),
    [
        ([], "nobody"),
        ([work(-1, 2)], "nobody"),
        ([work(0, 2, department="support")], "nobody"),
        ([work(0, 2)], "done"),
        ([work(0, 2), work(1, None)], "open"),
        ([work(0, 2, "cannot", "cannot")], "cannot"),
        ([work(0, 2, outcome="not_planned")], "cannot"),
        ([work(0, 2, outcome="not_feasible"), work(2, 5, outcome="found")], "done"),
        ([work(0, 2), work(2, 5, "withdrawn", "")], "cannot"),
    ],
)
def test_what_became_of_a_change(tasks: list[Work], became: str) -> None:
    assert fate(AT, tasks, ("product", "engineering")) == became


def test_changes_add_up() -> None:
    asked = [("done", 100, True), ("open", 30, False), ("done", 50, False)]
    assert changes(asked) == (Change("done", 2, 150, 1), Change("open", 1, 30, 0))  # type: ignore[arg-type]  # literals
    section = product(report(), SAYING)
    assert section is not None
    said, table = section.blocks
    assert said == Sentences(("16 deals worth $1.7M asked for a product change: 9 got it.",))
    assert isinstance(table, Table)
    assert [c.text for c in table.rows[0].cells] == ["Asked for", "16", "$1.7M", "9"]
