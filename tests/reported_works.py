"""What worked and what it cost in the sample report: the year of tests/evidence/deals.py."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from saveline.core.allocation import ArmName, TrialPlan
from saveline.core.value import ConcessionLine, Effort, Granted, Value
from saveline.core.works import Entrant, Works
from saveline.evidence.value import value
from saveline.evidence.works import works
from tests.evidence.deals import END, OUTCOMES, SPAN, deal, year

ARMS: Final[tuple[ArmName, ArmName]] = ("new", "usual")
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


def entrants() -> list[Entrant]:
    """Two trials: one that is over and shows something, with two waves, and one that has begun."""
    over = TrialPlan("named-person", "champion-left-named", "champion-left", (), END.date() - timedelta(days=30))
    begun = TrialPlan("early-offer", "price-early", "price-defence", (), END.date() + timedelta(days=60))
    found, number = list[Entrant](), 1000
    for plan, share, counts in (
        (over, 0.25, ((16, 20, 0), (24, 62, 2))),
        (over, 0.75, ((47, 60, 1), (8, 21, 0))),
        (begun, 0.5, ((3, 6, 0), (4, 7, 1))),
    ):
        for arm, (saved, of, other) in zip(ARMS, counts, strict=True):
            lot = plan.given(arm, share)
            for n in range(of + 3):
                number += 1
                play = lot.against if n < other else lot.play
                outcome = None if n >= of else "saved" if n < saved else "lost"
                found.append(Entrant(deal(number, outcome, days=60 + n, play=play), lot))
    return found


def _works() -> Works:
    found = works(year(), OUTCOMES, SPAN, entrants=entrants())
    assert found is not None
    return found


def _value() -> Value:
    found = value(year(), OUTCOMES, SPAN, efforts=efforts(), concessions=CONCESSIONS)
    assert found is not None
    return found


WORKS, VALUE = _works(), _value()
