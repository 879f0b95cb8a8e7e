"""Fault 15: clocks that change by the season, that are wrong, that jump; nights, 29 February and a year's end."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic, sleep
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from saveline import clock
from saveline.clock import system
from tests.casting import people, play
from tests.core.calendars import changes
from tests.faults.figures import measured
from tests.faults.outages import fill, many
from tests.faults.rig import Site, advance_on, deliver_on, stop
from tests.faults.test_delivery_workers import settled
from tests.laws.playing import empty
from tests.notify.looking import rows
from tests.servers import Mailserver, Slack
from tests.world import World

ZONES: Final = (
    "Europe/Lisbon",
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Chatham",  # 45 minutes off
)
WALLS: Final = (time(2, 30), time(1, 30))
EDGES: Final = (date(2028, 2, 29), date(2028, 3, 1), date(2026, 12, 31), date(2027, 1, 1))
TICK: Final = timedelta(seconds=30)


def days(zone: str) -> list[date]:
    """The days on which the clocks of the zone change, once forward and once back, and the odd days of calendars."""
    found = [at.astimezone(ZoneInfo(zone)).date() for at in changes(zone)[2:4]]
    return [*found, *EDGES]


def wanted(zone: str, day: date, wall: time) -> datetime:
    """By the wall: a time that comes twice is the first, one that is skipped is as far behind the gap."""
    return datetime.combine(day, wall, ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_a_reminder_comes_once_and_by_the_wall(on_both: World, mail: Mailserver, slack: Slack, zone: str) -> None:
    """An engine that looks each half minute: a reminder for 02:30 and for 01:30 arrives once, within a minute of its
    wall time, on each day on which the clocks change and on the odd days of the calendar.

    Planted: ``shift`` that moves by 24 hours instead of to the same wall time; a wall time that comes twice read as its
    second.
    """
    on_both.setting("saveline.yaml", "country: PT\n", "")  # where these days are no holidays
    worst = timedelta()
    for day in days(zone):
        for wall in WALLS:
            worst = max(worst, _reminded(on_both, slack, zone, day, wall))
    measured(15, on_both, runs=len(days(zone)) * len(WALLS), seconds=worst.total_seconds())


def _reminded(world: World, slack: Slack, zone: str, day: date, wall: time) -> timedelta:
    """How late the reminder is at the server."""
    _opened(world, zone, day, wall)
    at = wanted(zone, day, wall)
    world.jump(at - timedelta(minutes=5))
    world.deliver()
    before, arrived = len(slack.posts), []
    while world.now < at + timedelta(minutes=65):
        step = TICK if world.now < at + timedelta(minutes=2) else timedelta(minutes=10)
        world.jump(world.now + step)
        if world.deliver().sent:
            arrived.append(world.now)
    (reminder,) = rows(world, kind="reminder")
    assert (reminder.status, reminder.attempts) == ("sent", 1)
    assert len(slack.posts) == before + 1
    assert len(arrived) == 1
    late = arrived[0] - at
    assert timedelta() <= late <= timedelta(seconds=60), f"{zone}: {day} {wall}: {arrived[0]}, not {at}"
    return late


def _opened(world: World, zone: str, day: date, wall: time) -> None:
    """A task whose due moment is the day after at the same wall time, and one reminder a day before."""
    empty(world)
    due = wanted(zone, day + timedelta(days=1), wall)
    world.clock.set(due - timedelta(days=4))
    people(world, ana={"zone": zone, "hours": "mon-sun 0-24"})
    task: dict[str, Any] = {"id": "call", "assign": ["csm"], "due": "96 hours after start"}
    play(world, task | {"remind": ["1 day before due"], "escalate": [{"when": "20 days after due", "to": ["lead"]}]})
    account = world.account(renewal=day + timedelta(days=120))
    deal_id = world.open(account)
    assert world.deal(deal_id).tasks[0].running.due_at == due
    world.deliver()


# --- clocks that are wrong --------------------------------------------------------------------------------------------


def _an_hour_off(hours: int) -> None:
    """From now on this process reads a clock that is wrong by so many hours."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(hours=hours)  # noqa: TID251 - this is the wrong clock

    setattr(clock, "datetime", Wrong)  # noqa: B010 - the name is another module's, and this is the point


def deliver_off(site: Site, name: str, hours: int) -> None:
    _an_hour_off(hours)
    deliver_on(site, name, 2.0)


def advance_off(site: Site, hours: int) -> None:
    _an_hour_off(hours)
    advance_on(site, 5)


@pytest.mark.fault
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_machines_whose_clocks_are_wrong(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Engine and worker an hour ahead on one machine, an hour behind on another: they live by the database's clock. 0
    doubles, and nobody is reminded an hour early or late.

    Planted: ``Desk.now`` that asks the process's own clock.
    """
    on_both.clock.set(system() - timedelta(minutes=1))
    on_both.open()
    fill(on_both, many(200, [on_both.person(n) for n in ("ana", "bob")]))
    due = on_both.next_at()
    assert due is not None
    assert due - system() > timedelta(minutes=61), "this test must not be run so shortly before somebody's morning"
    site = Site(on_both, stepped=False)
    processes = [site.start(deliver_off, f"w{h}", h) for h in (1, -1)]
    processes += [site.start(advance_off, h) for h in (1, -1)]
    began = monotonic()
    try:
        while not settled(on_both):
            assert monotonic() - began < 180, Counter(r.status for r in rows(on_both))
            sleep(0.1)
    finally:
        for process in processes:
            stop(process)
    assert {r.status for r in rows(on_both)} == {"sent"}
    ids = [m.id for m in mail.mails] + [p.id for p in slack.posts]
    assert len(ids) == len(set(ids)) == len(rows(on_both))
    assert not [r for r in rows(on_both) if r.kind in ("reminder", "escalation")]
    measured(15, on_both, doubles=len(ids) - len(set(ids)))


def test_a_clock_that_jumps_an_hour(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """Set back after a reminder it does not come again; set forward before one it comes once.

    Planted: a notice's key without its ordinal and kind is caught by law 3; here an engine that fires again what lies
    ahead of a clock that was set back.
    """
    _opened(on_both, "Europe/Lisbon", date(2026, 12, 10), time(9, 30))
    at = wanted("Europe/Lisbon", date(2026, 12, 10), time(9, 30))
    for moment in (at, at - timedelta(hours=1), at - timedelta(minutes=30), at, at + timedelta(hours=1)):
        on_both.clock.set(moment)
        on_both.jump(moment)
        on_both.deliver()
    assert [r.status for r in rows(on_both, kind="reminder")] == ["sent"]
    assert len(slack.posts) == len({p.id for p in slack.posts})
