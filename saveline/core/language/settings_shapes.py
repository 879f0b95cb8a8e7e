"""The keys of saveline.yaml, what each holds and what it is for."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from saveline.core.checkin import ASKED, HIGH, LAST_DAY, LOW
from saveline.core.language.attention import AttentionShape
from saveline.core.language.directory import DigestShape
from saveline.core.language.rehearsal import RehearsalShape
from saveline.core.language.shapes import PolicyShape, Shape
from saveline.core.language.trials import TrialShape
from saveline.core.language.words import Chain, Day, Email, Name, Span, Text, When, Word, Words
from saveline.core.moments import Anchor, Duration, Moment
from saveline.core.people import Owner


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
    cleared: bool = Field(default=False, description="Neither a save nor a loss: the risk went away by itself.")


class DecisionShape(Shape):
    policy: Word
    assign: Chain = (Owner(),)
    due: When = Moment(Anchor("start"), Duration(business_days=2), 1)


class RuleShape(Shape):
    title: Text = Field(description="What the rule is called in the printed score.")
    points: int = Field(ge=1, le=1000, description="Whole points, 1 to 1000.")
    cause: Word = Field(description="The cause that the points speak for.")
    signal: Word | None = None
    if_: Text | None = Field(default=None, alias="if")
    half_life: Span | None = None
    latest: bool = False
    at_most: int | None = Field(default=None, ge=1)


class ClearShape(Shape):
    """When a running deal's risk counts as gone, and what happens then."""

    at: int = Field(ge=1, description="The score below which the risk counts as gone.")
    then: Literal["ask", "close"] = Field(
        default="ask", description="Ask the owner to decide, or close the deal with the outcome that has cleared: true."
    )


class RiskShape(Shape):
    open_at: int = Field(ge=1)
    clear: ClearShape | None = None
    rules: dict[str, RuleShape]


class ChannelShape(Shape):
    url: Text = Field(description="The address of the channel, like smail://… or slack://…")
    reach: Literal["email", "slack", "room"]


class WebhookShape(Shape):
    """A system that signs its calls as Standard Webhooks say."""

    secret: Text | list[Text] = Field(
        description="The variable that holds the secret, like ${HELPDESK_SECRET}; a list while one is being replaced."
    )
    scopes: Words = Field(description="What it may send: signals, accounts, touchpoints; act to act on tasks.")


class RepliesShape(Shape):
    url: Text = Field(description="The mailbox, like imaps://${IMAP_USER}:${IMAP_PASSWORD}@imap.example.com/INBOX")
    trust: Text = Field(
        default="", description="The name in Authentication-Results under which its server says who a mail is from."
    )


class NoticeRuleShape(Shape):
    all: Words = []
    first: Words = []


class SeverityShape(Shape):
    severity: Word
    title: Text = Field(description="What people call it.")
    score: int | None = Field(default=None, ge=1)
    tell: Chain = ()


class LimitShape(Shape):
    by: Chain = Field(description="Who may grant so much.")
    up_to: float | None = Field(default=None, ge=0)


class VoiceShape(Shape):
    """What customers say, for the reports."""

    nps: Words = Field(default=["nps"], description="The kinds of signals that are answers from 0 to 10.")
    csat: Words = Field(default=["csat"], description="The kinds of signals that are answers from 1 to 5.")
    product: Words = Field(default=["product", "engineering"], description="The departments that change the product.")
    themes: dict[Word, Words] = Field(default={}, description="What customers talk about: words by the theme's name.")
    pulse: bool = Field(default=False, description="Whether the report tells how our own people feel.")


class PulseShape(Shape):
    """One question a month to our own people, which the report tells of by department."""

    day: int = Field(ge=1, le=LAST_DAY, description="The day of the month from which on everybody is asked, 1 to 21.")
    question: Text = Field(default=ASKED, description="What is asked; answers are from 1 to 5.")
    low: Text = Field(default=LOW, description="What 1 means.")
    high: Text = Field(default=HIGH, description="What 5 means.")


class SettingsShape(Shape):
    company: Text = Field(description="The company's name, as customers know it.")
    zone: Text = Field(description="The time zone of the company, like Europe/Lisbon.")
    currency: Text = "USD"
    country: Text | None = None
    language: Text = Field(default="en", description="The language of what Saveline says: en or de.")
    hours: Text = "mon-fri 9-17"
    holidays: list[Day] = []
    steward: Chain = Field(description="Who looks after Saveline itself and hears of its gaps.")
    owner: Chain = Field(description="Who owns a deal: the first of the list who is at work.")
    roles: list[Word] = Field(description="Who can stand on an account's team, like [csm, ae, sponsor].")
    causes: list[Word] = Field(description="Why accounts are at risk, like [champion_left, price_pressure].")
    account_fields: dict[Word, Literal["text", "number", "date", "yes_no"]] = {}
    departments: dict[Word, DepartmentShape] = Field(description="The departments, each with a title and a lead.")
    pipeline: list[StageDefShape] = Field(description="The stages that a deal goes through, in order.")
    outcomes: dict[Word, OutcomeShape] = Field(description="How a deal can end; at least one has saved: true.")
    policies: dict[Word, PolicyShape] = Field(description="Reminders and ladders, by name.")
    default_policy: Word = Field(description="The policy of tasks that name none.")
    decision: DecisionShape = Field(description="The policy, and who decides how a deal ends.")
    decide: When = Moment(Anchor("renewal"), Duration(days=30), -1)
    decide_without_renewal: Span = Duration(days=60)
    cool_down: Span = Field(
        default=Duration(days=60), description="How long after a close an account at risk reopens its old deal."
    )
    stage_late: Chain = (Owner(),)
    risk: RiskShape = Field(description="When an account becomes a deal: open_at and the rules.")
    default_play: Name = Field(description="The play of accounts that no play is made for.")
    channels: dict[Word, ChannelShape] = {}
    notices: dict[str, NoticeRuleShape] = {}
    digest: DigestShape = DigestShape()
    report_to: Chain = ()
    bell: Text | None = Field(default=None, description="The room in which saves are celebrated, like slack:#saves.")
    late_after: Span = Duration(minutes=60)
    severities: list[SeverityShape] = []
    override_by: Chain = ()
    concessions: dict[Word, list[LimitShape]] = {}
    rehearsal: RehearsalShape = RehearsalShape()
    webhooks: dict[Word, WebhookShape] = {}
    internal: list[Text] = Field(
        default=[], description="Hosts of your own network that web hooks may be sent to, like [chat.corp.example]."
    )
    replies: RepliesShape | None = Field(default=None, description="Where answers and returned mails come to.")
    attention: AttentionShape = AttentionShape()
    first_response: Span | None = Field(
        default=None, description="How soon support answers a new case, like 4 business hours; the report counts it."
    )
    voice: VoiceShape = VoiceShape()
    pulse: PulseShape | None = Field(default=None, description="The monthly question; without it nobody is asked.")
    trials: dict[Name, TrialShape] = Field(default={}, description="Between which plays lots are drawn, by name.")
    accept: Words = []
