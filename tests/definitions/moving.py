"""How deals move."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from saveline.core.cases import case_of
from saveline.core.changes import Change, DealClosed, DealMerged, DealOpened, DealReopened, Event, StageEntered
from saveline.core.facts import Account
from saveline.core.journeys import journeys
from saveline.core.periods import Period
from saveline.core.pipeline import Pipeline
from saveline.core.records import Record
from saveline.core.stories import stories
from saveline.evidence.pipeline import pipeline
from tests.core.test_report import ANA, WORKSPACE
from tests.definitions import Values, worked

WEEK = Period("week", "", datetime(2026, 11, 16, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
SINCE = WEEK.end - timedelta(days=365)


def ended(outcome: str) -> Change:
    return DealMerged(1) if outcome == "merged" else DealClosed(outcome, "so")


def life(arr: int, stages: Sequence[tuple[str, float]], outcome: str = "", gone: float = 0) -> list[Event]:
    """A deal's history. Moments are in days before the period's end; ``gone`` is when it ended, if it has."""
    steps: list[tuple[float, Change]] = [
        (stages[0][1], DealOpened("play", "hash", ANA, arr, WEEK.end + timedelta(days=60))),
        *((ago, StageEntered(stage)) for stage, ago in stages),
        *([(gone, ended(outcome))] if outcome else []),
    ]
    return [Event(i, WEEK.end - timedelta(days=ago), change) for i, (ago, change) in enumerate(steps, 1)]


def moved(lives: Sequence[Sequence[Event]], stated: Sequence[float | None] = ()) -> Pipeline:
    """Deals are numbered from 1 on; ``stated`` are the chances of the stages, in their order."""
    stages = [replace(s, probability=p) for s, p in zip(WORKSPACE.stages, stated, strict=False)]
    workspace = replace(WORKSPACE, stages=tuple(stages)) if stages else WORKSPACE
    accounts = {i: Account(i, f"a{i}", f"Account {i}") for i in range(1, len(lives) + 1)}
    cases = [case_of(accounts[i], events, i) for i, events in enumerate(lives, 1)]
    told = stories({i: [*map(Record, events)] for i, events in enumerate(lives, 1)}, accounts, WEEK)
    return pipeline(cases, told, workspace, WEEK, SINCE)


@worked("What is stuck")
def stuck(given: Values) -> Values:
    lives = [life(1000, [("triage", 200), ("stabilise", 200 - days)], "lost", 90) for days in given["left_after"]]
    first = len(lives) + 1
    lives += [life(arr, [("triage", days)]) for arr, days in zip(given["open_arr"], given["open_for"], strict=True)]
    found = moved(lives)
    usual = next(t.stay.late.days for t in found.times if t.stage == "triage")
    listed = [line.deal_id - first for line in found.stuck]
    assert len(listed) == found.stuck_deals
    return {"usual": usual, "stuck": [given["open_for"][i] for i in listed], "stuck_arr": found.stuck_cents}


@worked("What is likely to be saved")
def likely(given: Values) -> Values:
    keys = [s.key for s in WORKSPACE.stages]
    lives = []
    for furthest, (saved, lost) in enumerate(zip(given["saved"], given["lost"], strict=True)):
        walked = [(key, 100.0 - 10 * place) for place, key in enumerate(keys[: furthest + 1])]
        lives += [
            life(1000, walked, outcome, 50) for outcome, n in (("saved", saved), ("lost", lost)) for _ in range(n)
        ]
    lives += [life(arr, [(key, 5)]) for key, arr in zip(keys, given["open_arr"], strict=True)]
    found = moved(lives, [float(p) for p in given["stated"]]).outlook
    return {
        "came": [line.learned.seen.n for line in found.lines if line.learned],
        "seen": [line.learned.seen.share for line in found.lines if line.learned],
        "learned": [line.learned.chance for line in found.lines if line.learned],
        "stated_arr": found.stated_cents,
        "learned_arr": found.learned_cents,
    }


@worked("Past forecasts, and which are looked back at")
def looked_back(given: Values) -> Values:
    groups = zip(given["deals"], given["came_days_ago"], given["decided_days_ago"], strict=True)
    lives = [life(1000, [("triage", came)], ("lost", "saved")[i % 2], at) for n, came, at in groups for i in range(n)]
    found = moved(lives, [0.4, None, None]).outlook
    return {"stated": found.stated.n, "learned": found.learned.n}


@worked("How far deals come")
def funnel(given: Values) -> Values:
    lives = []
    for stages, outcome, n in zip(given["stages"], given["ended"], given["deals"], strict=True):
        walked = [(key, 100.0 - 10 * place) for place, key in enumerate(stages)]
        lives += [life(1000, walked, outcome, 50)] * n
    step = next(s for s in moved(lives).funnel if s.stage == given["of"])
    counts = {n: getattr(step, n) for n in ("came", "went_on", "stopped", "here")}
    return counts | {n: getattr(step.rate, n) for n in ("share", "low", "high")}


@worked("The ways deals took")
def ways(given: Values) -> Values:
    histories = {}
    for i, (opened, closed, outcome, again, last) in enumerate(
        zip(*(given[n] for n in ("opened", "ended", "as", "again", "last")), strict=True), 1
    ):
        steps: list[tuple[int, Change]] = [
            (opened, DealOpened("play", "hash", ANA, 1000, WEEK.end)),
            (opened, StageEntered("triage")),
        ]
        if outcome:
            steps.append((closed, ended(outcome)))
        if again:
            steps += [(again, DealReopened("play", "hash", ANA, WEEK.end)), (again, StageEntered("triage"))]
            steps.append((last, ended("saved")))
        histories[i] = [Event(n, SINCE + timedelta(days=day), change) for n, (day, change) in enumerate(steps, 1)]
    found = journeys(histories)
    return {
        "ways": [v.title for v in found.variants],
        "deals": [v.deals for v in found.variants],
        "ended": found.ended,
        "open": found.open,
        "merged": found.merged,
        "again": found.reopened,
        "median_days": found.median_days,
        "mean_days": found.mean_days,
    }
