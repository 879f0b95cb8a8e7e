"""The ways deals took, by hand: stages, endings, second lives, merges and splits, and what they count as.

Planted bugs that turned these tests red: the time of a merged deal in the mean, a second life as a deal of its own, a
stage that was entered twice counted once, and a change of a play's version that is no step where it goes back.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from saveline.core import changes as c
from saveline.core.changes import Change, Event
from saveline.core.journeys import Journeys, Leg, journey, journeys

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
OPENED = c.DealOpened("p", "h", 1, 100, MONDAY)
AGAIN = c.DealReopened("p", "h", 1, MONDAY)


def history(*told: tuple[float, Change]) -> list[Event]:
    """``(days after Monday, what happened)``."""
    return [Event(i, MONDAY + timedelta(days=day), change) for i, (day, change) in enumerate(told, 1)]


def entered(stage: str) -> c.StageEntered:
    return c.StageEntered(stage)


def test_a_way_is_the_stages_walked_and_the_ending() -> None:
    found = journey(
        7,
        history((0, OPENED), (0, entered("triage")), (3, entered("fix")), (4, entered("triage")),
                (5.5, c.DealClosed("saved", "x")), (90, c.DealKept())),
    )  # fmt: skip
    assert found is not None
    assert found.legs == (Leg(MONDAY, ("triage", "fix", "triage"), "saved", MONDAY + timedelta(days=5.5)),)
    assert (found.took, found.ended, found.deal_id) == (timedelta(days=5.5), "saved", 7)
    assert journey(7, []) is None


def test_a_deal_that_opens_again_is_one_deal_with_two_lives() -> None:
    """Its time is from the first opening to the last closing, and while it is open it has none."""
    life: list[tuple[float, Change]]
    life = [(0.0, OPENED), (0, entered("triage")), (2, c.DealClosed("lost", "x")), (10, AGAIN), (10, entered("fix"))]
    still = journeys({1: history(*life)})
    assert (still.deals, still.open, still.ended, still.reopened, still.median_days) == (1, 1, 0, 1, None)
    assert still.variants[0].title == "triage → lost, again: fix → …"
    over = journeys({1: history(*life, (14, c.DealClosed("saved", "x")), (15, c.DealLeft(date(2027, 1, 1))))})
    assert (over.ended, over.reopened, over.mean_days) == (1, 1, 14.0)
    assert over.variants[0].walk == ((("triage",), "lost"), (("fix",), "saved"))


def test_a_merged_deal_has_a_way_and_no_end_of_its_own() -> None:
    """Nor has the one that takes it in, or gives causes away, another way for that."""
    ended = history((0, OPENED), (0, entered("triage")), (4, c.DealClosed("saved", "x")))
    taking = history((0, OPENED), (0, entered("triage")), (1, c.DealJoined(2, "Acme", 5)),
                     (2, c.CausesSplit(4, "Globex", ("x",), 3)), (6, c.DealClosed("saved", "x")))  # fmt: skip
    merged = history((0, OPENED), (0, entered("triage")), (1, c.DealMerged(3)))
    found = journeys({1: ended, 2: merged, 3: taking})
    assert (found.deals, found.ended, found.merged, found.open) == (3, 2, 1, 0)
    assert (found.took_in, found.split, found.median_days, found.mean_days) == (1, 1, 5.0, 5.0)
    assert [(v.title, v.deals, v.median_days) for v in found.variants] == [
        ("triage → saved", 2, 5.0),
        ("triage → merged", 1, 1.0),
    ]


def test_a_play_that_is_taken_back_leads_back_to_the_stage() -> None:
    def changed(stage: str) -> c.DealMigrated:
        return c.DealMigrated("h", "g", MONDAY, stage, 1, back=True)

    found = journey(1, history((0, OPENED), (0, entered("a")), (1, entered("b")), (2, changed("b")), (3, changed("a"))))
    assert found is not None
    assert found.walk == ((("a", "b", "a"), ""),)


def test_no_deals_have_no_times() -> None:
    assert journeys({}) == Journeys(0, 0, 0, 0, 0, 0, 0, None, None, ())


ENDS = st.sampled_from([c.DealClosed("saved", "x"), c.DealClosed("lost", "x"), c.DealMerged(9), None])
LIVES = st.lists(
    st.tuples(st.lists(st.sampled_from("abc"), max_size=3), ENDS, st.integers(0, 5)), min_size=1, max_size=3
)


@given(st.lists(LIVES, max_size=12))
def test_every_deal_is_in_one_way_and_one_count(portfolio: list[list[tuple[list[str], Change | None, int]]]) -> None:
    """And the mean of all is the mean of the ways' means, by how many took them."""
    histories = {i: history(*_told(lives)) for i, lives in enumerate(portfolio)}
    found = journeys(histories)
    assert found.deals == found.ended + found.open + found.merged == len(portfolio)
    assert sum(v.deals for v in found.variants) == len(portfolio)
    assert len({v.walk for v in found.variants}) == len(found.variants)
    assert [v.deals for v in found.variants] == sorted((v.deals for v in found.variants), reverse=True)
    ended = [v for v in found.variants if v.walk[-1][1] not in ("", "merged")]
    assert sum(v.deals for v in ended) == found.ended
    if ended:
        total = sum(v.deals * (v.mean_days or 0) for v in ended)
        assert found.mean_days is not None
        assert abs(found.mean_days - total / found.ended) < 1e-9


def _told(lives: list[tuple[list[str], Change | None, int]]) -> list[tuple[float, Change]]:
    told: list[tuple[float, Change]] = []
    day = 0.0
    for number, (stages, end, days) in enumerate(lives):
        told.append((day, AGAIN if number else OPENED))
        told += [(day, entered(stage)) for stage in stages]
        day += days
        if end is None:
            break
        told.append((day, end))
    return told
