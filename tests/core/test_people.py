"""Who does it: chains, substitutes, rotation, load, capacity, managers and leads, each with its reasons.

Planted bugs that turned these tests red: a substitute's own absence not looked at, a circle of substitutes followed
for ever, a rotation that starts again at the first after an absence, capacity counted one too late, and a chain that
stops at somebody who has left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from saveline.core.facts import Absence, Department, Person
from saveline.core.people import (
    Asking,
    Assignee,
    Chain,
    Claim,
    Duty,
    Lead,
    Manager,
    Named,
    Owner,
    People,
    Pick,
    Role,
    Who,
    resolve,
)
from saveline.core.worktime import DaysOff, parse_hours

FRIDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)
ANA, BOB, CHRIS, DORA, ELI, FAY = range(1, 7)


def away(
    substitute: int | None = None, *, first: date = date(2026, 11, 16), back: date = date(2026, 11, 23)
) -> Absence:
    return Absence(first, back, substitute)


def people(**changes: Mapping[str, object]) -> People:
    """ana, bob (her manager, lead of success), chris (everybody's manager), dora, eli and fay (support)."""
    rows: dict[str, dict[str, object]] = {
        "ana": {"department": "success", "manager_id": BOB},
        "bob": {"department": "success", "manager_id": CHRIS},
        "chris": {"department": "leadership"},
        "dora": {"department": "support", "manager_id": CHRIS},
        "eli": {"department": "support", "manager_id": DORA},
        "fay": {"department": "support", "manager_id": DORA},
    }
    persons = [
        Person(id=i, email=f"{name}@x.example", name=name.capitalize(), **{**row, **changes.get(name, {})})  # type: ignore[arg-type]
        for i, (name, row) in enumerate(rows.items(), start=1)
    ]
    departments = [
        Department("success", "Success", BOB),
        Department("support", "Support", DORA),
        Department("leadership", "Leadership", CHRIS),
        Department("vacant", "Nobody leads it"),
    ]
    return People(persons, departments, "Europe/Lisbon", parse_hours("mon-fri 9-18"), DaysOff("PT"))


def ask(
    chain: Chain, found: People, *, at: datetime = FRIDAY, duty: Duty | None = None, department: str | None = None
) -> Who:
    asking = Asking(at, owner_id=BOB, team={"csm": ANA, "sponsor": CHRIS}, assignee_id=ELI, department=department)
    return resolve(chain, asking, found, duty or Duty())


def test_the_first_of_a_chain_who_is_at_work_has_it() -> None:
    who = ask((Role("ae"), Role("csm"), Owner()), people())
    assert who == Who(person_id=ANA, why=("ae: nobody is named", "csm: Ana"), meant_id=ANA, link="csm")


def test_every_word_for_somebody() -> None:
    found = people()
    words: dict[int, tuple[Chain, str | None]] = {
        ANA: ((Named("ANA@x.example"),), None),
        BOB: ((Manager(Role("csm")),), None),
        CHRIS: ((Manager(Lead("support")),), None),
        DORA: ((Lead(),), "support"),
        ELI: ((Assignee(),), None),
    }
    for expected, (chain, department) in words.items():
        assert ask(chain, found, department=department).person_id == expected
    assert ask((Owner(),), found).person_id == BOB
    assert ask((Manager(Assignee()),), found).person_id == DORA
    assert ask((Lead("support"),), found).person_id == DORA
    assert ask((Claim("support"),), found) == Who(department="support", why=("whoever of support takes it: offered",))


def test_nobody_says_why() -> None:
    found = people(chris={"active": False})
    chain = (Lead("vacant"), Manager(Role("sponsor")), Named("zoe@x.example"), Role("sponsor"), Lead())
    assert ask(chain, found) == Who(
        why=(
            "vacant.lead: nobody is named",
            "sponsor.manager: nobody is named",
            "zoe@x.example: nobody is named",
            "Chris has left",
            "lead: nobody is named",
        )
    )
    assert ask(chain, found).nobody


def test_substitutes_of_substitutes() -> None:
    """A → B → C reaches C, with each step said; and the work comes back to each on return."""
    found = people(ana={"absences": (away(DORA),)}, dora={"absences": (away(FAY),)})
    who = ask((Role("csm"),), found)
    why = ("Ana is away until 23 Nov", "Dora is away until 23 Nov", "csm: Fay")
    assert who == Who(person_id=FAY, why=why, meant_id=ANA, link="csm")
    monday = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert ask((Role("csm"),), found, at=monday).person_id == ANA
    back = people(ana={"absences": (away(DORA),)}, dora={"absences": (away(FAY, back=date(2026, 11, 20)),)})
    assert ask((Role("csm"),), back).person_id == DORA


def test_a_circle_of_substitutes_is_nobody() -> None:
    found = people(ana={"absences": (away(DORA),)}, dora={"absences": (away(ELI),)}, eli={"absences": (away(ANA),)})
    who = ask((Role("csm"), Owner()), found)
    assert who.person_id == BOB
    assert who.why == (
        "Ana is away until 23 Nov",
        "Dora is away until 23 Nov",
        "Eli is away until 23 Nov",
        "owner: Bob",
    )


def test_a_substitute_who_left_and_none_at_all() -> None:
    left = people(ana={"absences": (away(FAY),)}, fay={"active": False})
    assert ask((Role("csm"), Owner()), left).why == ("Ana is away until 23 Nov", "Fay has left", "owner: Bob")
    alone = people(ana={"absences": (away(),)})
    assert ask((Role("csm"), Owner()), alone).why == ("Ana is away until 23 Nov", "owner: Bob")


def test_away_is_by_the_day_of_whoever_is_away() -> None:
    """At 23:30 in Lisbon on Sunday it is Monday in Auckland: who is back there on Monday is at work."""
    sunday = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    here = people(ana={"absences": (away(FAY),)})
    there = people(ana={"absences": (away(FAY),), "zone": "Pacific/Auckland"})
    assert ask((Role("csm"),), here, at=sunday).person_id == FAY
    assert ask((Role("csm"),), there, at=sunday).person_id == ANA


def test_a_rotation_goes_round_and_skips_who_is_away() -> None:
    found = people(eli={"absences": (away(FAY),)})
    turn = Pick("round_robin", "support")
    taken, last = [], 0
    for _ in range(5):
        who = ask((turn,), found, duty=Duty(last_pick={"support": last}))
        assert who.rotation == "support"
        last = who.person_id or 0
        taken.append(last)
    assert taken == [DORA, FAY, DORA, FAY, DORA]  # nobody stands in for eli: a rotation has others
    after_eli = ask((turn,), found, duty=Duty(last_pick={"support": ELI}))
    assert after_eli.person_id == FAY
    assert after_eli.why[-2:] == ("the turn in support: after Eli", "round robin of support: Fay")
    assert ask((turn,), found).why[-2] == "the turn in support: nobody had it yet"


def test_the_least_loaded_has_it_and_of_equals_the_first() -> None:
    found, pick = people(), Pick("least_loaded", "support")
    assert ask((pick,), found, duty=Duty({DORA: 2, ELI: 1, FAY: 1})).person_id == ELI
    assert ask((pick,), found, duty=Duty({DORA: 0, ELI: 0})).person_id == DORA
    busy = Duty({DORA: 2, ELI: 1})
    assert ask((pick,), found, duty=busy).why == (
        "open tasks in support: Fay 0, Eli 1, Dora 2",
        "least loaded of support: Fay",
    )


def test_nobody_gets_more_than_they_can_take() -> None:
    found = people(dora={"capacity": 2}, eli={"capacity": 0}, fay={"capacity": 3})
    pick = Pick("round_robin", "support")
    assert ask((pick,), found, duty=Duty({DORA: 1})).person_id == DORA
    assert ask((pick,), found, duty=Duty({DORA: 2, FAY: 2})).person_id == FAY
    full = ask((pick, Lead("support")), found, duty=Duty({DORA: 2, FAY: 3}))
    assert full.person_id == DORA  # capacity binds the rotation, not the lead who is asked by name
    assert full.why == (
        "Dora has 2 open tasks, the most they take",
        "Eli has 0 open tasks, the most they take",
        "Fay has 3 open tasks, the most they take",
        "round robin of support: nobody is free",
        "support.lead: Dora",
    )


def test_leavers_stay_known_but_get_nothing() -> None:
    found = people(eli={"active": False}, dora={"active": False})
    assert ask((Pick("least_loaded", "support"),), found, duty=Duty({FAY: 9})).person_id == FAY
    assert [p.name for p in found.members("support")] == ["Dora", "Eli", "Fay"]
    assert found.name(ELI) == "Eli"
    assert found.name(None) == "Saveline"


def test_a_calendar_has_the_persons_hours_zone_country_and_absences() -> None:
    found = people(
        fay={"zone": "Europe/Berlin", "country": "DE-BY", "hours": "mon-thu 8-12", "absences": (away(),)},
    )
    cal = found.calendar(FAY)
    assert cal.zone.key == "Europe/Berlin"
    assert not cal.spans(date(2026, 11, 17))
    assert not cal.spans(date(2027, 1, 6))  # Epiphany, a Wednesday, is a holiday in Bavaria and not in Portugal
    assert found.calendar(ANA).spans(date(2027, 1, 6))
    assert found.calendar(99).zone.key == "Europe/Lisbon"
    assert found.calendar(FAY) is cal


_ABSENT = st.lists(st.sampled_from([DORA, ELI, FAY]), max_size=2, unique=True)


@given(_ABSENT, st.integers(0, 9), st.integers(1, 30))
def test_a_rotation_is_fair_among_those_at_work(absent: list[int], last: int, picks: int) -> None:
    names = {DORA: "dora", ELI: "eli", FAY: "fay"}
    found = people(**{names[i]: {"absences": (away(),)} for i in absent})
    taken: Counter[int | None] = Counter()
    for _ in range(picks):
        who = ask((Pick("round_robin", "support"),), found, duty=Duty(last_pick={"support": last}))
        last = who.person_id or 0
        taken[who.person_id] += 1
    at_work = {DORA, ELI, FAY} - set(absent)
    assert set(taken) <= at_work
    assert max(taken.values()) - min(taken.get(i, 0) for i in at_work) <= 1


@given(
    st.dictionaries(st.sampled_from(range(1, 7)), st.sampled_from([None, *range(1, 7)]), max_size=6),
    st.sets(st.sampled_from(range(1, 7)), max_size=4),
    st.lists(
        st.sampled_from(
            [
                Role("csm"),
                Role("sponsor"),
                Owner(),
                Assignee(),
                Lead("support"),
                Manager(Owner()),
                Pick("round_robin", "support"),
                Pick("least_loaded", "success"),
                Named("fay@x.example"),
            ]
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_whoever_it_comes_to_is_at_work(
    absent: dict[int, int | None], left: set[int], chain: list[Role | Owner | Assignee | Lead | Manager | Pick | Named]
) -> None:
    """Whatever the absences, substitutes and leavers: nobody who is away or gone gets it, and every chain ends."""
    names = ["ana", "bob", "chris", "dora", "eli", "fay"]
    found = people(
        **{
            name: {"absences": (away(absent[i]),) if i in absent else (), "active": i not in left}
            for i, name in enumerate(names, start=1)
        }
    )
    who = ask(tuple(chain), found)
    assert who.person_id not in set(absent) | left
    assert who.why
