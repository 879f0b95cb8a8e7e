"""What is at risk, and what a report knows of it. Days in the examples are those of November 2026."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from saveline.core.changes import (
    Change,
    DealClosed,
    DealJoined,
    DealKept,
    DealLeft,
    DealMerged,
    DealOpened,
    DealPaused,
    DealReopened,
    DecisionAsked,
    Event,
    StageEntered,
    TaskDone,
    TaskStarted,
)
from saveline.core.facts import Account
from saveline.core.periods import Period, parse
from saveline.core.records import Record
from saveline.core.report import Amount, StageReport, stage_report
from saveline.core.stories import stories
from saveline.core.workspace import Outcome, Workspace
from tests.core.test_report import ANA, PEOPLE, WEEK, WORKSPACE, nov, told
from tests.definitions import Values, worked

CLEARING = replace(WORKSPACE, outcomes=(*WORKSPACE.outcomes, Outcome("cleared", "Risk cleared", cleared=True)))
"""With an outcome of deals whose risk went away."""
AGAIN = DealReopened("play", "hash", ANA, nov(60))


def rows(given: Values, *names: str) -> Iterator[tuple[Any, ...]]:
    """The columns of an example side by side; days with a fraction as plain numbers."""
    columns = ([float(n) if isinstance(n, Decimal) else n for n in given[name]] for name in names)
    return zip(*columns, strict=True)


def began(day: float, cents: int, decide: float = 60) -> list[tuple[float, Change]]:
    """A deal is opened and comes to Triage."""
    return [(day, DealOpened("play", "hash", ANA, cents, nov(decide))), (day, StageEntered("triage"))]


def _reported(
    histories: Sequence[Sequence[Event]],
    period: Period = WEEK,
    *,
    workspace: Workspace = CLEARING,
    written: Mapping[int, float] | None = None,
) -> StageReport:
    """Of deals that are numbered from 1 on; ``written`` is the day on which a deal's last event was, where later."""
    records = {}
    for i, events in enumerate(histories, 1):
        late = nov((written or {})[i]) - events[-1].at if i in (written or {}) else timedelta()
        records[i] = [*map(Record, events[:-1]), Record(events[-1], round(late / timedelta(seconds=1)))]
    accounts = {i: Account(i, f"a{i}", f"Account {i}") for i in records}
    return stage_report(stories(records, accounts, period), workspace, PEOPLE, period)


def _both(amount: Amount) -> list[int]:
    return [amount.deals, amount.arr_cents]


@worked("ARR at risk and its bridge")
def bridge(given: Values) -> Values:
    names = ("arr", "opened", "ended", "on", "again", "written", "brings")
    histories, written = list[list[tuple[float, Change]]](), dict[int, float]()
    for i, (arr, first, ended, on, again, late, brings) in enumerate(rows(given, *names), 1):
        life = began(first, arr)
        if ended:
            life.append((on, DealMerged(1) if ended == "merged" else DealClosed(ended, "so")))
        if ended == "merged":
            histories[0].append((on, DealJoined(i, "another", 70, brings)))
        if again:
            life.append((again, AGAIN))
        if late != on:
            written[i] = late
        histories.append(life)
    found = _reported([told(*life) for life in histories], written=written)
    moves = {o.key: o.closed for o in found.outcomes if o.key in ("saved", "lost")} | {"merged": found.merged}
    came = found.before + found.corrected + found.opened + found.reopened
    assert came - sum(moves.values(), Amount()) == found.at_risk
    sums = {n: getattr(found, n) for n in ("before", "corrected", "opened", "reopened", "at_risk")}
    return {name: _both(amount) for name, amount in (sums | moves).items()}


@worked("What a report knows, and corrections")
def as_known(given: Values) -> Values:
    deal = told(*began(given["opened"], given["arr"]), (given["saved"], DealClosed("saved", "so", given["arr"])))
    written = {1: float(given["written"])}

    def at(week: str, as_of: datetime | None = None) -> StageReport:
        return _reported([deal], replace(parse(week, "Europe/Lisbon"), as_of=as_of), written=written)

    then, later, following = at("2026-W46"), at("2026-W46", given["as_of"]), at("2026-W47")
    return {
        "week_46": {"at_risk": then.at_risk.arr_cents, "saved": then.saved},
        "week_46_as_of": {"at_risk": later.at_risk.arr_cents, "saved": later.saved},
        "week_47": {
            "before": following.before.arr_cents,
            "corrected": following.corrected.arr_cents,
            "at_risk": following.at_risk.arr_cents,
            "saved": following.saved,
            "corrections": len(following.corrections),
        },
    }


@worked("Where they stand")
def stand(given: Values) -> Values:
    histories = []
    for since, due, paused in rows(given, "since", "due", "paused"):
        life: list[tuple[float, Change]] = began(2, 10_000_00)
        life.append((since, StageEntered("stabilise", (), nov(due))))
        if paused:
            life.append((paused, DealPaused(nov(40), "so")))
        histories.append(told(*life))
    line = next(s for s in _reported(histories).stages if s.key == "stabilise")
    return {"deals": line.here.deals, "entered": line.entered, "median_days": line.median_days, "late": line.late}


@worked("Saved, of the deals closed")
def saved(given: Values) -> Values:
    kept = rows(given, "ended", "arr", "kept")
    lives = [told(*began(2, arr), (18, DealClosed(ended, "so", cents or None))) for ended, arr, cents in kept]
    found = _reported(lives)
    to_keep = sum(o.kept_cents for o in found.outcomes if o.saved)
    return {"saved": found.saved, "closed": found.closed.deals, "to_keep": to_keep}


@worked("Kept, watched, lost after all")
def kept(given: Values) -> Values:
    names = ("arr", "kept", "saved", "watched_until", "came_through", "left")
    histories = []
    for arr, cents, on, until, through, left in rows(given, *names):
        life = began(on - 20, arr)
        life.append((on, DealClosed("saved", "so", cents, watch_until=nov(until) if until else None)))
        if through:
            life.append((through, DealKept()))
        if left:
            life.append((left, DealLeft(date(2026, 12, 1))))
        histories.append(told(*life))
    found = _reported(histories)
    return {n: _both(getattr(found, n)) for n in ("kept", "watched", "lost_after_all")}


@worked("Decisions ahead")
def decisions(given: Values) -> Values:
    lives = []
    for decide, asked, answer in rows(given, "decide_by", "asked", "answer_by"):
        life: list[Any] = began(2, 10_000_00, decide)
        if asked:
            life += [(asked, DecisionAsked()), (asked, TaskStarted("Decide", nov(answer)), 1)]
        lives.append(told(*life))
    found = _reported(lives).decisions
    by = [round((line.decide_at - nov(0)) / timedelta(days=1), 2) for line in found]
    return {"listed": [line.deal_id for line in found], "by": by}


@worked("Overdue tasks")
def overdue(given: Values) -> Values:
    lives = []
    for due, done, paused in rows(given, "due", "done", "paused"):
        life: list[tuple[float, Change] | tuple[float, Change, int]] = [
            (2, DealOpened("play", "hash", ANA, 10_000_00, nov(60))),
            (2, StageEntered("triage", ("diagnosis",))),
            (2, TaskStarted("Diagnosis", nov(due)), 1),
        ]
        if done:
            life.append((done, TaskDone(), 1))
        if paused:
            life.append((paused, DealPaused(nov(40), "so")))
        lives.append(told(*life))
    return {"overdue": [line.deal_id for line in _reported(lives).overdue]}
