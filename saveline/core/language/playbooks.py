"""A playbook's YAML → the :class:`~saveline.core.play.Play` that runs, or every problem in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from saveline.core.errors import Problem, in_quotes
from saveline.core.facts import RESERVED
from saveline.core.language import shapes
from saveline.core.language.accepting import Accepted, check_accepted, still_said
from saveline.core.language.lint_ids import problem_of
from saveline.core.language.lints import lint_play
from saveline.core.language.names import Names, check_chain, check_moment, values_of
from saveline.core.language.problems import Expressions, Findings, Place, Source, hint
from saveline.core.language.words import form_of
from saveline.core.moments import Moment
from saveline.core.people import Claim, Lead, Pick
from saveline.core.play import (
    DEAL_ENDS,
    STAGE_ENDS,
    Applies,
    Branch,
    Condition,
    Play,
    Policy,
    Range,
    Repeat,
    Rung,
    StagePlan,
    TaskPlan,
    Text,
    play_of,
)
from saveline.core.workspace import Workspace

MOST_TASKS: Final = 100
"""A play is a page: five to twelve tasks. Far beyond that it is no play, and could not be looked at from every side."""
CANNOT: Final = "cannot"
"""The outcome that every task has: whoever has it says that it cannot be done."""
DECIDES: Final = ("opened", "renewal")
"""What a decision date can count from: everything else moves with the tasks."""
DUES: Final = ("opened", "stage start", "start", "renewal")
"""What the due moment of a task can count from, besides other tasks and the account's own dates."""


