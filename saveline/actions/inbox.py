"""Importing whatever has arrived in the inbox folder."""

from __future__ import annotations

from pathlib import Path

from saveline.actions.desk import Desk
from saveline.actions.intake import ImportResult, import_files
from saveline.core.errors import Invalid, Refusal
from saveline.core.facts import Fact
from saveline.files import inbox


class Read(Fact, frozen=True):
    """One arrival: its files, what the import did or why it was refused, and where the files are now."""

    files: tuple[str, ...]
    folder: str
    result: ImportResult | None = None
    refused: str = ""


class InboxRead(Fact, frozen=True):
    """Everything that was read in one look."""

    reads: tuple[Read, ...] = ()

    def __add__(self, other: InboxRead) -> InboxRead:
        return InboxRead(self.reads + other.reads)


def read_inbox(desk: Desk, workspace: Path) -> InboxRead:
    """Import what has arrived whole, and put it away. A file that cannot be read at all spoils only its own arrival."""
    return InboxRead(tuple(_read(desk, workspace, arrival) for arrival in inbox.arrivals(workspace)))


def _read(desk: Desk, workspace: Path, arrival: inbox.Arrival) -> Read:
    names = tuple(p.name for p in arrival.files)
    try:
        result, refused = import_files(desk, workspace, arrival.wanted), None
    except (Invalid, Refusal) as error:
        result, refused = None, str(error)
    with desk.reading() as conn:
        now = desk.now(conn)
    folder = inbox.put_away(workspace, arrival, now, refused)
    return Read(names, str(folder), result, refused or "")
