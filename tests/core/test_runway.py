"""The plan against the time there is: dates computed by hand, over weekends, holidays, lunch and others' hours.

Planted bugs that turned these tests red: a stage that waits for its optional tasks, an optional task that nobody waits
for although a needed one does, ``stage start`` taken for the start of the task, everybody's time in the company's
calendar, a task that is late counted as done at its due moment, and a circle of short forms gone round for ever.
"""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from saveline.core.choose import Choice
from saveline.core.course import in_order
from saveline.core.decide.draft import Case
from saveline.core.facts import Absence, Account, Deal, Doer, Person
from saveline.core.language.lint_ids import SHORT_CIRCLE
from saveline.core.language.names import Names
from saveline.core.language.playbooks import parse_play
from saveline.core.phrases import count
from saveline.core.play import Play
from saveline.core.rehearse import Finish, Open, Pause, Rehearsal, Step
from saveline.core.runway import Runway, Slot, conditional, in_time, least_days, runway, with_last_moments
from saveline.core.trial import people_of
from saveline.core.workspace import Workspace
from saveline.files import shipped
from saveline.files.check import check
from saveline.files.yaml import parse
from saveline.sandbox import Expressions

BASE = Path(__file__).parents[1] / "golden" / "language" / "base"
CHECKED = check(shipped.folder("playbooks").parent)
IDS = {p.email.partition("@")[0]: p.id for p in CHECKED.persons}
FRIDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)
"""20 November 2026, 10:00 in Lisbon, where 1 and 8 December are holidays and lunch is from 13 to 14."""


def workspace() -> Workspace:
    assert CHECKED.workspace is not None
    return CHECKED.workspace


def names() -> Names:
    assert CHECKED.names is not None
    return CHECKED.names


def play(stages: str, *, decide: str = "30 days before renewal", name: str = "p", head: str = "") -> Play:
    text = f"playbook: {name}\ntitle: P\nbenefit: B\ndecide: {decide}\n{head}stages:\n{stages}"
    found, problems = parse_play(parse(text, "p.yaml"), name, workspace(), names(), Expressions())
    assert found is not None, problems
    return found


def task(name: str, due: str = "1 business day after start", rest: str = "assign: [csm, owner]") -> str:
    return f"{{id: {name}, due: {due}, {rest if 'assign' in rest else f'assign: [csm, owner], {rest}'}}}"


def case(of: Play, *, renewal: date | None = date(2027, 1, 15), persons: tuple[Person, ...] | None = None) -> Case:
    """Acme with ana as CSM and chris as sponsor, not opened yet."""
    team = {"csm": IDS["ana"], "sponsor": IDS["chris"], "ae": IDS["kim"]}
    people = people_of(workspace(), CHECKED.persons if persons is None else persons)
    return Case(workspace(), people, of, Account(1, "acme", "Acme", renewal=renewal, team=team), Deal(1, 1))


def on(day: int, hour: float = 18, month: int = 11) -> datetime:
    """A moment of the winter in Lisbon, which is UTC."""
    return datetime(2026, month, day, tzinfo=UTC) + timedelta(hours=hour)


def slot(found: Runway, name: str) -> Slot:
    there = found.slot(name)
    assert there is not None, name
    return there


CHAIN = play(
    f"  triage: {{tasks: [{task('a')}, {task('b', '4 business hours after start', 'after: [a]')}]}}\n"
    f"  decide: {{tasks: [{task('c', '3 business days after start')}]}}"
)


def test_the_plan_goes_forward_from_task_to_task_and_stage_to_stage() -> None:
    found = runway(case(CHAIN), FRIDAY)
    assert [(s.task, s.starts, s.ends) for s in found.slots] == [
        ("a", FRIDAY, on(23)),
        ("b", on(23), on(24, 13)),
        ("c", on(24, 13), on(27)),
    ]
    assert found.path == ("a", "b", "c")
    assert (found.limit, found.limited_by, found.fits) == (on(16, month=12), "decision", True)
    assert found.words == "The plan needs until 27 Nov; the decision is due 16 Dec: 19 days to spare."


