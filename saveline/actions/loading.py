"""Loading rows within the transaction of an import: read, made, checked, and written in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.core.derive import Derivation, Fault, Made, column_of
from saveline.core.errors import Problem, nearest, one_of
from saveline.core.facts import Fact
from saveline.core.importmap import Entry, Watch
from saveline.core.kinds import natural_key
from saveline.core.references import References
from saveline.core.seen import FirstLines
from saveline.core.workspace import Workspace
from saveline.files.people import Merged, merge, people_text
from saveline.files.sources import Sources
from saveline.files.tables import Line
from saveline.store import accounts, directory
from saveline.store.intake import Ids, Origin, contacts_named, write_rows

BATCH: Final = 2_000
"""Rows written by one set of statements."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many bytes of how many have been read."""
Numbered: TypeAlias = tuple[int, dict[str, Any]]
"""A row and the line it came from."""


class Count(Fact, frozen=True):
    """Rows of one kind. ``left_out`` are lines that the mapping does not want, or not yet."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    left_out: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(*(getattr(self, f) + getattr(other, f) for f in self.__struct_fields__))


class Loading:
    """One import while it runs: :meth:`prepare` before the transaction, :meth:`load` within it."""

    def __init__(
        self,
        workspace: Workspace,
        folder: Path,
        sources: Sources,
        derivation: Derivation,
        progress: Progress | None = None,
    ) -> None:
        self.workspace, self.folder = workspace, folder
        self.sources, self.plan, self.derivation = sources, sources.plan, derivation
        self.counts: dict[str, Count] = {}
        self.lines: dict[str, int] = {}
        self.warnings: list[Problem] = list(sources.warnings)
        self.people: Merged | None = None
        self._named: set[str] = set()
        self._changed: set[str] = set()
        self._new_teams: set[int] = set()
        self._departments = tuple(d.key for d in workspace.departments)
        self._counted = {rule.signal for rule in workspace.risk.rules if rule.signal}
        self._counted |= {*workspace.voice.nps, *workspace.voice.csat}
        self._known = References({}, {}, (), ())
        self._progress, self._done, self._total = progress, 0, self._bytes()

    @property
    def bad(self) -> bool:
        """Whether any line is."""
        return any(self.sources.bad.values())

    def named_ids(self) -> set[int]:
        """The accounts that any good line named."""
        return {self._known.accounts[key] for key in self._named}

    def written(self) -> list[str]:
        """The kinds of which any row was added or changed."""
        return [kind for kind, count in self.counts.items() if count.added or count.changed]

    def changed_ids(self) -> set[int]:
        """The accounts whose own facts, or whose team, are different now."""
        return {self._known.accounts[key] for key in self._changed} | self._new_teams

    # --- reading ----------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Everything that has to be known before the first row: what is looked up, then what is counted."""
        for name, lookup in self.plan.lookups.items():
            for line in self._lines(name):
                self.derivation.look_up(lookup, line.cells)
        for name in dict.fromkeys(total.table for total in self.plan.totals):
            spec = self.plan.tables[name]
            for line in self._lines(name):
                faults = self.derivation.add_up(spec, line.no, line.cells)
                if faults:
                    self.sources.bad[name].add(line.no, faults)

    def _lines(self, name: str) -> Iterator[Line]:
        """The lines of a table that are in order; the others are noted. A table's ``key`` is there once."""
        table, bad, key = self.sources.tables[name], self.sources.bad[name], self.plan.tables[name].key
        seen, count = FirstLines(), 0
        for line in table.lines(self._told if self._progress else None):
            count += 1
            if line.fault is not None:
                bad.add(line.no, [line.fault])
                continue
            if key is not None:
                text = line.cells[key.index].strip()
                first = seen.first(text, line.no)
                if first is not None:
                    bad.add(line.no, [_twice(key.column, f"{key.heading} {text!r}", first)])
                    continue
            yield line
        self.lines[name] = count

    def _bytes(self) -> int:
        """How much will be read: a table as often as it is gone through."""
        totals = dict.fromkeys(t.table for t in self.plan.totals)
        passes = [*self.plan.lookups, *totals, *(e.table for e in self.plan.entries)]
        return sum(self.sources.tables[name].size for name in passes)

    def _told(self, count: int) -> None:
        self._done += count
        if self._progress is not None:
            self._progress(self._done, self._total)

    # --- rows -------------------------------------------------------------------------------------------------

    def load(self, conn: Connection, now: datetime) -> None:
        """Make and write every row."""
        self._now = now
        self._known = References(
            accounts.ids_by_key(conn), directory.ids_by_email(conn), self.workspace.roles, self._departments
        )
        for entry in self.plan.entries:
            if entry.kind.name == "people":
                self._load_people(conn, entry)
            else:
                self._load_rows(conn, entry)
        for watch in self.plan.watches:
            self._load_watch(conn, watch)
        self._warn_of_strangers()

    def _load_rows(self, conn: Connection, entry: Entry) -> None:
        batch: list[Numbered] = []
        for numbered in self._made(entry):
            batch.append(numbered)
            if len(batch) >= BATCH:
                self._flush(conn, entry, batch)
                batch = []
        self._flush(conn, entry, batch)
        if entry.kind.name == "accounts":
            self._known.accounts = accounts.ids_by_key(conn)

    def _made(self, entry: Entry) -> Iterator[Numbered]:
        """The rows that a table's lines become; lines that are bad or not wanted are counted."""
        bad, seen = self.sources.bad[entry.table], FirstLines()
        before, left_out, read = len(bad), 0, 0
        for line in self._lines(entry.table):
            made = self.derivation.row(entry, line.cells)
            if made.row is None and not made.faults:
                left_out += 1
                continue
            faults = made.faults or self._faults(entry, made, seen, line.no)
            if faults or made.row is None:
                bad.add(line.no, faults)
            else:
                read += 1
                yield line.no, made.row
        self._count(entry.kind.name, Count(read, rejected=len(bad) - before, left_out=left_out))
        if left_out and not read and len(bad) == before:
            what = f"none of {left_out:,} lines becomes a row of {entry.kind.name}"
            self._warn(entry.table, 1, what, "some not later than as_of, that where and only_if let through")

    def _faults(self, entry: Entry, made: Made, seen: FirstLines, line: int) -> tuple[Fault, ...]:
        """What the row names that is not there, or that it was there itself already."""
        assert made.row is not None
        faults = self._known.faults(entry.kind, made.row, lambda field: column_of(entry, field))
        if faults:
            return faults
        key = natural_key(entry.kind, made.row)
        first = seen.first(key, line)
        if first is None:
            return ()
        what = ", ".join(f"{name} {part!r}" for name, part in zip(entry.kind.key, key, strict=True))
        return (_twice(column_of(entry, entry.kind.key[0]), what, first),)

    def _flush(self, conn: Connection, entry: Entry, batch: list[Numbered]) -> None:
        """Write a batch of rows."""
        ids = Ids(self._known.accounts, self._known.people)
        kind = entry.kind.name
        if kind == "touchpoints":
            ids = replace(ids, contacts=contacts_named(conn, ids, [row for _, row in batch]))
            batch = self._with_contact(entry, batch, ids)
        if kind == "signals":
            self._warn_of_kinds(entry, batch)
        self._put(conn, kind, [row for _, row in batch], ids, entry.table)

    def _put(self, conn: Connection, kind: str, rows: list[dict[str, Any]], ids: Ids, table: str) -> None:
        done = write_rows(conn, kind, rows, ids, Origin(self.sources.tables[table].path.name, self._now))
        self._count(kind, Count(0, len(done.added), len(done.changed), done.unchanged))
        if kind != "pulse":  # which is about our own people
            self._named.update(row["key" if kind == "accounts" else "account"] for row in rows)
        if kind == "team":
            self._new_teams.update(key[0] for key in (*done.added, *done.changed))
        if kind == "accounts":
            self._changed.update(key[0] for key in done.changed)
            for row in rows if self.plan.asks_accounts else ():
                self.derivation.accounts[row["key"]] = {**row, "arr": (row.get("arr") or 0) / 100}

    def _with_contact(self, entry: Entry, batch: list[Numbered], ids: Ids) -> list[Numbered]:
        """The rows whose contact there is, or who name none."""
        good = []
        for line, row in batch:
            contact = row.get("contact")
            if contact is None or (ids.accounts[row["account"]], contact) in ids.contacts:
                good.append((line, row))
                continue
            what = f"unknown contact {contact!r} of account {row['account']!r}"
            expected = "a contact of this account"
            self.sources.bad[entry.table].add(line, [Fault(column_of(entry, "contact"), what, expected)])
        lost = len(batch) - len(good)
        self._count(entry.kind.name, Count(-lost, rejected=lost))
        return good

    def _load_watch(self, conn: Connection, watch: Watch) -> None:
        """The signals of a watch: asked for every account of the import, or without any for those that have rows."""
        whole = any(e.kind.name == "accounts" for e in self.plan.entries)
        keys = sorted(self._named if whole else self.derivation.groups(watch.total))
        made = (self.derivation.signal(watch, key) for key in keys if key in self._known.accounts)
        rows = [row for row in made if row is not None]
        ids, table = Ids(self._known.accounts, self._known.people), self.plan.totals[watch.total].table
        self._count("signals", Count(len(rows)))
        for start in range(0, len(rows), BATCH):
            self._put(conn, "signals", rows[start : start + BATCH], ids, table)
        self._warn_of_kind(table, 1, watch.kind)

    def _load_people(self, conn: Connection, entry: Entry) -> None:
        """People go into people.yaml, which is the truth, and from there into the directory."""
        rows = list(self._made(entry))
        among = {**self._known.people, **{row["email"]: 0 for _, row in rows}}
        good = []
        for line, row in rows:
            faults = self._known.manager_faults(row, among, column_of(entry, "manager"))
            if faults:
                self.sources.bad[entry.table].add(line, faults)
            else:
                good.append(row)
        merged = merge(self.people.text if self.people else people_text(self.folder), good, self._departments)
        added, changed, lost = len(merged.added), len(merged.changed), len(rows) - len(good)
        self._count("people", Count(-lost, added, changed, len(good) - added - changed, lost))
        if added or changed:
            directory.sync(conn, merged.entries)
            self.people = merged
            self._known.people = directory.ids_by_email(conn)

    # --- telling ----------------------------------------------------------------------------------------------

    def _count(self, kind: str, more: Count) -> None:
        self.counts[kind] = self.counts.get(kind, Count()) + more

    def _warn(self, table: str, line: int, what: str, expected: str, near: str = "") -> None:
        self.warnings.append(Problem(self.sources.tables[table].name, line, 1, what, expected, near, warning=True))

    def _warn_of_kinds(self, entry: Entry, batch: list[Numbered]) -> None:
        for line, row in batch:
            self._warn_of_kind(entry.table, line, row["kind"])

    def _warn_of_kind(self, table: str, line: int, kind: str) -> None:
        """Once for a kind of signal that neither a rule nor the report counts: it is kept, but comes to nothing."""
        if kind not in self._counted:
            near = nearest(kind, self._counted)
            self._warn(
                table, line, f"no risk rule counts signals of kind {kind!r}", one_of(sorted(self._counted)), near
            )
            self._counted.add(kind)

    def _warn_of_strangers(self) -> None:
        """Rows that were summed for an account that there is not: a wrong key would lose money silently."""
        for table, account, line, count in self.derivation.strangers(self._known.accounts):
            others = f" and {count - 1:,} more accounts" if count > 1 else ""
            self._warn(
                table, line, f"unknown account {account!r}{others}: its rows count for nothing", "a known account"
            )


def _twice(column: int, what: str, first: int) -> Fault:
    return Fault(column, f"{what} is there twice, first on line {first}", "each once")
