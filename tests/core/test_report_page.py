"""A report's page: every figure on it is one of the value's, the same in every language, and what is wrong is refused.

Planted bugs that turned these tests red: a step of the bridge with its sign the wrong way, money told in cents, a
stage's deals in the column of those that came in, and a key taken from a title.
"""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.blocks import Bars, Bridge, Cell, Column, Flow, Intervals, Page, Row, Sentences, Table, plain
from saveline.core.figures import Figure, figures
from saveline.core.findings import findings
from saveline.core.report import Amount, StageReport
from saveline.core.report_words import CHAPTERS, report_page
from saveline.notify.languages import tongue
from tests.reported import OUTCOMES, STAGES, ZONE, page, report, thousands

KEY = re.compile(r"[a-z][a-z0-9_]*")
AMOUNTS = st.just(Amount()) | st.builds(Amount, st.integers(1, 50), st.integers(0, 10**11))


@st.composite
def reports(draw: st.DrawFn) -> StageReport:
    """Reports whose bridge adds up, as the core makes them."""
    closed = [replace(o, closed=draw(AMOUNTS)) for o in OUTCOMES]
    stages = [replace(s, here=draw(AMOUNTS), late=draw(st.integers(0, 3))) for s in STAGES]
    opened, again, corrected = draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNTS)
    now = sum((s.here for s in stages), Amount())
    before = now + sum((o.closed for o in closed), Amount()) - opened - again - corrected
    made = replace(
        report(), before=before, corrected=corrected, opened=opened, reopened=again, at_risk=now,
        stages=tuple(stages), outcomes=tuple(closed),
    )  # fmt: skip
    return replace(made, findings=findings(made))


def numbers(made: Page, section: str, figure: str) -> dict[str, Decimal]:
    found = [f for f in figures(made) if (f.section, f.figure) == (section, figure)]
    return {f.line: Decimal(f.value) for f in found if f.value}


@given(made=reports())
def test_the_bridge_adds_up_and_the_stages_are_what_is_at_risk(made: StageReport) -> None:
    told = report_page(made, ZONE)
    for figure, now in (("arr", Decimal(made.at_risk.arr_cents) / 100), ("deals", Decimal(made.at_risk.deals))):
        steps = numbers(told, "bridge", figure)
        assert steps.pop("now") == now == sum(steps.values())
        assert sum(numbers(told, "stages", figure).values()) == now
    assert numbers(told, "outcomes", "arr") == {o.key: Decimal(o.closed.arr_cents) / 100 for o in made.outcomes}
    assert numbers(told, "stages", "late") == {s.key: s.late for s in made.stages}


@given(made=reports())
def test_a_chart_shows_the_table_under_it(made: StageReport) -> None:
    """Each mark is as long as its line of the table says, and is named like it."""
    for _, chart in report_page(made, ZONE).charts:
        rows = chart.numbers.rows
        values = [row.cells[[c.place for c in chart.numbers.columns].index("figure")].value for row in rows]
        if isinstance(chart.drawing, Bars):
            marks = [(b.label, b.value) for b in chart.drawing.bars]
        elif isinstance(chart.drawing, Flow):
            marks = [(n.label, n.value) for column in chart.drawing.columns for n in column if n.label]
            order = [row.cells[0].text for row in rows]
            marks.sort(key=lambda mark: order.index(mark[0]))
        elif isinstance(chart.drawing, Intervals):
            assert {v.label for v in chart.drawing.intervals} <= {row.cells[0].text for row in rows}
            continue
        else:
            assert isinstance(chart.drawing, Bridge)
            marks = [(s.label, s.end - s.start) for s in chart.drawing.steps]
        assert [label for label, _ in marks] == [row.cells[0].text for row in rows]
        assert [round(value * 100) for _, value in marks] == values
        assert sum(getattr(b, "tone", "") == "bad" for b in getattr(chart.drawing, "bars", ())) <= 1
        assert chart.finding in chart.alt


def test_figures_are_called_and_counted_alike_in_every_language() -> None:
    english, german = (list(figures(page(code))) for code in ("en", "de"))
    assert [(f.section, f.line, f.figure, f.unit, f.number) for f in english] == [
        (f.section, f.line, f.figure, f.unit, f.number) for f in german
    ]
    assert len({(f.section, f.line, f.figure) for f in english}) == len(english)
    assert all(KEY.fullmatch(f.section) and KEY.fullmatch(f.figure) for f in english)


