"""Saves beside support: each decided deal is on one side of each line, and which side only its own account decides.

Planted bugs that turned these tests red: cases opened after the deal counted as before it; deals of accounts that never
came left out of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from saveline.core.beside import Beside
from saveline.core.intervals import Rate
from saveline.core.support import SupportCase
from saveline.evidence.beside import beside
from saveline.evidence.rates import rate
from saveline.evidence.works import Decided, decided
from tests.evidence.deals import OUTCOMES, SPAN, deal

ENDS = st.lists(st.sampled_from(["saved", "saved_smaller", "lost", "let_go", "no_risk", "merged", None]), max_size=30)
TELLS = st.sampled_from([None, False, True])
CASES = st.lists(st.tuples(st.integers(0, 30), st.sampled_from([-1, 0, 1, 89, 90, 91]), TELLS, TELLS), max_size=40)


def sides(ends: Sequence[str | None]) -> list[Decided]:
    return decided([deal(number, ended) for number, ended in enumerate(ends)], OUTCOMES, SPAN)


def came(number: int, days: float, *, escalated: bool | None = None, complaint: bool | None = None) -> SupportCase:
    """Days before the deal of that account was opened."""
    return SupportCase(number, deal(number).opened_at - timedelta(days=days), escalated=escalated, complaint=complaint)


@given(ends=ENDS, cases=CASES)
def test_every_decided_deal_is_on_one_side(
    ends: list[str | None], cases: list[tuple[int, int, bool | None, bool | None]]
) -> None:
    some = sides(ends)
    saved = {d.case.account.id: d.saved for d in some}
    support = [came(i, days, escalated=up, complaint=wrong) for i, days, up, wrong in cases]
    lines = {line.came: line for line in beside(some, support, floor=1) or ()}
    told: dict[str, list[bool | None]] = {"wrote": [True for _ in cases]}
    told |= {"escalated": [c[2] for c in cases], "complained": [c[3] for c in cases]}
    assert set(lines) == {name for name, said in told.items() if any(x is not None for x in said)}
    for name, line in lines.items():
        who = {c[0] for c, said in zip(cases, told[name], strict=True) if said and 0 < c[1] <= 90} & set(saved)
        assert line.rate == rate(sum(saved[i] for i in who), len(who), floor=1)
        others = set(saved) - who
        assert line.others == rate(sum(saved[i] for i in others), len(others), floor=1)


def test_too_few_are_not_judged() -> None:
    some = sides(["saved"] * 9 + ["lost"] * 10)
    found = beside(some, [came(i, 5) for i in range(9)])
    assert found == (Beside("wrote", Rate(9, 9), rate(0, 10)),)
    assert beside(some, []) is None
