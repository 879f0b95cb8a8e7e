"""What the numbers of a stage report say, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from saveline.core.differing import differs
from saveline.core.phrases import money
from saveline.core.tongue import ENGLISH, Tongue, sentence
from saveline.core.works import found

if TYPE_CHECKING:  # the report is made with its findings
    from saveline.core.report import StageLine, StageReport

DECISIONS_AHEAD: Final = timedelta(days=14)
NOBODY: Final = sentence("nobody")
NO_DEPARTMENT: Final = sentence("no department")


def findings(report: StageReport, tongue: Tongue = ENGLISH) -> tuple[str, ...]:
    """What the numbers say, in sentences: what changed, where deals stop, what needs somebody."""
    lines = [_change(report, tongue), *_turned(report, tongue)]
    late = max(report.stages, key=lambda s: s.late, default=None)
    if late is not None and late.late:
        lines.append(stops(late, tongue))
    if report.overdue_by_department:
        lines.append(_overdue_words(report.overdue_by_department, tongue))
    if report.decisions:
        lines.append(
            tongue.counted(
                "{n} deal worth {value} must be decided within {days} days.",
                "{n} deals worth {value} must be decided within {days} days.",
                len(report.decisions),
                value=money(sum(d.arr_cents for d in report.decisions), report.currency, tongue),
                days=DECISIONS_AHEAD.days,
            )
        )
    if report.works is not None:
        lines += [differs(line, tongue) for line in found(report.works, dimension="play")[:1]]
    return tuple(lines)


def stops(stage: StageLine, tongue: Tongue) -> str:
    """Where deals stop: the stage in which most of them are late."""
    if stage.here.deals == 1:
        return tongue.say("{stage} is where deals stop: the one deal there is late.", stage=stage.title)
    return tongue.counted(
        "{stage} is where deals stop: {n} of the {deals} deals there is late.",
        "{stage} is where deals stop: {n} of the {deals} deals there are late.",
        stage.late,
        stage=stage.title,
        deals=stage.here.deals,
    )


def _overdue_words(by_department: Sequence[tuple[str, int]], tongue: Tongue) -> str:
    department, theirs = by_department[0]
    name = tongue.say("no department") if department == NO_DEPARTMENT else department
    total = sum(n for _, n in by_department)
    if total == 1:
        return tongue.say("1 task overdue, it is with {department}.", department=name)
    if theirs == total:
        return tongue.say("{n} tasks overdue, all of them with {department}.", n=total, department=name)
    return tongue.say("{n} tasks overdue, {theirs} of them with {department}.", n=total, theirs=theirs, department=name)


def _turned(report: StageReport, tongue: Tongue) -> list[str]:
    """What an earlier report called closed, or saved, and is not."""
    lines = []
    lost, again = report.lost_after_all, report.reopened
    if lost.deals:
        lines.append(
            tongue.counted(
                "One account that had been saved is lost after all: {value}.",
                "{n} accounts saved before are lost after all: {value}.",
                lost.deals,
                value=money(lost.arr_cents, report.currency, tongue),
            )
        )
    if again.deals:
        lines.append(
            tongue.counted(
                "{n} deal that had been closed is open again, worth {value}.",
                "{n} deals that had been closed are open again, worth {value}.",
                again.deals,
                value=money(again.arr_cents, report.currency, tongue),
            )
        )
    return lines


def _change(report: StageReport, tongue: Tongue) -> str:
    moved = report.at_risk.arr_cents - report.before.arr_cents
    values = {
        "now": money(report.at_risk.arr_cents, report.currency, tongue),
        "change": money(abs(moved), report.currency, tongue),
        "closed": _closed(report, tongue),
    }
    if not moved:
        return tongue.say("{now} is at risk, as much as before; {closed}.", now=values["now"], closed=values["closed"])
    if moved > 0:
        return tongue.say("{now} is at risk, {change} more than before; {closed}.", **values)
    return tongue.say("{now} is at risk, {change} less than before; {closed}.", **values)


def _closed(report: StageReport, tongue: Tongue) -> str:
    if not report.closed.deals:
        return tongue.say("none closed")
    if report.closed.deals > 1:
        return tongue.say("{saved} of {deals} deals closed were saved", saved=report.saved, deals=report.closed.deals)
    if report.saved:
        return tongue.say("the one deal closed was saved")
    return tongue.say("the one deal closed was not saved")
