"""A play as lanes: one for each department, days across, a bar for each task. What every picture of a play shows.

Places are in days since the deal was opened. A working day is one day long, whatever its hours: 3.5 is the middle of
the fourth day. So a task that is due at the close of a day ends where the next day begins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from saveline.core.decide.draft import Case
from saveline.core.decide.repeats import next_turn
from saveline.core.facts import Account, Deal, Fact
from saveline.core.people import Chain, Claim, Lead, Manager, Named, Owner, People, Pick, Role
from saveline.core.phrases import count, listed, words_of
from saveline.core.play import STAGE_ENDS, Play, TaskPlan
from saveline.core.runway import Runway, Slot, conditional, least_days, with_last_moments
from saveline.core.workspace import Workspace
from saveline.core.worktime import DaysOff, WorkCalendar, first_opening

MONDAY: Final = date(2026, 6, 1)
"""When a deal is opened for a picture that is of no deal: a Monday, in months without a change of clocks."""
MOST_TURNS: Final = 60
"""How many turns of one task a picture shows at most."""
USUAL_DAYS: Final = 120
"""The runway of a picture of a play that fits none."""
_ACCOUNT_NAME: Final = re.compile(r"\{\{\s*account\.name\s*\}\}")
_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


class Bar(Fact, frozen=True):
    """A task, from where it begins to where it is due; ``again`` is where each further turn begins. ``note`` says that
    it is optional, comes again or has a condition."""

    task: str
    title: str
    begins: float
    ends: float
    due: str
    who: str
    critical: bool = False
    spare: bool = False
    note: str = ""
    condition: str = ""
    after: tuple[str, ...] = ()
    again: tuple[float, ...] = ()
    slack_days: float | None = None


class Lane(Fact, frozen=True):
    """A department, or a role that no department is known for, with its tasks in the order in which they begin."""

    title: str
    bars: tuple[Bar, ...]


class Band(Fact, frozen=True):
    """A stage, from where it is entered to where the plan leaves it."""

    title: str
    begins: float
    ends: float
    gate: str = ""
    max: str = ""


class Swimlanes(Fact, frozen=True):
    """A whole picture. ``opened`` is the day 0, None where the picture is of no particular day."""

    name: str
    title: str
    finding: str
    lanes: tuple[Lane, ...]
    bands: tuple[Band, ...]
    ends: float
    decision: float
    decided: str
    path: tuple[str, ...]
    fits: bool
    notes: tuple[str, ...] = ()
    opened: date | None = None

    @property
    def days(self) -> float:
        """How far it reaches: to the decision, and to the end of every task."""
        return max(self.decision, self.ends, 1.0, *(bar.ends for bar in self.bars))

    @property
    def bars(self) -> tuple[Bar, ...]:
        return tuple(bar for lane in self.lanes for bar in lane.bars)


class Outlined(Fact, frozen=True):
    """A play laid out for no deal in particular: for which account and moment, and what came out."""

    case: Case
    runway: Runway
    least_days: int | None
    opened: date | None = None


def outlined(play: Play, workspace: Workspace, *, opened: date | None = None, renewal: date | None = None) -> Outlined:
    """The play as it runs in the company's own hours, opened at the start of a day.

    Without ``opened`` on a Monday in weeks without holidays; without ``renewal`` for an account that has just enough
    time.
    """
    days_off = DaysOff(workspace.country, workspace.holidays) if opened else DaysOff(None)
    people = People((), workspace.departments, workspace.zone, workspace.hours, days_off)
    calendar = people.calendar(None)
    at = first_opening(calendar, opened or MONDAY)
    case = Case(workspace, people, play, Account(0, "", "the customer", renewal=renewal), Deal(0, 0))
    least = least_days(case, at) if play.decide.anchor.kind == "renewal" else None
    if renewal is None and play.decide.anchor.kind == "renewal":
        days = timedelta(days=USUAL_DAYS if least is None else least)
        case = replace(case, account=replace(case.account, renewal=calendar.local(at).date() + days))
    return Outlined(case, with_last_moments(case, at), least, opened)


def swimlanes(found: Outlined, *, of_renewal: bool = False) -> Swimlanes:
    """The picture of a play that was laid out; ``of_renewal`` where somebody asked about a certain renewal."""
    case, runway = found.case, found.runway
    scale = Scale(case.people.calendar(None), runway.at)
    lanes = _lanes(case, runway, scale)
    return Swimlanes(
        name=case.play.name,
        title=case.play.title,
        finding=_finding(found, len(lanes), of_renewal),
        lanes=lanes,
        bands=tuple(_bands(case, runway, scale)),
        ends=scale.place(runway.ends),
        decision=scale.place(runway.limit),
        decided=f"Decision: {case.play.decide}" if runway.limited_by == "decision" else "Renewal",
        path=runway.path,
        fits=runway.fits,
        notes=tuple(_notes(found)),
        opened=found.opened,
    )


class Scale:
    """Moments → days since the opening, each working day one long."""

    def __init__(self, calendar: WorkCalendar, opened: datetime) -> None:
        self._calendar = calendar
        self._first = calendar.local(opened).date()

    def place(self, at: datetime) -> float:
        day = self._calendar.local(at).date()
        spans = self._calendar.spans(day)
        whole = sum(((b - a) for a, b in spans), timedelta())
        spent = sum((max(min(b, at) - a, timedelta()) for a, b in spans), timedelta())
        return round((day - self._first).days + (spent / whole if whole else 0.0), 3)


def readable(source: str) -> str:
    """A title as it stands in the play, in words: the account is “the customer”, what else is filled in is “…”."""
    return " ".join(_TEMPLATE.sub("…", _ACCOUNT_NAME.sub("the customer", source)).split())


def _lanes(case: Case, runway: Runway, scale: Scale) -> tuple[Lane, ...]:
    homes = _homes(case.play, case.workspace)
    lanes: dict[str, list[Bar]] = {}
    for slot in sorted(runway.slots, key=lambda s: (s.starts, s.ends)):
        plan = case.play.tasks[slot.task]
        again = tuple(scale.place(at) for at in _turns(slot, plan, runway, case.people.calendar(None)))
        lanes.setdefault(_lane(plan, case.workspace, homes), []).append(_bar(slot, plan, scale, again))
    return tuple(Lane(title, tuple(bars)) for title, bars in lanes.items())


def _turns(slot: Slot, plan: TaskPlan, runway: Runway, calendar: WorkCalendar) -> Iterator[datetime]:
    """When a task that comes again begins its further turns, if all goes by the plan."""
    if plan.repeat is None:
        return
    until, turn = runway.limit, slot.starts
    if plan.repeat.until == STAGE_ENDS:
        until = next((e.at for e in runway.exits if e.stage == slot.stage), until)
    elif (ending := runway.slot(plan.repeat.until)) is not None:
        until = ending.ends
    for _ in range(MOST_TURNS):
        turn = next_turn(plan.repeat.every, turn, turn, calendar)
        if turn >= until:
            return
        yield turn


def _bar(slot: Slot, plan: TaskPlan, scale: Scale, again: tuple[float, ...]) -> Bar:
    notes = [
        *(["optional"] if plan.optional else []),
        *([f"every {plan.repeat.every}"] if plan.repeat else []),
        *(["if needed"] if plan.condition is not None else []),
    ]
    return Bar(
        task=slot.task,
        title=readable(plan.title.source),
        begins=scale.place(slot.starts),
        ends=scale.place(slot.ends),
        due=str(plan.due),
        who=", else ".join(str(link) for link in plan.assign),
        critical=slot.critical,
        spare=slot.spare,
        note=", ".join(notes),
        condition=plan.condition.source if plan.condition else "",
        after=slot.after,
        again=again,
        slack_days=None if slot.slack is None else round(slot.slack / timedelta(days=1), 2),
    )


def _bands(case: Case, runway: Runway, scale: Scale) -> Iterator[Band]:
    begins = 0.0
    for left in runway.exits:
        stage = case.play.stage(left.stage)
        ends = scale.place(left.at)
        gate = stage.exit.source if stage and stage.exit else ""
        most = f"at most {stage.max}" if stage and stage.max else ""
        yield Band(case.workspace.stage_title(left.stage), begins, ends, gate, most)
        begins = ends


def _lane(plan: TaskPlan, workspace: Workspace, homes: Mapping[str, str]) -> str:
    """The department of whoever is asked first; where the play does not tell, the role is a lane of its own."""
    key = _department(plan.assign[:1], homes) or plan.department or _department(plan.assign, homes)
    if key is not None:
        return next((d.name for d in workspace.departments if d.key == key), words_of(key).capitalize())
    return _alone(plan.assign)


def _department(chain: Chain, homes: Mapping[str, str]) -> str | None:
    for link in chain:
        if isinstance(link, Pick | Claim | Lead) and link.department:
            return link.department
        if isinstance(link, Role | Owner) and str(link) in homes:
            return homes[str(link)]
    return None


def _alone(chain: Chain) -> str:
    link = chain[0] if chain else Owner()
    match link:
        case Role(name):
            return name.upper() if len(name) <= 3 else words_of(name).capitalize()
        case Owner():
            return "Deal owner"
        case Named(email):
            return email.partition("@")[0]
        case Manager(of):
            return f"Manager of {of}"
        case _:
            return words_of(str(link)).capitalize()


def _homes(play: Play, workspace: Workspace) -> dict[str, str]:
    """In which department a role is at home: the one that stands in for it most often in the play's own lists."""
    seen: dict[str, Counter[str]] = {}
    for chain in (workspace.owner, *(t.assign for s in play.stages for t in s.tasks)):
        if len(chain) > 1 and isinstance(chain[0], Role):
            home = _department(chain[1:], {})
            if home is not None:
                seen.setdefault(chain[0].name, Counter())[home] += 1
    homes = {role: found.most_common(1)[0][0] for role, found in seen.items()}
    owner = _department(workspace.owner, homes)
    return {**homes, **({"owner": owner} if owner else {})}


def _finding(found: Outlined, lanes: int, of_renewal: bool) -> str:
    runway, play = found.runway, found.case.play
    size = f"{count(len(runway.slots), 'task')} for {count(lanes, 'team')}"
    head = f"{size}, {count(runway.needs_days, 'day')} end to end."
    if of_renewal or play.decide.anchor.kind != "renewal":
        return f"{head} {runway.words}"
    if found.least_days is None:
        return f"{head} It fits no runway: {_lower(runway.words)}"
    return f"{head} It needs {count(found.least_days, 'day')} until renewal."


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _notes(found: Outlined) -> Iterator[str]:
    yield (
        f"Critical path: {' → '.join(words_of(t) for t in found.runway.path)}."
        if found.runway.path
        else "No task sets the length."
    )
    if told := conditional(found.runway):
        yield told
    spare = [words_of(s.task) for s in found.runway.slots if s.spare]
    if spare:
        yield f"Nothing waits for {listed(spare)}."
    if found.opened is None:
        yield "Opened on a Monday, in the company's own hours, without holidays."
