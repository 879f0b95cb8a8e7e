"""A deal as a report sees it: what it was when the period began, what it was at the end, and what was known of that.

What fell due while the engine stood still is written when it runs again, at the moment it belongs to: a report says
what was known, so that it says the same whenever it is printed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec.structs import replace

from saveline.core.changes import DealReopened, Event, evolve
from saveline.core.facts import Account, Deal, Fact
from saveline.core.periods import Period
from saveline.core.records import Record, known


class Story(Fact, frozen=True):
    """One deal of the period: what it was at the start (None: not yet opened) and at the end, and its history.

    One that rested, to which nothing happened in the period, comes without its ``events``. However often it was closed
    and opened again, it is one line in every count. ``reopened`` says that it was closed at the start and opened again
    in the period. ``printed`` is what it was at the start as far as was known then, and ``late`` are the events of
    before that became known only in the period.
    """

    account: Account
    events: tuple[Event, ...]
    then: Deal | None
    now: Deal
    reopened: bool = False
    printed: Deal | None = None
    late: tuple[Record, ...] = ()

    @property
    def lived(self) -> bool:
        """Whether it was open at some time in the period; else it was only watched."""
        return self.then is None or not self.then.closed or self.reopened


def stories(histories: Mapping[int, Sequence[Record]], accounts: Mapping[int, Account], period: Period) -> list[Story]:
    """Fold each history to the period's start and end. Deals opened later are left out, and those closed before, unless
    they were opened again, or something became of their save or became known of them in the period."""
    found = (_story(deal_id, records, accounts[deal_id], period) for deal_id, records in sorted(histories.items()))
    return [s for s in found if s is not None and _told(s, period)]


def resting(deal: Deal, account: Account, period: Period) -> Story | None:
    """The story of a deal to which nothing has happened since the period began, and of which nothing became known."""
    story = Story(account, (), deal, deal, printed=deal)
    return story if _told(story, period) else None


def _story(deal_id: int, records: Sequence[Record], account: Account, period: Period) -> Story | None:
    at_end = known(records, period.end, period.known)
    if not at_end:
        return None
    empty = Deal(id=deal_id, account_id=account.id)
    events = tuple(r.event for r in at_end)
    early = _first(events, period.start)
    then = evolve(empty, events[:early]) if early else None
    new = events[early:]
    again = then is not None and then.closed and any(isinstance(e.change, DealReopened) for e in new)
    story = Story(account, events, then, evolve(then or empty, new), again, then)
    printed = len(known(at_end[:early], period.start, period.start))
    if printed == early:
        return story
    told = evolve(empty, events[:printed]) if printed else None
    return replace(story, printed=told, late=at_end[printed:early])


def since(events: Sequence[Event], start: datetime) -> Sequence[Event]:
    """Those of a history, or of its end, that happened at ``start`` or later."""
    return events[_first(events, start) :]


def _first(events: Sequence[Event], start: datetime) -> int:
    """The place of the first that happened at ``start`` or later: what happened does not go back in time."""
    return bisect_left(events, start, key=lambda event: event.at)


def _told(story: Story, period: Period) -> bool:
    return story.lived or bool(story.late) or _watched_in(story.now, period)


def _watched_in(deal: Deal, period: Period) -> bool:
    """Whether its save was under watch in the period, or ended it."""
    ended = deal.left_at or deal.kept_at
    return deal.watch_until is not None and (ended is None or ended >= period.start)
