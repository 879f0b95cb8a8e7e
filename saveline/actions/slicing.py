"""Slices as people ask for them: words that are checked, and the accounts that belong to one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core.customers import Turnover
from saveline.core.errors import UnknownWord
from saveline.core.slices import DIMENSIONS, UNKNOWN, WHOLE, Slice
from saveline.store import slices


class Words:
    """By which words deals and accounts can be sliced; those of a dimension are read when they are first asked for."""

    def __init__(self, desk: Desk, conn: Connection) -> None:
        self._desk, self._conn = desk, conn
        self._known: dict[str, Collection[str]] = {}

    def slice(self, asked: Mapping[str, str]) -> Slice:
        """The slice of these words by dimension; an ``owner`` is an e-mail address.

        Upper and lower case are the same where that leaves one. Raises UnknownWord, which names the nearest.
        """
        return replace(WHOLE, **{name: self._word(name, word) for name, word in asked.items()})

    def _word(self, dimension: str, word: str) -> str:
        if dimension not in self._known:
            self._known[dimension] = self._read(dimension)
        known = self._known[dimension]
        if word in known or word == UNKNOWN:
            return word
        alike = [k for k in known if k.casefold() == word.casefold()]
        if len(alike) == 1:
            return alike[0]
        raise UnknownWord(f"a known {dimension}", word, (*sorted(known), UNKNOWN))

    def _read(self, dimension: str) -> Collection[str]:
        desk, conn = self._desk, self._conn
        match dimension:
            case "department":
                return [d.key for d in desk.workspace.departments]
            case "owner":
                return [p.email for p in desk.people(conn).by_id.values()]
            case "cause":
                return {*desk.workspace.causes, *slices.words(conn, dimension)}
            case "play":
                return {*(live.play.name for live in desk.plays.live), *slices.words(conn, dimension)}
        assert dimension in DIMENSIONS
        return slices.words(conn, dimension)


def checked(desk: Desk, asked: Mapping[str, str]) -> Slice:
    """The slice of these words. Raises UnknownWord."""
    with desk.reading() as conn:
        return Words(desk, conn).slice(asked)


def accounts_of(conn: Connection, wanted: Slice, known: datetime) -> Collection[int] | None:
    """The accounts that belong to a slice as was known at a moment; None: all of them. None of them belong to one that
    cannot be said of accounts."""
    if wanted == WHOLE:
        return None
    return slices.accounts(conn, wanted, known) if wanted.of_accounts else ()


def only(turnovers: Iterable[Turnover], accounts: Collection[int] | None) -> list[Turnover]:
    """What these accounts pay."""
    if accounts is None:
        return list(turnovers)
    return [
        Turnover(*({i: course for i, course in of.items() if i in accounts} for of in (t.subscribed, t.others)))
        for t in turnovers
    ]
