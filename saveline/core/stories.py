"""A deal as a report sees it: what it was when the period began, what it was at the end, and what was known of that.

Nearly every event is written when it happens. What fell due while the engine stood still is written when it runs again,
at the moment it belongs to: a report says what was known, so that it says the same whenever it is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from types import MappingProxyType
from typing import TypeAlias

from msgspec.structs import replace

from saveline.core.changes import DealReopened, Event, evolve
from saveline.core.facts import Account, Deal, Fact
from saveline.core.periods import Period


class Story(Fact, frozen=True):
    """One deal of the period: what it was at the start (None: not yet opened) and at the end, and its history.

    However often it was closed and opened again, it is one line in every count. ``reopened`` says that it was closed at
    the start and opened again in the period. ``printed`` is what it was at the start as far as was known then, and
    ``late`` are the events of before that became known only in the period, each with when it was written.
    """

    account: Account
    events: tuple[Event, ...]
    then: Deal | None
    now: Deal
    reopened: bool = False
    printed: Deal | None = None
    late: tuple[tuple[Event, datetime], ...] = ()

    @property
    def lived(self) -> bool:
        """Whether it was open at some time in the period; else it was only watched."""
        return self.then is None or not self.then.closed or self.reopened


Written: TypeAlias = Mapping[int, datetime]
"""When events of a deal were written, by their number: those that were written later than they happened."""


def stories(
    histories: Mapping[int, Sequence[Event]],
    accounts: Mapping[int, Account],
    period: Period,
    written: Mapping[int, Written] = MappingProxyType({}),
) -> list[Story]:
    """Fold each history to the period's start and end. Deals opened later are left out, and those closed before, unless
    they were opened again, or something became of their save or became known of them in the period."""
    found = []
    for deal_id, events in sorted(histories.items()):
        late = written.get(deal_id, {})
        known = _known(events, late, period.end, period.known)
        if not known:
            continue
        empty = Deal(id=deal_id, account_id=accounts[deal_id].id)
        early = [e for e in known if e.at < period.start]
        then = evolve(empty, early) if early else None
        new = known[len(early) :]
        again = then is not None and then.closed and any(isinstance(e.change, DealReopened) for e in new)
        story = Story(accounts[deal_id], known, then, evolve(then or empty, new), again, then)
        if late:
            story = _as_printed(story, _known(known, late, period.start, period.start), early, late)
        if story.lived or story.late or _watched_in(story.now, period):
            found.append(story)
    return found


def _known(events: Iterable[Event], late: Written, end: datetime, by: datetime) -> tuple[Event, ...]:
    """What happened before ``end`` and was written by the moment ``by``: the beginning of a history, always."""
    return tuple(takewhile(lambda e: e.at < end and late.get(e.seq, e.at) <= by, events))


def _as_printed(story: Story, printed: Sequence[Event], early: Sequence[Event], late: Written) -> Story:
    empty = Deal(id=story.now.id, account_id=story.now.account_id)
    became_known = tuple((e, late.get(e.seq, e.at)) for e in early[len(printed) :])
    return replace(story, printed=evolve(empty, printed) if printed else None, late=became_known)


def _watched_in(deal: Deal, period: Period) -> bool:
    """Whether its save was under watch in the period, or ended it."""
    ended = deal.left_at or deal.kept_at
    return deal.watch_until is not None and (ended is None or ended >= period.start)
