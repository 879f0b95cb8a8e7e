"""After new facts came in: accounts at risk become deals, and running deals hear of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.deals import Wanted, open_deals
from saveline.actions.desk import Desk
from saveline.actions.running import Cleared, Joined, Left, Told, tell_deals
from saveline.core.errors import Invalid, Problem
from saveline.core.facts import Fact
from saveline.core.opening import cooling, gone, judged, opens
from saveline.core.risk import Assessment
from saveline.store import accounts, lineage
from saveline.store.accounts import Watched

LOOKED_AT = 25
"""Accounts whose signals are in memory at a time: some have thousands."""
OPENED = 200
"""Deals opened by one set of statements."""


class Opened(Fact, frozen=True):
    """A deal that was opened, with the sum of its score line by line; ``again`` for one that had been closed."""

    deal: int
    account: str
    name: str
    score: int
    causes: tuple[str, ...]
    play: str
    sum: str
    again: bool = False


class Judged(Fact, frozen=True):
    """What became of the accounts that were looked at; ``problems`` are deals that could not be decided."""

    opened: tuple[Opened, ...] = ()
    joined: tuple[Joined, ...] = ()
    left: tuple[Left, ...] = ()
    cleared: tuple[Cleared, ...] = ()
    problems: tuple[Problem, ...] = ()


class Found(Fact, frozen=True):
    """An account as it was found, without its signals, and what they come to."""

    watched: Watched
    assessment: Assessment


def judge(desk: Desk, conn: Connection, ids: Iterable[int], changed: Collection[int], now: datetime) -> Judged:
    """Assess the accounts ``ids``: open deals on those at risk, and tell the running and watched deals of the others.

    ``changed`` are accounts whose own facts are new, so that conditions of their deals are looked at again.
    """
    opening: list[Found] = []
    running: dict[int, dict[int, Assessment]] = {}
    watched: dict[int, Assessment] = {}
    for found in _found(desk, conn, sorted(ids), now):
        account, last = found.watched.account, found.watched.deal
        if last is not None and last.open:
            running.setdefault(last.id, {})[account.id] = found.assessment
            continue
        if last is not None and last.saved and last.account_id == account.id and account.id in changed:
            watched[last.id] = found.assessment
        closed_at = found.watched.closed_at
        if not gone(account, desk.workspace, now) and opens(
            found.assessment, desk.workspace, now=now, closed_at=closed_at
        ):
            opening.append(found)
    ended = tell_deals(desk, conn, watched, changed, now)
    opened, refused = _open(desk, conn, _one_a_deal(desk, opening, now), now)
    told = tell_deals(desk, conn, _whole(desk, conn, running, now), changed, now)
    return _judged(opened, refused, (ended, told))


def _judged(opened: Iterable[Opened], refused: Iterable[Problem], told: Iterable[Told]) -> Judged:
    told = tuple(told)
    return Judged(
        tuple(opened),
        tuple(j for t in told for j in t.joined),
        tuple(x for t in told for x in t.left),
        tuple(c for t in told for c in t.cleared),
        (*refused, *(p for t in told for p in t.problems)),
    )


def _found(desk: Desk, conn: Connection, ids: Sequence[int], now: datetime) -> Iterable[Found]:
    for start in range(0, len(ids), LOOKED_AT):
        for found in accounts.watched(conn, ids[start : start + LOOKED_AT], now):
            assessment = judged(
                found.account,
                found.signals,
                desk.workspace,
                now=now,
                closed_at=found.closed_at,
                split_off=found.split_off,
            )
            yield Found(replace(found, signals=()), assessment)


def _whole(
    desk: Desk, conn: Connection, running: dict[int, dict[int, Assessment]], now: datetime
) -> dict[int, Assessment]:
    """The risk of each deal: of several accounts whose deals were merged, that of all of them."""
    members = lineage.members(conn, sorted(running))
    missing = {a for deal, ids in members.items() for a in ids if a not in running[deal]}
    more = {f.watched.account.id: f.assessment for f in _found(desk, conn, sorted(missing), now)}
    whole = {}
    for deal, known in running.items():
        parts = [known.get(a) or more[a] for a in members.get(deal, ())] or list(known.values())
        whole[deal] = parts[0] if len(parts) == 1 else _sum(parts)
    return whole


def _sum(parts: Sequence[Assessment]) -> Assessment:
    return Assessment(sum(p.score for p in parts), tuple(line for p in parts for line in p.lines))


def _one_a_deal(desk: Desk, opening: Iterable[Found], now: datetime) -> list[Found]:
    """The highest score first, so that whoever has least to do gets the worst of them. Accounts whose deals were one
    before they were closed are one again."""
    kept: dict[int, Found] = {}
    for found in opening:
        last, ended = found.watched.deal, found.watched.closed_at
        again = ended is not None and cooling(ended, desk.workspace.cool_down, now)
        key = last.id if last is not None and again else -found.watched.account.id
        other = kept.get(key)
        kept[key] = found if other is None else replace(other, assessment=_sum((other.assessment, found.assessment)))
    return sorted(kept.values(), key=lambda f: (-f.assessment.score, f.watched.account.key))


def _open(
    desk: Desk, conn: Connection, wanted: Sequence[Found], now: datetime
) -> tuple[list[Opened], tuple[Problem, ...]]:
    opened: list[Opened] = []
    for start in range(0, len(wanted), OPENED):
        some = wanted[start : start + OPENED]
        lines = [
            Wanted(f.watched.account, a.causes, a.score, a.printed().splitlines(), _notes(a))
            for f in some
            for a in (f.assessment,)
        ]
        try:
            deals = open_deals(desk, conn, lines, now)
        except Invalid as error:  # what came in is no worse for a playbook that is not in order
            return opened, error.problems
        for deal, found in zip(deals, some, strict=True):
            account, assessed = found.watched.account, found.assessment
            again = deal.reopened_at is not None
            line = (deal.id, account.key, account.name, deal.score, assessed.causes, deal.play, assessed.printed())
            opened.append(Opened(*line, again))
    return opened, ()


def _notes(assessment: Assessment) -> dict[str, str]:
    return {cause: assessment.explained(cause) for cause in assessment.causes}
