"""Who does the work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from saveline.core.changes import (
    DealClosed,
    DealOpened,
    DealPaused,
    Event,
    TaskAssigned,
    TaskDone,
    TaskGoesOn,
    TaskWaits,
)
from saveline.core.credit import credit
from saveline.core.elapsed import elapsed
from saveline.core.facts import Absence, Account, Person
from saveline.core.people import People
from saveline.core.periods import Period
from saveline.core.promises import Promise, Stint, charged, in_hands, promised
from saveline.core.records import Record
from saveline.core.stories import Story, stories
from saveline.core.support import SupportCase, answered
from saveline.core.work import Work, rungs_of, work
from saveline.core.worktime import DaysOff
from saveline.evidence.beside import beside
from saveline.evidence.works import decided
from tests.core.test_report import HOURS, WORKSPACE
from tests.core.worked import ANA, ELI, PEOPLE, Author, hour
from tests.definitions import Values, worked
from tests.evidence.deals import OUTCOMES, SPAN, deal

WEEK = Period("week", "", datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))


def _at(moment: datetime) -> float:
    """In hours, as the author of histories counts them."""
    return (moment - hour(0)) / timedelta(hours=1)


def _told(*lives: list[Event]) -> list[Story]:
    records = {i: [Record(e) for e in events] for i, events in enumerate(lives, 1)}
    return stories(records, {i: Account(i, str(i), str(i)) for i in records}, WEEK)


def _opened(at: float) -> Author:
    author = Author()
    author.write(at, DealOpened("play", "hash", ANA, 1000, hour(2000)))
    return author


@worked("Promises kept, by department")
def promises_kept(given: Values) -> Values:
    author = _opened(_at(given["start"]))
    no = author.started(_at(given["start"]), _at(given["promised"]))
    for department, at in zip(given["departments"], given["from"], strict=True):
        author.write(_at(at), TaskAssigned(None, department), no)
    author.write(_at(given["done"]), TaskDone(), no, ANA)
    (found,) = promised(author.events, PEOPLE, WEEK.end)
    assert found.broken_at is not None
    hands = in_hands(found, PEOPLE, found.broken_at)
    hours = [hands[department] / timedelta(hours=1) for department in given["departments"]]
    return {"kept": found.kept, "hours": hours, "counts_for": charged(found, PEOPLE)}


@worked("How far up the ladder it took")
def ladders(given: Values) -> Values:
    tasks = zip(given["climbed"], given["ended"], strict=True)
    stints = (Stint(WEEK.start, ANA, "success"),)
    found = rungs_of(
        [Promise(WEEK.start, WEEK.end, stints, ended=ended, rung=rung) for rung, ended in tasks], WEEK
    )  # fmt: skip
    return {name: [getattr(r, name) for r in found] for name in ("done", "open", "otherwise")}


@worked("Where the days went")
def days(given: Values) -> Values:
    author = _opened(_at(given["opened"]))
    asked, answer = _at(given["asked"]), _at(given["answered"])
    no = author.started(asked, 2000)
    author.write(asked, TaskAssigned(ANA), no)
    author.write(_at(given["waits"]), TaskWaits(hour(1500), "they answer"), no)
    author.write(answer, TaskGoesOn(author.later(no, given["waits"], answer)), no)
    author.write(answer, TaskAssigned(ELI), no)
    author.write(_at(given["paused"]), DealPaused(hour(2000), "so"))
    author.write(_at(given["closed"]), DealClosed("lost", "so"))
    found = elapsed(_told(author.events), PEOPLE, WEEK.start, WEEK.end)
    names = ("customer", "off_hours", "put_off", "unasked", "paused")
    seconds = {name: getattr(found, name) for name in names} | dict(found.us)
    return {name: n / 3600 for name, n in seconds.items()}


@worked("Load and capacity")
def load(given: Values) -> Values:
    away = (Absence(WEEK.start.date(), WEEK.end.date() + timedelta(days=1)),)
    columns = zip(given["capacity"], given["stated"], given["away"], strict=True)
    persons = [
        Person(i, f"p{i}@x.example", f"P {i}", department="success", capacity=capacity if stated else None,
               absences=away if gone else ())
        for i, (capacity, stated, gone) in enumerate(columns, 1)
    ]  # fmt: skip
    people = People(persons, WORKSPACE.departments, "Europe/Lisbon", HOURS, DaysOff("PT"))
    author = _opened(100)
    for person, n in zip(persons, given["tasks_of"], strict=True):
        for _ in range(n):
            author.write(100, TaskAssigned(person.id), author.started(100, 2000))
    found: Work = work(_told(author.events), WORKSPACE, people, WEEK, more={})
    line = found.loads[0]
    over = [o.person_id for o in found.over]
    return {"over": over, **{n: getattr(line, n) for n in ("open", "places", "people", "unstated")}}


@worked("Who had a part in what was saved")
def a_part(given: Values) -> Values:
    ids, lives = {"ana": ANA, "eli": ELI}, list[list[Event]]()
    for kept, owner, done_by in zip(given["kept"], given["owner"], given["done_by"], strict=True):
        author = _opened(100)
        assert ids[owner] == author.deal.owner_id
        for name in done_by:
            no = author.started(101, 200)
            author.write(102, TaskAssigned(ids[name]), no)
            author.write(103, TaskDone(), no, ids[name])
        author.close(104, kept=kept)
        lives.append(author.events)
    found = credit(_told(*lives), PEOPLE)
    mine: dict[str, Any] = {"all_kept": found.kept_cents}
    for name, person_id in ids.items():
        helper = next(h for h in found.helpers if h.person_id == person_id)
        mine |= {f"{name}_deals": helper.deals, f"{name}_kept": helper.kept_cents}
    return mine


@worked("How support answered")
def support(given: Values) -> Values:
    first = SupportCase(1, WEEK.start)
    responses = [replace(first, first_response_at=WEEK.start + timedelta(minutes=m)) for m in given["response_minutes"]]
    resolved = [
        replace(first, resolved_at=WEEK.start + timedelta(hours=1), contacts=contacts, reopened=reopened)
        for contacts, reopened in zip(given["contacts"], given["reopened"], strict=True)
    ]
    target = timedelta(minutes=given["target_minutes"])
    found = answered([*responses, *resolved], WEEK.start, WEEK.end, lambda opened: opened + target)
    assert found.in_time is not None
    assert found.first_contact is not None
    return {
        "median": found.first_response.median_minutes,
        "ninety": found.first_response.ninety_minutes,
        "in_time": found.in_time.share,
        "first_contact": found.first_contact.share,
    }


@worked("Saves beside support")
def saves_beside_support(given: Values) -> Values:
    rows = list(zip(given["days_before"], given["complaint"], given["ended"], strict=True))
    cases = [deal(number, ended) for number, (_, _, ended) in enumerate(rows)]
    came = [
        SupportCase(case.account.id, case.opened_at - timedelta(days=days), complaint=complaint)
        for case, (days, complaint, _) in zip(cases, rows, strict=True)
    ]
    found = {line.came: line for line in beside(decided(cases, OUTCOMES, SPAN), came) or ()}
    told = {name: (found[name].rate, found[name].others) for name in ("wrote", "complained")}
    assert "escalated" not in found
    return {
        name: f"{rate.k} of {rate.n}"
        for came_so, rates in told.items()
        for name, rate in zip((came_so, f"{came_so}_others"), rates, strict=True)
    }
