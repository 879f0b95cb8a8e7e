"""The report of a past week is printed today, letter by letter, as it was printed then.

Planted bugs that turned these tests red: accounts, people or stages called as they are called now, facts and answers
that were written later counted, and a deal left out because by now it ended before the week.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from saveline.actions import reports
from saveline.actions.wording import report_markdown
from saveline.core.periods import Period, as_known, parse
from saveline.core.report import Amount, StageReport
from saveline.core.report_words import report_page
from saveline.store.rows import EVENT
from tests.stories.test_afterwards import bring_in, saved, watched
from tests.world import World

ZONE = "Europe/Lisbon"
OVER = datetime(2027, 4, 3, 9, tzinfo=UTC)
"""When the watch of the save is over: a Saturday."""
WEEK, NEXT = parse("2027-W13", ZONE), parse("2027-W14", ZONE)


def page_of(report: StageReport) -> str:
    return report_markdown(report_page(report, ZONE))


def printed(world: World) -> bytes:
    report = reports.build(world.desk, WEEK)
    return msgspec.json.encode(report) + page_of(report).encode()


def test_a_past_week_is_printed_as_it_was_whatever_has_become_known_since(on_both: World) -> None:
    """The engine stands still from Friday to Tuesday: that the save is kept since Saturday is written days late."""
    watched(on_both)
    on_both.open()
    saved(on_both)
    on_both.open(on_both.account("globex", name="Globex", arr=12_000))
    on_both.at(datetime(2027, 4, 2, 9, tzinfo=UTC))
    on_both.clock.set(datetime(2027, 4, 5, 8, tzinfo=UTC))
    then, report = printed(on_both), reports.build(on_both.desk, WEEK)
    assert (report.watched.deals, report.kept) == (1, Amount())

    on_both.jump(datetime(2027, 4, 6, 9, tzinfo=UTC))
    assert on_both.deal().kept_at == OVER
    assert printed(on_both) == then
    following = reports.build(on_both.desk, NEXT)
    assert [(c.account, c.what, c.at, c.written) for c in following.corrections if c.deal_id == 1] == [
        ("Acme", "kept", OVER, on_both.now)
    ]
    assert following.before == report.at_risk
    later = reports.build(on_both.desk, as_known(WEEK, date(2027, 4, 6), ZONE))
    assert (later.watched.deals, later.kept) == (0, Amount(1, 64_000_00))
    assert replace(reports.build(on_both.desk, as_known(WEEK, date(2027, 4, 4), ZONE)), period=WEEK) == report


def test_answers_and_touchpoints_that_come_late_do_not_change_a_past_week(on_both: World, tmp_path: Path) -> None:
    """Nor do those that are corrected."""
    on_both.open()
    said = "account,kind,at,value,contact,key\n"
    met = "account,at,how,key\n"
    bring_in(
        on_both,
        tmp_path / "a",
        signals=said + "acme,nps,2026-11-18,9,jo,n1\n",
        touchpoints=met + "acme,2026-11-17,call,1\n",
    )
    on_both.at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    week = parse("2026-W47", ZONE)
    then = msgspec.json.encode(reports.build(on_both.desk, week))
    more = "acme,nps,2026-11-18,2,jo,n1\nacme,nps,2026-11-19,3,mo,n2\n"
    bring_in(
        on_both,
        tmp_path / "b",
        signals=said + more,
        touchpoints=met + "acme,2026-11-17,visit,1\nacme,2026-11-19,call,2\n",
    )
    assert msgspec.json.encode(reports.build(on_both.desk, week)) == then
    later = reports.build(on_both.desk, as_known(week, date(2026, 11, 24), ZONE))
    assert later.voice is not None
    assert later.voice.contacts is not None
    assert [(line.given, line.net.promoters, line.net.detractors) for line in later.voice.surveys.nps][-1] == (2, 0, 2)
    assert [(h.how, h.touchpoints) for h in later.voice.contacts.by_how] == [("call", 1), ("visit", 1)]


def test_what_people_said_counts_from_when_it_was_written(on_both: World) -> None:
    """Answers, and why a deal was closed: written in time, a few minutes after the week, or days later."""
    week, following = parse("2026-W47", ZONE), parse("2026-W48", ZONE)
    on_both.open()
    on_both.open(on_both.account("globex", name="Globex"))
    on_both.at(datetime(2026, 11, 19, 9, tzinfo=UTC))
    on_both.done("ana", "diagnosis", root_cause="price", summary="They pay for too many seats.")
    on_both.at(datetime(2026, 11, 22, 23, 55, tzinfo=UTC))
    on_both.close_deal("ana", "let_go", deal=2, reason="They want a cheaper contract.")
    in_time = spoken(on_both, week)
    assert in_time == (2, 1)
    for late, expected in ((timedelta(minutes=10), (1, 1)), (timedelta(days=5), (0, 0))):
        with on_both.desk.writing() as conn:
            conn.execute(sa.update(EVENT).where(EVENT.c.kind == "deal_closed").values(late_s=late.total_seconds()))
            if late > timedelta(days=1):
                since = sa.select(sa.func.min(EVENT.c.at)).where(EVENT.c.kind == "task_done").scalar_subquery()
                conn.execute(sa.update(EVENT).where(EVENT.c.at >= since).values(late_s=late.total_seconds()))
        assert spoken(on_both, week) == expected
    assert spoken(on_both, following) == in_time


def spoken(world: World, period: Period) -> tuple[int, int]:
    """How many texts there were, and deals of which the cause was found."""
    voice = reports.build(world.desk, period).voice
    assert voice is not None
    return (voice.heard.texts if voice.heard else 0), (voice.verified.few if voice.verified else 0)


def test_a_past_week_calls_everything_as_it_was_called(on_both: World, tmp_path: Path) -> None:
    on_both.open()
    on_both.at(datetime(2026, 12, 14, 9, tzinfo=UTC))
    week, this = parse("2026-W50", ZONE), parse("2026-W51", ZONE)
    then = reports.build(on_both.desk, week)
    page = page_of(then)
    assert ("Acme" in page, "Ana" in page, "Triage" in page) == (True, True, True)

    bring_in(on_both, tmp_path / "in", accounts="key,name,arr\nacme,Acme and Sons,90000\n")
    on_both.setting("people.yaml", "Ana Ruiz", "Ana Ruiz Lopez")
    on_both.setting("saveline.yaml", "Triage", "First look")
    again = reports.build(on_both.desk, week)
    assert msgspec.json.encode(again) == msgspec.json.encode(then)
    assert page_of(again) == page
    now = page_of(reports.build(on_both.desk, this))
    assert ("Acme and Sons" in now, "Ana Ruiz Lopez" in now, "First look" in now) == (True, True, True)
