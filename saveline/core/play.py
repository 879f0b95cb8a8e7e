"""A compiled playbook: what the engine runs. Made from YAML by :mod:`saveline.core.playbook`, or by hand in a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Protocol, TypeAlias

from msgspec.structs import replace

from saveline.core.facts import Fact
from saveline.core.moments import Duration, Moment
from saveline.core.people import Chain, Link, Pick

Facts: TypeAlias = Mapping[str, Any]
"""What conditions and titles can name: ``account``, ``deal`` and ``answers``, each a plain dict."""

FieldKind: TypeAlias = Literal["choice", "text", "yes_no", "percent", "number", "money", "date"]
RungAct: TypeAlias = Literal["tell", "reassign", "decide"]


class Condition(Protocol):
    """A Jinja expression, compiled."""

    source: str

    def __call__(self, facts: Facts) -> bool: ...


class Text(Protocol):
    """A Jinja text, compiled; for a text without any ``{{ }}`` it costs nothing."""

    source: str

    def __call__(self, facts: Facts) -> str: ...


class Field(Fact, frozen=True):
    """One question of a task's form. ``low`` and ``high`` bound numbers; for a text ``high`` is its length.

    With ``outcomes`` it is asked only when the task ends in one of them. ``limit`` names the concession of the settings
    that says who may grant how much.
    """

    name: str
    kind: FieldKind
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    optional: bool = False
    outcomes: tuple[str, ...] = ()
    limit: str | None = None


class Branch(Fact, frozen=True):
    """What an outcome leads to: another stage, and who is told. Each of ``tell`` is told, it is no chain."""

    goto: str | None = None
    tell: tuple[Link, ...] = ()


class Rung(Fact, frozen=True):
    """One step of an escalation ladder. Exactly one of ``unseen`` and ``when`` is set."""

    to: Chain
    unseen: Duration | None = None
    when: Moment | None = None
    do: RungAct = "tell"
    repeat: Duration | None = None
    ignore_hours: bool = False

    def __str__(self) -> str:
        return f"unseen for {self.unseen}" if self.unseen else str(self.when)


class Policy(Fact, frozen=True):
    """Reminders and rungs, in order. ``rest`` is how long a seen task may lie before ``unseen`` rungs go on."""

    name: str
    remind: tuple[Moment, ...] = ()
    escalate: tuple[Rung, ...] = ()
    rest: Duration = Duration(business_days=2)


STAGE_ENDS: Final = "stage ends"
DEAL_ENDS: Final = "deal ends"


class Repeat(Fact, frozen=True):
    """How often a task comes again; ``until`` is ``stage ends``, ``deal ends`` or the id of a task that ends it."""

    every: Duration
    until: str = STAGE_ENDS

    def __str__(self) -> str:
        done = self.until if self.until in (STAGE_ENDS, DEAL_ENDS) else f"{self.until} done"
        return f"every {self.every} until {done}"


class TaskPlan(Fact, frozen=True):
    """One task as the playbook describes it.

    ``tell`` are told whenever it is done, with its answers. ``stay`` keeps it with whoever has it while they are away.
    ``by_severity`` holds the task as it is for deals of that severity, where it differs.
    """

    id: str
    stage: str
    title: Text
    assign: Chain
    due: Moment
    policy: Policy
    why: str = ""
    department: str | None = None
    after: tuple[str, ...] = ()
    condition: Condition | None = None
    form: tuple[Field, ...] = ()
    outcomes: tuple[str, ...] = ("done",)
    branches: Mapping[str, Branch] = {}
    optional: bool = False
    repeat: Repeat | None = None
    tell: tuple[Link, ...] = ()
    stay: bool = False
    by_severity: Mapping[str, TaskPlan] = {}

    def at(self, severity: str | None) -> TaskPlan:
        """The task as it is for a deal of ``severity``."""
        return self.by_severity.get(severity, self) if severity is not None else self

    def asks(self, outcome: str) -> tuple[Field, ...]:
        """The questions of whoever finishes it with ``outcome``."""
        return tuple(f for f in self.form if not f.outcomes or outcome in f.outcomes)


class StagePlan(Fact, frozen=True):
    """One stage of a play: its clock, its exit gate and its tasks."""

    key: str
    max: Duration | None = None
    exit: Condition | None = None
    tasks: tuple[TaskPlan, ...] = ()


class Range(Fact, frozen=True):
    """``low <= value <= high``; a bound that is None is open."""

    low: float | None = None
    high: float | None = None

    def holds(self, value: float | None) -> bool:
        if value is None:
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        bounds = [
            f"at least {self.low:g}" if self.low is not None else "",
            f"at most {self.high:g}" if self.high is not None else "",
        ]
        return " and ".join(b for b in bounds if b)


class Applies(Fact, frozen=True):
    """When a play fits an account. Each line that is set must hold."""

    causes: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    verticals: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    arr: Range | None = None
    runway_days: Range | None = None
    health: Range | None = None
    condition: Condition | None = None

    @property
    def lines(self) -> int:
        """How many lines are set: the more, the more closely the play is made for the account."""
        parts = (
            self.causes,
            self.segments,
            self.verticals,
            self.regions,
            self.arr,
            self.runway_days,
            self.health,
            self.condition,
        )
        return sum(1 for part in parts if part)


class Play(Fact, frozen=True):
    """A playbook, compiled. ``hash`` is that of its text: running deals keep the version they started with.

    ``tasks`` holds the tasks of all stages by id, which are unique within a play, and ``repeated`` the ids of those
    that come again; :func:`play_of` fills both.
    """

    name: str
    hash: str
    title: str
    benefit: str
    stages: tuple[StagePlan, ...]
    decide: Moment
    applies: Applies = Applies()
    priority: int = 0
    short: str | None = None
    watch: Duration | None = None
    tasks: Mapping[str, TaskPlan] = {}
    repeated: tuple[str, ...] = ()

    def stage(self, key: str) -> StagePlan | None:
        return next((s for s in self.stages if s.key == key), None)

    def after(self, key: str) -> StagePlan | None:
        """The stage that follows ``key``, or None at the end. A stage the play does not have is followed by none."""
        keys = [s.key for s in self.stages]
        at = keys.index(key) + 1 if key in keys else len(keys)
        return self.stages[at] if at < len(keys) else None

    def task(self, stage: str, plan: str) -> TaskPlan | None:
        """Task ``plan`` of ``stage``. Ids are unique within a play; the stage says which visit asks."""
        found = self.tasks.get(plan)
        return found if found is not None and found.stage == stage else None

    @property
    def picks(self) -> frozenset[str]:
        """Departments from which somebody is picked: only their loads need to be known."""
        tasks = (t for s in self.stages for plan in s.tasks for t in (plan, *plan.by_severity.values()))
        links = (link for t in tasks for link in t.assign)
        return frozenset(link.department for link in links if isinstance(link, Pick))


def play_of(play: Play) -> Play:
    """The play with its indexes of tasks, which every decision asks for."""
    tasks = {t.id: t for s in play.stages for t in s.tasks}
    repeated = tuple(t.id for t in tasks.values() if t.repeat or any(v.repeat for v in t.by_severity.values()))
    return replace(play, tasks=tasks, repeated=repeated)