def test_and_back_from_the_decision_date_to_the_last_moment_of_each() -> None:
    """c needs the 14th, 15th and 16th, so b may end on Friday the 11th; a leaves b its four hours of that afternoon."""
    found = with_last_moments(case(CHAIN), FRIDAY)
    assert [(s.task, s.last) for s in found.slots] == [
        ("a", on(11, 14, month=12)),
        ("b", on(11, month=12)),
        ("c", on(16, month=12)),
    ]
    assert [(e.stage, e.at, e.last) for e in found.exits] == [
        ("triage", on(24, 13), on(11, month=12)),
        ("decide", on(27), on(16, month=12)),
    ]
    assert slot(found, "c").slack == timedelta(days=19)


def test_a_holiday_and_a_weekend_are_no_time() -> None:
    """From Friday 27 November three business days are Monday, Wednesday and Thursday: Tuesday is a holiday."""
    found = runway(case(play(f"  triage: {{tasks: [{task('a', '3 business days after start')}]}}")), on(27, 10))
    assert found.ends == on(3, month=12)


def test_each_task_takes_its_time_in_the_hours_of_whoever_would_get_it() -> None:
    """Kim works in Copenhagen, 8 to 16, and 1 December is no holiday there: Wednesday 16:00 is 15:00 in Lisbon."""
    kim = play(f"  triage: {{tasks: [{task('a', '3 business days after start', 'assign: [ae, owner]')}]}}")
    assert runway(case(kim), on(27, 10)).ends == on(2, 15, month=12)


def test_a_substitute_who_would_have_it_then_has_other_hours() -> None:
    """Ana is away when b would start, so it is Kim's."""
    away = Absence(date(2026, 11, 23), date(2026, 11, 30), IDS["kim"])
    persons = tuple(replace(p, absences=(away,)) if p.id == IDS["ana"] else p for p in CHECKED.persons)
    sponsor = "assign: [sponsor, owner]"
    two = play(
        f"  triage: {{tasks: [{task('a', rest=sponsor)}, "
        f"{task('b', '1 business day after start', 'assign: [csm, owner], after: [a]')}]}}"
    )
    found = runway(case(two, persons=persons), FRIDAY)
    assert slot(found, "b").holder == IDS["kim"]
    assert slot(found, "b").ends == on(24, 15)


def test_what_runs_beside_the_path_has_time_to_spare() -> None:
    """The stage is left on Monday with the longer one; the shorter, due Monday too, is not later than that anyway."""
    two = play(
        f"  triage: {{tasks: [{task('short_one', '4 business hours after start')}, "
        f"{task('long_one', '5 business days after start')}]}}\n  decide: {{tasks: [{task('end')}]}}",
        decide="7 business days after opened",
    )
    found = with_last_moments(case(two), FRIDAY)
    assert found.path == ("long_one", "end")
    assert slot(found, "short_one").ends == on(20, 15)
    # end may begin on Monday 30 November at the latest: the decision is due on Wednesday 2 December.
    assert found.limit == on(2, month=12)
    assert (slot(found, "short_one").last, slot(found, "long_one").last) == (on(30), on(30))
    assert slot(found, "long_one").slack == timedelta(days=3)


