"""The stage report in words: everything a template prints, as text, in the workspace's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from saveline.core.corrections import in_words
from saveline.core.findings import NO_DEPARTMENT, NOBODY, findings
from saveline.core.periods import parse
from saveline.core.phrases import dated, due, money, whole_money
from saveline.core.report import MOST_LISTED, Amount, OutcomeLine, StageLine, StageReport
from saveline.core.tongue import ENGLISH, Tongue

MOST_DECISIONS: Final = 10


def report_view(report: StageReport, zone: str, tongue: Tongue = ENGLISH) -> dict[str, Any]:
    """The value every form of the report prints, finished. Bars are whole per cent of the longest.

    In another language than the one it was kept in, its findings are said anew.
    """
    most, at = max((s.here.arr_cents for s in report.stages), default=0), ZoneInfo(zone)
    words = _Words(report, at, tongue)
    return {
        "company": report.company,
        "title": words.title(),
        "key": report.period.key,
        "findings": list(report.findings if tongue is ENGLISH else findings(report, tongue)),
        "numbers": words.numbers(),
        "bridge": words.bridge(),
        "stages": [words.stage(s, most) for s in report.stages],
        "delayed": words.delayed(),
        "more_delayed": report.lost_after_all.deals - len(report.delayed),
        "corrections": [in_words(line, words.day, tongue) for line in report.corrections[:MOST_LISTED]],
        "more_corrections": max(0, len(report.corrections) - MOST_LISTED),
        "overridden": words.overridden(),
        "outcomes": [words.outcome(o) for o in report.outcomes],
        "overdue": words.overdue(),
        "overdue_by_department": [{"department": words.team(d), "tasks": n} for d, n in report.overdue_by_department],
        "decisions": words.decisions(),
        "more_decisions": max(0, len(report.decisions) - MOST_DECISIONS),
    }


class _Words:
    """The parts of one report in one language."""

    def __init__(self, report: StageReport, zone: ZoneInfo, tongue: Tongue) -> None:
        self.report, self.zone, self.tongue = report, zone, tongue

    def money(self, cents: int) -> str:
        return money(cents, self.report.currency, self.tongue)

    def day(self, at: datetime) -> str:
        return dated(at.astimezone(self.zone).date(), self.tongue)

    def team(self, name: str) -> str:
        return self.tongue.say("no department") if name == NO_DEPARTMENT else name

    def title(self) -> str:
        period, tongue = self.report.period, self.tongue
        title = period.title if tongue is ENGLISH else parse(period.key, self.zone.key, tongue).title
        if period.as_of is None:
            return title
        day = self.day(period.as_of - timedelta(microseconds=1))
        return tongue.say("{title}, as known on {day}", title=title, day=day)

    # --- the key numbers ----------------------------------------------------------------------------------------------

    def numbers(self) -> list[Mapping[str, str]]:
        """The key numbers, in one row."""
        report, tongue = self.report, self.tongue
        overdue, closed = sum(n for _, n in report.overdue_by_department), report.closed.deals
        saved = tongue.say("{saved} of {deals}", saved=report.saved, deals=closed) if closed else "–"
        deals = tongue.counted("{n} deal", "{n} deals", report.at_risk.deals)
        return [
            _number(tongue.say("ARR at risk"), self.money(report.at_risk.arr_cents), deals),
            _number(tongue.say("Kept"), self.money(report.kept.arr_cents), self._saves()),
            _number(tongue.say("Saved"), saved, self._of_closed()),
            _number(tongue.say("Tasks overdue"), str(overdue), self._most_overdue()),
        ]

    def _saves(self) -> str:
        """A save is kept once its watch is over; until then it is counted by itself."""
        report, say = self.report, self.tongue.say
        kept = self.tongue.counted("{n} save", "{n} saves", report.kept.deals)
        if not report.watched.deals:
            return kept
        watched = self.money(report.watched.arr_cents)
        return say("{kept}; {deals} watched, {value}", kept=kept, deals=report.watched.deals, value=watched)

    def _of_closed(self) -> str:
        if not self.report.saved:
            return self.tongue.say("of the deals closed")
        to_keep = sum(o.kept_cents for o in self.report.outcomes if o.saved)
        return self.tongue.say("of the deals closed, {value}", value=self.money(to_keep))

    def _most_overdue(self) -> str:
        if not self.report.overdue_by_department:
            return self.tongue.say("none")
        department, tasks = self.report.overdue_by_department[0]
        return self.tongue.say("{n} in {department}", n=tasks, department=self.team(department))

    # --- from before to now -------------------------------------------------------------------------------------------

    def bridge(self) -> list[Mapping[str, str]]:
        """From what was at risk before to what is now: opened is added, whatever was closed is taken off.

        In whole units, so that a reader who adds it up comes to the same.
        """
        report, say = self.report, self.tongue.say
        lines = [(say("At risk before"), report.before, "")]
        if report.corrected != Amount():
            lines.append((say("Corrected since"), *_signed(report.corrected)))
        lines.append((say("Opened"), report.opened, "+"))
        if report.reopened.deals:
            lines.append((say("Opened again"), report.reopened, "+"))
        lines += [(o.title, o.closed, "−") for o in report.outcomes]
        if report.merged != Amount():
            lines.append((say("Merged and split"), report.merged, "−"))
        lines.append((say("At risk now"), report.at_risk, ""))
        return [self._step(*line) for line in lines]

    def _step(self, label: str, amount: Amount, sign: str) -> Mapping[str, str]:
        value = whole_money(amount.arr_cents, self.report.currency, self.tongue)
        return {"label": label, "deals": str(amount.deals), "arr": f"{sign}{value}"}

    def stage(self, line: StageLine, most: int) -> Mapping[str, Any]:
        days = self.tongue.figure(f"{line.median_days:g}") if line.median_days is not None else ""
        return {
            "title": line.title,
            "deals": line.here.deals,
            "arr": self.money(line.here.arr_cents),
            "entered": line.entered,
            "days": self.tongue.say("{days} d", days=days) if days else "",
            "late": line.late,
            "bar": round(100 * line.here.arr_cents / most) if most else 0,
        }

    def outcome(self, line: OutcomeLine) -> Mapping[str, Any]:
        return {
            "title": line.title,
            "saved": line.saved,
            "deals": line.closed.deals,
            "arr": self.money(line.closed.arr_cents),
            "kept": self.money(line.kept_cents) if line.saved else "",
        }

    # --- what needs somebody ------------------------------------------------------------------------------------------

    def delayed(self) -> list[Mapping[str, Any]]:
        return [
            {
                "account": d.account,
                "arr": self.money(d.arr_cents),
                "kept": self.money(d.kept_cents),
                "deal": d.deal_id,
                "saved": self.day(d.saved_at),
                "left": dated(d.left_on, self.tongue),
            }
            for d in self.report.delayed
        ]

    def overridden(self) -> list[Mapping[str, Any]]:
        return [
            {
                "account": o.account,
                "stage": o.stage,
                "by": o.by,
                "reason": o.reason,
                "deal": o.deal_id,
                "at": self.day(o.at),
                "until": self.day(o.until),
            }
            for o in self.report.overridden
        ]

    def overdue(self) -> list[Mapping[str, str]]:
        end = self.report.period.end.astimezone(self.zone)
        return [
            {
                "account": o.account,
                "arr": self.money(o.arr_cents),
                "task": o.task,
                "ref": f"{o.deal_id}.{o.task_no}",
                "assignee": self.tongue.say("nobody") if o.assignee == NOBODY else o.assignee,
                "due": due(o.due_at.astimezone(self.zone), end, self.tongue),
            }
            for o in self.report.overdue
        ]

    def decisions(self) -> list[Mapping[str, Any]]:
        return [
            {
                "account": d.account,
                "arr": self.money(d.arr_cents),
                "stage": d.stage,
                "owner": d.owner,
                "deal": d.deal_id,
                "date": self.day(d.decide_at),
                "late": d.decide_at < self.report.period.end,
            }
            for d in self.report.decisions[:MOST_DECISIONS]
        ]


def _signed(amount: Amount) -> tuple[Amount, str]:
    """Without its sign, and the sign: that of the ARR, or of the deals where that is nothing."""
    less = (amount.arr_cents or amount.deals) < 0
    return (Amount() - amount, "−") if less else (amount, "+")


def _number(label: str, value: str, note: str) -> Mapping[str, str]:
    return {"label": label, "value": value, "note": note}
