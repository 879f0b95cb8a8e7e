"""An import: files in, rows written by natural key, deals opened; one transaction, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.loading import Count, Loading, Progress
from saveline.actions.opening import Judged, Opened, judge
from saveline.actions.running import Cleared, Joined, Left
from saveline.core.derive import Derivation
from saveline.core.errors import Problem
from saveline.core.facts import Fact
from saveline.core.kinds import KINDS
from saveline.faults import crash_point
from saveline.files.people import write_people
from saveline.files.rejected import write_rejected
from saveline.files.sources import Sources, Wanted, open_sources
from saveline.store import accounts, remembered
from saveline.store.rows import encode_json

MOST_KEPT = 200
"""Problems kept with the record of an import; all of them are in the files of rejected lines."""


class FileResult(Fact, frozen=True):
    """A file that was read: how many lines, how many of them bad, and where those are now."""

    file: str
    lines: int
    rejected: int
    rejected_file: str | None = None


class ImportResult(Fact, frozen=True):
    """What an import did. ``written`` is False for a dry run, and where ``strict`` refused it."""

    counts: Mapping[str, Count]
    files: tuple[FileResult, ...]
    problems: tuple[Problem, ...]
    opened: tuple[Opened, ...] = ()
    joined: tuple[Joined, ...] = ()
    left: tuple[Left, ...] = ()
    cleared: tuple[Cleared, ...] = ()
    people: tuple[str, ...] = ()
    written: bool = True

    @property
    def in_order(self) -> bool:
        """Whether everything went in, or would have."""
        return all(p.warning for p in self.problems)


class _Undo(Exception):
    """Ends the transaction without writing."""


def import_files(desk: Desk, folder: Path, wanted: Wanted, progress: Progress | None = None) -> ImportResult:
    """Import files into the workspace in ``folder``; see :class:`Wanted`.

    Good lines go in, bad ones are written beside their file. A second import of the same files writes nothing but its
    own record. Raises Invalid, with nothing written, for what cannot be read at all: a mapping that is not in order, a
    file without headings, a people.yaml that cannot be changed.
    """
    with desk.reading() as conn:
        now = desk.now(conn)
    zone = ZoneInfo(desk.workspace.zone)
    with open_sources(wanted, desk.workspace, now.astimezone(zone).date()) as sources:
        loading = Loading(desk.workspace, folder, sources, Derivation(sources.plan, zone), progress)
        loading.warnings += _of_another_day(wanted, sources, now.astimezone(zone).date())
        loading.prepare()
        judged, written = _transaction(desk, folder, wanted, loading)
        rejected = _write_rejected(sources) if written else ({}, ())
        return _result(loading, judged, written, *rejected)


def _of_another_day(wanted: Wanted, sources: Sources, today: date) -> list[Problem]:
    """A warning where the data are read as of another day than the one on which deals are opened."""
    as_of = sources.plan.as_of
    if as_of is None or as_of == today:
        return []
    what = f"as_of is {as_of}, and today is {today}: deals are opened today, and signals have the age they have today"
    expected = f"the same day; to play the past, set SAVELINE_CLOCK to a file that says {as_of}T09:00:00+00:00"
    return [Problem(str(wanted.mapping), 1, 1, what, expected, warning=True)]


def _transaction(desk: Desk, folder: Path, wanted: Wanted, loading: Loading) -> tuple[Judged, bool]:
    """Load, judge, record; whether it stands."""
    # A desk of its own: what it remembers of people must not outlive a transaction that is undone.
    own = Desk(desk.engine, desk.clock, desk.document, desk.workspace, desk.plays)
    judged = Judged()
    try:
        with own.writing() as conn:
            now = own.now(conn)
            loading.load(conn, now)
            remembered.keep_imported(conn, now, loading.written())
            crash_point("rows_written")
            if wanted.strict and loading.bad:
                raise _Undo
            judged = judge(own, conn, loading.named_ids(), loading.changed_ids(), now)
            if wanted.dry_run:
                raise _Undo
            crash_point("judged")
            _record(own, conn, loading, judged, now)
            crash_point("import_recorded")
            if loading.people is not None:
                write_people(folder, loading.people.text)
            crash_point("people_file_written")
    except _Undo:
        return judged, False
    return judged, True


def _record(desk: Desk, conn: Connection, loading: Loading, judged: Judged, started: datetime) -> None:
    """Keep what the import did with the other records."""
    problems = [str(p) for p in _problems(loading, judged)]
    kept = {"count": len(problems), "first": problems[:MOST_KEPT]} if problems else {}
    counts = {kind: {f: getattr(count, f) for f in Count.__struct_fields__} for kind, count in loading.counts.items()}
    run = {
        "source": ", ".join(table.name for table in loading.sources.tables.values()),
        "started_at": started,
        "finished_at": desk.now(conn),
        "counts": encode_json(counts | {"deals_opened": len(judged.opened), "causes_joined": len(judged.joined)}),
        "problems": encode_json(kept),
    }
    accounts.record_run(conn, run)


def _write_rejected(sources: Sources) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """The files of rejected lines by table, and warnings where one could not be written."""
    written: dict[str, str] = {}
    warnings = []
    for name, bad in sources.bad.items():
        try:
            path = write_rejected(bad)
        except OSError as error:
            what = f"its rejected lines could not be written beside it: {error.strerror}"
            warnings.append(Problem(bad.table.name, 1, 1, what, "a folder that can be written to", warning=True))
            continue
        if path is not None:
            written[name] = str(path)
    return written, tuple(warnings)


def _problems(loading: Loading, judged: Judged) -> list[Problem]:
    bad = [p for lines in loading.sources.bad.values() for p in lines.problems()]
    return [*bad, *loading.warnings, *judged.problems]


def _result(
    loading: Loading, judged: Judged, written: bool, rejected: Mapping[str, str], warnings: tuple[Problem, ...]
) -> ImportResult:
    sources, people = loading.sources, loading.people
    files = [
        FileResult(table.name, loading.lines.get(name, 0), len(sources.bad[name]), rejected.get(name))
        for name, table in sources.tables.items()
    ]
    told = [f"added {p}" for p in people.added] + [f"changed {p}" for p in people.changed] if people else []
    return ImportResult(
        counts={kind: loading.counts[kind] for kind in KINDS if kind in loading.counts},
        files=tuple(files),
        problems=(*_problems(loading, judged), *warnings),
        opened=judged.opened,
        joined=judged.joined,
        left=judged.left,
        cleared=judged.cleared,
        people=tuple(told),
        written=written,
    )
