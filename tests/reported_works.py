"""What worked and what it cost in the sample report: the year of tests/evidence/deals.py."""

from __future__ import annotations

from saveline.core.value import ConcessionLine, Effort, Granted, Value
from saveline.core.works import Works
from saveline.evidence.value import value
from saveline.evidence.works import works
from tests.evidence.deals import OUTCOMES, SPAN, year

CONCESSIONS = (
    ConcessionLine("credit", "money", 4, 9_200.0, 5_000.0, approved=1, asked=1, refused=0, waiting=0),
    ConcessionLine("discount", "percent", 7, 61.0, 20.0, approved=2, asked=4, refused=1, waiting=1),
)


def efforts() -> dict[int, Effort]:
    """Two deals in three say their hours, and more of them the harder the deal was; one in four conceded something."""
    found = {}
    for case in year():
        number = case.deal_id
        hours = None if number % 3 == 0 else 4 + number * 7 % 23 / 2
        discount = (Granted("discount", "percent", 5.0 + number % 11),) if number % 4 == 0 else ()
        found[number] = Effort(hours, discount)
    return found


def _works() -> Works:
    found = works(year(), OUTCOMES, SPAN)
    assert found is not None
    return found


def _value() -> Value:
    found = value(year(), OUTCOMES, SPAN, efforts=efforts(), concessions=CONCESSIONS)
    assert found is not None
    return found


WORKS, VALUE = _works(), _value()
