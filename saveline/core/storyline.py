"""What happened in a rehearsal, line by line, as somebody would tell it: for authors of plays and their test cases."""

from __future__ import annotations

from datetime import datetime

from saveline.core.chronicle import Chronicler
from saveline.core.facts import Fact
from saveline.core.notices import Notice
from saveline.core.people import People
from saveline.core.rehearse import Timeline


class Line(Fact, frozen=True):
    """One line of the story; ``at`` is UTC, ``text`` names people and tasks."""

    at: datetime
    text: str


class Teller:
    """Puts a timeline into words: moments in the workspace's zone, people by name, tasks by their id in the play."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.people: People = timeline.case.people
        self.chronicler = Chronicler(self.people, timeline.case.workspace, self.task)

    def lines(self) -> tuple[Line, ...]:
        """The whole story in order; of one moment first what happened, then who was told, then what was refused."""
        told: dict[tuple[datetime, str], None] = {(n.at, self.notice(n)): None for n in self.timeline.notices}
        lines = [*(Line(e.at, self.chronicler.event(e)) for e in self.timeline.events), *(Line(*key) for key in told)]
        lines += [Line(r.step.at, f"refused: {r.words}") for r in self.timeline.refused]
        return tuple(sorted(lines, key=lambda line: line.at))

    def moment(self, at: datetime) -> str:
        return self.chronicler.moment(at)

    def shown(self, line: Line) -> str:
        return f"{self.moment(line.at)}  {line.text}"

    def notice(self, notice: Notice) -> str:
        """``Bob Okafor is told: escalation of diagnosis``; the channels of one notice are one line."""
        to = self.people.name(notice.person_id) if notice.person_id else notice.channel
        of = f" of {self.task(notice.task_no)}" if notice.task_no else ""
        return f"{to} is told: {notice.kind.replace('_', ' ')}{of}"

    def task(self, no: int) -> str:
        task = self.timeline.deal.task(no)
        return task.plan if task else str(no)
