"""Which accounts become deals in a rehearsal, when, and with which play."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from saveline.core.behaviour import Behaviour
from saveline.core.facts import Account, Fact, Signal
from saveline.core.luck import Luck, weighted
from saveline.core.opening import opens
from saveline.core.people import People
from saveline.core.play import Play
from saveline.core.portfolio import Opening
from saveline.core.risk import Assessment, assess
from saveline.core.suitable import Candidate, suitable
from saveline.core.workspace import Workspace
from saveline.core.worktime import WorkCalendar, next_opening

MORNING: Final = 9
"""The hour at which the accounts are looked at, once a week, besides whenever a signal comes."""


class Arrival(Fact, frozen=True):
    """An account that becomes a deal at ``at``. ``key`` is the name by which luck knows the deal."""

    at: datetime
    account: Account
    causes: tuple[str, ...]
    score: int = 0
    why: tuple[str, ...] = ()
    key: str = ""


class Arrivals(Fact, frozen=True):
    """Deals to rehearse, and why other accounts are none: ``{reason: how many}``."""

    openings: tuple[Opening, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()


def by_luck(
    accounts: Iterable[Account],
    causes: Sequence[str],
    behaviour: Behaviour,
    luck: Luck,
    calendar: WorkCalendar,
    span: tuple[datetime, datetime],
) -> list[Arrival]:
    """Every account once, at a working moment that is drawn from ``span``, for one of ``causes``."""
    first, days = span[0], (span[1] - span[0]) / timedelta(days=1)
    found = []
    for account in accounts:
        minutes = round(luck.share(account.key, "opens") * days * 24 * 60)
        at = next_opening(calendar, first + timedelta(minutes=minutes))
        if at >= span[1]:  # drawn on the last weekend: its Monday is over the end, and is taken from the beginning
            at = next_opening(calendar, first + (at - span[1]))
        cause = weighted(causes, behaviour.causes, luck.share(account.key, "cause"))
        found.append(Arrival(at, account, (cause,), key=account.key))
    return found


def by_risk(
    found: Iterable[tuple[Account, Sequence[Signal]]],
    workspace: Workspace,
    calendar: WorkCalendar,
    span: tuple[datetime, datetime],
) -> list[Arrival]:
    """As in life: every account whose score reaches the workspace's, when it first does.

    Whoever is in touch with an account is taken to stay so: days without contact are those of the beginning.
    """
    arrivals = []
    for account, signals in found:
        at, assessment = _first_at_risk(account, signals, workspace, calendar, span)
        if at is not None:
            why = tuple(assessment.printed().splitlines())
            arrivals.append(Arrival(at, account, assessment.causes, assessment.score, why, account.key))
    return arrivals


def _first_at_risk(
    account: Account,
    signals: Sequence[Signal],
    workspace: Workspace,
    calendar: WorkCalendar,
    span: tuple[datetime, datetime],
) -> tuple[datetime | None, Assessment]:
    first, until = span
    zone = ZoneInfo(workspace.zone)
    moments = {next_opening(calendar, s.at) for s in signals if first <= s.at < until} | {next_opening(calendar, first)}
    monday = calendar.local(first).date() - timedelta(days=calendar.local(first).weekday())
    weeks = (until - first).days // 7 + 1
    moments |= {next_opening(calendar, calendar.wall(monday + timedelta(weeks=w), MORNING * 60)) for w in range(weeks)}
    for at in sorted(m for m in moments if first <= m < until):
        contact = at - (first - account.last_contact) if account.last_contact else None
        assessment = assess(replace(account, last_contact=contact), signals, workspace.risk, at, zone)
        if opens(assessment, workspace, now=at):
            return at, assessment
    return None, Assessment(0)


def openings(
    arrivals: Iterable[Arrival],
    plays: Sequence[Play],
    workspace: Workspace,
    people: People,
    only: Play | None,
    *,
    force: bool = False,
) -> Arrivals:
    """Each arrival with the play that it gets: the one that suits it best, or ``only`` where that applies to it.

    With ``force`` it gets ``only`` in any case.
    """
    found: list[Opening] = []
    left_out: dict[str, int] = {}
    for arrival in sorted((a if force else _renewed(a) for a in arrivals), key=lambda a: (a.at, a.key)):
        default = workspace.default_play if only is None else only.name if force else ""
        candidate = Candidate(arrival.account, arrival.causes, arrival.at, arrival.score)
        choice = suitable(candidate, plays if only is None else [only], workspace, people, default)
        if choice.play is None:
            reason = choice.why[0] if only and choice.why else "no play applies, and there is no default"
            left_out[reason] = left_out.get(reason, 0) + 1
            continue
        why = (*arrival.why, *choice.why)
        of_it = (arrival.causes, arrival.key, arrival.score, why, choice.lot)
        found.append(Opening(arrival.at, arrival.account, choice.play, *of_it))
    return Arrivals(tuple(found), tuple(sorted(left_out.items(), key=lambda line: (-line[1], line[0]))))


def _renewed(arrival: Arrival) -> Arrival:
    """With a renewal that is past by then rolled on to its next anniversary: whoever is still there has renewed."""
    renewal, day = arrival.account.renewal, arrival.at.date()
    if renewal is None or renewal > day:
        return arrival
    if (renewal.month, renewal.day) == (2, 29):
        renewal = renewal.replace(day=28)  # a day that every year has
    later = renewal.replace(year=day.year)
    later = later if later > day else later.replace(year=day.year + 1)
    return replace(arrival, account=replace(arrival.account, renewal=later))
