"""A notice of every kind about a customer that does not exist: what happens is decided by the engine itself.

A deal is opened by the workspace's own play and nobody does anything, so that it is reminded, escalated and asked to be
decided; then it is saved, and in another life lost. Each notice is worded with the deal as it stood at its moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from saveline.core import periods
from saveline.core.attention import BUNDLE
from saveline.core.changes import Event
from saveline.core.checkin import KIND, LAST_DAY, Question, month_of, round_of
from saveline.core.deal_changes import DealClosed
from saveline.core.decide.draft import Case, Draft
from saveline.core.delivery import Queued
from saveline.core.facts import Account, Deal, Doer, Person
from saveline.core.notices import Notice, channels_for
from saveline.core.people import People
from saveline.core.play import Field, Play
from saveline.core.pressing import UPDATE
from saveline.core.records import Record
from saveline.core.rehearse import Finish, Open, Rehearsal, Step
from saveline.core.report import stage_report
from saveline.core.stories import stories
from saveline.core.workspace import NOTICE_KINDS, Workspace
from saveline.notify.links import Links
from saveline.notify.matter import Matter

KINDS: Final = tuple(dict.fromkeys((*NOTICE_KINDS, BUNDLE, UPDATE)))
NAME: Final = "Acme & Söhne"
"""The sample customer: with a sign that every channel has to escape, and one that is not ASCII."""
REASON: Final = "The export they were promised is in their hands."
EVIDENCE: Final = "Their mail of today."
ARR_CENTS: Final = 8_000_000
SCORE: Final = 60
DAYS: Final = timedelta(days=60)
"""How long nobody does anything: long enough for every step of a ladder."""


class Samples:
    """Sample notices to ``reader`` in a workspace with its people and plays, as if it were ``now``."""

    def __init__(  # noqa: PLR0913 - the world it is
        self,
        workspace: Workspace,
        people: People,
        plays: Sequence[Play],
        reader: Person,
        now: datetime,
        *,
        links: Links | None = None,
        language: str = "",
    ) -> None:
        if not plays:
            raise ValueError("a sample needs a play")
        self.workspace, self.people, self.reader, self.links = workspace, people, reader, links
        self.language = language
        self.play = next((p for p in plays if p.name == workspace.default_play), plays[0])
        self.opened = _monday(people, now)
        renewal = (self.opened + timedelta(days=120)).date()
        team = dict.fromkeys(workspace.roles, reader.id)
        self.account = Account(1, "acme", NAME, segment="enterprise", arr_cents=ARR_CENTS, renewal=renewal, team=team)
        self._found: dict[str, list[Matter]] = {}

    def of(self, kind: str) -> list[Matter]:
        """The kind's notices, each told once in every way it came about. Raises LookupError where there is none."""
        if not self._found:
            for matter in self._all():
                self._found.setdefault(matter.notice.kind, []).append(matter)
            self._found = {**{kind: [m] for kind, m in self._never_came()}, **self._found}
        if kind not in self._found:
            raise LookupError(f"no sample of {kind!r}")
        return self._found[kind]

    # --- the two lives ------------------------------------------------------------------------------------------------

    def _all(self) -> Iterator[Matter]:
        waiting = self._opened()
        yield from self._lived(waiting, self.opened + DAYS)
        deal, events = waiting.case.deal, waiting.timeline(self.opened).events
        holder = next((t.no for t in deal.tasks if t.state == "open"), 0)
        yield self._direct("news", deal, events, task_no=holder, about={"news": "reassigned", "to": self._boss()})
        yield self._direct("news", deal, events, about={"news": "stays"})
        yield self._direct(UPDATE, deal, events, task_no=holder)
        digest = self._direct("digest", deal, events)
        yield replace(digest, deal=None, account=None, others=[(deal, self.account)], steps=())
        yield from self._report(events)
        yield self._question()
        yield self._bundle()
        for saved in (True, False):
            yield from self._ended(saved)

    def _never_came(self) -> Iterator[tuple[str, Matter]]:
        """What this workspace's ladders do not say of this play, told of its first task."""
        rehearsal = self._opened()
        deal, events = rehearsal.case.deal, rehearsal.timeline(self.opened).events
        holder = next((t.no for t in deal.tasks if t.state == "open"), 0)
        for kind in ("assigned", "reminder", "escalation", "decision_due", "stage_entered", "stage_late"):
            if kind not in self._found and holder:
                yield kind, self._direct(kind, deal, events, task_no=holder)

    def _opened(self) -> Rehearsal:
        empty = Deal(id=1, account_id=self.account.id)
        rehearsal = Rehearsal(Case(self.workspace, self.people, self.play, self.account, empty))
        causes = tuple(self.play.applies.causes or self.workspace.causes)[:1]
        rehearsal.take(Step(self.opened, Open(causes=causes, score=SCORE), Doer(self.reader.id, "cli")))
        return rehearsal

    def _lived(self, rehearsal: Rehearsal, until: datetime) -> Iterator[Matter]:
        """What is said while nobody does anything: of each kind the first to a person and the first to a room."""
        told: set[tuple[str, bool, bool]] = set()
        at = self.opened
        while True:
            timeline = rehearsal.timeline(at)
            for notice in timeline.notices:
                sort = (notice.kind, bool(notice.person_id), notice.about.get("do") == "decide")
                if sort not in told and notice.kind in KINDS:
                    told.add(sort)
                    yield self._matter(notice, timeline.deal, timeline.events, at)
            due = rehearsal.case.deal.next_at
            if due is None or due > until:
                break
            at = due
            rehearsal.run_to(at)
        yield from self._decision(rehearsal)

    def _decision(self, rehearsal: Rehearsal) -> Iterator[Matter]:
        asked = rehearsal.case.deal.decide_at
        if rehearsal.case.deal.decision() is None and asked is not None:
            rehearsal.run_to(asked)
            timeline = rehearsal.timeline(asked)
            found = next((n for n in timeline.notices if n.kind == "decision_due"), None)
            if found is not None:
                yield self._matter(found, timeline.deal, timeline.events, asked)

    def _ended(self, saved: bool) -> Iterator[Matter]:
        """A life in which somebody did the first task, and the deal came to its end."""
        rehearsal, by, at = self._opened(), Doer(self.reader.id, "cli"), self.opened + timedelta(days=1)
        outcome = next((o for o in self.workspace.outcomes if o.saved is saved and not o.cleared), None)
        if outcome is None:
            return
        rehearsal.run_to(at)
        first = next((t for t in rehearsal.case.deal.tasks if t.state == "open"), None)
        plan = self.play.task(first.stage, first.plan) if first else None
        if first is not None and plan is not None:
            rehearsal.take(Step(at, Finish(first.plan, plan.outcomes[0], _answers(plan.asks(plan.outcomes[0]))), by))
        # Without the gates, which hold a save until all the work is done: how it ends is what is looked at here.
        draft, end = Draft(rehearsal.case), at + timedelta(days=11)
        kept = ARR_CENTS if outcome.saved else None
        draft.record(DealClosed(outcome.key, REASON, kept, None if outcome.saved else EVIDENCE), at=end, by=by)
        events = (*rehearsal.timeline(end).events, *draft.events)
        yield self._direct("saved" if saved else "lost", draft.deal, events)

    def _report(self, events: Sequence[Event]) -> Iterator[Matter]:
        period = periods.week_of(self.opened, self.workspace.zone)
        told = stories({1: [Record(e) for e in events]}, {1: self.account}, period)
        report = stage_report(told, self.workspace, self.people, period)
        notice = Notice("stage_report", period.end, self.reader.id, about={"report": period.key})
        yield replace(self._matter(notice, None, (), period.end), report=report, account=None, play=None)

    def _question(self) -> Matter:
        """The month's question, at the moment from which on it is asked."""
        question = self.workspace.pulse or Question(day=min(self.opened.day, LAST_DAY))
        month = month_of(self.opened, self.workspace.zone)
        at = round_of(question, month, self.workspace.zone).opens + timedelta(hours=9)
        notice = Notice(KIND, at, self.reader.id, ordinal=month)
        asking = replace(self.workspace, pulse=question)
        return replace(self._matter(notice, None, (), at), workspace=asking, account=None, play=None)

    def _bundle(self) -> Matter:
        """The first task and its reminder, which waited for each other."""
        members = [self._found[kind][0] for kind in ("assigned", "reminder", "news") if kind in self._found]
        at = max((m.now for m in members), default=self.opened)
        notice = Notice(BUNDLE, at, self.reader.id)
        return replace(self._matter(notice, None, (), at), account=None, play=None, members=members)

    def _boss(self) -> int:
        others = (i for i, p in self.people.by_id.items() if i != self.reader.id and p.active)
        return self.reader.manager_id or next(others, self.reader.id)

    # --- one notice ---------------------------------------------------------------------------------------------------

    def _direct(
        self, kind: str, deal: Deal, events: Sequence[Event], *, task_no: int = 0, about: dict[str, Any] | None = None
    ) -> Matter:
        at = events[-1].at if events else self.opened
        notice = Notice(kind, at, self.reader.id, task_no=task_no, about=about or {})
        return self._matter(notice, deal, events, at)

    def _matter(self, notice: Notice, deal: Deal | None, events: Sequence[Event], now: datetime) -> Matter:
        """The notice to the reader, whoever it would have gone to; one to a room stays one."""
        person_id = self.reader.id if notice.person_id else 0
        channel = channels_for(notice.kind, self.reader, self.workspace)[0] if person_id else notice.channel
        about = msgspec.json.encode(notice.about).decode()
        queued = Queued(
            0, deal.id if deal else 0, notice.task_no, notice.kind, notice.ordinal, person_id, channel, notice.at, about
        )
        return Matter(
            notice=queued,
            about=notice.about,
            workspace=self.workspace,
            people=self.people,
            now=now,
            deal=deal,
            account=self.account,
            play=self.play,
            steps=events,
            links=self.links,
            language=self.language,
        )


def _answers(form: Sequence[Field]) -> dict[str, Any]:
    """An answer to every question."""
    by_kind: dict[str, Any] = {"yes_no": True, "number": 1.0, "text": "As agreed.", "date": "2026-12-01"}
    return {f.name: f.choices[0] if f.choices else by_kind.get(f.kind, "As agreed.") for f in form}


def _monday(people: People, now: datetime) -> datetime:
    """Ten in the morning of the last Monday before this week."""
    local = people.calendar(None).local(now)
    monday = local - timedelta(days=local.weekday() + 7)
    return monday.replace(hour=10, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)
