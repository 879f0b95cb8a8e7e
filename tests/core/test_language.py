"""A playbook's YAML becomes the play that runs; what cannot have been meant is pointed out, and no more than that.

Planted bugs that turned these tests red: lints that ignore ``after``, a gate tried only with its first answer, answers
left to every outcome although ``for`` names one, and a decision that asks for the answers of another outcome.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import msgspec
import pytest
from msgspec.structs import replace

from saveline.core.decide import tasks
from saveline.core.decide.draft import Case
from saveline.core.errors import AnswersRefused, Problem
from saveline.core.facts import Account, Deal, Doer
from saveline.core.language import lint_ids as ids
from saveline.core.language import lints
from saveline.core.language.describe import describe
from saveline.core.language.names import Names
from saveline.core.language.playbooks import parse_play
from saveline.core.language.schema import play_schema
from saveline.core.play import Play
from saveline.core.rehearse import Open, Step, perform
from saveline.core.trial import people_of
from saveline.core.workspace import Workspace
from saveline.files import schemas, shipped
from saveline.files.check import Checked, check
from saveline.files.starter import make_workspace
from saveline.files.yaml import parse
from saveline.sandbox import Expressions
from tests.core.faults import FAULTS

SHIPPED = shipped.folder("playbooks").parent
CHECKED = check(SHIPPED)
BASE = Path(__file__).parents[1] / "golden" / "language" / "base"
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def workspace() -> Workspace:
    assert CHECKED.workspace is not None
    return CHECKED.workspace


def names() -> Names:
    assert CHECKED.names is not None
    return CHECKED.names


def play_of(stages: str, head: str = "") -> tuple[Play | None, tuple[Problem, ...]]:
    """A play of ``stages`` (YAML in flow or block style), and everything that is said about it."""
    text = f"playbook: p\ntitle: P\nbenefit: B\n{head}\nstages:\n{stages}"
    return parse_play(parse(text, "p.yaml"), "hash", workspace(), names(), Expressions())


def task(name: str, rest: str = "") -> str:
    assign = "" if "assign:" in rest else "assign: [csm, owner], "
    due = "" if "due:" in rest else "due: 1 day after start, "
    return f"{{id: {name}, {assign}{due}{rest}}}"


def found(stages: str, head: str = "") -> list[str]:
    """The ids of what is found in a play that is otherwise in order."""
    _, problems = play_of(stages, head)
    assert all(p.id for p in problems), problems
    return [p.id for p in problems]


# --- the language


def test_the_shipped_plays_have_what_the_handbook_says() -> None:
    short = {play.short for play in CHECKED.plays}
    for play in CHECKED.plays:
        if play.name in short:
            continue
        assert [s.key for s in play.stages] == ["triage", "plan_agreed", "stabilise", "prove_value", "decide"]
    caught = {cause for play in CHECKED.plays for cause in play.applies.causes}
    assert caught == set(workspace().causes)
    assert workspace().default_play in [p.name for p in CHECKED.plays]


def test_a_question_can_be_for_one_outcome_only() -> None:
    play, problems = play_of(
        "  triage: {tasks: ["
        + task("a", "outcomes: [yes_it_is, no_it_is_not], form: {what: {text: short, for: yes_it_is}}")
        + "]}"
    )
    assert play is not None
    assert problems == ()
    assert [f.name for f in play.tasks["a"].asks("yes_it_is")] == ["what"]
    assert play.tasks["a"].asks("no_it_is_not") == ()
    people = people_of(workspace(), CHECKED.persons)
    case = Case(workspace(), people, play, Account(1, "acme", "Acme", team={"csm": 3}), Deal(1, 1))
    opened = perform(case, Step(NOW, Open(("price_pressure",)))).deal
    case, ana = replace(case, deal=opened), Doer(3)
    with pytest.raises(AnswersRefused, match="what is missing"):
        tasks.complete_task(case, 1, by=ana, at=NOW, outcome="yes_it_is")
    done = tasks.complete_task(case, 1, by=ana, at=NOW, outcome="no_it_is_not")
    assert done.deal.tasks[0].outcome == "no_it_is_not"


def test_a_trusted_version_is_not_held_to_names_that_have_gone() -> None:
    text = (SHIPPED / "playbooks" / "champion-left.yaml").read_text().replace("finance", "treasury")
    live, problems = parse_play(parse(text, "p.yaml"), "h", workspace(), names(), Expressions())
    assert live is None
    assert problems
    stored, _ = parse_play(parse(text, "p.yaml"), "h", workspace(), names(), Expressions(), trusted=True)
    assert stored is not None
    assert len(stored.tasks) == 9


def test_a_trusted_version_without_its_gate_is_refused() -> None:
    """A condition that cannot be read would be a gate that is not there."""
    text = (SHIPPED / "playbooks" / "champion-left.yaml").read_text().replace("root_cause is defined", "root_cause is")
    stored, _ = parse_play(parse(text, "p.yaml"), "h", workspace(), names(), Expressions(), trusted=True)
    assert stored is None


# --- what cannot have been meant


@pytest.mark.parametrize(
    ("gate", "form", "expected"),
    [
        ("answers.a.ok", "{ok: {yes_no: true}}", [ids.STAYS_SHUT]),
        ("answers.a.ok is defined", "{ok: {yes_no: true}}", []),
        ("answers.a.ok or not answers.a.ok", "{ok: {yes_no: true}}", []),
        ("answers.a.ok is defined", "{ok: {yes_no: true, optional: true}}", [ids.STAYS_SHUT]),
        ("answers.a.ok and not answers.a.ok", "{ok: {yes_no: true}}", [ids.CANNOT_END]),
        ("answers.a.share > 120", "{share: {percent: {max: 100}}}", [ids.CANNOT_END]),
        ("answers.a.share >= 0", "{share: {percent: {min: 0, max: 100}}}", []),
        ("answers.a.share > 40", "{share: {percent: {min: 0, max: 100}}}", [ids.STAYS_SHUT]),
        ('answers.a.why in ["x", "y"]', "{why: {choice: [x, y]}}", []),
        ('answers.a.why == "x"', "{why: {choice: [x, y]}}", [ids.STAYS_SHUT]),
        ("answers.later.ok", "{ok: {yes_no: true}}", [ids.CANNOT_END]),
        ("account.arr > 5 or answers.a.ok", "{ok: {yes_no: true}}", []),  # it may hold: who knows the account
    ],
)
def test_gates(gate: str, form: str, expected: list[str]) -> None:
    stages = f"  triage: {{exit: '{gate}', tasks: [{task('a', f'form: {form}')}]}}\n"
    stages += f"  decide: {{tasks: [{task('later', 'form: {ok: {yes_no: true}}')}]}}"
    play, problems = play_of(stages)
    assert [p.id for p in problems if p.id != ids.NOT_READ] == expected
    assert (play is None) == (expected == [ids.CANNOT_END])


def test_a_gate_that_a_goto_leads_past() -> None:
    way_out = "outcomes: [yes_it_is, no_it_is_not], form: {ok: {yes_no: true, for: yes_it_is}}"
    gate = "exit: answers.a.ok is defined"
    assert found(f"  triage: {{{gate}, tasks: [{task('a', way_out)}]}}\n  decide: {{}}") == [ids.STAYS_SHUT]
    leads = f"{way_out}, on: {{no_it_is_not: {{goto: decide}}}}"
    assert found(f"  triage: {{{gate}, tasks: [{task('a', leads)}]}}\n  decide: {{}}") == []


def test_a_gate_of_a_task_that_may_be_skipped() -> None:
    asks = "form: {ok: {yes_no: true}}"
    only_if = task("b", "if: answers.a.ok, after: [a], form: {done: {text: short}}")
    gate = "exit: answers.b.done is defined"
    assert found(f"  triage: {{{gate}, tasks: [{task('a', asks)}, {only_if}]}}") == [ids.STAYS_SHUT]
    both = "exit: answers.b.done is defined or not answers.a.ok"
    assert found(f"  triage: {{{both}, tasks: [{task('a', asks)}, {only_if}]}}") == []


def test_a_task_that_looks_at_an_answer_too_early() -> None:
    """Its condition is looked at when it would start; without after that is before anybody has answered."""
    asks, looks = task("a", "form: {ok: {yes_no: true}}"), "if: answers.a.ok"
    assert found(f"  triage: {{tasks: [{asks}, {task('b', looks)}]}}") == [ids.UNREACHED]
    assert found(f"  triage: {{tasks: [{asks}, {task('b', looks + ', after: [a]')}]}}") == []
    assert found(f"  triage: {{tasks: [{asks}]}}\n  decide: {{tasks: [{task('b', looks)}]}}") == []
    through = f"{task('m', 'after: [a]')}, {task('b', looks + ', after: [m]')}"
    assert found(f"  triage: {{tasks: [{asks}, {through}]}}") == []
    back = task("z", "outcomes: [done, again], on: {again: {goto: triage}}")
    assert found(f"  triage: {{tasks: [{asks}, {task('b', looks)}]}}\n  decide: {{tasks: [{back}]}}") == []


def test_a_due_moment_that_may_have_nothing_to_count_from() -> None:
    late = "due: 2 days after a done"
    assert found(f"  triage: {{tasks: [{task('a')}, {task('b', late)}]}}") == [ids.NO_ANCHOR]
    assert found(f"  triage: {{tasks: [{task('a')}, {task('b', late + ', after: [a]')}]}}") == []


def test_who_is_asked() -> None:
    assert found(f"  triage: {{tasks: [{task('a', 'assign: sponsor')}]}}") == [ids.NO_FALLBACK]
    assert found(f"  triage: {{tasks: [{task('a', 'assign: csm.manager')}]}}") == [ids.NO_FALLBACK]
    assert found(f"  triage: {{tasks: [{task('a', 'assign: [sponsor, owner]')}]}}") == []
    assert found(f"  triage: {{tasks: [{task('a', 'assign: finance.lead')}]}}") == []
    early = "assign: [{claim: finance}, finance.lead]"
    assert found(f"  triage: {{tasks: [{task('a', early)}]}}") == [ids.AFTER_CLAIM]


def test_outcomes_that_lead_nowhere() -> None:
    three = "outcomes: [good, bad, ugly], on: {bad: {tell: [owner]}}"
    assert found(f"  triage: {{tasks: [{task('a', three)}]}}") == [ids.NO_BRANCH]
    assert found(f"  triage: {{tasks: [{task('a', 'outcomes: [good, bad]')}]}}") == [ids.SAME_ENDINGS]


def test_ladders() -> None:
    def rungs(*rows: str) -> str:
        return f"  triage: {{tasks: [{task('a', 'escalate: [' + ', '.join(rows) + ']')}]}}"

    last = "{when: 2 days after due, to: owner, do: decide}"
    assert found(rungs("{unseen: 4 hours, to: lead}", last)) == []
    assert found(rungs("{when: at due, to: owner}")) == [ids.LADDER_OPEN]
    assert found(rungs("{when: 3 days after due, to: lead}", last)) == [ids.LADDER_ORDER]
    assert found(rungs("{when: 1 day before due, to: lead}", "{when: at due, to: lead}", last)) == []
    assert found(rungs("{unseen: 4 hours, to: assignee}", last)) == [ids.LADDER_EMPTY]


def test_a_decision_after_the_renewal() -> None:
    assert found(f"  triage: {{tasks: [{task('a')}]}}", "decide: 3 days after renewal") == [ids.LATE_DECISION]


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("{causes: [champion_left]}", "{causes: [champion_left, price_pressure]}", True),
        ("{causes: [champion_left]}", "{causes: [price_pressure]}", False),
        ("{arr: {max: 1000}}", "{arr: {min: 1000}}", True),
        ("{arr: {max: 1000}}", "{arr: {min: 1001}}", False),
        ("{segments: [smb]}", "{verticals: [banking]}", True),
        ("{segments: [smb], regions: [eu]}", "{segments: [smb]}", False),  # more lines: no doubt which is taken
        ("{runway: {min: 30 days}}", "{runway: {max: 20 days}}", False),
    ],
)
def test_plays_that_want_the_same_accounts(one: str, other: str, meet: bool) -> None:
    stage = f"  triage: {{tasks: [{task('a')}]}}"
    plays = [play for row in (one, other) if (play := play_of(stage, f"applies: {row}")[0]) is not None]
    said = [lint.id for _, lint in lints.overlaps([plays[0], replace(plays[1], name="q")])]
    assert said == ([ids.OVERLAP] if meet else [])
    apart = [lint.id for _, lint in lints.overlaps([plays[0], replace(plays[1], name="q", priority=9)])]
    assert apart == []


def test_causes_without_a_play() -> None:
    left = [p for p in CHECKED.plays if p.name != "silent-account"]
    assert [lint.what for lint in lints.uncovered(left, names())] == [
        "no play is made for silent_account: such an account gets the default play"
    ]


def test_a_condition_with_too_many_answers_is_let_be() -> None:
    questions = ", ".join(f"q{i}: {{yes_no: true}}" for i in range(30))
    gate = " and ".join(f"answers.a.q{i}" for i in range(30))
    assert found(f"  triage: {{exit: '{gate}', tasks: [{task('a', f'form: {{{questions}}}')}]}}") == []


# --- the schema, and the picture


def test_the_schema_knows_the_shipped_plays_and_the_workspaces_names() -> None:
    schema = play_schema(names())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for path in (SHIPPED / "playbooks").glob("*[!t].yaml"):
        if not path.name.endswith(".test.yaml"):
            assert list(validator.iter_errors(parse(path.read_text(), path.name).data)) == []
    text = json.dumps(schema)
    assert '"x-' not in text
    assert '"enum": ["signal", "triage", "plan_agreed"' in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cause", "[champion_lost]"),
        ("stage", "stabilize"),
        ("due", "soon"),
        ("key", "x"),
        ("question", "{choise: [a]}"),
        ("person", "{pick: anybody, from: support}"),
        ("policy", "standart"),
    ],
)
def test_the_schema_refuses_what_the_checker_refuses(old: str, new: str) -> None:
    data: dict[str, Any] = parse((SHIPPED / "playbooks" / "champion-left.yaml").read_text(), "p.yaml").data
    first = data["stages"]["triage"]["tasks"][0]
    match old:
        case "cause":
            data["applies"]["causes"] = new.strip("[]").split()
        case "stage":
            data["stages"][new] = {}
        case "due":
            first["due"] = new
        case "key":
            first[new] = 1
        case "question":
            first["form"]["root_cause"] = {"choise": ["a"]}
        case "person":
            first["assign"] = {"pick": "anybody", "from": "support"}
        case "policy":
            first["escalate"] = new
    assert list(jsonschema.Draft7Validator(play_schema(names())).iter_errors(data))


def test_the_schema_explains_every_key_with_an_example_that_is_right() -> None:
    schema = play_schema()
    shapes = {"PlayShape": schema, **{n: d for n, d in schema["$defs"].items() if n.endswith("Shape")}}
    assert {"PlayShape", "TaskShape", "RungShape", "BranchShape"} <= set(shapes)
    for name, shape in shapes.items():
        for key, spec in shape["properties"].items():
            assert spec.get("description"), f"{name}.{key}"
            assert spec.get("examples"), f"{name}.{key}"
            resolved = {**spec, "$defs": schema["$defs"]}
            for example in spec["examples"]:
                assert list(jsonschema.Draft7Validator(resolved).iter_errors(example)) == [], f"{name}.{key}"


def test_the_schemas_that_come_with_saveline_are_those_it_makes(tmp_path: Path) -> None:
    """And every play and every file of cases names its own, by a path that leads there."""
    schemas.write(tmp_path, names())
    for name in (schemas.PLAY, schemas.CASES):
        made, there = tmp_path / "schemas" / name, SHIPPED / "schemas" / name
        assert made.read_text() == there.read_text(), "`saveline playbook schema --write` in this folder takes it"
    for path in (SHIPPED / "playbooks").glob("*.yaml"):
        comment, _, target = path.read_text().partition("\n")[0].partition("$schema=")
        assert comment == "# yaml-language-server: "
        schema = json.loads((path.parent / target).read_text())
        assert ("stages" in schema.get("properties", ())) is not path.name.endswith(".test.yaml")
        validator = jsonschema.Draft7Validator(schema)
        assert list(validator.iter_errors(parse(path.read_text(), path.name).data)) == [], path.name


def test_a_new_workspace_has_the_schemas_of_its_plays(tmp_path: Path) -> None:
    assert "schemas" in make_workspace(tmp_path)
    first = (tmp_path / "playbooks" / "silent-account.yaml").read_text().partition("\n")[0]
    assert (tmp_path / "playbooks" / first.partition("$schema=")[2]).resolve() == tmp_path / "schemas" / "playbook.json"


SEEN_BY_EDITORS = (
    "a misspelt key of the play",
    "a misspelt key of a task",
    "a misspelt stage",
    "a misspelt cause",
    "a misspelt policy",
    "a misspelt department",
    "a misspelt way to pick",
    "a misspelt key of a person",
    "a misspelt kind of question",
    "a misspelt length of text",
    "a misspelt act of a rung",
    "an unknown person",
    "a benefit that is missing",
    "a task without due",
    "a task without assign",
    "text for a number",
    "a list for keys",
    "a word for keys",
    "a number for a text",
    "a moment without a direction",
    "half a day",
    "an id with a capital",
    "an empty chain",
    "a comma in a text without quotes",
)


@pytest.mark.parametrize("title", SEEN_BY_EDITORS)
def test_editors_see_the_same_mistakes(title: str) -> None:
    """The faults of the small workspace that need no more than the schema to be seen."""
    home = check(BASE)
    fault = next(f for f in FAULTS if f.title == title)
    text = (BASE / fault.file).read_text()
    validator = jsonschema.Draft7Validator(play_schema(home.names))
    assert list(validator.iter_errors(parse(text, "p.yaml").data)) == []
    assert list(validator.iter_errors(parse(text.replace(fault.old, fault.new, 1), "p.yaml").data))


def test_the_picture_of_a_play(golden: Callable[[str, str], None]) -> None:
    page = describe(CHECKED.play("silent-account"), workspace())
    golden("language/silent-account.json", json.dumps(msgspec.to_builtins(page), indent=2, ensure_ascii=False) + "\n")


def test_a_folder_with_nothing_in_it_says_what_is_missing(tmp_path: Path) -> None:
    checked: Checked = check(tmp_path)
    assert checked.fatal
    assert checked.problems[0].what == "there is no saveline.yaml here"