def test_the_task_that_makes_it_too_long_is_named() -> None:
    long = play(
        f"  triage: {{tasks: [{task('a')}]}}\n"
        f"  prove_value: {{tasks: [{task('proof', '15 business days after start')}]}}\n"
        f"  decide: {{tasks: [{task('offer')}]}}"
    )
    found = with_last_moments(case(long, renewal=date(2027, 1, 2)), FRIDAY)
    # 23 Nov; 24–27 (4), 30 (5), 2–4 Dec (8), 7 (9), 9–11 (12), 14–16 (15); 17 Dec. Decision: 3 Dec.
    assert (found.ends, found.limit) == (on(17, month=12), on(3, month=12))
    assert (found.too_long, found.breaks) == ("proof", "proof")
    assert (
        found.words == "The plan needs until 17 Dec; the decision is due 3 Dec. “proof” (15 business days) makes it "
        "too long."
    )
    # The offer may begin on Wednesday 2 December, and 15 business days before that it is 10 November.
    assert slot(found, "proof").last == on(2, month=12)
    assert slot(found, "a").last == on(10)
    assert (slot(found, "a").slack or timedelta()) < timedelta()
    later = runway(case(long, renewal=date(2027, 1, 15)), FRIDAY)
    assert (later.too_long, later.breaks) == ("proof", "offer")
    told = "“proof” (15 business days) makes it too long. “offer” is the first that comes too late."
    assert later.words.endswith(told)


def test_optional_tasks_hold_nobody_up_unless_a_needed_one_waits_for_them() -> None:
    extra = task("extra", "9 business days after start", "optional: true")
    spare = play(f"  triage: {{tasks: [{task('a')}, {extra}]}}")
    found = with_last_moments(case(spare), FRIDAY)
    assert (found.ends, found.path) == (on(23), ("a",))
    assert (slot(found, "extra").spare, slot(found, "extra").last) == (True, None)
    awaited = play(f"  triage: {{tasks: [{extra}, {task('a', rest='after: [extra]')}]}}")
    found = with_last_moments(case(awaited), FRIDAY)
    assert found.path == ("extra", "a")
    assert not slot(found, "extra").spare


def test_conditions_count_as_if_they_held_and_it_is_said() -> None:
    asked = task("ask", rest="form: {ok: {yes_no: true}}")
    fixed = task("fix_it", "5 business days after start", "after: [ask], if: answers.ask.ok")
    maybe = play(f"  triage: {{tasks: [{asked}, {fixed}]}}")
    found = runway(case(maybe), FRIDAY)
    assert found.ends == on(30)
    assert conditional(found) == "Counted as if their conditions held: fix it."
    assert conditional(runway(case(CHAIN), FRIDAY)) == ""


@pytest.mark.parametrize(
    ("due", "ends", "path"),
    [
        ("2 business days after opened", on(24), ("b",)),
        ("3 business days after stage start", on(26), ("a", "b")),
        ("40 days before renewal", on(4, month=12), ("b",)),  # 6 December is a Sunday
        ("1 business day after a done", on(24), ("a", "b")),
        ("30 minutes after opened", on(24), ("a", "b")),  # over before it begins: due at the next close
        ("2 days after contract_start", on(25), ("a", "b")),  # no such date: two business days after its start
    ],
)
def test_due_moments_count_from_many_things(due: str, ends: datetime, path: tuple[str, ...]) -> None:
    two = play(f"  triage: {{tasks: [{task('a')}]}}\n  decide: {{tasks: [{task('b', due)}]}}")
    found = runway(case(two), FRIDAY)
    assert (found.ends, found.path) == (ends, path)


def test_the_start_of_a_stage_is_not_that_of_the_task() -> None:
    """b waits for a until Monday, and is due three business days after Friday: on Wednesday."""
    late = task("b", "3 business days after stage start", "after: [a]")
    found = runway(case(play(f"  triage: {{tasks: [{task('a')}, {late}]}}")), FRIDAY)
    assert slot(found, "b").ends == on(25)


def test_without_a_renewal_the_settings_say_when_and_a_near_renewal_is_the_end() -> None:
    found = runway(case(CHAIN, renewal=None), FRIDAY)
    assert found.limit == datetime(2027, 1, 19, 18, tzinfo=UTC)  # 60 days after the opening
    soon = play(f"  triage: {{tasks: [{task('a', '3 business days after start')}]}}", decide="20 days after opened")
    found = runway(case(soon, renewal=date(2026, 11, 24)), FRIDAY)
    assert (found.limited_by, found.fits) == ("renewal", False)
    assert found.words.startswith("The plan needs until 25 Nov; the renewal is 24 Nov.")


