"""The versions of a play: the one its file says now, and every one that a deal has run by."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.migration import live_play
from saveline.core.errors import Invalid, Missing, UnknownWord
from saveline.core.facts import Fact
from saveline.core.language.difference import Change, compare
from saveline.core.language.names import Names
from saveline.core.play import Play
from saveline.files.workspace import read_play
from saveline.store import versions
from saveline.store.versions import Decided, Listed


class Versions(Fact, frozen=True):
    """Every version of a play, the newest first, which of them its file says now, and what was decided about it."""

    play: str
    live: str | None
    versions: tuple[Listed, ...]
    decisions: tuple[Decided, ...]


class Compared(Fact, frozen=True):
    """Two versions of a play, and what is other in the second."""

    play: str
    before: str
    after: str
    changes: tuple[Change, ...]


def listed(desk: Desk, name: str) -> Versions:
    """Raises UnknownWord for a play that neither is nor was there."""
    live = next((p.play for p in desk.plays.live if p.play.name == name), None)
    with desk.reading() as conn:
        found = versions.listed(conn, name)
        if not found and live is None and name not in desk.plays.broken:
            raise UnknownWord("a playbook", name, [p.play.name for p in desk.plays.live])
        return Versions(name, live.hash if live else None, tuple(found), tuple(versions.decisions(conn, name)))


def diff(desk: Desk, name: str, before: str | None = None, after: str | None = None) -> Compared:
    """What is other in ``after`` than in ``before``. Each is a version, the beginning of one, or a file; by default the
    play as its file says it now, and the newest other version that deals run by.

    Raises Invalid for a file that is not in order, Missing where there is nothing to compare with, UnknownWord.
    """
    with desk.reading() as conn:
        new = _version(desk, conn, name, after) if after else live_play(desk, name).play
        old = _version(desk, conn, name, before) if before else _before(desk, conn, new)
    return Compared(name, old.hash, new.hash, compare(old, new, desk.workspace))


def _before(desk: Desk, conn: Connection, new: Play) -> Play:
    others = [v for v in versions.listed(conn, new.name) if v.hash != new.hash]
    if not others:
        raise Missing(f"There is no other version of {new.name}: no deal has run by one. Name a file with --from.")
    found = next((v for v in others if v.running), others[0])
    return desk.play(conn, found.hash)


def _version(desk: Desk, conn: Connection, name: str, wanted: str) -> Play:
    """A file where the word ends like one or names one, else the version that begins so."""
    path = Path(wanted)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return _file(desk, path)
    known = [v.hash for v in versions.listed(conn, name)]
    live = next((p.play for p in desk.plays.live if p.play.name == name), None)
    if live is not None and live.hash.startswith(wanted):
        return live
    found = [h for h in known if h.startswith(wanted)]
    if len(found) != 1:
        raise UnknownWord(f"a version of {name}", wanted, [*known, *([live.hash] if live else [])])
    return desk.play(conn, found[0])


def _file(desk: Desk, path: Path) -> Play:
    if not path.is_file():
        raise Missing(f"There is no file {path}.")
    with desk.reading() as conn:
        emails = tuple(desk.people(conn).by_email)
    names = Names.of(desk.workspace, emails, tuple(p.play.name for p in desk.plays.live))
    found, problems = read_play(path, desk.document, desk.workspace, names, named=False)
    if found is None:
        raise Invalid([p for p in problems if not p.warning])
    return found.play