def test_what_a_figure_is() -> None:
    found = list(figures(page()))
    assert found[:4] == [
        Figure("summary", "at_risk", "value", "USD", "4209000.00", 4_209_000.0),
        Figure("summary", "kept", "value", "USD", "664000.00", 664_000.0),
        Figure("summary", "saved", "value", "deals", "3", 3.0),
        Figure("summary", "overdue", "value", "tasks", "24", 24.0),
    ]
    assert Figure("bridge", "lost", "arr", "USD", "-97000.00", -97_000.0) in found
    assert Figure("stages", "stabilise", "median_days", "days", "14.5", 14.5) in found
    assert Figure("outcomes", "lost", "kept", "USD", "") in found
    assert Figure("decisions", "12", "by", "date", "2026-11-21") in found
    assert Figure("decisions", "18", "owner", "", "Bob Lund") in found


def test_nothing_at_risk_is_said_and_not_drawn() -> None:
    still = replace(
        report(), before=Amount(), corrected=Amount(), opened=Amount(), reopened=Amount(), at_risk=Amount(),
        stages=tuple(replace(s, here=Amount(), late=0) for s in STAGES),
        outcomes=tuple(replace(o, closed=Amount(), kept_cents=0) for o in OUTCOMES), customers=None, voice=None,
        pipeline=None, ahead=None, works=None, value=None,
    )  # fmt: skip
    told = report_page(still, ZONE)
    assert told.charts == ()
    assert [b.lines for s in told.sections[:3] for b in s.blocks if isinstance(b, Sentences)] == [
        ("Nothing was at risk, and nothing came in.",),
        ("Nothing is at risk.",),
        ("No deal was closed.",),
    ]
    assert [t.key for _, t in told.tables][:3] == ["bridge", "stages", "outcomes"]


def test_how_deals_ended_is_said_in_every_case() -> None:
    lost = tuple(replace(o, closed=thousands(2, 9) if o.key == "lost" else Amount(), kept_cents=0) for o in OUTCOMES)
    one = tuple(replace(o, closed=thousands(1, 9) if o.key == "saved" else Amount()) for o in OUTCOMES)
    said = [
        next(c.finding for s, c in report_page(replace(report(), outcomes=ended), ZONE).charts if s.key == "outcomes")
        for ended in (OUTCOMES, lost, one)
    ]
    assert said == [
        "3 of 5 deals closed were saved: $664k to keep.",
        "None of the 2 deals closed was saved.",
        "The one deal closed was saved: $664k to keep.",
    ]


def test_sections_are_named_once_and_told_in_german_too() -> None:
    keys = [s.key for s in page().sections]
    assert len(keys) == len(set(keys)) == sum(len(of) for _, of in CHAPTERS) - 1  # nothing was corrected but the sum
    assert [s.title for s in report_page(report(), ZONE, tongue("de")).sections][1:3] == [
        "Wo die Fälle stehen",
        "Wie Fälle endeten",
    ]


def test_templates_get_texts_by_place_and_by_column() -> None:
    seen = plain(page())
    row = seen["sections"][1]["blocks"][0]["numbers"]["rows"][3]
    assert (row["name"]["text"], row["figure"]["text"]) == ("Stabilise", "$1.4M")
    assert [c["said"] for c in row["asides"] + row["details"]] == ["6 deals", "4 late", "1 came in", "there 14.5 d"]
    assert seen["tables"]["decisions"][0]["account"] == "Umbra Bank"


NAME, ARR = Column("account", "Account", place="name"), Column("arr", "ARR", "money", "USD", "figure")


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        ((NAME, ARR), (Row("1", (Cell("Acme"),)),)),
        ((NAME, ARR), (Row("1", (Cell("Acme"), Cell("$1"))), Row("1", (Cell("Globex"), Cell("$2"))))),
        ((NAME, NAME), ()),
        ((ARR,), ()),
    ],
)
def test_a_table_that_does_not_fit_is_refused(columns: tuple[Column, ...], rows: tuple[Row, ...]) -> None:
    with pytest.raises(ValueError, match="the table t"):
        Table("t", "", columns, rows)


def test_a_chart_has_its_numbers() -> None:
    assert [bool(chart.numbers.rows) for _, chart in page().charts] == [True] * 11
