"""``saveline.yaml`` → the :class:`~saveline.core.workspace.Workspace`, or every problem in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import Field

from saveline.core.errors import Invalid, Problem, nearest
from saveline.core.facts import Department
from saveline.core.language.names import Names, check_chain, check_moment
from saveline.core.language.playbooks import read_rungs
from saveline.core.language.problems import Expressions, Findings, Place, Source
from saveline.core.language.shapes import Chain, Email, Name, PolicyShape, Shape, Span, Text, When, Word, Words
from saveline.core.moments import Anchor, Duration, Moment
from saveline.core.people import Owner
from saveline.core.play import Condition, Policy, Rung
from saveline.core.workspace import (
    NOTICE_KINDS,
    Channel,
    Decision,
    NoticeRule,
    Outcome,
    ReportPlan,
    Risk,
    RiskRule,
    Stage,
    Workspace,
)
from saveline.core.worktime import known_country, parse_hours

RISK_FACTS = ("segment", "vertical", "region", "arr", "health", "days_to_renewal", "days_since_contact")


class DepartmentShape(Shape):
    title: Text
    lead: Email | None = None
    channel: Text | None = None


class StageDefShape(Shape):
    stage: Word
    title: Text
    probability: float | None = Field(default=None, ge=0, le=1)


class OutcomeShape(Shape):
    title: Text
    saved: bool = False
    evidence: bool = False


class DecisionShape(Shape):
    policy: Word
    assign: Chain = (Owner(),)
    due: When = Moment(Anchor("start"), Duration(business_days=2), 1)


class RuleShape(Shape):
    title: Text
    points: int = Field(ge=1, le=1000)
    cause: Word
    signal: Word | None = None
    if_: Text | None = Field(default=None, alias="if")
    half_life: Span | None = None
    latest: bool = False
    at_most: int | None = Field(default=None, ge=1)


class RiskShape(Shape):
    open_at: int = Field(ge=1)
    rules: dict[str, RuleShape]


class ChannelShape(Shape):
    url: Text
    reach: Literal["email", "slack", "room"]


class NoticeRuleShape(Shape):
    all: Words = []
    first: Words = []


class ReportShape(Shape):
    to: Chain
    cron: Text = "0 7 * * mon"


class DigestShape(Shape):
    hour: int = Field(default=8, ge=0, le=23)


class SettingsShape(Shape):
    company: Text
    zone: Text
    currency: Text = "USD"
    country: Text | None = None
    hours: Text = "mon-fri 9-17"
    holidays: list[date] = []
    steward: Chain
    owner: Chain
    roles: list[Word]
    causes: list[Word]
    account_fields: dict[Word, Literal["text", "number", "date", "yes_no"]] = {}
    departments: dict[Word, DepartmentShape]
    pipeline: list[StageDefShape]
    outcomes: dict[Word, OutcomeShape]
    policies: dict[Word, PolicyShape]
    default_policy: Word
    decision: DecisionShape
    decide: When = Moment(Anchor("renewal"), Duration(days=30), -1)
    decide_without_renewal: Span = Duration(days=60)
    stage_late: Chain = (Owner(),)
    risk: RiskShape
    default_play: Name
    channels: dict[Word, ChannelShape] = {}
    notices: dict[str, NoticeRuleShape] = {}
    digest: DigestShape = DigestShape()
    reports: list[ReportShape] = []
    late_after: Span = Duration(minutes=60)


def parse_workspace(
    source: Source, people: Mapping[str, int], expressions: Expressions, *, trusted: bool = False
) -> tuple[Workspace, tuple[Problem, ...]]:
    """The workspace and its warnings. ``people`` maps lower-case e-mail addresses to ids; without any, addresses are
    not checked; with ``trusted`` no name is. Raises Invalid with every problem."""
    reader = _Reader(source, people, expressions, trusted)
    workspace = reader.workspace()
    if workspace is None or reader.found.fatal:
        raise Invalid(reader.found.problems)
    return workspace, tuple(reader.found.problems)


class _Reader:
    def __init__(self, source: Source, people: Mapping[str, int], expressions: Expressions, trusted: bool) -> None:
        self.found = Findings(source, trusted=trusted)
        self.source, self.people, self.expressions = source, people, expressions

    def workspace(self) -> Workspace | None:
        shape = self.found.shaped(SettingsShape, self.source.data)
        if shape is None:
            return None
        self.names = Names(
            roles=tuple(shape.roles),
            departments=tuple(shape.departments),
            emails=tuple(self.people),
            stages=tuple(s.stage for s in shape.pipeline),
            causes=tuple(shape.causes),
            policies=tuple(shape.policies),
            date_fields=tuple(n for n, kind in shape.account_fields.items() if kind == "date"),
            account_fields=tuple(shape.account_fields),
        )
        self._check_place_and_time(shape)
        self._check_references(shape)
        policies = {name: self._policy(name, p) for name, p in shape.policies.items()}
        if shape.default_policy not in policies or shape.decision.policy not in policies:
            return None
        return self._build(shape, policies)

    def _build(self, shape: SettingsShape, policies: dict[str, Policy]) -> Workspace:
        return Workspace(
            company=shape.company,
            zone=shape.zone,
            currency=shape.currency,
            country=shape.country,
            hours=self._hours(shape.hours),
            holidays=frozenset(shape.holidays),
            steward=shape.steward,
            owner=shape.owner,
            roles=tuple(shape.roles),
            causes=tuple(shape.causes),
            account_fields=dict(shape.account_fields),
            departments=tuple(self._department(k, d) for k, d in shape.departments.items()),
            stages=tuple(Stage(s.stage, s.title, s.probability) for s in shape.pipeline),
            outcomes=tuple(Outcome(k, o.title, o.saved, o.evidence) for k, o in shape.outcomes.items()),
            policies=policies,
            default_policy=shape.default_policy,
            decision=Decision(policies[shape.decision.policy], shape.decision.assign, shape.decision.due),
            decide=shape.decide,
            decide_without_renewal=shape.decide_without_renewal,
            stage_late=shape.stage_late,
            risk=Risk(shape.risk.open_at, tuple(self._rule(n, r) for n, r in shape.risk.rules.items())),
            default_play=shape.default_play,
            channels={n: Channel(n, c.url, c.reach) for n, c in shape.channels.items()},
            notices={k: NoticeRule(tuple(n.all or n.first), bool(n.all)) for k, n in shape.notices.items()},
            digest_hour=shape.digest.hour,
            reports=tuple(ReportPlan(r.to, r.cron) for r in shape.reports),
            late_after=shape.late_after,
        )

    def _check_place_and_time(self, shape: SettingsShape) -> None:
        if shape.zone not in available_timezones():
            near = nearest(shape.zone, available_timezones())
            self.found.add(("zone",), f"unknown time zone {shape.zone!r}", "a zone like Europe/Lisbon", near)
        if shape.country is not None and not known_country(shape.country):
            self.found.add(("country",), f"unknown country {shape.country!r}", "a code like PT or DE-BY")

    def _hours(self, text: str) -> Any:
        try:
            return parse_hours(text)
        except ValueError as error:
            self.found.add(("hours",), f"hours are {text!r}", str(error))
            return parse_hours("mon-fri 9-17")

    def _check_references(self, shape: SettingsShape) -> None:
        self.found.known(("default_policy",), "policy", shape.default_policy, shape.policies)
        self.found.known(("decision", "policy"), "policy", shape.decision.policy, shape.policies)
        check_moment(self.found, ("decide",), shape.decide, (), self.names)
        chains: list[tuple[Place, Any]] = [
            (("owner",), shape.owner),
            (("steward",), shape.steward),
            (("stage_late",), shape.stage_late),
            (("decision", "assign"), shape.decision.assign),
            *((("reports", i, "to"), r.to) for i, r in enumerate(shape.reports)),
        ]
        for place, chain in chains:
            check_chain(self.found, place, chain, self.names)
        if not any(o.saved for o in shape.outcomes.values()):
            self.found.add(("outcomes",), "no outcome is a save", "at least one outcome with saved: true")
        for kind, rule in shape.notices.items():
            self.found.known(("notices", kind), "notice", kind, NOTICE_KINDS)
            for name in (*rule.all, *rule.first):
                self.found.known(("notices", kind), "channel", name, shape.channels)

    def _department(self, key: str, shape: DepartmentShape) -> Department:
        lead = None
        if shape.lead is not None and self.people:
            self.found.known(("departments", key, "lead"), "person", shape.lead.casefold(), self.people)
            lead = self.people.get(shape.lead.casefold())
        return Department(key, shape.title, lead, shape.channel)

    def _policy(self, name: str, shape: PolicyShape) -> Policy:
        place: Place = ("policies", name)
        for i, moment in enumerate(shape.remind):
            check_moment(self.found, (*place, "remind", i), moment, (), self.names)
        data = self.source.data["policies"][name]["escalate"]
        rungs: tuple[Rung, ...] = read_rungs(self.found, (*place, "escalate"), data, self.names, ())
        return Policy(name, tuple(shape.remind), rungs, shape.rest)

    def _rule(self, name: str, shape: RuleShape) -> RiskRule:
        place: Place = ("risk", "rules", name)
        self.found.known((*place, "cause"), "cause", shape.cause, self.names.causes)
        if shape.signal is None and shape.if_ is None:
            self.found.add(place, "a rule with neither 'signal' nor 'if'", "at least one of them")
        half_life = shape.half_life.calendar().total_seconds() / 86400 if shape.half_life else None
        condition = self._condition((*place, "if"), shape.if_)
        return RiskRule(
            name,
            shape.title,
            shape.points,
            shape.cause,
            shape.signal,
            condition,
            half_life,
            shape.latest,
            shape.at_most,
        )

    def _condition(self, place: Place, source: str | None) -> Condition | None:
        if source is None:
            return None
        known = {
            "account": dict.fromkeys((*RISK_FACTS, *self.names.account_fields)),
            "signal": dict.fromkeys(("value", "note")),
        }
        return self.found.condition(place, source, known, self.expressions)
