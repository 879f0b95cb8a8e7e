"""Cases as columns say what the cases say, one by one.

Planted bugs that turned these tests red: a deal lifted below the one behind it, so that the furthest stage of one was
that of the next; a stay in a stage that the pipeline has no more left in; an open stay seen until it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from saveline.core.cases import Case, Passage
from saveline.evidence.columns import MICROSECOND, ends, stays
from tests.evidence.deals import END, OUTCOMES, SPAN, ago, deal

STAGES = ("signal", "triage", "stabilise", "decide")
WALKS = st.lists(st.lists(st.sampled_from([*STAGES, "abolished"]), max_size=6), max_size=6)


def walked(number: int, walk: Sequence[str]) -> Case:
    """Ten days in each stage from day 400 before the end on; every second deal is still in its last one."""
    begins = [ago(400 - 10 * n) for n in range(len(walk) + 1)]
    ended = [*begins[1:-1], None] if number % 2 else begins[1:]
    return deal(number, passages=tuple(Passage(*stay) for stay in zip(walk, begins, ended, strict=False)))


@given(WALKS)
def test_a_stay_is_in_its_column_as_it_is_in_its_case(walks: list[list[str]]) -> None:
    cases = [walked(n, walk) for n, walk in enumerate(walks)]
    told = [(n, p, c.passages[at:]) for n, c in enumerate(cases) for at, p in enumerate(c.passages)]
    told = [(n, p, later) for n, p, later in told if p.stage in STAGES]
    found = stays(cases, STAGES, SPAN.since, END)
    assert found.deal.tolist() == [n for n, _, _ in told]
    assert found.stage.tolist() == [STAGES.index(p.stage) for _, p, _ in told]
    assert [SPAN.since + n * MICROSECOND for n in found.came.tolist()] == [p.since for _, p, _ in told]
    assert [SPAN.since + n * MICROSECOND for n in found.went.tolist()] == [p.until or END for _, p, _ in told]
    assert found.gone.tolist() == [p.until is not None for _, p, _ in told]
    furthest = [max(STAGES.index(p.stage) for p in later if p.stage in STAGES) for _, _, later in told]
    assert found.furthest.tolist() == furthest
    first = {(n, p.stage): at for at, (n, p, _) in reversed([*enumerate(told)])}
    assert sorted(found.first.tolist()) == sorted(first.values())


def test_how_deals_ended() -> None:
    found = ends(
        [deal(n, key) for n, key in enumerate(("saved", "lost", "no_risk", "merged", None))], OUTCOMES, ago(200)
    )
    assert found.open.tolist() == [False] * 4 + [True]
    assert found.decided.tolist() == [True, True, False, False, False]
    assert found.saved.tolist() == [True, False, False, False, False]
    assert [n * MICROSECOND for n in found.closed.tolist()] == [timedelta(days=100)] * 4 + [timedelta(0)]
