"""Every warning of ``playbook check``: a play that gets it, and one close to it that does not.

Planted bugs that turned these tests red: a ladder compared with the decision date without the days of its due moment, a
question looked for by its name without its task, a stage taken for left although every outcome leads away, and an
accepted warning that silences the whole play instead of its task.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from saveline.core.language import lint_ids as ids
from saveline.core.language import lints
from saveline.core.language.playbooks import parse_play
from saveline.files.check import check
from saveline.files.yaml import parse
from saveline.sandbox import Expressions
from tests.core.test_language import CHECKED, found, names, play_of, task, workspace

ROOT = Path(__file__).parents[2]
BASE = Path(__file__).parents[1] / "golden" / "language" / "base"


def triage(*tasks: str) -> str:
    return f"  triage: {{tasks: [{', '.join(tasks)}]}}\n"


def decide(*tasks: str) -> str:
    return f"  decide: {{tasks: [{', '.join(tasks)}]}}\n"


def test_work_that_goes_round() -> None:
    both = "outcomes: [again, anew], on: {again: {goto: triage}, anew: {goto: triage}}"
    assert found(triage(task("a")) + decide(task("b", both))) == [ids.GOES_ROUND]
    one = "outcomes: [again, enough], on: {again: {goto: triage}, enough: {tell: [owner]}}"
    assert found(triage(task("a")) + decide(task("b", one))) == []
    perhaps = both + ", if: account.arr > 5"
    assert found(triage(task("a")) + decide(task("b", perhaps))) == []


def test_a_stage_that_every_way_leads_past() -> None:
    past = "outcomes: [yes_it_is, no_it_is_not], on: {yes_it_is: {goto: decide}, no_it_is_not: {goto: decide}}"
    between = f"  stabilise: {{tasks: [{task('b')}]}}\n"
    assert found(triage(task("a", past)) + between + decide()) == [ids.STAGE_UNREACHED]
    stays = past.replace("yes_it_is: {goto: decide}", "yes_it_is: {tell: [owner]}")
    assert found(triage(task("a", stays)) + between + decide()) == []
    back = task("c", "outcomes: [done, again], on: {again: {goto: stabilise}}")
    assert found(triage(task("a", past)) + between + decide(back)) == []


def test_outcomes_that_lead_to_the_same() -> None:
    assert found(triage(task("a", "outcomes: [good, bad]"))) == [ids.SAME_ENDINGS]
    assert found(triage(task("a", "outcomes: [good, bad], on: {bad: {tell: [owner]}}"))) == []
    assert found(triage(task("a", "outcomes: [good, bad], form: {why: {text: short, for: bad}}"))) == []


def test_questions_that_nothing_depends_on() -> None:
    asks = task("a", "form: {kind: {choice: [x, y]}, kinder: {text: short}}")
    assert found(triage(asks)) == [ids.NOT_READ]
    assert found(triage(asks, task("b", 'after: [a], if: answers.a.kind == "x"'))) == []
    assert found(triage(asks, task("b", 'after: [a], title: "Do {{ answers.a.kind }}"'))) == []
    other = task("b", "after: [a], if: answers.a.kinder is defined")
    assert found(triage(asks, other)) == [ids.NOT_READ]
    alike = f"{task('b', 'form: {kind: {yes_no: true}}')}, {task('c', 'after: [b], if: answers.b.kind')}"
    assert found(triage(asks, alike)) == [ids.NOT_READ]


def test_a_task_that_waits_for_an_optional_one() -> None:
    assert found(triage(task("a", "optional: true"), task("b", "after: [a]"))) == [ids.OPTIONAL_AWAITED]
    assert found(triage(task("a", "optional: true"), task("b", "after: [a], optional: true"))) == []
    assert found(triage(task("a"), task("b", "after: [a], optional: true"))) == []


def test_reminders_that_nobody_gets() -> None:
    assert found(triage(task("a", "remind: [1 day after due]"))) == [ids.LATE_REMINDER]
    assert found(triage(task("a", "remind: [at due]"))) == []
    assert found(triage(task("a", "due: 4 hours after start, remind: [4 hours before due]"))) == [ids.EARLY_REMINDER]
    assert found(triage(task("a", "due: 4 hours after start, remind: [3 hours before due]"))) == []
    whole_day = "due: 1 day after start, remind: [1 day before due]"  # due at the close of tomorrow: today's close
    assert found(triage(task("a", whole_day))) == []
    assert found(triage(task("a", "due: 1 day after start, remind: [2 days before due]"))) == [ids.EARLY_REMINDER]


def ladder(when: str) -> str:
    return f"escalate: [{{when: {when}, to: owner, do: decide}}]"


def test_a_ladder_that_ends_after_the_decision_date() -> None:
    late = f"due: 40 days before renewal, {ladder('11 days after due')}"
    assert found(triage(task("a", late)) + decide()) == [ids.LADDER_LATE]
    assert found(triage(task("a", late.replace("11", "10"))) + decide()) == []
    assert found(triage() + decide(task("a", late))) == []  # what is decided may be carried out later
    assert found(triage(task("a", late + ", optional: true")) + decide()) == []


def test_a_ladder_longer_than_the_whole_runway() -> None:
    short = "applies: {runway: {max: 40 days}}"
    assert found(triage(task("a", ladder("10 days after due"))) + decide(), short) == []
    assert found(triage(task("a", ladder("11 days after due"))) + decide(), short) == [ids.LADDER_LATE]
    days = "decide: 5 business days after opened"
    assert found(triage(task("a", ladder("7 days after due"))) + decide(), days) == []
    assert found(triage(task("a", ladder("9 days after due"))) + decide(), days) == [ids.LADDER_LATE]


def test_a_rung_when_the_renewal_is_past() -> None:
    assert found(decide(task("a", f"due: 2 days before renewal, {ladder('3 days after due')}"))) == [ids.RUNG_LATE]
    assert found(decide(task("a", f"due: 2 days before renewal, {ladder('2 days after due')}"))) == []
    assert found(decide(task("a", ladder("1 day after renewal")))) == [ids.RUNG_LATE]


def test_the_lead_of_a_department_that_has_none() -> None:
    def said(assign: str, *without: str) -> list[str]:
        departments = tuple(replace(d, lead_id=None) if d.key in without else d for d in workspace().departments)
        text = f"playbook: p\ntitle: P\nbenefit: B\nstages:\n{triage(task('a', f'assign: {assign}'))}"
        home = replace(workspace(), departments=departments)
        _, problems = parse_play(parse(text, "p.yaml"), "hash", home, names(), Expressions())
        return [p.id for p in problems]

    assert said("finance.lead", "finance") == [ids.NO_LEAD]
    assert said("finance.lead", "sales") == []
    assert said("[{pick: round_robin, from: support}, lead]", "support") == [ids.NO_LEAD]
    assert said("[csm, owner]", *(d.key for d in workspace().departments)) == []


def test_nobody_works_in_a_department() -> None:
    play, _ = play_of(triage(task("a", "assign: {claim: finance}")))
    assert play is not None
    assert [lint.id for _, lint in lints.deserted([play], frozenset({"sales"}))] == [ids.NOBODY_THERE]
    assert list(lints.deserted([play], frozenset({"finance"}))) == []


# --- accepting


def test_a_task_accepts_a_warning_about_itself_only() -> None:
    asks = "form: {kind: {yes_no: true}}"
    accepts = f"{asks}, accept: [{ids.NOT_READ}]"
    assert found(triage(task("a", accepts))) == []
    assert found(triage(task("a", accepts), task("b", asks))) == [ids.NOT_READ]
    assert found(triage(task("a", asks), task("b", asks)), f"accept: {ids.NOT_READ}") == []


def test_what_is_accepted_for_nothing_is_said() -> None:
    assert found(triage(task("a", f"accept: [{ids.NOT_READ}]"))) == [ids.NOT_FOUND]
    assert found(triage(task("a")), f"accept: [{ids.OVERLAP}]") == []  # it shows only when all plays are there


def test_an_error_cannot_be_accepted() -> None:
    play, problems = play_of(triage(task("a")), f"accept: [{ids.CANNOT_END}]")
    assert play is None
    assert [p.what for p in problems] == [f"unknown warning '{ids.CANNOT_END}'"]


def test_warnings_across_files_are_accepted_in_the_file_they_are_about(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(BASE, folder)
    play, other = folder / "playbooks" / "save.yaml", folder / "playbooks" / "tests.yaml"
    other.write_text(play.read_text().replace("playbook: save", "playbook: tests"))
    assert [(p.file, p.id) for p in check(folder).problems] == [("playbooks/tests.yaml", ids.OVERLAP)]
    other.write_text(other.read_text() + f"accept: {ids.OVERLAP}\n")
    assert check(folder).problems == ()
    settings = folder / "saveline.yaml"
    settings.write_text(
        settings.read_text().replace("[champion_left, price_pressure]", "[champion_left, price_pressure, x]")
    )
    assert [(p.file, p.id) for p in check(folder).problems] == [("saveline.yaml", ids.NO_PLAY)]
    settings.write_text(settings.read_text() + f"accept: [{ids.NO_PLAY}]\n")
    assert check(folder).problems == ()


# --- what is written about them


def test_the_table_of_the_documentation_is_the_list_of_the_program() -> None:
    rows = re.findall(
        r"^\| `([a-z-]+)` \| (error|warning) \| (.+) \| (.+) \|$",
        (ROOT / "docs" / "checks.md").read_text(),
        re.MULTILINE,
    )
    wanted = [(i, "error" if i in ids.ERRORS else "warning", *words) for i, words in ids.MEND.items()]
    assert rows == wanted


def test_every_id_has_a_row() -> None:
    constants = {v for k, v in vars(ids).items() if k.isupper() and isinstance(v, str)}
    assert constants == set(ids.MEND)


@pytest.mark.parametrize("name", [p.name for p in CHECKED.plays])
def test_the_shipped_plays_get_none(name: str) -> None:
    assert [str(p) for p in CHECKED.problems if p.file.startswith(f"playbooks/{name}.")] == []
