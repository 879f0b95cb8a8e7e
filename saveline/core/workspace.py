"""A compiled ``saveline.yaml``: what all playbooks share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal, TypeAlias

from msgspec.structs import replace

from saveline.core.allocation import TrialPlan
from saveline.core.behaviour import Behaviour
from saveline.core.checkin import Question
from saveline.core.facts import Department, Fact, Person
from saveline.core.moments import Anchor, Duration, Moment
from saveline.core.people import Chain, Link, Owner
from saveline.core.play import Condition, Policy
from saveline.core.surveys import Listening
from saveline.core.worktime import WeekHours

NOTICE_KINDS = (
    "assigned",
    "reminder",
    "escalation",
    "decision_due",
    "stage_entered",
    "stage_late",
    "news",
    "saved",
    "lost",
    "digest",
    "stage_report",
    "pulse",
)
Reach: TypeAlias = Literal["email", "slack", "room"]


class Stage(Fact, frozen=True):
    """A column of the pipeline. ``probability``, 0 to 1, is the share of deals reaching it that are saved."""

    key: str
    title: str
    probability: float | None = None


class Outcome(Fact, frozen=True):
    """A way for a deal to end. ``saved`` outcomes need the value kept, the others may need evidence.

    One that is ``cleared`` is neither a save nor a loss: the risk went away.
    """

    key: str
    title: str
    saved: bool = False
    evidence: bool = False
    cleared: bool = False


class Channel(Fact, frozen=True):
    """A configured channel: its Apprise URL and whom it reaches. A ``room`` has one fixed audience."""

    name: str
    url: str
    reach: Reach


class WebhookSource(Fact, frozen=True):
    """A system whose signed calls are taken; ``secrets`` name variables of the environment, several while one is being
    replaced."""

    name: str
    secrets: tuple[str, ...]
    scopes: tuple[str, ...]


class Replies(Fact, frozen=True):
    """The mailbox to which answers and returned mails come: an IMAP URL. ``trust`` is the name under which its server
    writes whether a mail is from whom it says; without it nothing is asked of that."""

    url: str
    trust: str = ""


class NoticeRule(Fact, frozen=True):
    """By which channels a kind of notice goes: all of ``channels`` that reach the person, or only the first."""

    channels: tuple[str, ...]
    every: bool = False


class Decision(Fact, frozen=True):
    """How the decision task behaves: its due moment and ladder."""

    policy: Policy
    assign: Chain = (Owner(),)
    due: Moment = Moment(Anchor("start"), Duration(business_days=2), 1)


class RiskRule(Fact, frozen=True):
    """Points for one kind of signal, or for a fact of the account.

    ``points`` are whole; with ``half_life_days`` they decay by age and are rounded to whole points, so that the
    score is exactly the sum of what is printed. ``at_most`` caps what several signals of the rule give together.
    """

    name: str
    title: str
    points: int
    cause: str
    signal: str | None = None
    condition: Condition | None = None
    half_life_days: float | None = None
    latest: bool = False
    at_most: int | None = None


class Clearing(Fact, frozen=True):
    """Below the score ``at`` a deal's risk is gone: then its owner is asked, or with ``outcome`` it is closed."""

    at: int
    outcome: str | None = None


class Risk(Fact, frozen=True):
    """Risk rules, the score at which an account becomes a deal, and the one below which its risk has gone again."""

    open_at: int
    rules: tuple[RiskRule, ...] = ()
    clear: Clearing | None = None


class Severity(Fact, frozen=True):
    """How bad it is: from ``score`` on by itself, or as somebody says; ``tell`` are the people who then hear of it."""

    key: str
    title: str
    score: int | None = None
    tell: tuple[Link, ...] = ()


class Limit(Fact, frozen=True):
    """How much of a concession ``by`` may grant; without ``up_to`` any amount."""

    by: Chain
    up_to: float | None = None

    def reaches(self, amount: float) -> bool:
        """Whether so much is within it."""
        return self.up_to is None or amount <= self.up_to


class Attention(Fact, frozen=True):
    """How people are kept from being flooded; what is None is off.

    In ``quiet`` hours only what is urgent is sent. ``cap`` is how many messages somebody gets on a day, ``bundle_from``
    from how many tasks on they come in one message. With ``catch_up`` what came during an absence is one message.
    """

    quiet: str | None = None
    cap: int | None = 25
    bundle_from: int | None = 3
    catch_up: bool = True
    urgent: tuple[str, ...] = ("decision_due", "escalation")


