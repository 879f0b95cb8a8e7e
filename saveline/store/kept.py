"""The form in which a case is kept: what many deals have alike is one text, what is a deal's own another.

A year has tens of thousands of deals, and some hundred ways to be alike: each of these is decoded once, and shared by
all its deals, which makes them half as large and as quick to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec

from saveline.core.cases import Case, Passage
from saveline.core.facts import Account, Fact
from saveline.core.journeys import Journey, Leg, Walk

FORM: Final = 3
"""One more whenever a case has other fields, or is worked out in another way: what was kept before is not used then."""
_ALIKE: Final = 4096
"""So many ways to be alike are remembered."""


class _Alike(Fact, frozen=True, array_like=True):
    """Words. ``stages`` are those of its stays, ``walk`` is the way it took."""

    play: str
    severity: str | None
    outcome: str | None
    play_hash: str
    causes: tuple[str, ...]
    stages: tuple[str, ...]
    walk: Walk
    door: str
    opened_with: str


class _Own(Fact, frozen=True, array_like=True):
    """Numbers and moments. ``entered`` is when each stay began, ``ended`` by the place of a stay when it ended, where
    that is neither when the next began nor when the deal was closed. ``lives`` are when the deal was opened and closed
    each time; empty, if that was once."""

    owner_id: int | None
    arr_cents: int
    kept_cents: int | None
    opened_at: datetime
    closed_at: datetime | None
    watch_until: datetime | None
    kept_at: datetime | None
    left_at: datetime | None
    entered: tuple[datetime, ...]
    ended: Mapping[int, datetime | None]
    lives: tuple[tuple[datetime, datetime | None], ...]
    took_in: tuple[int, ...]
    split_off: tuple[int, ...]
    offered_to: tuple[str, ...]
    hands: tuple[int, ...]


_own = msgspec.json.Decoder(_Own)
_alike = msgspec.json.Decoder(_Alike)


def written(case: Case) -> tuple[str, str]:
    """The two texts of a case. Its number and its account are no part of them: the account may be called and be worth
    something else at another moment."""
    way, stays = case.journey, case.passages
    ends = (*(p.since for p in stays[1:]), case.closed_at)
    alike = _Alike(
        *(case.play, case.severity, case.outcome, case.play_hash, case.causes, tuple(p.stage for p in stays)),
        *(way.walk, case.door, case.opened_with),
    )
    lives = tuple((leg.opened_at, leg.closed_at) for leg in way.legs)
    own = _Own(
        *(case.owner_id, case.arr_cents, case.kept_cents, case.opened_at, case.closed_at),
        *(case.watch_until, case.kept_at, case.left_at, tuple(p.since for p in stays)),
        {i: p.until for i, (p, end) in enumerate(zip(stays, ends, strict=False)) if p.until != end},
        () if lives == ((case.opened_at, case.closed_at),) else lives,
        *(way.took_in, way.split_off, case.offered_to, case.hands),
    )
    return msgspec.json.encode(alike).decode(), msgspec.json.encode(own).decode()


def read(deal_id: int, account: Account, alike: str, own: str) -> Case:
    """The case of these two texts."""
    words, told = _of_many(alike), _own.decode(own)
    ends = [*told.entered[1:], told.closed_at]
    for place, ended in told.ended.items():
        ends[place] = ended
    lives = told.lives or ((told.opened_at, told.closed_at),)
    walked = zip(words.walk, lives, strict=True)
    legs = tuple([Leg(opened, stages, end, closed) for (stages, end), (opened, closed) in walked])
    return Case(
        *(deal_id, account, words.play, told.owner_id, words.severity, told.arr_cents, told.kept_cents),
        *(told.opened_at, told.closed_at, words.outcome, told.watch_until, told.kept_at, told.left_at),
        *(words.play_hash, words.causes, tuple(map(Passage, words.stages, told.entered, ends))),
        *(Journey(deal_id, legs, told.took_in, told.split_off), words.door, words.opened_with),
        *(told.offered_to, told.hands),
    )


@lru_cache(maxsize=_ALIKE)
def _of_many(text: str) -> _Alike:
    return _alike.decode(text)
