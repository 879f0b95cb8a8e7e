"""Moments of a task that cannot have been meant: reminders nobody gets, rungs that come when all is over.

Only what is sure is said. Business days are counted as the calendar days that they take at least, and a moment that
counts from the renewal is compared only with another one that does, or with the longest runway of the play.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from saveline.core.language.lint_ids import EARLY_REMINDER, LADDER_LATE, LATE_REMINDER, RUNG_LATE, Lint
from saveline.core.language.problems import Place
from saveline.core.moments import Moment
from saveline.core.play import Play, Rung, TaskPlan

DAY: Final = timedelta(days=1)
LIKE_START: Final = ("start", "stage start", "opened")
"""Anchors that cannot lie before the deal was opened, nor the first two after the task has begun."""


def task(play: Play, plan: TaskPlan, place: Place) -> Iterator[Lint]:
    """The reminders of a task, and the ladder it climbs."""
    yield from _reminders(plan, place)
    for i, rung in enumerate(plan.policy.escalate):
        at = _from_renewal(plan, rung)
        if at is not None and at > timedelta(0):
            own = (*place, "escalate", i) if plan.policy.name == plan.id else (*place, "due")
            what = f"the rung {rung} of {plan.id} comes when the renewal is past"
            yield Lint(RUNG_LATE, own, what, "an earlier due moment, or an earlier rung")
    yield from _ladder(play, plan, place)


def _reminders(plan: TaskPlan, place: Place) -> Iterator[Lint]:
    for i, moment in enumerate(plan.policy.remind):
        here: Place = (*place, "remind", i)
        if moment.anchor.kind != "due":
            continue
        if moment.direction > 0:
            what = f"{moment} is too late to remind anybody"
            yield Lint(LATE_REMINDER, here, what, "a moment before due, or a rung of the ladder")
        elif plan.due.anchor.kind == "start" and plan.due.direction > 0 and _before_start(plan.due, moment):
            what = f"{plan.id} has not begun {moment}: it is due {plan.due}"
            yield Lint(EARLY_REMINDER, here, what, f"less than {plan.due.duration} before due")


def _before_start(due: Moment, reminder: Moment) -> bool:
    """Whether the reminder lies before the start however the days fall. A due moment without an hour is the close of
    its day, which may be a day later than the task's own hour."""
    room = due.duration.calendar() + (timedelta(0) if due.has_hour else DAY)
    return reminder.duration.calendar() >= room


def _ladder(play: Play, plan: TaskPlan, place: Place) -> Iterator[Lint]:
    """The first rung that asks for a decision, where even in the best case the decision date comes before it.

    The work of the last stage may well follow the decision: it is what was decided.
    """
    rung = next((r for r in plan.policy.escalate if r.do == "decide"), None)
    if rung is None or plan.optional or plan.stage == play.stages[-1].key:
        return
    at, decide = _from_renewal(plan, rung), play.decide
    late = at is not None and decide.anchor.kind == "renewal" and at > _offset(decide)
    room = _room(play)
    if not late and room is not None:
        length = _from_opening(plan, rung)
        late = length is not None and length > room
    if late:
        what = f"the ladder of {plan.id} asks for a decision {rung}, when the decision date ({decide}) is past"
        yield Lint(LADDER_LATE, (*place, "due"), what, "shorter times, or an earlier due moment")


def _from_renewal(plan: TaskPlan, rung: Rung) -> timedelta | None:
    """How long after the renewal (before it: below nothing) the rung comes, where that can be said."""
    if rung.when is None:
        return None
    if rung.when.anchor.kind == "renewal":
        return _offset(rung.when)
    if rung.when.anchor.kind == "due" and plan.due.anchor.kind == "renewal":
        return _offset(plan.due) + _offset(rung.when)
    return None


def _from_opening(plan: TaskPlan, rung: Rung) -> timedelta | None:
    """How long after the opening of the deal the rung comes at the earliest, where that can be said."""
    if rung.when is None or rung.when.anchor.kind != "due" or plan.due.anchor.kind not in LIKE_START:
        return None
    return _offset(plan.due) + _offset(rung.when)


def _room(play: Play) -> timedelta | None:
    """The longest time that can lie between the opening and the decision date, where the play says so."""
    decide = play.decide
    if decide.anchor.kind == "opened":
        return _longest(decide)
    longest = play.applies.runway_days.high if play.applies.runway_days is not None else None
    if decide.anchor.kind == "renewal" and longest is not None:
        return timedelta(days=longest + 1) + _offset(decide)
    return None


def _offset(moment: Moment) -> timedelta:
    """At least so long after its anchor; a business day takes at least a day."""
    return moment.direction * moment.duration.calendar()


def _longest(moment: Moment) -> timedelta:
    """At most so long after its anchor, holidays left aside: five business days take nine days when they fall badly."""
    working = moment.duration.business_days
    return _offset(moment) + timedelta(days=2 * (working // 5 + 1)) if working else _offset(moment) + DAY