def test_tasks_are_laid_out_in_an_order_in_which_they_can_be_done() -> None:
    mixed = play(f"  triage: {{tasks: [{task('c', rest='after: [b]')}, {task('b', rest='after: [a]')}, {task('a')}]}}")
    assert [t.id for t in in_order(mixed.stages[0].tasks)] == ["a", "b", "c"]
    assert runway(case(mixed), FRIDAY).path == ("a", "b", "c")


# --- a deal that runs -------------------------------------------------------------------------------------------------


def rehearsed(of: Play, *steps: Step, until: datetime) -> Case:
    rehearsal = Rehearsal(case(of))
    rehearsal.take(Step(FRIDAY, Open(("champion_left",))))
    for step in steps:
        rehearsal.run_to(step.at)
        assert rehearsal.take(step) is None
    rehearsal.run_to(until)
    return rehearsal.case


ANA = Doer(IDS["ana"])


def test_what_is_done_is_no_longer_on_the_path() -> None:
    after_a = rehearsed(CHAIN, Step(on(20, 15), Finish("a"), ANA), until=on(20, 15))
    found = with_last_moments(after_a, on(20, 15))
    assert [s.task for s in found.slots] == ["b", "c"]
    assert slot(found, "b").ends == on(23, 10)  # three hours on Friday, one on Monday
    assert found.ends == on(26)
    assert slot(found, "b").last == on(11, month=12)


def test_a_task_that_is_late_takes_at_least_until_now() -> None:
    """a was due on Monday; it is Wednesday morning, and nothing after it can begin before that."""
    found = runway(rehearsed(CHAIN, until=on(25, 9)), on(25, 9))
    assert slot(found, "a").ends == on(25, 9)
    assert slot(found, "b").ends == on(25, 13)
    assert found.ends == on(30)


def test_a_pause_moves_what_is_open_and_what_comes() -> None:
    """Paused from Friday 10:00 to Wednesday 10:00: three business days, so a is due on Thursday and not on Monday."""
    paused = rehearsed(CHAIN, Step(FRIDAY, Pause(on(25, 10), "they are away"), ANA), until=on(23, 12))
    found = runway(paused, on(23, 12))
    assert slot(found, "a").ends == on(26)
    assert found.at == on(25, 10)
    resumed = rehearsed(CHAIN, Step(FRIDAY, Pause(on(25, 10), "they are away"), ANA), until=on(25, 11))
    assert runway(resumed, on(25, 11)).ends == found.ends


def test_a_deal_with_nothing_left_to_do_says_so() -> None:
    only = play(f"  triage: {{tasks: [{task('a')}]}}")
    found = runway(rehearsed(only, Step(on(20, 15), Finish("a"), ANA), until=on(20, 15)), on(20, 15))
    assert found.path == ()
    assert found.words.startswith("Nothing of the plan is left to do; the decision is due ")


# --- short forms ------------------------------------------------------------------------------------------------------


def test_the_fewest_days_until_renewal_are_found() -> None:
    """It ends on Friday 27 November, so the decision may be that day: 30 days later it is 27 December."""
    assert least_days(case(CHAIN), FRIDAY) == (date(2026, 12, 27) - FRIDAY.date()).days
    never = play(f"  triage: {{tasks: [{task('a', '10 days before renewal')}]}}")
    assert least_days(case(never), FRIDAY) is None


def lasting(days: int, *, name: str, short: str = "") -> Play:
    head = f"short: {short}\n" if short else ""
    due = f"{count(days, 'business day')} after start"
    made = play(f"  triage: {{tasks: [{task('a', due)}]}}", decide="5 business days after opened", name=name)
    return replace(made, short=short or None) if head else made


