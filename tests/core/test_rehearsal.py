"""Rehearsals of many deals: luck that can be had twice, people who have only so many hands, figures that add up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from saveline.core.arrivals import Arrival, by_luck, by_risk, openings
from saveline.core.behaviour import Behaviour, Delay, Habits
from saveline.core.changes import Escalated, TaskAssigned, TaskDone
from saveline.core.facts import Absence, Account, Person, Signal
from saveline.core.hands import Hands
from saveline.core.intervals import difference, rate
from saveline.core.learning import ENOUGH, History, Past, learn
from saveline.core.leave import with_leave
from saveline.core.lives import decided, empty_rungs, works
from saveline.core.loads import Loads
from saveline.core.luck import Luck, picked, weighted
from saveline.core.play import Play
from saveline.core.portfolio import House, Life, Opening, play_all
from saveline.core.rehearsal_report import Rehearsed, report
from saveline.core.rehearsal_words import sentences
from saveline.core.trial import people_of
from saveline.core.versus import Pairs
from saveline.files import shipped
from saveline.files.check import Checked, check

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
QUICK = Habits(seen=Delay(30, 30), done=Delay(60, 60), silent=0, forgotten=0, cannot=0, help=0, days_away=0, at_once=10)
"""Everybody does everything an hour after they get to it."""


@pytest.fixture(scope="module")
def firm() -> Checked:
    return check(shipped.folder("saveline.yaml").parent)


def house(firm: Checked, habits: Habits = QUICK, persons: Sequence[Person] | None = None, **more: Any) -> House:
    assert firm.workspace is not None
    people = people_of(firm.workspace, firm.persons if persons is None else persons)
    return House(firm.workspace, people, Behaviour(everybody=habits, **more))


def customer(n: int = 1, **facts: Any) -> Account:
    known = {"name": f"Customer {n}", "arr_cents": 8_000_000, "renewal": date(2027, 4, 20), "team": {"csm": 3}}
    return Account(n, f"c{n}", **{**known, **facts})


def opened(play: Play, *accounts: Account, at: datetime = MONDAY) -> list[Opening]:
    return [Opening(at, a, play, play.applies.causes[:1], a.key) for a in accounts]


def lives(of: House, opening: Sequence[Opening], seed: str = "1", days: int = 150) -> tuple[Life, ...]:
    return play_all(of, opening, Luck(seed), MONDAY + timedelta(days=days))


def told(of: House, played: Sequence[Life], days: int = 150) -> Rehearsed:
    return report(played, of, "1", (MONDAY, MONDAY + timedelta(days=days)), ())


# --- luck -------------------------------------------------------------------------------------------------------------


def test_luck_is_the_same_for_the_same_question_and_spread_evenly() -> None:
    luck = Luck("1")
    assert luck.share("acme", "plan", 0) == luck.share("acme", "plan", 0)
    assert luck.share("acme", "plan", 0) != Luck("2").share("acme", "plan", 0)
    assert luck.share("ab", "c") != luck.share("a", "bc")
    shares = [luck.share("n", i) for i in range(4_000)]
    assert all(0 <= s < 1 for s in shares)
    tenths = [sum(int(s * 10) == tenth for s in shares) for tenth in range(10)]
    assert all(340 < count < 460 for count in tenths)


def test_options_are_picked_by_their_weight() -> None:
    assert [picked("abc", [1, 0, 3], share) for share in (0.0, 0.24, 0.25, 0.999)] == ["a", "a", "c", "c"]
    assert weighted(("yes", "no"), {"no": 5}, 0.0) == "no"
    assert weighted(("yes", "no"), {}, 0.4) == "yes"
    assert picked("ab", [1.0, 0.0], 1.0) == "a"


def test_half_of_all_answers_come_within_half_and_nine_in_ten_within_most() -> None:
    delay, luck = Delay(120, 480), Luck("1")
    assert (delay.minutes(0.5), delay.minutes(0.9)) == (120, 480)
    times = sorted(delay.minutes(luck.share("d", i)) for i in range(2_000))
    assert 110 <= times[1_000] <= 130
    assert 430 <= times[1_800] <= 530
    measured = Delay(0, 0, (10.0, 20.0, 60.0))
    assert [measured.minutes(s) for s in (0.0, 0.25, 0.5, 0.75)] == [10, 15, 20, 40]


def test_the_same_seed_is_the_same_year_to_the_byte(firm: Checked) -> None:
    """What is counted, too, down to the last step; in two processes it is tried in ``tests/cli``."""
    of = house(firm, Habits())
    accounts = [customer(n) for n in range(1, 9)]

    def year(seed: str) -> bytes:
        luck = Luck(seed)
        calendar = of.people.calendar(None)
        span = (MONDAY, MONDAY + timedelta(days=90))
        arrivals = by_luck(accounts, of.workspace.causes, of.behaviour, luck, calendar, span)
        played = play_all(of, openings(arrivals, firm.plays, of.workspace, of.people, None).openings, luck, span[1])
        return msgspec.json.encode(
            [told(of, played, 90), [(life.events, life.notices, life.steps) for life in played]], enc_hook=str
        )

    assert year("1") == year("1")
    assert year("1") != year("2")


# --- people -----------------------------------------------------------------------------------------------------------


def test_whoever_has_their_hands_full_gets_to_the_next_task_later(firm: Checked) -> None:
    """One task at once: the second diagnosis waits for the first. Planted: ``release`` that begins nothing."""
    alone = [replace(p, capacity=1) if p.id == 3 else p for p in firm.persons]
    of = house(firm, persons=alone)
    played = lives(of, opened(firm.play("champion-left"), customer(1), customer(2)), days=30)
    done = [next(e.at for e in life.events if isinstance(e.change, TaskDone)) for life in played]
    assert [d - MONDAY for d in done] == [timedelta(hours=1), timedelta(hours=2)]


def test_a_queue_keeps_its_order_and_forgets_what_was_taken_away() -> None:
    hands = Hands(lambda _: 1)
    assert [hands.give(7, (deal, 1)) for deal in range(4)] == [True, False, False, False]
    assert hands.release(7, (1, 1)) is None
    assert hands.load(7) == 3
    assert hands.release(7, (0, 1)) == (2, 1)
    assert hands.release(7, (2, 1)) == (3, 1)
    assert hands.release(7, (3, 1)) is None


def test_the_silent_wake_when_they_are_escalated(firm: Checked) -> None:
    """Planted: ``_wake`` at the first event of any kind."""
    of = house(firm, replace(QUICK, silent=1.0, wakes_after=2))
    (life,) = lives(of, opened(firm.play("champion-left"), customer()), days=60)
    climbed = [e.at for e in life.events if isinstance(e.change, Escalated) and e.task_no == 1]
    done = next(e.at for e in life.events if isinstance(e.change, TaskDone))
    assert len(climbed) >= 2
    assert climbed[1] < done


def test_the_forgotten_are_decided_upon_all_the_same(firm: Checked) -> None:
    """Nobody does anything but decide: the deal ends, late, and not as a save that its gate does not allow."""
    of = house(firm, replace(QUICK, forgotten=1.0), ends={"saved": 1.0})
    (life,) = lives(of, opened(firm.play("champion-left"), customer()))
    assert life.deal.outcome in ("lost", "let_go")
    assert len(life.refused) == 3
    assert "diagnosis" in life.refused[0].words
    assert decided(life).ready is False


def test_an_offered_task_goes_to_whoever_of_the_department_has_least_to_do(firm: Checked) -> None:
    of = house(
        firm,
        answers={"champion-left.open_tickets.product_change_needed": {"yes": 1.0}},
        outcomes={"champion-left.plan": {"agreed": 1.0}, "champion-left.new_champion": {"done": 1.0}},
    )
    play = next(p for p in firm.plays if p.name == "champion-left")
    played = lives(of, opened(play, customer(1), customer(2), customer(3)))
    takers = set()
    for life in played:
        fix = next(t for t in life.deal.tasks if t.plan == "fix")
        takers |= {
            e.change.person_id
            for e in life.events
            if e.task_no == fix.no and isinstance(e.change, TaskAssigned) and e.change.person_id
        }
    engineers = {p.id for p in firm.persons if p.department == "engineering"}
    assert takers <= engineers
    assert len(takers) == 3


def test_everybody_is_away_for_some_days_and_mostly_stood_in_for(firm: Checked) -> None:
    behaviour, year = Behaviour(everybody=Habits()), (date(2026, 1, 1), date(2026, 12, 31))
    people = with_leave(firm.persons, behaviour, Luck("1"), *year)
    spells = [a for p in people for a in p.absences]
    assert {(a.back - a.first).days for a in spells} <= {5, 6, 7}
    assert len(spells) > 3 * len(people)
    assert 0.5 < sum(a.substitute_id is not None for a in spells) / len(spells) < 0.9
    assert with_leave(firm.persons, behaviour, Luck("1"), *year) == people
    planned = replace(firm.persons[0], absences=(Absence(date(2026, 1, 1), date(2027, 1, 1)),))
    assert with_leave([planned], behaviour, Luck("1"), *year)[0].absences == planned.absences


# --- two versions -----------------------------------------------------------------------------------------------------


def test_the_same_account_has_the_same_luck_in_another_version(firm: Checked) -> None:
    """A task less, and all that is left goes as before: as long, with the same outcomes and answers.

    Planted: luck that asks for the number of the task on the deal, instead of its id in the play.
    """
    play = next(p for p in firm.plays if p.name == "champion-left")
    shorter = without(play, "sponsor_call")
    of = house(firm, replace(Habits(days_away=0), silent=0, forgotten=0, cannot=0, help=0, at_once=1_000))
    accounts = [customer(n) for n in range(1, 30)]
    before, after = (lives(of, opened(p, *accounts)) for p in (play, shorter))
    told_both = 0
    for one, two in zip(before, after, strict=True):
        for task in one.deal.tasks:
            other = two.deal.latest(task.plan)
            if task.state == "done" and other is not None and other.state == "done":
                assert (other.outcome, other.answers) == (task.outcome, task.answers)
                told_both += 1
    assert told_both > 60


def without(play: Play, name: str) -> Play:
    """The play without one of its tasks."""
    stages = tuple(
        replace(
            s, tasks=tuple(replace(t, after=tuple(a for a in t.after if a != name)) for t in s.tasks if t.id != name)
        )
        for s in play.stages
    )
    return replace(play, hash="other", stages=stages, tasks={t.id: t for s in stages for t in s.tasks})


def test_versions_are_compared_account_by_account(firm: Checked) -> None:
    play = next(p for p in firm.plays if p.name == "champion-left")
    of = house(firm)
    accounts = [customer(n) for n in range(1, 61)]
    before, after = (lives(of, opened(p, *accounts)) for p in (play, without(play, "proof")))
    pairs = Pairs(["saved", "saved_smaller"])
    pairs.add(before, after, of.people, of.people)
    versus = pairs.versus(("now", "then"), told(of, before), told(of, after))
    tasks = dict(versus.differences)["tasks"]
    assert tasks.n == 60
    assert tasks.mean < 0
    assert tasks.clear
    alike = Pairs([])
    alike.add(before, before, of.people, of.people)
    same = alike.versus(("now", "now"), told(of, before), told(of, before))
    assert all((d.mean, d.low, d.high) == (0, 0, 0) for _, d in same.differences)


def test_intervals() -> None:
    """Against the textbook: Wilson for 8 of 10 and 0 of 20, and a paired t test by hand."""
    eight, none = rate(8, 10), rate(0, 20)
    assert (round(eight.low or 0, 3), round(eight.high or 0, 3)) == (0.490, 0.943)
    assert (none.low, round(none.high or 0, 3)) == (0.0, 0.161)
    assert rate(0, 0).share is None
    pair = difference([10, 12, 9, 11, 14, 13], [12, 13, 9, 14, 15, 16])
    # Gaps 2 1 0 3 1 3: mean 5/3, deviation 1.2111, t(5) = 2.5706.
    assert (round(pair.mean, 4), round(pair.low or 0, 2), round(pair.high or 0, 2)) == (1.6667, 0.40, 2.94)
    assert difference([1, 2], [2, 3]).low is None


# --- what is counted --------------------------------------------------------------------------------------------------


def test_a_department_carries_what_it_has_places_for(firm: Checked) -> None:
    """Twelve diagnoses on one morning: one person who takes on ten is not enough."""
    slow = replace(QUICK, done=Delay(60 * 24, 60 * 24))
    three = [p for p in firm.persons if p.department != "customer_success" or p.id == 3]
    of = house(firm, slow, persons=three)
    played = lives(of, opened(firm.play("champion-left"), *(customer(n) for n in range(1, 13))), days=60)
    found = told(of, played, 60)
    line = next(c for c in found.carried if c.department == "customer_success")
    assert (line.people, line.places, line.open_most, line.carries) == (1, 10, 12, False)
    assert "Customer success cannot carry it: in " in "\n".join(sentences(found))
    weeks = [w for w in found.weeks if w.department == "customer_success"]
    assert weeks[0].open_most == 12


def test_what_stays_open_over_sunday_is_open_in_the_week_after(firm: Checked) -> None:
    """One diagnosis that takes two weeks and a half. Planted: a week that begins with nothing open."""
    of = house(firm, replace(QUICK, done=Delay(60 * 100, 60 * 100)))
    found = told(of, lives(of, opened(firm.play("champion-left"), customer()), days=30), 30)
    weeks = [w for w in found.weeks if w.department == "customer_success"]
    assert [w.open_most for w in weeks[:2]] == [1, 1]


def test_open_tasks_are_counted_as_somebody_would_count_them(firm: Checked) -> None:
    of = house(firm)
    played = lives(of, opened(firm.play("champion-left"), customer(1), customer(2)))
    done = [w for life in played for w in works(life, of.people)]
    loads = Loads(done, of.people, of.behaviour, MONDAY, MONDAY + timedelta(days=150))
    for person, spans in loads.persons.items():
        moments = sorted({s for s, _ in spans})
        by_hand = max(sum(s <= at < e for s, e in spans) for at in moments)
        share = next(s for s in loads.shares([]) if s.name == of.people.name(person))
        assert share.open_most == by_hand


def test_rungs_that_come_to_nobody_are_named_with_their_day(firm: Checked) -> None:
    play = next(p for p in firm.plays if p.name == "champion-left")
    alone = replace(firm.persons[2], manager_id=None)
    of = house(firm, replace(QUICK, forgotten=1.0), persons=[alone])
    played = lives(of, opened(play, customer(team={"csm": alone.id})))
    found = told(of, played)
    assert found.empty
    assert found.empty[0].times >= len(found.empty[0].days) >= 1
    assert found.empty[0].days[0] >= MONDAY.date()
    assert all(rung.why != "has the task already" for life in played for rung in empty_rungs(life, of.people))


def test_ways_that_were_never_taken(firm: Checked) -> None:
    play = next(p for p in firm.plays if p.name == "champion-left")
    of = house(firm, outcomes={"champion-left.plan": {"agreed": 1.0}})
    found = told(of, lives(of, opened(play, *(customer(n) for n in range(1, 6)))))
    never = {(w.task, w.what): w.chances for w in found.never}
    assert never["plan", "ends as no_answer, which leads to decide"] == 5
    assert ("plan", "ends as agreed") not in never
    assert ("diagnosis", "rung 1, unseen for 4 business hours") in never


# --- which accounts, and when -----------------------------------------------------------------------------------------


def test_deals_open_as_in_life_when_the_score_is_reached(firm: Checked) -> None:
    of = house(firm)
    leaves = MONDAY + timedelta(days=40, hours=3)
    quiet, gone = customer(1, renewal=None), customer(2)
    found = by_risk(
        [(quiet, ()), (gone, (Signal("champion_left", leaves),))],
        of.workspace,
        of.people.calendar(None),
        (MONDAY, MONDAY + timedelta(days=90)),
    )
    assert [(a.key, a.causes[0]) for a in found] == [("c2", "champion_left")]
    assert found[0].at >= leaves
    assert found[0].score == 74
    assert found[0].at.weekday() == 0


def test_nobody_comes_after_the_end_when_the_last_days_are_a_weekend(firm: Checked) -> None:
    """The span ends with a Saturday. Planted: the Monday after it kept, which is a deal that never opens."""
    of = house(firm)
    span = (MONDAY, MONDAY + timedelta(days=90, hours=-9))
    accounts = [customer(n) for n in range(1, 200)]
    causes, calendar = of.workspace.causes, of.people.calendar(None)
    found = by_luck(accounts, causes, of.behaviour, Luck("1"), calendar, span)
    assert len(found) == len(accounts)
    assert all(span[0] <= a.at < span[1] for a in found)


def test_accounts_that_the_play_is_not_made_for_are_left_out_and_counted(firm: Checked) -> None:
    of = house(firm)
    play = replace(
        firm.play("champion-left"), applies=replace(firm.play("champion-left").applies, segments=("enterprise",))
    )
    cause = play.applies.causes
    arrivals = [Arrival(MONDAY, customer(n, segment=s), cause, key=f"c{n}") for n, s in ((1, "enterprise"), (2, "smb"))]
    found = openings(arrivals, firm.plays, of.workspace, of.people, play)
    assert [o.key for o in found.openings] == ["c1"]
    assert found.left_out == ((f"{play.name}: wants segment enterprise, the account has smb", 1),)
    forced = openings(arrivals, firm.plays, of.workspace, of.people, play, force=True)
    assert len(forced.openings) == 2


def test_a_renewal_that_has_passed_has_been_renewed(firm: Checked) -> None:
    of = house(firm)
    play, cause = firm.play("champion-left"), firm.play("champion-left").applies.causes
    dates = (date(2026, 11, 23), date(2024, 2, 29), date(2027, 1, 1), date(2025, 12, 1))
    arrivals = [Arrival(MONDAY, customer(i, renewal=on), cause, key=f"c{i}") for i, on in enumerate(dates)]
    found = openings(arrivals, firm.plays, of.workspace, of.people, play).openings
    assert [o.account.renewal for o in found] == [
        date(2027, 11, 23),
        date(2027, 2, 28),
        date(2027, 1, 1),
        date(2026, 12, 1),
    ]
    assert openings(arrivals, [], of.workspace, of.people, play, force=True).openings[0].account.renewal == dates[0]


# --- what the history knows -------------------------------------------------------------------------------------------


def past(n: int, hours: float, person: int = 3, **more: Any) -> list[Past]:
    given = MONDAY + timedelta(weeks=1)
    known: dict[str, Any] = {"state": "done", "outcome": "agreed", "closed": given + timedelta(hours=hours), **more}
    return [Past("champion-left", "plan", person, given, **known) for _ in range(n)]


def test_enough_history_is_believed_and_too_little_is_not(firm: Checked) -> None:
    people = house(firm).people
    before = Behaviour()
    few = learn(before, History(tuple(past(ENOUGH - 1, 2))), people)
    assert few == before
    many = learn(before, History(tuple(past(ENOUGH - 3, 2) + past(3, 1, state="cannot"))), people)
    habits = many.of("customer_success")
    assert habits.done.minutes(0.5) == 120
    assert habits.cannot == 0.1
    assert habits.seen == Habits().seen
    assert many.of("finance") == Habits()
    assert [(line.of, line.n) for line in many.learned] == [("customer_success", ENOUGH)]


def test_outcomes_answers_and_endings_are_learned(firm: Checked) -> None:
    people = house(firm).people
    tasks = past(20, 2, answers={"ok": True, "why": "words"}) + past(20, 2, outcome="no_answer", answers={"ok": False})
    decisions = [replace(p, plan="decision", outcome="lost") for p in past(ENOUGH, 1)]
    found = learn(Behaviour(), History(tuple(tasks + decisions), ("price_pressure",) * ENOUGH), people)
    assert found.outcomes == {"champion-left.plan": {"agreed": 20.0, "no_answer": 20.0}}
    assert found.answers["champion-left.plan.ok"] == {"yes": 20.0, "no": 20.0}
    assert found.ends == {"lost": 30.0}
    assert found.causes == {"price_pressure": 30.0}
