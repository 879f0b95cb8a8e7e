"""``saveline.yaml`` → the :class:`~saveline.core.workspace.Workspace`, or every problem in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from saveline.core.checkin import Question
from saveline.core.errors import Invalid, Problem
from saveline.core.facts import Department
from saveline.core.language.accepting import Accepted, check_accepted, still_said
from saveline.core.language.attention import attention_of
from saveline.core.language.directory import check_country, check_hours, check_language, check_zone
from saveline.core.language.lint_ids import Lint, problem_of
from saveline.core.language.lints import lint_ladder
from saveline.core.language.names import Names, check_chain, check_moment
from saveline.core.language.playbooks import DECIDES, DUES, read_rungs
from saveline.core.language.problems import Expressions, Findings, Place, Source
from saveline.core.language.rehearsal import behaviour_of
from saveline.core.language.settings_shapes import (
    DepartmentShape,
    NoticeRuleShape,
    RuleShape,
    SettingsShape,
)
from saveline.core.language.shapes import PolicyShape
from saveline.core.language.trials import trials_of
from saveline.core.language.voice import voice_of
from saveline.core.language.webhooks import internal_of, webhooks_of
from saveline.core.life_changes import MERGED
from saveline.core.people import Manager, Owner
from saveline.core.play import Condition, Policy, Rung
from saveline.core.workspace import (
    NOTICE_KINDS,
    Channel,
    Clearing,
    Decision,
    Limit,
    NoticeRule,
    Outcome,
    Replies,
    Risk,
    RiskRule,
    Severity,
    Stage,
    Workspace,
)
from saveline.core.worktime import WeekHours, parse_hours

RISK_FACTS: Final = ("segment", "vertical", "region", "arr", "health", "days_to_renewal", "days_since_contact")


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
        self.lints: list[Lint] = []

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
            severities=tuple(s.severity for s in shape.severities),
            concessions=tuple(shape.concessions),
        )
        self._check_place_and_time(shape)
        self._check_references(shape)
        policies = {name: self._policy(name, p) for name, p in shape.policies.items()}
        self._say(shape.accept)
        if shape.default_policy not in policies or shape.decision.policy not in policies:
            return None
        return self._build(shape, policies)

    def _build(self, shape: SettingsShape, policies: dict[str, Policy]) -> Workspace:
        return Workspace(
            company=shape.company,
            zone=shape.zone,
            currency=shape.currency,
            country=shape.country,
            language=shape.language,
            hours=self._hours(shape.hours),
            holidays=frozenset(shape.holidays),
            steward=shape.steward,
            owner=shape.owner,
            roles=tuple(shape.roles),
            causes=tuple(shape.causes),
            account_fields=dict(shape.account_fields),
            departments=tuple(self._department(k, d) for k, d in shape.departments.items()),
            stages=tuple(Stage(s.stage, s.title, s.probability) for s in shape.pipeline),
            outcomes=tuple(Outcome(k, o.title, o.saved, o.evidence, o.cleared) for k, o in shape.outcomes.items()),
            policies=policies,
            default_policy=shape.default_policy,
            decision=Decision(policies[shape.decision.policy], shape.decision.assign, shape.decision.due),
            decide=shape.decide,
            decide_without_renewal=shape.decide_without_renewal,
            stage_late=shape.stage_late,
            cool_down=shape.cool_down,
            first_response=shape.first_response,
            risk=Risk(
                shape.risk.open_at,
                tuple(self._rule(n, r) for n, r in shape.risk.rules.items()),
                self._clearing(shape),
            ),
            default_play=shape.default_play,
            channels={n: Channel(n, c.url, c.reach) for n, c in shape.channels.items()},
            notices={k: NoticeRule(tuple(n.all or n.first), bool(n.all)) for k, n in shape.notices.items()},
            digest_hour=shape.digest.hour,
            report_to=shape.report_to,
            bell=shape.bell,
            late_after=shape.late_after,
            severities=tuple(Severity(s.severity, s.title, s.score, s.tell) for s in shape.severities),
            override_by=shape.override_by or shape.steward,
            concessions={n: tuple(Limit(x.by, x.up_to) for x in limits) for n, limits in shape.concessions.items()},
            attention=attention_of(self.found, shape.attention),
            rehearsal=behaviour_of(
                self.found,
                shape.rehearsal,
                {"departments": list(shape.departments), "ends": list(shape.outcomes), "causes": shape.causes},
            ),
            webhooks=webhooks_of(self.found, shape),
            internal=internal_of(self.found, shape),
            replies=Replies(shape.replies.url, shape.replies.trust) if shape.replies else None,
            voice=voice_of(self.found, shape),
            pulse=Question(p.day, p.question, p.low, p.high) if (p := shape.pulse) else None,
            trials=trials_of(self.found, shape.trials, shape.causes),
        )

    def _check_place_and_time(self, shape: SettingsShape) -> None:
        check_zone(self.found, ("zone",), shape.zone)
        check_country(self.found, ("country",), shape.country)
        check_language(self.found, ("language",), shape.language)

    def _hours(self, text: str) -> WeekHours:
        return check_hours(self.found, ("hours",), text) or parse_hours("mon-fri 9-17")

    def _check_references(self, shape: SettingsShape) -> None:
        self.found.known(("default_policy",), "policy", shape.default_policy, shape.policies)
        self.found.known(("decision", "policy"), "policy", shape.decision.policy, shape.policies)
        check_moment(self.found, ("decide",), shape.decide, (), self.names, anchors=DECIDES)
        check_moment(self.found, ("decision", "due"), shape.decision.due, (), self.names, anchors=DUES)
        self._check_words(("roles",), "role", shape.roles, reserved=("owner", "assignee", "lead"))
        self._check_words(("causes",), "cause", shape.causes)
        self._check_words(("pipeline",), "stage", [s.stage for s in shape.pipeline], ends=("stage",))
        if not any(o.saved for o in shape.outcomes.values()):
            self.found.add(("outcomes",), "no outcome is a save", "at least one outcome with saved: true", key=True)
        self._check_severities(shape)
        self._check_concessions(shape)
        self._check_endings(shape)
        self._check_chains(shape)
        self._check_channels(shape)

    def _check_endings(self, shape: SettingsShape) -> None:
        for key, outcome in shape.outcomes.items():
            if key == MERGED:
                what = f"{key!r} is how a deal ends that goes on as part of another"
                self.found.add(("outcomes", key), what, "an outcome of another name", key=True)
            if outcome.cleared and (outcome.saved or outcome.evidence):
                what = f"{key!r} has cleared: true and {'saved' if outcome.saved else 'evidence'}: true"
                self.found.add(
                    ("outcomes", key), what, "cleared: true alone: it is neither a save nor a loss", key=True
                )
        if shape.cool_down.business_days or shape.cool_down.business_minutes:
            self.found.add(("cool_down",), f"cool_down is {shape.cool_down}", "days, weeks or hours of the calendar")
        clear = shape.risk.clear
        if clear is not None and clear.at > shape.risk.open_at:
            what = f"a deal of {shape.risk.open_at} points, which opens it, would have cleared at once"
            self.found.add(("risk", "clear", "at"), what, f"at most {shape.risk.open_at}, which is open_at")
        if clear is not None and clear.then == "close" and not any(o.cleared for o in shape.outcomes.values()):
            what = "there is no outcome to close it with"
            self.found.add(("risk", "clear", "then"), what, "an outcome with cleared: true")

    def _clearing(self, shape: SettingsShape) -> Clearing | None:
        clear = shape.risk.clear
        if clear is None:
            return None
        outcome = next((k for k, o in shape.outcomes.items() if o.cleared), None)
        return Clearing(clear.at, outcome if clear.then == "close" else None)

    def _check_words(
        self, place: Place, what: str, words: list[str], *, reserved: tuple[str, ...] = (), ends: Place = ()
    ) -> None:
        if not words:
            self.found.add(place, f"there is no {what}", f"at least one {what}", key=True)
        for i, word in enumerate(words):
            if word in words[:i]:
                self.found.add((*place, i, *ends), f"the {what} {word!r} is there twice", f"each {what} once")
            elif word in reserved:
                self.found.add((*place, i, *ends), f"{word!r} means somebody already", f"a {what} of another name")

    def _check_severities(self, shape: SettingsShape) -> None:
        """The worst first: each score below the one before it."""
        if shape.severities:
            self._check_words(("severities",), "severity", [s.severity for s in shape.severities], ends=("severity",))
        least = None
        for i, severity in enumerate(shape.severities):
            check_chain(self.found, ("severities", i, "tell"), severity.tell, self.names, assigned=False)
            if severity.score is not None and least is not None and severity.score >= least:
                what = f"{severity.severity} begins at {severity.score}, the one before it at {least}"
                self.found.add(("severities", i, "score"), what, "the worst severity first")
            least = severity.score if severity.score is not None else least

    def _check_concessions(self, shape: SettingsShape) -> None:
        """The least first: each limit above the one before it, and only the last without any."""
        for name, limits in shape.concessions.items():
            if not limits:
                self.found.add(("concessions", name), f"nobody may grant {name}", "at least one limit", key=True)
            for i, limit in enumerate(limits):
                place: Place = ("concessions", name, i)
                check_chain(self.found, (*place, "by"), limit.by, self.names, assigned=False)
                before = limits[i - 1].up_to if i else -1.0
                if before is None or (limit.up_to is not None and limit.up_to <= before):
                    self.found.add(place, "a limit that is not above the one before it", "the least first", key=True)

    def _check_chains(self, shape: SettingsShape) -> None:
        chains: list[tuple[Place, Any]] = [
            (("override_by",), shape.override_by),
            (("steward",), shape.steward),
            (("stage_late",), shape.stage_late),
            (("decision", "assign"), shape.decision.assign),
            (("report_to",), shape.report_to),
        ]
        for place, chain in chains:
            check_chain(self.found, place, chain, self.names, assigned=False)
        check_chain(self.found, ("owner",), shape.owner, self.names, assigned=False)
        for i, link in enumerate(shape.owner):
            if isinstance(link.of if isinstance(link, Manager) else link, Owner):
                self.found.add(("owner", i), f"{link} says who the owner is by naming the owner", "a role or a lead")

    def _check_channels(self, shape: SettingsShape) -> None:
        for name, channel in shape.channels.items():
            if "://" not in channel.url:
                place: Place = ("channels", name, "url")
                self.found.add(place, "url is no address", "one like smail://… or slack://…")  # not quoted: secrets
        if shape.replies is not None and shape.replies.url.partition("://")[0] not in ("imap", "imaps"):
            what, expected = "replies are read from an IMAP mailbox", "an address like imaps://user:password@host/INBOX"
            self.found.add(("replies", "url"), what, expected)
        for kind, rule in shape.notices.items():
            self._check_notice(kind, rule, shape)
        if shape.bell is not None:
            self.found.known(("bell",), "channel", shape.bell.partition(":")[0], shape.channels)
        for key, room in ((k, d.channel) for k, d in shape.departments.items() if d.channel is not None):
            self.found.known(("departments", key, "channel"), "channel", room.partition(":")[0], shape.channels)

    def _check_notice(self, kind: str, rule: NoticeRuleShape, shape: SettingsShape) -> None:
        place: Place = ("notices", kind)
        self.found.known(place, "notice", kind, NOTICE_KINDS, key=True)
        if bool(rule.all) == bool(rule.first):
            what = "both 'all' and 'first'" if rule.all else "neither 'all' nor 'first'"
            self.found.add(place, what, "one of them", key=True)
        for how, names in (("all", rule.all), ("first", rule.first)):
            for i, name in enumerate(names):
                self.found.known((*place, how, i), "channel", name, shape.channels)

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
        policy = Policy(name, tuple(shape.remind), rungs, shape.rest)
        self.lints += lint_ladder(policy, (*place, "escalate"))
        return policy

    def _say(self, accept: list[str]) -> None:
        """What was found in the ladders, but for what is accepted."""
        if not self.found.trusted:
            accepted: Accepted = {(): tuple(accept)}
            check_accepted(self.found, accepted)
            self.found.problems += [problem_of(self.source, lint) for lint in still_said(self.lints, accepted)]

    def _rule(self, name: str, shape: RuleShape) -> RiskRule:
        place: Place = ("risk", "rules", name)
        self.found.known((*place, "cause"), "cause", shape.cause, self.names.causes)
        if shape.signal is None and shape.if_ is None:
            self.found.add(place, "a rule with neither 'signal' nor 'if'", "at least one of them", key=True)
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