@pytest.mark.parametrize(
    ("plays", "taken", "why"),
    [
        ((lasting(4, name="p", short="q"), lasting(1, name="q")), "p", []),
        (
            (lasting(20, name="p", short="q"), lasting(4, name="q")),
            "q",
            ["p needs 33 days, 7 are left until its decision date: its short form q is taken"],
        ),
        (
            (lasting(20, name="p", short="q"), lasting(10, name="q", short="r"), lasting(2, name="r")),
            "r",
            [
                "p needs 33 days, 7 are left until its decision date: its short form q is looked at",
                "q needs 18 days, 7 are left until its decision date: its short form r is taken",
            ],
        ),
        (
            (lasting(20, name="p", short="q"), lasting(10, name="q")),
            "q",
            [
                "p needs 33 days, 7 are left until its decision date: its short form q is looked at",
                "q needs 18 days, 7 are left until its decision date: of these, q is the shortest",
            ],
        ),
        ((lasting(20, name="p"),), "p", ["p needs 33 days, 7 are left until its decision date"]),
        (
            (lasting(10, name="p", short="q"), lasting(20, name="q", short="p")),
            "p",
            [
                "p needs 18 days, 7 are left until its decision date: its short form q is looked at",
                "q needs 33 days, 7 are left until its decision date: of these, p is the shortest",
            ],
        ),
    ],
)
def test_the_first_short_form_that_fits_is_taken_else_the_shortest(
    plays: tuple[Play, ...], taken: str, why: list[str]
) -> None:
    chosen = Choice(plays[0], ("p was chosen: so it is", "q: applies too", "z: does not"))

    def ahead(of: Play) -> Runway:
        return runway(case(of), FRIDAY)

    found = in_time(chosen, {p.name: p for p in plays}, ahead)
    assert found.play is not None
    assert found.play.name == taken
    others: list[Any] = [line for line in chosen.why[1:] if not line.startswith(f"{taken}: ")]
    assert list(found.why) == [chosen.why[0], *why, *others]


def test_where_no_play_was_chosen_there_is_no_short_form() -> None:
    nothing = Choice(None, ("p: wants a cause",))
    assert in_time(nothing, {}, lambda _: pytest.fail("there is nothing to look at")) is nothing


# --- in the files -----------------------------------------------------------------------------------------------------


def test_short_forms_in_a_circle_are_an_error(tmp_path: Path) -> None:
    """Planted: the circle looked for from each play without remembering where it has been, which never ends."""
    folder = shutil.copytree(BASE, tmp_path / "workspace")
    text = (folder / "playbooks" / "save.yaml").read_text()
    (folder / "playbooks" / "save.yaml").write_text(f"{text}short: briefly\n")
    briefly = text.replace("playbook: save", "playbook: briefly").replace("priority: 5", "priority: 4")
    (folder / "playbooks" / "briefly.yaml").write_text(f"{briefly}short: briefest\n")
    briefest = text.replace("playbook: save", "playbook: briefest").replace("priority: 5", "priority: 3")
    (folder / "playbooks" / "briefest.yaml").write_text(briefest)
    assert check(folder).problems == ()
    (folder / "playbooks" / "briefest.yaml").write_text(f"{briefest}short: briefly\n")
    line = briefest.count("\n") + 1
    assert [(str(p), p.id, p.warning) for p in check(folder).problems] == [
        (
            f"playbooks/briefest.yaml:{line}:8: the short form of briefest leads back to it: briefest → briefly → "
            "briefest; expected a shorter play that has no short form, or another",
            SHORT_CIRCLE,
            False,
        ),
        (
            f"playbooks/briefly.yaml:{line}:8: the short form of briefly leads back to it: briefly → briefest → "
            "briefly; expected a shorter play that has no short form, or another",
            SHORT_CIRCLE,
            False,
        ),
    ]