def version_hash(text: str, policies: Mapping[str, Any]) -> str:
    """The version of a playbook: of its text, and of the settings' policies that it uses."""
    settings = json.dumps(policies, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{text}\0{settings}".encode()).hexdigest()[:16]


def used_policies(data: Any, default: str) -> set[str]:
    """The names of the policies that a playbook's plain data uses."""
    stages = data.get("stages", {}) if isinstance(data, dict) else {}
    tasks = [t for s in stages.values() if isinstance(s, dict) for t in s.get("tasks") or () if isinstance(t, dict)]
    varied = [v for t in tasks if isinstance(t.get("severity"), dict) for v in t["severity"].values()]
    ladders = [t.get("escalate") for t in (*tasks, *varied) if isinstance(t, dict)]
    return {default, *(name for name in ladders if isinstance(name, str))}


def parse_play(
    source: Source, hash_: str, workspace: Workspace, names: Names, expressions: Expressions, *, trusted: bool = False
) -> tuple[Play | None, tuple[Problem, ...]]:
    """The play and its warnings, or None and everything that is wrong.

    A ``trusted`` text was checked when it went live: names that have gone since are not held against it.
    """
    reader = _Reader(source, workspace, names, expressions, trusted)
    play = reader.play(hash_)
    if play is not None and not trusted and not reader.found.fatal:
        departments = workspace.departments if names.emails else ()  # without people nobody leads anything yet
        lints = still_said(lint_play(play, departments), reader.accepted)
        reader.found.problems += [problem_of(source, lint) for lint in lints]
    return (None if reader.found.fatal else play), tuple(reader.found.problems)


class _Reader:
    """Reads one playbook. Names are checked against what the workspace and the playbook itself define."""

    def __init__(
        self, source: Source, workspace: Workspace, names: Names, expressions: Expressions, trusted: bool
    ) -> None:
        self.found = Findings(source, trusted=trusted)
        self.source, self.names, self.expressions = source, names, expressions
        self.workspace, self.trusted = workspace, trusted
        self.tasks: dict[str, str] = {}
        self.repeated: set[str] = set()
        self.known: dict[str, Any] = {}
        self.accepted: Accepted = {}

    def play(self, hash_: str) -> Play | None:
        shape = self.found.shaped(shapes.PlayShape, self.source.data)
        if shape is None:
            return None
        if sum(len(stage.tasks) for stage in shape.stages.values()) > MOST_TASKS:
            self.found.refuse(("stages",), "too many tasks", f"at most {MOST_TASKS}: a play is a page", key=True)
            return None
        self._collect(shape)
        self.accepted = _accepted(shape)
        check_accepted(self.found, self.accepted)
        if shape.short is not None:
            self.found.known(("short",), "playbook", shape.short, self.names.plays)
        decide = shape.decide or self.workspace.decide
        check_moment(self.found, ("decide",), decide, (), self.names, anchors=DECIDES)
        stages = [self._stage(key, stage) for key, stage in shape.stages.items()]
        if not stages:
            self.found.add(("stages",), "there is no stage", "at least one stage of the pipeline")
            return None
        self._check_order([s.key for s in stages])
        return play_of(
            Play(
                name=shape.playbook,
                hash=hash_,
                title=shape.title,
                benefit=shape.benefit,
                stages=tuple(stages),
                decide=decide,
                applies=self._applies(shape.applies),
                priority=shape.priority,
                short=shape.short,
                watch=shape.watch,
            )
        )

    def _collect(self, shape: shapes.PlayShape) -> None:
        """Task ids and their forms, before anything refers to them."""
        answers: dict[str, dict[str, Any]] = {}
        for key, stage in shape.stages.items():
            for i, task in enumerate(stage.tasks):
                place: Place = ("stages", key, "tasks", i, "id")
                if task.id in self.tasks or task.id in RESERVED:
                    self.found.add(place, f"the task id {task.id!r} is taken", "an id of its own for each task")
                self.tasks[task.id] = key
                if task.repeat is not None or any(over.repeat for over in task.severity.values()):
                    self.repeated.add(task.id)
                answers[task.id] = {f.name: values_of(f) for f in form_of(task.form)}
        self.known = dict.fromkeys(("account", "deal", "answers")) if self.trusted else self.names.facts(answers)

    def _stage(self, key: str, shape: shapes.StageShape) -> StagePlan:
        place: Place = ("stages", key)
        self.found.known(place, "stage", key, self.names.stages, key=True)
        tasks = tuple(self._task(key, (*place, "tasks", i), t) for i, t in enumerate(shape.tasks))
        self._check_cycles(place, shape)
        return StagePlan(key, shape.max, self._condition((*place, "exit"), shape.exit), tasks)

    def _task(self, stage: str, place: Place, shape: shapes.TaskShape) -> TaskPlan:
        check_chain(self.found, (*place, "assign"), shape.assign, self.names, claimed=True, assigned=False)
        check_moment(self.found, (*place, "due"), shape.due, tuple(self.tasks), self.names, anchors=DUES)
        self._check_after(stage, place, shape)
        self._check_outcomes(place, shape)
        self._check_limits(place, shape)
        check_chain(self.found, (*place, "tell"), shape.tell, self.names)
        if shape.department is not None:
            self.found.known((*place, "department"), "department", shape.department, self.names.departments)
        self._check_repeat(place, shape.id, shape.repeat)
        plan = TaskPlan(
            id=shape.id,
            stage=stage,
            title=self._title(place, shape),
            assign=shape.assign,
            due=shape.due,
            policy=self._policy(place, shape.id, shape.escalate, shape.remind, self._default_policy),
            why=shape.why or "",
            department=shape.department or _department_of(shape.assign),
            after=tuple(shape.after),
            condition=self._if((*place, "if"), shape.if_),
            form=form_of(shape.form),
            outcomes=tuple(shape.outcomes),
            branches=self._branches(place, shape.on, shape.outcomes),
            optional=shape.optional,
            repeat=shape.repeat,
            tell=shape.tell,
            stay=shape.stay,
        )
        return replace(plan, by_severity=self._variants(plan, place, shape)) if shape.severity else plan

    def _variants(self, plan: TaskPlan, place: Place, shape: shapes.TaskShape) -> dict[str, TaskPlan]:
        """The task as it is for deals of each severity that it names."""
        variants = {}
        for key, over in shape.severity.items():
            here: Place = (*place, "severity", key)
            self.found.known(here, "severity", key, self.names.severities, key=True)
            if over.assign is not None:
                check_chain(self.found, (*here, "assign"), over.assign, self.names, claimed=True, assigned=False)
            if over.due is not None:
                check_moment(self.found, (*here, "due"), over.due, tuple(self.tasks), self.names, anchors=DUES)
            check_chain(self.found, (*here, "tell"), over.tell, self.names)
            self._check_repeat(here, shape.id, over.repeat)
            variants[key] = replace(
                plan,
                assign=over.assign or plan.assign,
                due=over.due or plan.due,
                repeat=over.repeat or plan.repeat,
                policy=self._policy(here, shape.id, over.escalate, over.remind, plan.policy),
                branches={**plan.branches, **self._branches(here, over.on, shape.outcomes)},
                tell=over.tell or plan.tell,
            )
        return variants

    def _check_repeat(self, place: Place, task: str, repeat: Repeat | None) -> None:
        if repeat is not None and repeat.until not in (STAGE_ENDS, DEAL_ENDS):
            others = [t for t in self.tasks if t != task]
            self.found.known((*place, "repeat"), "task", repeat.until, others)

    def _check_limits(self, place: Place, shape: shapes.TaskShape) -> None:
        for name, question in shape.form.items():
            if question.limit is not None:
                here: Place = (*place, "form", name, "limit")
                self.found.known(here, "concession", question.limit, self.names.concessions)

    def _check_after(self, stage: str, place: Place, shape: shapes.TaskShape) -> None:
        others = [t for t in self.tasks if t != shape.id]
        order = self._own_stages()
        for i, name in enumerate(shape.after):
            here: Place = (*place, "after", i)
            if name == shape.id:
                self.found.add(here, f"{name} waits for itself", "another task")
            elif name in self.repeated:
                self.found.add(here, f"{name} comes again and again, and is never finished", "a task that ends")
            elif self.found.known(here, "task", name, others) and not self.trusted:
                theirs = self.tasks.get(name, stage)
                if order.index(theirs) > order.index(stage):
                    self.found.add(here, f"{name} comes later, in {theirs}", "a task of this stage or of one before")

    def _title(self, place: Place, shape: shapes.TaskShape) -> Text:
        title = shape.title or shape.id.replace("_", " ").capitalize()
        try:
            return self.expressions.text(title, self.known)
        except ValueError as error:
            self.found.add((*place, "title"), f"title is {in_quotes(title, 120)}", *hint(error))
            return self.expressions.text(shape.id, self.known)

    def _if(self, place: Place, value: Any) -> Condition | None:
        if isinstance(value, bool):
            value = "true" if value else "false"
        if value is not None and not isinstance(value, str):
            self.found.add(place, f"if is {value!r}", "a condition over account, deal and answers")
            return None
        return self._condition(place, value)

    def _condition(self, place: Place, source: str | None) -> Condition | None:
        return self.found.condition(place, source, self.known, self.expressions) if source is not None else None

    def _branches(
        self, place: Place, on: Mapping[str, shapes.BranchShape], outcomes: Sequence[str]
    ) -> dict[str, Branch]:
        branches = {}
        for outcome, branch in on.items():
            here: Place = (*place, "on", outcome)
            self.found.known(here, "outcome", outcome, (*outcomes, CANNOT), key=True)
            check_chain(self.found, (*here, "tell"), branch.tell, self.names)
            if branch.goto is not None:
                self.found.known((*here, "goto"), "stage of this playbook", branch.goto, self._own_stages())
            branches[outcome] = Branch(branch.goto, branch.tell)
        return branches

    def _check_outcomes(self, place: Place, shape: shapes.TaskShape) -> None:
        for name, question in shape.form.items():
            for outcome in question.outcomes:
                self.found.known((*place, "form", name, "for"), "outcome", outcome, shape.outcomes)
        for i, outcome in enumerate(shape.outcomes):
            if outcome in shape.outcomes[:i] or outcome == CANNOT:
                self.found.add(
                    (*place, "outcomes", i), f"the outcome {outcome!r} is there already", "each outcome once"
                )

    @property
    def _default_policy(self) -> Policy:
        return self.workspace.policies[self.workspace.default_policy]

    def _policy(self, place: Place, task: str, escalate: Any, remind: list[Moment] | None, base: Policy) -> Policy:
        """``base`` with the ladder and the reminders that stand at ``place``, where any do."""
        if isinstance(escalate, str):
            if self.found.known((*place, "escalate"), "policy", escalate, self.names.policies):
                base = self.workspace.policies.get(escalate, base)
        elif escalate is not None:
            rungs = read_rungs(self.found, (*place, "escalate"), escalate, self.names, tuple(self.tasks))
            base = Policy(task, base.remind, rungs or base.escalate, base.rest)
        for i, moment in enumerate(remind or ()):
            check_moment(self.found, (*place, "remind", i), moment, tuple(self.tasks), self.names)
        return base if remind is None else Policy(base.name, tuple(remind), base.escalate, base.rest)

    def _applies(self, shape: shapes.AppliesShape) -> Applies:
        for i, cause in enumerate(shape.causes):
            self.found.known(("applies", "causes", i), "cause", cause, self.names.causes)
        runway = shape.runway
        days = Range(_days(runway.min), _days(runway.max)) if runway else None
        return Applies(
            causes=tuple(shape.causes),
            segments=tuple(shape.segments),
            verticals=tuple(shape.verticals),
            regions=tuple(shape.regions),
            arr=Range(shape.arr.min, shape.arr.max) if shape.arr else None,
            runway_days=days,
            health=Range(shape.health.min, shape.health.max) if shape.health else None,
            condition=self._condition(("applies", "if"), shape.if_),
        )

    def _own_stages(self) -> list[str]:
        return list(self.source.data["stages"])

    def _check_order(self, keys: list[str]) -> None:
        known = [k for k in keys if k in self.names.stages]
        ordered = sorted(known, key=self.names.stages.index)
        wrong = next((k for k, wanted in zip(known, ordered, strict=True) if k != wanted), None)
        if wrong is not None and not self.trusted:
            order = ", ".join(ordered)
            self.found.add(("stages", wrong), f"{wrong} does not come here", f"the pipeline's order: {order}", key=True)

    def _check_cycles(self, place: Place, shape: shapes.StageShape) -> None:
        """A task that waits for itself, directly or around, would never start."""
        after = {t.id: t.after for t in shape.tasks}
        for i, task in enumerate(shape.tasks):
            seen: set[str] = set()
            ahead = list(task.after)
            while ahead:
                name = ahead.pop()
                if name == task.id and name not in task.after:
                    here: Place = (*place, "tasks", i, "after")
                    self.found.add(here, f"{task.id} waits for itself, by way of others", "an order without a circle")
                    break
                if name not in seen:
                    seen.add(name)
                    ahead += after.get(name, ())


def read_rungs(found: Findings, place: Place, data: Any, names: Names, tasks: tuple[str, ...]) -> tuple[Rung, ...]:
    """The rungs of a ladder, each with exactly one moment."""
    read = found.shaped(list[shapes.RungShape], data, place)
    rungs = []
    for i, shape in enumerate(read or ()):
        here: Place = (*place, i)
        if (shape.unseen is None) == (shape.when is None):
            what = "both 'unseen' and 'when'" if shape.unseen else "neither 'unseen' nor 'when'"
            found.add(here, f"a rung with {what}", "one of them")
            continue
        check_chain(found, (*here, "to"), shape.to, names)
        if shape.when is not None:
            check_moment(found, (*here, "when"), shape.when, tasks, names)
        if shape.repeat is not None and i < len(read or ()) - 1:
            found.add((*here, "repeat"), "only the last rung repeats", "repeat on the last rung")
        rungs.append(Rung(shape.to, shape.unseen, shape.when, shape.do, shape.repeat, shape.any_hour))
    if read is not None and not read:
        found.add(place, "a ladder without rungs", "at least one rung: only a closed task ends a ladder")
    return tuple(rungs)


def _accepted(shape: shapes.PlayShape) -> Accepted:
    tasks = {("stages", k, "tasks", i): t for k, s in shape.stages.items() for i, t in enumerate(s.tasks)}
    every: dict[Place, tuple[str, ...]] = {(): tuple(shape.accept)}
    return every | {place: tuple(t.accept) for place, t in tasks.items()}


def _department_of(chain: tuple[Any, ...]) -> str | None:
    """The department a chain speaks of, so that ``lead`` has one."""
    return next((link.department for link in chain if isinstance(link, Pick | Claim | Lead) and link.department), None)


def _days(span: Any) -> float | None:
    return None if span is None else span.calendar().total_seconds() / 86400
