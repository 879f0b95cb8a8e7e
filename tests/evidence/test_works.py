"""What works: every deal is counted once, on one side, for the play it was opened with; worked out again by hand.

Planted bugs that turned these tests red: a deal counted for the play it went on with; a merged deal counted as not
saved; a save under watch called lasting; a save that was lost after all kept its value; deals without a finished task
as a place of their own; the last quarter counted among what stood out; a loss of the last day not seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.cases import Case
from saveline.core.works import Works, fate, found, group
from saveline.evidence.money import mean
from saveline.evidence.rates import rate
from saveline.evidence.rebound import rebound
from saveline.evidence.works import QUARTER, works
from tests.evidence.deals import END, OUTCOMES, SPAN, ago, deal, year

FEW = settings(max_examples=25)
"""Each example draws its money two thousand times anew."""
SAVES = ("saved", "saved_smaller")
LOSSES = ("lost", "let_go")


@st.composite
def cases(draw: st.DrawFn) -> list[Case]:
    """Up to sixty deals of three plays, two segments and three doors, ended and kept in every way there is."""
    pick, made = st.sampled_from, []
    for number in range(draw(st.integers(0, 60))):
        outcome = draw(pick([*SAVES, *LOSSES, "no_risk", "merged", "gone_from_the_settings", None]))
        ended = draw(st.integers(1, 364))
        became = draw(pick(["none", "watched", "kept", "left", "gone"]))
        kinds: dict[str, dict[str, Any]] = {
            "watched": {"watch_until": ago(-10)},
            "kept": {"watch_until": ago(1), "kept_at": ago(1)},
            "left": {"watch_until": ago(0), "left_at": ago(0.5)},
            "gone": {"left_on": draw(pick([date(2026, 11, 22), date(2026, 11, 23)]))},
        }
        fields = kinds.get(became, {})
        value = draw(st.integers(0, 10**7)) if outcome in SAVES else None
        made.append(
            deal(
                number, outcome, days=ended, kept=value, play=draw(pick("abc")), door=draw(pick(["slack", "web", ""])),
                segment=draw(pick(["mid", None])), causes=draw(pick([("price",), ("silence", "price"), ()])), **fields,
            )
        )  # fmt: skip
    return made


def told(made: Sequence[Case]) -> Works | None:
    return works(made, OUTCOMES, SPAN, floor=3)


def by_hand(case: Case) -> tuple[bool, int, str]:
    """Whether it was saved, what is kept of it, what became of the save: from the words of docs/definitions.md."""
    if case.outcome not in SAVES:
        return False, 0, ""
    if case.watch_until is None:
        lost = case.account.left_on == date(2026, 11, 22)
        return True, 0 if lost else case.kept_cents or 0, "lost" if lost else "held"
    if case.left_at is not None:
        return True, 0, "lost"
    return True, case.kept_cents or 0, "held" if case.kept_at is not None else "watched"


@FEW
@given(made=cases())
def test_every_figure_is_that_of_a_count_by_hand(made: list[Case]) -> None:
    sides = {c.deal_id: by_hand(c) for c in made if c.outcome in (*SAVES, *LOSSES)}
    report = told(made)
    if report is None:
        assert not sides
        return
    decided = [c for c in made if c.deal_id in sides]
    ends = Counter(c.outcome for c in made)
    assert (report.open, report.merged) == (ends[None], ends["merged"])
    assert report.cleared == ends["no_risk"] + ends["gone_from_the_settings"]
    assert report.saved == rate(sum(s for s, _, _ in sides.values()), len(sides), floor=3)
    groups: defaultdict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in decided:
        groups["play", case.opened_with].append(case)
        groups["cause", case.causes[0] if case.causes else ""].append(case)
        groups["segment", case.account.segment or ""].append(case)
        if case.door:
            groups["door", case.door].append(case)
    assert {(line.dimension, line.name) for line in report.lines} == set(groups)
    for line in report.lines:
        own = [sides[c.deal_id] for c in groups[line.dimension, line.name]]
        assert line.comparison.rate == rate(sum(s for s, _, _ in own), len(own), floor=3)
        assert line.kept == mean([kept for _, kept, _ in own], floor=3)
        became = Counter(fate for _, _, fate in own)
        lasting = line.lasting
        assert (lasting.held, lasting.lost, lasting.watched) == (became["held"], became["lost"], became["watched"])
        assert (lasting.rate.k, lasting.rate.n) == (became["held"], became["held"] + became["lost"])


@FEW
@given(made=cases())
def test_the_groups_of_a_dimension_make_up_the_whole(made: list[Case]) -> None:
    report = told(made)
    if report is None:
        return
    for dimension in ("play", "cause", "segment", "door"):
        lines = report.of(dimension)
        without = report.doorless if dimension == "door" else 0
        assert sum(line.comparison.rate.n for line in lines) + without == report.saved.n
        if not without:
            assert sum(line.comparison.rate.k for line in lines) == report.saved.k
            assert sum(line.kept.total for line in lines) == report.kept.total
        if dimension != "door":
            assert sum(line.lasting.watched for line in lines) == report.lasting.watched
    assert report.compared == sum(line.verdict != "not enough cases" for line in report.lines)


@FEW
@given(made=cases(), data=st.data())
def test_what_happens_to_a_deal_later_moves_it_to_no_other_play(made: list[Case], data: st.DataObject) -> None:
    """Intention to treat, and in any order."""
    other = [replace(c, play="another", owner_id=7, passages=(), opened_at=c.opened_at) for c in made]
    assert told(data.draw(st.permutations(other))) == told(made)


@FEW
@given(made=cases())
def test_what_is_on_neither_side_changes_no_rate(made: list[Case]) -> None:
    report = told(made)
    neither = [deal(1000 + i, outcome) for i, outcome in enumerate(["merged", "no_risk", None])]
    more = told([*made, *neither])
    if report is None or more is None:
        assert report is more is None
        return
    as_before = replace(more, open=more.open - 1, merged=more.merged - 1, cleared=more.cleared - 1)
    assert replace(as_before, lines=_closed(as_before)) == replace(report, lines=_closed(report))


def _closed(report: Works) -> tuple[Any, ...]:
    return tuple(replace(line, open=0) for line in report.lines)


def test_a_deal_that_was_opened_again_counts_for_its_first_play_as_it_last_ended() -> None:
    again = deal(1, "lost", play="second", opened_with="first")
    assert group(again, "play") == "first"
    report = works([again], OUTCOMES, SPAN)
    assert report is not None
    assert [(line.name, line.comparison.rate.k, line.comparison.rate.n) for line in report.of("play")] == [
        ("first", 0, 1)
    ]


def test_a_save_without_a_watch_lasts_while_the_account_pays() -> None:
    """The day on which it stops paying is the first without: one of the period's last day is lost, the next is not."""
    assert fate(deal(1, left_on=date(2026, 11, 22)), SPAN.last) == "lost"
    assert fate(deal(1, left_on=date(2026, 11, 23)), SPAN.last) == "held"
    assert SPAN.last == date(2026, 11, 22)
    over = deal(1, watch_until=ago(1))
    assert fate(over, SPAN.last) == "watched", "a watch is over when the engine has looked"


