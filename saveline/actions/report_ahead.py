"""What lies ahead, for the stage report: gathered as it was known when the period ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from saveline.actions.known import Basis
from saveline.core import ahead
from saveline.core.ahead import Ahead, TightLine
from saveline.core.decide.draft import Case
from saveline.core.runway import glance
from saveline.core.stories import Story
from saveline.store import revenue

RENEWING: Final = timedelta(days=90)
DECIDING: Final = timedelta(days=60)
MOST_LOOKED_AT: Final = 200
"""Deals whose plan is laid out once more: a millisecond or two each."""


def ahead_of(basis: Basis, open_now: Sequence[Story]) -> Ahead | None:
    """Renewals of the accounts of the slice, where it is one of accounts. Nothing where no contract is up, and no play
    is too long. A play is laid out by the workspace's hours: who had which role with an account is not kept."""
    period, sieve = basis.period, basis.sieve
    first = period.end.astimezone(ZoneInfo(basis.workspace.zone)).date()
    until = first + RENEWING - timedelta(days=1)
    of_all = revenue.renewing(basis.conn, first, until, period.known) if sieve.wanted.of_accounts else ()
    up = [a for a in of_all if sieve.accounts is None or a.id in sieve.accounts]
    renewals = ahead.renewals(up, {s.account.id for s in open_now})
    running = [s for s in open_now if _decides_soon(s, period.end)]
    running.sort(key=lambda s: (-s.now.arr_cents, s.now.id))
    found = list(_tight(basis, running[:MOST_LOOKED_AT]))
    if not renewals and not found:
        return None
    looked_at, cents = min(len(running), MOST_LOOKED_AT), sum(t.arr_cents for t in found)
    return Ahead(until, renewals, len(running), looked_at, ahead.tight(found), len(found), cents)


def _decides_soon(story: Story, at: datetime) -> bool:
    deal = story.now
    if deal.state != "open" or deal.decision_asked or deal.decide_at is None:
        return False
    return deal.decide_at < at + DECIDING


def _tight(basis: Basis, told: Sequence[Story]) -> Iterator[TightLine]:
    workspace, people = basis.workspace, basis.people
    plays = basis.desk.playable(basis.conn, (story.now.play_hash for story in told))
    for story in told:
        deal = story.now
        if deal.play_hash in plays:
            play = plays[deal.play_hash]
            plan = glance(Case(workspace, people, play, story.account, deal), basis.period.end)
            if not plan.fits:
                yield TightLine(
                    deal.id,
                    story.account.name,
                    deal.arr_cents,
                    workspace.stage_title(deal.stage),
                    plan.needs_days,
                    plan.has_days,
                    plan.limited_by,
                )
