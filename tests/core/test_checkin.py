"""When the monthly question is open, and with whom an answer is told.

Planted bugs that turned these tests red: a group of four that is asked, an own department that is told among the small
ones, a question that is open until the month is over, and one that closes at midnight in UTC.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saveline.core.checkin import LAST_DAY, OPEN_DAYS, Question, month_of, round_of, told_with, unwanted, wants
from saveline.core.errors import Invalid
from saveline.core.facts import Person
from saveline.core.pulse import FEWEST, TOGETHER
from tests.world import World

ZONES = st.sampled_from(["Europe/Lisbon", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata", "America/Havana"])
DEPARTMENTS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=25)


def staff(departments: list[str | None]) -> list[Person]:
    return [Person(i, f"p{i}@x.example", f"P {i}", department=d) for i, d in enumerate(departments, start=1)]


@given(departments=DEPARTMENTS)
def test_no_answer_is_kept_with_fewer_than_four_others(departments: list[str | None]) -> None:
    people = staff(departments)
    groups = told_with(people)
    assert all(n >= FEWEST for n in Counter(groups.values()).values())
    sizes = Counter(departments)
    for person in people:
        if person.department is not None and sizes[person.department] >= FEWEST:
            assert groups[person.id] == person.department
        else:
            assert groups.get(person.id, TOGETHER) == TOGETHER
    left = [p for p in people if p.id not in groups]
    assert len(left) < FEWEST
    assert not left or TOGETHER not in groups.values()


@given(day=st.integers(1, LAST_DAY), month=st.integers(1, 12), zone=ZONES)
def test_a_question_is_open_for_a_week_of_its_own_month(day: int, month: int, zone: str) -> None:
    asked = round_of(Question(day), 202600 + month, zone)
    opens, closes = asked.opens.astimezone(ZoneInfo(zone)), asked.closes.astimezone(ZoneInfo(zone))
    assert opens.date().isoformat() == f"2026-{month:02}-{day:02}"
    assert closes.date() - opens.date() == timedelta(days=OPEN_DAYS)
    moment = timedelta(microseconds=1)
    assert month_of(asked.opens, zone) == month_of(asked.closes - moment, zone) == asked.month
    assert (asked.open_at(asked.opens), asked.open_at(asked.closes - moment)) == (True, True)
    assert (asked.open_at(asked.opens - moment), asked.open_at(asked.closes)) == (False, False)


def test_who_wants_to_be_asked() -> None:
    ana, bob = staff(["a", "a"])
    assert wants(ana, ())
    assert not wants(ana, {ana.id})
    assert not wants(Person(3, "c@x.example", "C", active=False), ())
    assert not wants(Person(3, "c@x.example", "C", prefers={"pulse": "off"}), ())
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert unwanted(Question(20), 202611, "Europe/Lisbon", bob, noon) is None
    assert unwanted(None, 202611, "Europe/Lisbon", bob, noon) == "nobody is asked any more"
    assert unwanted(Question(13), 202611, "Europe/Lisbon", bob, noon) == "the question is closed"


@pytest.mark.parametrize(
    ("written", "fault"),
    [("{day: 22}", "day is 22; expected at most 21"), ("{}", "day"), ("{day: 20, ask: now}", "ask")],
)
def test_what_is_wrong_in_the_settings(lite: World, written: str, fault: str) -> None:
    """A day from which on a week would end in another month, none, and a key that there is not."""
    lite.setting("saveline.yaml", "report_to:", f"pulse: {written}\nreport_to:")
    with pytest.raises(Invalid) as refused:
        _ = lite.desk
    assert fault in str(refused.value)