def test_the_year_of_the_sample() -> None:
    """Planted: three plays that differ, one that does not, one with too few deals."""
    report = works(year(), OUTCOMES, SPAN)
    assert report is not None
    verdicts = {line.name: line.verdict for line in report.of("play")}
    assert verdicts == {
        "value-not-seen": "no difference shown",
        "price-defence": "worse",
        "executive-rescue": "better",
        "service-recovery": "no difference shown",
        "silent-account": "not enough cases",
    }
    assert [line.name for line in found(report, dimension="play")] == ["executive-rescue", "price-defence"]
    assert (report.saved.k, report.saved.n, report.doorless) == (99, 184, 7)
    assert (report.open, report.merged, report.cleared) == (24, 3, 2)
    assert sum(line.open for line in report.of("play")) == 24


def test_who_stood_out_is_looked_at_again_in_the_last_quarter() -> None:
    """Three plays of forty deals each until then; since then the best has too few, so nothing is said of it."""
    early = {"a": 30, "b": 20, "c": 10}
    late = {"a": (4, 5), "b": (10, 18), "c": (9, 20)}
    made, number = [], 0
    for play, saved in early.items():
        for i in range(40):
            number += 1
            made.append(deal(number, "saved" if i < saved else "lost", days=100 + i, play=play, causes=()))
    for play, (saved, of) in late.items():
        for i in range(of):
            number += 1
            made.append(deal(number, "saved" if i < saved else "lost", days=1 + 4 * i, play=play, causes=()))
    report = works(made, OUTCOMES, SPAN)
    assert report is not None
    assert report.quarter == END - QUARTER == END - timedelta(days=91)
    groups = [(30, 40), (20, 40), (10, 40)]
    assert [(s.dimension, s.name, s.best, s.rebound) for s in report.standouts] == [
        ("play", "c", False, rebound(groups, 2, (9, 20))),
    ]


def test_nothing_decided_is_nothing_to_say() -> None:
    assert works([deal(1, None), deal(2, "merged"), deal(3, "no_risk")], OUTCOMES, SPAN) is None
