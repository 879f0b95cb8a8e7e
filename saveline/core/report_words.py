"""The stage report in words: everything a template prints, as text, in the workspace's zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from saveline.core.phrases import count, due, money, whole_money
from saveline.core.report import Amount, OutcomeLine, StageLine, StageReport

MOST_DECISIONS: Final = 10


def report_view(report: StageReport, zone: str) -> dict[str, Any]:
    """The value every form of the report prints, finished. Bars are whole per cent of the longest."""
    most = max((s.here.arr_cents for s in report.stages), default=0)
    return {
        "company": report.company,
        "title": report.period.title,
        "key": report.period.key,
        "findings": list(report.findings),
        "numbers": _numbers(report),
        "bridge": _bridge(report),
        "stages": [_stage(s, most, report.currency) for s in report.stages],
        "delayed": _delayed(report, ZoneInfo(zone)),
        "more_delayed": report.lost_after_all.deals - len(report.delayed),
        "overridden": _overridden(report, ZoneInfo(zone)),
        "outcomes": [_outcome(o, report.currency) for o in report.outcomes],
        "overdue": _overdue(report, ZoneInfo(zone)),
        "overdue_by_department": [{"department": d, "tasks": n} for d, n in report.overdue_by_department],
        "decisions": _decisions(report, ZoneInfo(zone)),
        "more_decisions": max(0, len(report.decisions) - MOST_DECISIONS),
    }


def _numbers(report: StageReport) -> list[Mapping[str, str]]:
    """The key numbers, in one row."""
    to_keep = sum(o.kept_cents for o in report.outcomes if o.saved)
    overdue = sum(n for _, n in report.overdue_by_department)
    closed = report.closed.deals
    return [
        _number("ARR at risk", money(report.at_risk.arr_cents, report.currency), count(report.at_risk.deals, "deal")),
        _number("Kept", money(report.kept.arr_cents, report.currency), _saves(report)),
        _number("Saved", f"{report.saved} of {closed}" if closed else "–", _of_closed(report, to_keep)),
        _number("Tasks overdue", str(overdue), _most_overdue(report)),
    ]


def _saves(report: StageReport) -> str:
    """A save is kept once its watch is over; until then it is counted by itself."""
    kept = count(report.kept.deals, "save")
    if not report.watched.deals:
        return kept
    return f"{kept}; {report.watched.deals} watched, {money(report.watched.arr_cents, report.currency)}"


def _of_closed(report: StageReport, to_keep: int) -> str:
    return f"of the deals closed, {money(to_keep, report.currency)}" if report.saved else "of the deals closed"


def _delayed(report: StageReport, zone: ZoneInfo) -> list[Mapping[str, Any]]:
    return [
        {
            "account": d.account,
            "arr": money(d.arr_cents, report.currency),
            "kept": money(d.kept_cents, report.currency),
            "deal": d.deal_id,
            "saved": f"{d.saved_at.astimezone(zone):%-d %b %Y}",
            "left": f"{d.left_on:%-d %b %Y}",
        }
        for d in report.delayed
    ]


def _overridden(report: StageReport, zone: ZoneInfo) -> list[Mapping[str, Any]]:
    return [
        {
            "account": o.account,
            "stage": o.stage,
            "by": o.by,
            "reason": o.reason,
            "deal": o.deal_id,
            "at": f"{o.at.astimezone(zone):%-d %b %Y}",
            "until": f"{o.until.astimezone(zone):%-d %b %Y}",
        }
        for o in report.overridden
    ]


def _number(label: str, value: str, note: str) -> Mapping[str, str]:
    return {"label": label, "value": value, "note": note}


def _most_overdue(report: StageReport) -> str:
    if not report.overdue_by_department:
        return "none"
    department, tasks = report.overdue_by_department[0]
    return f"{tasks} in {department}"


def _bridge(report: StageReport) -> list[Mapping[str, str]]:
    """From what was at risk before to what is now: opened is added, whatever was closed is taken off.

    In whole units, so that a reader who adds it up comes to the same.
    """
    lines = [("At risk before", report.before, ""), ("Opened", report.opened, "+")]
    if report.reopened.deals:
        lines.append(("Opened again", report.reopened, "+"))
    lines += [(o.title, o.closed, "−") for o in report.outcomes]
    if report.merged != Amount():
        lines.append(("Merged and split", report.merged, "−"))
    lines.append(("At risk now", report.at_risk, ""))
    return [_step(label, amount, sign, report.currency) for label, amount, sign in lines]


def _step(label: str, amount: Amount, sign: str, currency: str) -> Mapping[str, str]:
    return {"label": label, "deals": str(amount.deals), "arr": f"{sign}{whole_money(amount.arr_cents, currency)}"}


def _stage(line: StageLine, most: int, currency: str) -> Mapping[str, Any]:
    return {
        "title": line.title,
        "deals": line.here.deals,
        "arr": money(line.here.arr_cents, currency),
        "entered": line.entered,
        "days": "" if line.median_days is None else f"{line.median_days:g} d",
        "late": line.late,
        "bar": round(100 * line.here.arr_cents / most) if most else 0,
    }


def _outcome(line: OutcomeLine, currency: str) -> Mapping[str, Any]:
    return {
        "title": line.title,
        "saved": line.saved,
        "deals": line.closed.deals,
        "arr": money(line.closed.arr_cents, currency),
        "kept": money(line.kept_cents, currency) if line.saved else "",
    }


def _overdue(report: StageReport, zone: ZoneInfo) -> list[Mapping[str, str]]:
    end = report.period.end.astimezone(zone)
    return [
        {
            "account": o.account,
            "arr": money(o.arr_cents, report.currency),
            "task": o.task,
            "ref": f"{o.deal_id}.{o.task_no}",
            "assignee": o.assignee,
            "due": due(o.due_at.astimezone(zone), end),
        }
        for o in report.overdue
    ]


def _decisions(report: StageReport, zone: ZoneInfo) -> list[Mapping[str, Any]]:
    return [
        {
            "account": d.account,
            "arr": money(d.arr_cents, report.currency),
            "stage": d.stage,
            "owner": d.owner,
            "deal": d.deal_id,
            "date": f"{d.decide_at.astimezone(zone):%-d %b %Y}",
            "late": d.decide_at < report.period.end,
        }
        for d in report.decisions[:MOST_DECISIONS]
    ]
