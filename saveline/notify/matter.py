"""What one message is about: the notice, and the facts around it as they are when it is worded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from saveline.core import phrases
from saveline.core.changes import Escalated, Event, TaskAssigned
from saveline.core.delivery import Queued
from saveline.core.facts import Account, Deal, Fact, Person, Task
from saveline.core.people import People
from saveline.core.play import Play, TaskPlan
from saveline.core.report import StageReport
from saveline.core.tongue import Tongue
from saveline.core.workspace import Workspace
from saveline.notify.languages import tongue
from saveline.notify.links import Links, Purpose
from saveline.notify.render import Wording


class Matter(Fact, frozen=True, dict=True):
    """``steps`` are the events that assigned and escalated the deal's tasks; ``others`` the deals of a digest;
    ``report`` is what a report's notice brings; ``links`` makes the addresses of pages. ``language`` is another one
    than the reader's, for looking at it.

    ``members`` are the notices that a bundle says, and ``left_out`` those that it does not, each with what becomes of
    it and why. ``wording`` are the templates of the workspace, where it has some of its own.
    """

    notice: Queued
    about: Mapping[str, Any]
    workspace: Workspace
    people: People
    now: datetime
    deal: Deal | None = None
    account: Account | None = None
    play: Play | None = None
    steps: Sequence[Event] = ()
    others: Sequence[tuple[Deal, Account]] = ()
    report: StageReport | None = None
    links: Links | None = None
    language: str = ""
    members: Sequence[Matter] = ()
    left_out: Mapping[int, tuple[str, str | None]] = {}
    wording: Wording | None = None

    @cached_property
    def tongue(self) -> Tongue:
        """The reader's language; in a room, the workspace's."""
        reader = self.reader
        return tongue(self.language or (reader.language if reader else None) or self.workspace.language)

    @cached_property
    def reader(self) -> Person | None:
        """Who reads it; nobody in particular in a room."""
        return self.people.by_id.get(self.notice.person_id)

    @cached_property
    def task(self) -> Task | None:
        return self.deal.task(self.notice.task_no) if self.deal else None

    @property
    def plan(self) -> TaskPlan | None:
        return self.plan_of(self.task)

    def plan_of(self, task: Task | None) -> TaskPlan | None:
        return self.play.task(task.stage, task.plan) if self.play and task else None

    @property
    def assigned(self) -> TaskAssigned | None:
        """The last assignment of the task."""
        return next((c for c in self._changes() if isinstance(c, TaskAssigned)), None)

    @property
    def escalated(self) -> Escalated | None:
        """The escalation that the notice tells of."""
        wanted = self.notice.ordinal
        return next((c for c in self._changes() if isinstance(c, Escalated) and c.ordinal == wanted), None)

    def _changes(self) -> list[Any]:
        return [e.change for e in reversed(self.steps) if e.task_no == self.notice.task_no]

    def local(self, at: datetime) -> datetime:
        """A moment in the reader's zone; in a room, in the workspace's."""
        return self.people.calendar(self.notice.person_id or None).local(at)

    def link(self, purpose: Purpose) -> str:
        """The reader's own page of that purpose; '' where no pages are served."""
        made = self.links
        return made.link(purpose, self.notice.id, self.notice.person_id, self.notice.at) if made else ""

    @cached_property
    def here(self) -> datetime:
        return self.local(self.now)

    def department(self, key: str | None) -> str:
        """A department's title; of one that is no longer in the settings its key."""
        return self.people.department(key)

    def first(self, person_id: int | None) -> str:
        return phrases.first_name(self.people.by_id.get(person_id or 0)) or self.say("somebody")

    # --- in the reader's language ---------------------------------------------------------------------------------

    def say(self, sentence: str, /, **values: Any) -> str:
        """The English ``sentence`` in the reader's language; ``values`` are put in as they are."""
        return self.tongue.say(sentence, **values)

    def counted(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """The same for a number of things, ``{n}``."""
        return self.tongue.counted(one, many, n, **values)

    def money(self, cents: int) -> str:
        return phrases.money(cents, self.workspace.currency, self.tongue)

    def day(self, on: date) -> str:
        return phrases.day(on, self.here.date(), self.tongue)

    def moment(self, at: datetime) -> str:
        """A moment in the reader's zone and words."""
        return phrases.moment(self.local(at), self.here, self.tongue)

    def listed(self, words: Iterable[str]) -> str:
        return phrases.listed(words, self.tongue)

    def causes(self) -> str:
        """Why the deal's account is at risk, as the settings call it."""
        return self.listed(phrases.words_of(c) for c in self.deal.causes) if self.deal else ""

    def of_account(self) -> str:
        """The account's name; nothing where there is none."""
        return self.account.name if self.account else ""
