"""docs/definitions.md says what the code does: every figure has an example, and every example comes out."""

from __future__ import annotations

import importlib
import pkgutil
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import tests.definitions
from tests.definitions import WORKINGS
from tests.reported import page

DOCS = Path(__file__).parents[2] / "docs"
PAGE, REPORTS = DOCS / "definitions.md", DOCS / "reports.md"
EXAMPLE = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDED = ("**Says**", "**Formula**", "**Source**")

for _module in pkgutil.iter_modules(tests.definitions.__path__, "tests.definitions."):
    if not _module.name.rpartition(".")[2].startswith("test_"):
        importlib.import_module(_module.name)


def figures() -> dict[str, str]:
    """Heading to text; a second heading of one name would hide the first."""
    parts = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert len(set(parts[::2])) == len(parts[::2])
    return dict(zip(parts[::2], parts[1::2], strict=True))


def example(text: str) -> dict[str, Any]:
    (block,) = EXAMPLE.findall(text)
    return tomllib.loads(block, parse_float=Decimal)


def alike(printed: object, found: object) -> bool:
    """To the last digit printed: 0.80 is 0.795 to 0.805."""
    if isinstance(printed, list):
        assert isinstance(found, list)
        return len(printed) == len(found) and all(map(alike, printed, found))
    if isinstance(printed, int | Decimal) and isinstance(found, int | float):
        exponent = Decimal(printed).as_tuple().exponent
        assert isinstance(exponent, int)
        # A hair more: what lies in the middle between two digits may be rounded either way.
        return abs(float(printed) - found) <= 0.5 * 10.0**exponent * (1 + 1e-6)
    return printed == found


def test_every_figure_is_worked_out_and_every_working_is_told() -> None:
    assert set(figures()) == set(WORKINGS)


@pytest.mark.parametrize("name", sorted(figures()))
def test_the_example_comes_out(name: str) -> None:
    """Planted: a digit of an example; a z of 1.65; the guard's places counted from the largest; what is written late
    taken as known at once; a paused deal called late; ARR that a merge moved taken off twice; growth in GRR; a deal
    that was merged counted as stopped; the last 120 days looked back at; the time of a second life alone."""
    text = figures()[name]
    assert all(word in text for word in NEEDED)
    told = example(text)
    assert set(told) == {"given", "gives"}
    found = WORKINGS[name](told["given"])
    assert set(found) == set(told["gives"])
    wrong = {key: (str(told["gives"][key]), found[key]) for key in found if not alike(told["gives"][key], found[key])}
    assert not wrong


def test_the_sections_of_the_report_are_listed_in_their_order() -> None:
    """Planted: a section that is not in the table; two lines of it the other way round."""
    table = REPORTS.read_text("utf-8").partition("## What is in it")[2].partition("\n\nThe page")[0]
    keys = [key for cell in re.findall(r"^\|(.*?)\|", table, re.MULTILINE) for key in re.findall(r"`(\w+)`", cell)]
    shown = [section.key for section in page().sections]
    assert [key for key in keys if key in shown] == shown
