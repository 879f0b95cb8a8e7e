"""Who gets which stage report: weeks and months, the whole and slices, by itself and sent by hand.

Planted bugs that turned these tests red: a slice numbered as the whole (bob's was never queued), a month that ends with
a week numbered as that week, everybody told of every slice, what was sent under the old number sent again, a month
that comes by itself sent to those of ``report_to``, and somebody who asked not to get reports told of their slice.
"""

from __future__ import annotations

import pytest

from saveline.actions import doctor, reports, wording
from saveline.actions.report_readers import Sending, slices_wanted
from saveline.actions.unsubscribing import unsubscribe
from saveline.core.notices import Notice, channels_for
from saveline.core.periods import Period, parse
from saveline.core.slices import WHOLE, Slice
from saveline.store import outbox
from saveline.store.rows import decode_json
from tests.casting import people
from tests.notify.looking import rows
from tests.world import World

ZONE = "Europe/Lisbon"
WEEK, MONTH = parse("2026-W47", ZONE), parse("2026-11", ZONE)
ENTERPRISE = Slice(segment="enterprise")
ANAS = Slice(owner="ana@x.example")


@pytest.fixture
def subscribed(lite: World) -> World:
    """Bob wants the week of the enterprise accounts and the whole month, dora the month of ana's deals."""
    lite.open(lite.account())
    bob = [{"every": "week", "segment": "Enterprise"}, {"every": "month"}]
    people(lite, bob={"reports": bob}, dora={"reports": [{"every": "month", "owner": "ana@x.example"}]})
    return lite


def told(world: World) -> list[tuple[str, str]]:
    """Who gets which report by which channel's row, in the order in which they were queued."""
    names = {world.person(who): who for who in ("ana", "bob", "chris", "dora", "eli")}
    return [
        (names[row.person_id], decode_json(row.about)["report"].partition(":")[2])
        for row in rows(world, kind="stage_report")
    ]


def sent(world: World, period: Period, *, regular: bool = True) -> list[tuple[str, str]]:
    """What comes of it, beside what was there."""
    before = told(world)
    reports.publish_all(world.desk, period, regular=regular)
    return told(world)[len(before) :]


def test_everybody_gets_the_reports_they_want_and_each_once(subscribed: World) -> None:
    week = [("chris", "2026-W47"), ("bob", "2026-W47:segment=enterprise")]
    month = [("bob", "2026-11"), ("dora", "2026-11:owner=ana%40x.example")]
    assert (sent(subscribed, WEEK), sent(subscribed, MONTH)) == (week, month)
    assert (sent(subscribed, WEEK), sent(subscribed, MONTH)) == ([], [])
    assert sent(subscribed, MONTH, regular=False) == [("chris", "2026-11")], "whoever sends it means them, too"


def test_their_wishes_are_as_the_file_says_now(subscribed: World) -> None:
    assert slices_wanted(subscribed.desk, WEEK) == [ENTERPRISE]
    people(subscribed, eli={"reports": [{"every": "week", "segment": "enterprise"}, {"every": "week"}]})
    assert sent(subscribed, WEEK) == [
        ("chris", "2026-W47"), ("eli", "2026-W47"), ("eli", "2026-W47:segment=enterprise")
    ]  # fmt: skip
    people(subscribed, eli={"active": False, "reports": [{"every": "month"}]})
    assert sent(subscribed, MONTH) == []


def test_who_asked_not_to_get_reports_gets_no_slice(subscribed: World) -> None:
    unsubscribe(subscribed.desk, subscribed.person("bob"), "stage_report")
    assert sent(subscribed, WEEK) == [("chris", "2026-W47")]


def test_sent_by_hand_it_goes_to_whom_it_is_sent(subscribed: World) -> None:
    """A slice that nobody gets by itself, of days that are no week."""
    days = parse("2026-11-02..2026-11-20", ZONE)
    assert reports.publish(subscribed.desk, days, ANAS)[1] == 0
    assert reports.publish(subscribed.desk, days, ANAS, to=[subscribed.person("eli")])[1] == 1
    assert told(subscribed) == [("eli", "2026-11-02..2026-11-20:owner=ana%40x.example")]


def test_every_report_has_a_number_of_its_own() -> None:
    """Also a month that ends with a week, as May 2026 does. That of a whole week is what it has always been."""
    periods = [parse(key, ZONE) for key in ("2026-W22", "2026-05", "2026-05-01..2026-05-31", "2026-W23")]
    slices = (WHOLE, ENTERPRISE, Slice(segment="smb"), Slice(region="enterprise"), ANAS)
    numbers = [Sending(p, s, reports.key_of(p, s)).ordinal for p in periods for s in slices]
    assert len(set(numbers)) == len(numbers)
    assert all(0 < n < 2**31 for n in numbers)
    assert numbers[0] == periods[0].end.toordinal()


def test_what_was_sent_before_there_were_slices_stays_sent(subscribed: World) -> None:
    """Then a month had the day on which it ends for a number."""
    chris, about = subscribed.person("chris"), {"report": reports.key_of(MONTH)}
    with subscribed.desk.writing() as conn:
        (channel,) = channels_for("stage_report", subscribed.desk.people(conn).by_id[chris], subscribed.desk.workspace)
        old = Notice("stage_report", subscribed.now, chris, channel, 0, MONTH.end.toordinal(), about)
        assert outbox.add(conn, 0, [old], subscribed.now) == 1
    assert reports.publish(subscribed.desk, MONTH)[1] == 1, "to bob; chris has it"


def test_every_form_of_the_notice_says_what_it_is_a_slice_of(subscribed: World) -> None:
    sent(subscribed, WEEK)
    mine = rows(subscribed, who="bob", kind="stage_report")[-1]
    said = wording.preview(subscribed.desk, mine.id)
    assert said.subject.startswith("Segment enterprise: $80k is at risk")
    assert said.text.startswith("Segment enterprise: $80k is at risk")
    assert "Segment enterprise: $80k is at risk" in said.slack
    assert "Week 47, 16–22 November 2026 · segment enterprise" in said.html
    assert "report --period 2026-W47 --segment enterprise" in said.text
    assert "people.yaml says that you want it" in said.text
    assert wording.preview(subscribed.desk, mine.id, language="de").subject.startswith("Segment enterprise: ")


def test_the_doctor_tells_of_a_slice_that_nobody_knows(subscribed: World) -> None:
    people(subscribed, bob={"reports": [{"every": "week", "segment": "enterprize"}]})
    assert slices_wanted(subscribed.desk, WEEK) == []
    (found,) = (check for check in doctor._people(subscribed.desk) if check.id == "report-of-nothing")
    assert "Bob Okafor wants a report that cannot be made" in found.words
    assert "Did you mean 'enterprise'?" in found.words
