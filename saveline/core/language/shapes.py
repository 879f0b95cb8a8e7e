"""The keys of a playbook and of the parts it shares with the settings, what each holds and what it is for."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from saveline.core.language.words import (
    Again,
    Chain,
    Every,
    Name,
    Question,
    Span,
    Text,
    When,
    Word,
    Words,
    listing,
    named,
)
from saveline.core.moments import Duration


class Shape(BaseModel):
    """Keys that are not listed are refused: a misspelt one must not be silently nothing."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, populate_by_name=True, strict=False)


Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]


class RangeShape(Shape):
    """A number that is at least ``min`` and at most ``max``."""

    min: Number | None = Field(default=None, description="At least so much.")
    max: Number | None = Field(default=None, description="At most so much.")


class RunwayShape(Shape):
    """The time left until renewal."""

    min: Span | None = Field(default=None, description="At least so long.")
    max: Span | None = Field(default=None, description="At most so long.")


class AppliesShape(Shape):
    """When the play fits an account. Every line must hold; the play with most lines wins, then the higher priority."""

    causes: Annotated[Words, listing("causes")] = Field(default=[], description="One of these causes.")
    segments: Words = Field(default=[], description="The account is in one of these segments.")
    verticals: Words = Field(default=[], description="The account is in one of these verticals.")
    regions: Words = Field(default=[], description="The account is in one of these regions.")
    arr: RangeShape | None = Field(default=None, description="The account's yearly revenue.")
    runway: RunwayShape | None = Field(default=None, description="The time left until renewal.")
    health: RangeShape | None = Field(default=None, description="The account's health, 0 to 100.")
    if_: Text | None = Field(default=None, alias="if", description="A condition over account and deal.")


class RungShape(Shape):
    """One step of an escalation ladder: a moment, and who is told then."""

    unseen: Span | None = Field(default=None, description="When nobody has opened the task for so long.")
    when: When | None = Field(default=None, description="At this moment, as long as the task is open.")
    to: Chain = Field(description="Who is told: the first of the list who is at work.")
    do: Literal["tell", "reassign", "decide"] = Field(
        default="tell", description="Tell them, give them the task, or ask them to fund, concede or let go."
    )
    repeat: Every | None = Field(default=None, description="How often the last rung comes again.")
    any_hour: bool = Field(default=False, description="Outside working hours too.")


class BranchShape(Shape):
    """What an outcome leads to."""

    goto: Word | None = Field(
        default=None, description="Leave the stage for this one.", json_schema_extra=named("stages")
    )
    tell: Chain = Field(default=(), description="Each of these people is told.")


_LADDER = WithJsonSchema(
    {"anyOf": [{"type": "string", "x-names": "policies"}, {"type": "array", "items": {"x-rung": True}}]}
)


class SeverityTaskShape(Shape):
    """What is different about a task while the deal has this severity."""

    assign: Chain | None = Field(default=None, description="Who does it then.")
    due: When | None = Field(default=None, description="When it has to be done then.")
    repeat: Again | None = Field(default=None, description="How often it comes again then.")
    remind: list[When] | None = Field(default=None, description="When whoever has it is reminded then.")
    escalate: Annotated[Any, _LADDER] = Field(default=None, description="The ladder then.")
    on: dict[Word, BranchShape] = Field(default={}, description="What an outcome leads to then.")
    tell: Chain = Field(default=(), description="Each of these people is told then.")


class TaskShape(Shape):
    """One piece of work: who does it, and by when."""

    id: Word = Field(description="A word of its own for the task, by which others name it.")
    title: Text | None = Field(default=None, description="What is to be done; {{ account.name }} may stand in it.")
    why: Text | None = Field(default=None, description="Why it helps the customer; shown to whoever gets the task.")
    assign: Chain = Field(description="Who does it: the first of the list who is at work.")
    department: Word | None = Field(
        default=None,
        description="The department it counts for, where assign does not say.",
        json_schema_extra=named("departments"),
    )
    due: When = Field(description="When it has to be done, like '2 business days after start'.")
    after: Words = Field(default=[], description="It starts when these tasks of its stage are closed.")
    if_: Any = Field(
        default=None,
        alias="if",
        description="A condition, looked at when the task would start: when it does not hold the task is skipped.",
        json_schema_extra={"type": ["string", "boolean"]},
    )
    form: dict[Word, Question] = Field(
        default={}, description="What whoever finishes it has to answer; conditions name it as answers.TASK.QUESTION."
    )
    outcomes: list[Word] = Field(
        default=["done"], min_length=1, description="How it can end; the first is taken when none is said."
    )
    on: dict[Word, BranchShape] = Field(
        default={}, description="What an outcome leads to; 'cannot' is there for every task."
    )
    remind: list[When] | None = Field(default=None, description="When whoever has it is reminded.")
    escalate: Annotated[Any, _LADDER] = Field(
        default=None, description="The ladder: a policy of saveline.yaml, or rungs of its own."
    )
    optional: bool = Field(default=False, description="The stage can be left without it.")
    repeat: Again | None = Field(
        default=None, description="It comes again, like 'every 1 week until stage ends'; the gate does not wait for it."
    )
    tell: Chain = Field(default=(), description="Each of these people is told when it is done, with its answers.")
    stay: bool = Field(default=False, description="It stays with whoever has it, however long they are away.")
    severity: dict[Word, SeverityTaskShape] = Field(
        default={},
        description="What is different about it for deals of a severity.",
        json_schema_extra={"x-keys": "severities"},
    )
    accept: Annotated[Words, listing("warnings")] = Field(
        default=[], description="Warnings about this task that are meant to be so, by their ids."
    )


class StageShape(Shape):
    """A stage of the pipeline, with what this play does in it."""

    max: Span | None = Field(default=None, description="How long the stage may take before its owner is told.")
    exit: Text | None = Field(default=None, description="The gate: a condition without which nobody leaves the stage.")
    tasks: list[TaskShape] = Field(default=[], description="The work of this stage.")


class PlayShape(Shape):
    """A playbook of Saveline: one page that says who does what by when to keep an account."""

    playbook: Name = Field(description="The name of the play, the same as its file's.")
    title: Text = Field(description="What people call it.")
    benefit: Text = Field(description="Why it helps the customer, in one sentence; shown with every task.")
    applies: AppliesShape = Field(default=AppliesShape(), description="When the play fits an account.")
    priority: int = Field(
        default=0, ge=-1_000_000, le=1_000_000, description="Among plays that fit as closely, the highest is taken."
    )
    short: Name | None = Field(
        default=None,
        description="The play to run when there is too little time for this one.",
        json_schema_extra=named("plays"),
    )
    decide: When | None = Field(
        default=None, description="The date by which somebody says saved, saved smaller, lost or let go."
    )
    watch: Span | None = Field(default=None, description="A save counts only if the account still pays after this.")
    accept: Annotated[Words, listing("warnings")] = Field(
        default=[], description="Warnings about this play that are meant to be so, by their ids."
    )
    stages: dict[Word, StageShape] = Field(
        description="The stages of the pipeline that the play goes through, in the pipeline's order.",
        json_schema_extra={"x-keys": "stages"},
    )


class PolicyShape(Shape):
    """Reminders and an escalation ladder under a name that all plays can use."""

    remind: list[When] = Field(default=[], description="When whoever has the task is reminded.")
    escalate: list[RungShape] = Field(description="The rungs, in order; only a closed task ends the ladder.")
    rest: Span = Field(
        default=Duration(business_days=2), description="How long a seen task may lie before 'unseen' rungs go on."
    )