class Counting(Fact, frozen=True):
    """How reports count: working time, by when support should have answered where a workspace says so, and which
    signals are answers of customers."""

    hours: WeekHours
    country: str | None
    holidays: frozenset[date] = frozenset()
    first_response: Duration | None = None
    voice: Listening = Listening()


class Names(Fact, frozen=True):
    """What reports call things, and how they count them. ``counting`` is None in what was kept before it was."""

    company: str
    zone: str
    currency: str
    stages: tuple[Stage, ...]
    outcomes: tuple[Outcome, ...]
    departments: tuple[Department, ...]
    counting: Counting | None = None


_CALLED: Final = tuple(name for name in Names.__struct_fields__ if name != "counting")


class Workspace(Fact, frozen=True):
    """The settings of one company, from ``saveline.yaml``; dates and hours count in ``zone``.

    ``bell`` is the room in which saves are celebrated, like ``slack:#saves``.

    ``owner`` says who owns a deal, ``steward`` who looks after Saveline itself and hears of its gaps. ``severities``
    stand with the worst first. Each of ``override_by`` may override a gate. ``concessions`` say who may grant how much,
    the least first. ``internal`` are hosts of the company's own network that channels may speak to. ``pulse`` is the
    monthly question to its own people, where it asks one. A play is in one of the ``trials`` at most.
    """

    company: str
    zone: str
    currency: str
    country: str | None
    hours: WeekHours
    stages: tuple[Stage, ...]
    outcomes: tuple[Outcome, ...]
    policies: Mapping[str, Policy]
    default_policy: str
    decision: Decision
    owner: Chain
    steward: Chain
    risk: Risk
    default_play: str
    causes: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    departments: tuple[Department, ...] = ()
    holidays: frozenset[date] = frozenset()
    account_fields: Mapping[str, str] = {}
    channels: Mapping[str, Channel] = {}
    notices: Mapping[str, NoticeRule] = {}
    decide: Moment = Moment(Anchor("renewal"), Duration(days=30), -1)
    decide_without_renewal: Duration = Duration(days=60)
    cool_down: Duration = Duration(days=60)
    stage_late: Chain = (Owner(),)
    report_to: Chain = ()
    bell: str | None = None
    digest_hour: int = 8
    late_after: Duration = Duration(minutes=60)
    severities: tuple[Severity, ...] = ()
    override_by: Chain = ()
    concessions: Mapping[str, tuple[Limit, ...]] = {}
    rehearsal: Behaviour = Behaviour()
    webhooks: Mapping[str, WebhookSource] = {}
    internal: tuple[str, ...] = ()
    replies: Replies | None = None
    language: str = "en"
    attention: Attention = Attention()
    first_response: Duration | None = None
    voice: Listening = Listening()
    pulse: Question | None = None
    trials: tuple[TrialPlan, ...] = ()

    @property
    def names(self) -> Names:
        counting = Counting(*(getattr(self, name) for name in Counting.__struct_fields__))
        return Names(**{name: getattr(self, name) for name in _CALLED}, counting=counting)

    def called(self, names: Names) -> Workspace:
        """The same workspace where things are called and counted otherwise."""
        found = {name: getattr(names, name) for name in _CALLED}
        if names.counting is not None:
            found |= {name: getattr(names.counting, name) for name in Counting.__struct_fields__}
        return replace(self, **found)

    def digest_hour_of(self, person: Person | None) -> int:
        """At which hour of their day somebody gets the digest: their own, where they have one."""
        own = person.digest_hour if person else None
        return self.digest_hour if own is None else own

    def outcome(self, key: str) -> Outcome | None:
        return next((o for o in self.outcomes if o.key == key), None)

    def severity(self, key: str | None) -> Severity | None:
        return next((s for s in self.severities if s.key == key), None)

    def severity_of(self, score: int) -> str | None:
        """The worst severity whose score is reached; else the mildest, where there are any at all."""
        reached = (s.key for s in self.severities if s.score is not None and score >= s.score)
        return next(reached, self.severities[-1].key if self.severities else None)

    def stage_title(self, key: str) -> str:
        return next((s.title for s in self.stages if s.key == key), key)

    def rank(self, key: str) -> int:
        """A stage's place in the pipeline, from 0; a stage that is not in it comes last."""
        return next((i for i, s in enumerate(self.stages) if s.key == key), len(self.stages))
