"""Cells: what a text means, and what it must not be taken for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core import cells
from saveline.core.cells import PLAIN, style_of, with_numbers

LISBON = ZoneInfo("Europe/Lisbon")
GERMAN = with_numbers(style_of("DD.MM.YYYY hh:mm"), "1.234,5")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0", 0),
        ("1234.50", 123450),
        ("12e3", 1_200_000),
        ("1.2E+04", 1_200_000),
        (".5", 50),
        ("5.", 500),
        ("0.005", 0),
        ("0.015", 2),
    ],
)
def test_amounts_become_whole_cents(text: str, wanted: int) -> None:
    """12e3 is an amount: spreadsheets write large numbers so. Half a cent goes to the even one, as in bookkeeping."""
    assert cells.money(text, PLAIN) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+-1", "1,000", "1 000", "1_000", "nan", "Infinity", "0x10", "1e999", "٣", "$5", "1e", "--", "1.2.3"],
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"number|amount"):
        cells.money(text, PLAIN)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1.234,50", "1234.50"), ("1234,5", "1234.5"), ("-7", "-7"), ("1.000.000", "1000000"), ("0,5", "0.5")],
)
def test_numbers_of_another_country(text: str, wanted: str) -> None:
    assert cells.number(text, GERMAN) == Decimal(wanted)


@pytest.mark.parametrize("text", ["1.23", "1.2345", "12.34.567", "1,234.50", "1234.50"])
def test_a_point_that_separates_no_thousands_is_no_decimal_point_either(text: str) -> None:
    """Planted: dropping every point made a thousand times too much of 1.23."""
    with pytest.raises(ValueError, match=r"a number written like 1\.234,5"):
        cells.number(text, GERMAN)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-30", "2026-11-30T00:00:00+00:00"),
        ("2026-07-30", "2026-07-29T23:00:00+00:00"),
        ("2026-07-30 10:15", "2026-07-30T09:15:00+00:00"),
        ("2026-07-30T10:15:00Z", "2026-07-30T10:15:00+00:00"),
        ("2026-07-30 10:15:00.25-05:00", "2026-07-30T15:15:00.250000+00:00"),
        ("2026-03-29 01:30", "2026-03-29T01:30:00+00:00"),  # an hour that spring skips in Lisbon: later by the gap
        ("2026-10-25 01:30", "2026-10-25T00:30:00+00:00"),  # one that autumn has twice: the first
    ],
)
def test_moments_without_an_offset_are_those_of_the_workspace(text: str, wanted: str) -> None:
    assert cells.instant(text, PLAIN, LISBON).isoformat() == wanted


@pytest.mark.parametrize(
    "text",
    ["20261130", "2026-W48-1", "2026-11-30T", "2026-11-31", "11/30/2026", "1969-12-31", "2200-01-01", "2026-1-3", "0"],
)
def test_what_is_no_day(text: str) -> None:
    with pytest.raises(ValueError, match="a date"):
        cells.day(text)


def test_a_date_format_reads_what_it_names_and_iso() -> None:
    assert cells.instant("30.07.2026 10:15", GERMAN, LISBON) == datetime(2026, 7, 30, 9, 15, tzinfo=UTC)
    assert cells.day("2026-07-30", GERMAN) == date(2026, 7, 30)
    with pytest.raises(ValueError, match=r"a date like DD\.MM\.YYYY hh:mm"):
        cells.day("07/30/2026", GERMAN)
    with pytest.raises(ValueError, match="a format with YYYY, MM and DD"):
        style_of("DD.MM.YY")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", None),
        ("True", True),
        ("no", False),
        ("7", 7),
        ("-7.50", -7.5),
        ("0012", "0012"),
        ("1e5", "1e5"),
        ("2026-11-30", date(2026, 11, 30)),
        ("2026-11-30 23:59:59", date(2026, 11, 30)),
        ("Enterprise", "Enterprise"),
        ("2026-11-31", "2026-11-31"),
    ],
)
def test_what_conditions_see(text: str, wanted: Any) -> None:
    found = cells.guess(text)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    "text",
    ["=1+1", " =1", "\t=1", "\tx", "+cmd|x", "-2+3", "@x", "|x", "＝1", "\u00a0=1", "\u200b=1", "\u3000＋1", "\n=1"],
)
def test_what_a_spreadsheet_would_run(text: str) -> None:
    assert cells.formula(text)
    assert cells.safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "-5", "+5.0", "-1e3", " -7 ", "a=b", "it's - well", "2026-11-30", "'=1"])
def test_what_it_would_not(text: str) -> None:
    assert not cells.formula(text)
    assert cells.safe(text) == text


@given(st.text(max_size=8))
def test_what_is_written_never_starts_like_a_formula(text: str) -> None:
    """Law: whatever a cell held, what is written is a number or does not begin with a sign, after any spaces."""
    written = cells.safe(text)
    start = written.lstrip(" \u00a0\u2003\u3000")[:1]
    assert start not in {*"=+-@|\t\r\n＝＋－＠｜"} or Decimal(written.strip()).is_finite()


@pytest.mark.parametrize(
    ("heading", "wanted"),
    [
        ("Account ID", "account_id"),
        (" ARR (USD) ", "arr_usd"),
        ("E-mail", "e_mail"),
        ("Größe", "größe"),
        ("2nd", "c_2nd"),
        ("", ""),
    ],
)
def test_headings_as_words(heading: str, wanted: str) -> None:
    assert cells.heading_word(heading) == wanted


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        (cells.yes_no, {"Yes": True, "n": False, "TRUE": True, "0": False}, ["", "maybe", "2"]),
        (cells.word, {"champion_left": "champion_left"}, ["Champion", "a b", "1a", "a" * 61, ""]),
        (
            cells.email,
            {"Ana@X.example": "ana@x.example"},
            ["ana", "a@b", "a b@x.example", "a@x.example, b@x.example", "a@x.example\nBcc: b"],
        ),
    ],
)
def test_words(read: Callable[[str], Any], good: dict[str, Any], bad: list[str]) -> None:
    assert {text: read(text) for text in good} == good
    for text in bad:
        with pytest.raises(ValueError, match=r"yes or no|a word of|an e-mail"):
            read(text)
