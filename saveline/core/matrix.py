"""Which play each combination of cause and segment would get, weighted by what the accounts pay: where are the holes?

Every account is asked for every cause, alone. That no play is made for a cause in a segment is a hole, whether the
default play steps in or nothing at all does. Where the time is too short a deal gets the short form of its play; that
is left aside here: both are made for the same accounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from saveline.core.choose import Choice, choose
from saveline.core.decide.draft import account_facts
from saveline.core.facts import Account, Deal, Fact
from saveline.core.play import Play
from saveline.core.workspace import Workspace

NO_SEGMENT = "no segment"


class Share(Fact, frozen=True):
    """Accounts and what they pay a year, in cents."""

    accounts: int = 0
    arr_cents: int = 0

    def plus(self, arr_cents: int) -> Share:
        return Share(self.accounts + 1, self.arr_cents + arr_cents)


class Cell(Fact, frozen=True):
    """One cause in one segment. ``plays`` are those that are made for it, each with its accounts; ``hole`` are accounts
    for which none is, ``instead`` the play that they would get (None: none at all). ``close`` are accounts that another
    play fits as closely, ``rivals`` those plays: only priority or name decides."""

    cause: str
    segment: str
    plays: tuple[tuple[str, Share], ...] = ()
    hole: Share = Share()
    instead: str | None = None
    close: Share = Share()
    rivals: tuple[str, ...] = ()


class Matrix(Fact, frozen=True):
    """Every cause (in the order of saveline.yaml) in every segment (the one that pays most first)."""

    causes: tuple[str, ...]
    segments: tuple[tuple[str, Share], ...]
    cells: tuple[Cell, ...] = ()

    def cell(self, cause: str, segment: str) -> Cell:
        return next(c for c in self.cells if (c.cause, c.segment) == (cause, segment))

    @property
    def holes(self) -> tuple[Cell, ...]:
        """Cells with accounts that no play is made for, the one that weighs most first."""
        found = (c for c in self.cells if c.hole.accounts)
        return tuple(sorted(found, key=lambda c: (-c.hole.arr_cents, -c.hole.accounts, c.cause, c.segment)))

    @property
    def total(self) -> Share:
        return Share(sum(s.accounts for _, s in self.segments), sum(s.arr_cents for _, s in self.segments))


def matrix(accounts: Iterable[Account], plays: Sequence[Play], workspace: Workspace, at: datetime) -> Matrix:
    """The matrix of ``accounts`` that have not left, as they would be treated at ``at``."""
    by_segment: dict[str, list[Account]] = {}
    for account in accounts:
        if account.left_on is None or account.left_on > at.date():
            by_segment.setdefault(account.segment or NO_SEGMENT, []).append(account)
    shares = {s: Share(len(found), sum(a.arr_cents for a in found)) for s, found in by_segment.items()}
    ordered = sorted(shares.items(), key=lambda pair: (-pair[1].arr_cents, pair[0]))
    cells = (
        _cell(cause, segment, by_segment[segment], plays, workspace, at)
        for cause in workspace.causes
        for segment, _ in ordered
    )
    return Matrix(workspace.causes, tuple(ordered), tuple(cells))


def _cell(
    cause: str, segment: str, accounts: Sequence[Account], plays: Sequence[Play], workspace: Workspace, at: datetime
) -> Cell:
    taken: dict[str, Share] = {}
    rivals: dict[str, None] = {}
    hole, close, instead = Share(), Share(), None
    short = {play.name: _short_forms(play, plays) for play in plays}
    for account in accounts:
        choice = _choice(account, cause, plays, workspace, at)
        if choice.by_default or choice.play is None:
            hole, instead = hole.plus(account.arr_cents), choice.play.name if choice.play else None
            continue
        taken[choice.play.name] = taken.get(choice.play.name, Share()).plus(account.arr_cents)
        against = [name for name in choice.rivals if name not in short[choice.play.name]]
        if against:
            close, rivals = close.plus(account.arr_cents), rivals | dict.fromkeys(against)
    by_weight = sorted(taken.items(), key=lambda pair: (-pair[1].arr_cents, pair[0]))
    return Cell(cause, segment, tuple(by_weight), hole, instead, close, tuple(rivals))


def _choice(account: Account, cause: str, plays: Sequence[Play], workspace: Workspace, at: datetime) -> Choice:
    facts = {
        "account": account_facts(account, Deal(id=0, account_id=account.id, opened_at=at)),
        "deal": {"causes": [cause], "arr": account.arr_cents / 100},
        "answers": {},
    }
    return choose(plays, account, (cause,), facts, at=at, default=workspace.default_play)


def _short_forms(play: Play, plays: Sequence[Play]) -> set[str]:
    """The names of its short form, of the short form of that, and so on."""
    by_name, found = {p.name: p for p in plays}, set[str]()
    name = play.short
    while name is not None and name not in found:
        found.add(name)
        name = by_name[name].short if name in by_name else None
    return found
