"""A deal's history, unrolled: each event with the deal as it was before and after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace

from saveline.core.changes import Event, evolve
from saveline.core.chronicle import Chronicler
from saveline.core.decide.draft import Case, Draft
from saveline.core.facts import Deal, Fact, Task
from saveline.core.why.lines import read
from saveline.core.worktime import WorkCalendar

C = TypeVar("C")


class Frame(Fact, frozen=True):
    """One event, and the deal on both sides of it."""

    before: Deal
    event: Event
    after: Deal

    @property
    def change(self) -> Any:
        return self.event.change


class Story:
    """A case and its whole history, from which everything about it is derived."""

    def __init__(self, case: Case, events: Sequence[Event]) -> None:
        self.case = case
        self.frames = tuple(frames(Deal(id=case.deal.id, account_id=case.deal.account_id), events))
        self.draft = Draft(case)
        self.chronicler = Chronicler(case.people, case.workspace, self._name)

    def _name(self, no: int) -> str:
        task = self.case.deal.task(no)
        return f"“{self.name(task)}”" if task else str(no)

    def name(self, task: Task) -> str:
        return self.draft.name_of(task)

    def of_task(self, no: int) -> tuple[Frame, ...]:
        return tuple(f for f in self.frames if f.event.task_no == no)

    def with_(self, kind: type[C]) -> list[tuple[Frame, C]]:
        """The frames of one kind of change, each with its change."""
        return [(f, f.event.change) for f in self.frames if isinstance(f.event.change, kind)]

    def draft_at(self, deal: Deal) -> Draft:
        """A draft with the deal as it once was, and everything else as it is now."""
        return Draft(replace(self.case, deal=deal))

    def calendar(self, person_id: int | None) -> WorkCalendar:
        return self.case.people.calendar(person_id)

    def whose(self, person_id: int | None) -> str:
        """``in Ana Ruiz's time (Europe/Lisbon, Mon–Fri 9–13, 14–18, holidays of PT)``."""
        named = person_id in self.case.people.by_id
        who = f"{self.case.people.name(person_id)}'s" if named else f"{self.case.workspace.company}'s"
        return f"in {who} time ({self.calendar(person_id)})"

    def when(self, frame: Frame) -> str:
        """The moment of an event, in the workspace's zone."""
        return read(self.calendar(None), frame.event.at)

    def told(self, frame: Frame) -> str:
        """An event as a line: its moment and what happened."""
        return f"{self.when(frame)}: {self.chronicler.event(frame.event)}"


def frames(deal: Deal, events: Iterable[Event]) -> Iterator[Frame]:
    """``events``, which follow on from ``deal``, each with the deal on both sides of it."""
    for event in events:
        after = evolve(deal, (event,))
        yield Frame(deal, event, after)
        deal = after
