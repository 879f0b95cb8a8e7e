"""How our own people feel: never of fewer than five, by name never, and a correlation only over enough departments.

Planted bugs that turned these tests red: a month of four answers that is told, one that is counted into the year, an
account counted with each of its deals, and the interval of a correlation without its z.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.actions import reports
from saveline.actions.known import Known
from saveline.actions.pulse import kept_by_department
from saveline.core.arr import Course
from saveline.core.blocks import Note, Sentences, Table
from saveline.core.customers import Turnover
from saveline.core.periods import parse
from saveline.core.pulse import Felt, Link, Pulse, Team, teams
from saveline.core.report_pulse import pulse
from saveline.core.saying import Saying
from saveline.core.tongue import ENGLISH
from saveline.core.voice import Voice
from saveline.evidence.correlation import link
from tests.evidence.deals import deal
from tests.reported import report
from tests.stories.test_afterwards import bring_in
from tests.world import World

SAYING = Saying("USD", ZoneInfo("Europe/Lisbon"), ENGLISH)
ANSWERS = st.lists(st.builds(Felt, st.sampled_from("abc"), st.integers(0, 2), st.integers(1, 5)), max_size=40)


@given(answers=ANSWERS)
def test_nothing_is_told_of_fewer_than_five(answers: list[Felt]) -> None:
    found, few = teams(answers, {"a": (4, 3)})
    months: dict[str, dict[int, list[int]]] = {}
    for answer in answers:
        months.setdefault(answer.department, {}).setdefault(answer.month, []).append(answer.value)
    told = {d: {m: v for m, v in of.items() if len(v) >= 5} for d, of in months.items()}
    assert {t.department for t in found} == {d for d, of in told.items() if of}
    assert few == sum(not of for of in told.values())
    for team in found:
        last, year = told[team.department].get(0, []), [v for of in told[team.department].values() for v in of]
        assert team.answers == len(last)
        assert team.mean == (sum(last) / len(last) if last else None)
        assert team.year_mean == pytest.approx(sum(year) / len(year))
        assert (team.accounts, team.kept) == ((4, 3) if team.department == "a" else (0, 0))


def test_a_correlation_of_enough_groups_only() -> None:
    """The example of the definitions by hand, and that 95 in 100 intervals hold a truth of 0.5."""
    assert link([(1.0, 2.0)] * 30) == Link(30)
    assert link([(float(i), float(i % 3)) for i in range(9)]) == Link(9)
    draw, held = np.random.default_rng(5), 0
    for _ in range(600):
        both = draw.multivariate_normal((0, 0), ((1, 0.5), (0.5, 1)), 15)
        found = link([(float(x), float(y)) for x, y in both])
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.5 <= found.high
    assert 0.92 <= held / 600 <= 0.98


def test_what_is_said_of_it() -> None:
    team = Team("support", 6, 3.5, 3.8, 40, 36)
    made = Voice(pulse=Pulse((team,), 2, Link(1), (("support", "Support"),)))
    section = pulse(replace(report(), voice=made), SAYING)
    assert section is not None
    said, table, note = section.blocks
    one = "Only 1 department has enough answers: too few to tell whether this goes with how customers fare."
    assert said == Sentences((one,))
    assert isinstance(note, Note)
    assert note.text.endswith("Answers are kept without names. 2 departments have fewer.")
    assert isinstance(table, Table)
    assert [c.text for c in table.rows[0].cells] == ["Support", "6", "3.5", "3.8", "40", "36"]
    linked = replace(made, pulse=Pulse((team,), 0, Link(12, 0.61, 0.06, 0.88)))
    section = pulse(replace(report(), voice=linked), SAYING)
    assert section is not None
    said, _, note = section.blocks
    assert isinstance(said, Sentences)
    assert isinstance(note, Note)
    assert note.text.endswith("without names.")
    assert said.lines[0].endswith("correlation 0.61 (95% interval 0.06 to 0.88, 12 departments).")


def test_answers_come_in_and_are_told_where_a_workspace_wants_it(on_both: World, tmp_path: Path) -> None:
    """Off by default; a past week stays as it was; nothing of who answered is asked or kept."""
    on_both.open()
    lines = [f"p{i},support,2026-11-1{i},{i % 5 + 1}" for i in range(5)]
    lines += [f"q{i},finance,2026-11-1{i},1" for i in range(4)]
    bring_in(on_both, tmp_path / "in", pulse="\n".join(["key,department,at,value", *lines, ""]))
    week = parse("2026-W47", "Europe/Lisbon")
    before = reports.build(on_both.desk, week).voice
    assert before is not None
    assert before.pulse is None
    on_both.setting("saveline.yaml", "report_to:", "voice: {pulse: true}\nreport_to:")
    on_both.at(week.end)
    then = reports.build(on_both.desk, week)
    assert then.voice is not None
    assert then.voice.pulse is not None
    assert [(t.department, t.answers, t.mean) for t in then.voice.pulse.teams] == [("support", 5, 3.0)]
    assert then.voice.pulse.few == 1
    on_both.pass_time(days=1)
    bring_in(
        on_both, tmp_path / "late", pulse="key,department,at,value\np0,support,2026-11-10,5\nq9,finance,2026-11-12,1\n"
    )
    assert msgspec.json.encode(reports.build(on_both.desk, week)) == msgspec.json.encode(then)


def test_an_account_with_two_deals_is_one_account() -> None:
    """Of the two accounts that Ana's department had deals of one still pays; nobody's deal is of no department."""
    first, last = date(2025, 11, 22), date(2026, 11, 22)
    owners = {1: 5, 2: 5, 3: 5, 4: None}
    cases = [deal(number, "lost", owner_id=owner) for number, owner in owners.items()]
    lived = [*cases, replace(cases[0], deal_id=9)]
    paid = Turnover({1: Course((first,), (100,)), 2: Course((first, last), (100, 0)), 4: Course((first,), (100,))})
    known = Known((first, last), paid, [c for c in lived if c.deal_id != 3], (), {5: "success"})
    assert kept_by_department(known) == {"success": (2, 1)}
