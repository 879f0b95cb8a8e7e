"""From the lines of tables to rows: columns, words for words, totals over other tables, and signals from totals.

Three passes over the lines, each optional: :meth:`Derivation.look_up` remembers what other tables look up,
:meth:`Derivation.add_up` the totals, :meth:`Derivation.row` makes the rows. What is kept between them is what the map
asks for and no more, so that a long file does not have to fit into memory.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from saveline.core import cells as read
from saveline.core.cells import PLAIN, Style
from saveline.core.errors import nearest, one_of
from saveline.core.facts import Fact
from saveline.core.importmap import (
    Adjust,
    Column,
    Entry,
    Fixed,
    ImportMap,
    Lookup,
    Named,
    Ref,
    TableSpec,
    Total,
    Totalled,
    Value,
    Watch,
    Where,
    Worded,
)
from saveline.core.kinds import Field, read_cell, with_key

Cells: TypeAlias = Sequence[str]
SHOWN: Final = 40
"""How many characters of a bad cell a problem shows."""


class Fault(Fact, frozen=True):
    """What is wrong with a cell; ``column`` counts from 1."""

    column: int
    what: str
    expected: str = ""
    nearest: str = ""


class BadCell(Exception):
    def __init__(self, column: int, what: str, expected: str = "", near: str = "") -> None:
        super().__init__(what)
        self.fault = Fault(column, what, expected, near)


class Made(Fact, frozen=True):
    """What a line became: a row, or faults, or neither where it is none of the rows that are wanted."""

    row: dict[str, Any] | None = None
    faults: tuple[Fault, ...] = ()


LEFT_OUT: Final = Made()


class Derivation:
    """One run of a map. ``accounts`` holds, by key, the facts of accounts made so far if a condition asks for them."""

    def __init__(self, plan: ImportMap, zone: ZoneInfo) -> None:
        self.plan, self.zone = plan, zone
        self.accounts: dict[str, dict[str, Any]] = {}
        self._lookups: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in plan.lookups}
        self._totals: list[dict[str, Any]] = [{} for _ in plan.totals]
        self._by_table: dict[str, list[tuple[Total, dict[str, Any]]]] = {}
        for total, groups in zip(plan.totals, self._totals, strict=True):
            self._by_table.setdefault(total.table, []).append((total, groups))
        self._fields: dict[int, list[tuple[str, Value, Field, int, Style]]] = {}
        self._first: dict[str, dict[str, int]] = {total.table: {} for total in plan.totals}

    # --- the passes -------------------------------------------------------------------------------------------

    def look_up(self, lookup: Lookup, cells: Cells) -> None:
        """Remember what others look up in this line."""
        self._lookups[lookup.table].setdefault(cells[lookup.key].strip(), tuple(cells[i] for i in lookup.wanted))

    def add_up(self, spec: TableSpec, line: int, cells: Cells) -> tuple[Fault, ...]:
        """Count the line in every total over its table; the faults are those that kept it out of one."""
        faults: dict[Fault, None] = {}
        for total, groups in self._by_table.get(spec.name, ()):
            try:
                account = self._add(spec, total, groups, cells)
                if account is not None:
                    self._first[spec.name].setdefault(account, line)
            except BadCell as bad:
                faults[bad.fault] = None
        return tuple(faults)

    def groups(self, total: int) -> Iterable[str]:
        """The accounts that have rows in a total."""
        return self._totals[total]

    def strangers(self, known: Container[str]) -> Iterator[tuple[str, str, int, int]]:
        """``(table, account, line, how many)`` where totals counted rows of accounts that are not known."""
        for table, first in self._first.items():
            strange = [(line, account) for account, line in first.items() if account not in known]
            if strange:
                line, account = min(strange)
                yield table, account, line, len(strange)

    def row(self, entry: Entry, cells: Cells) -> Made:
        """The row that a line becomes."""
        spec = self.plan.tables[entry.table]
        try:
            if self._age(spec, cells) < 0 or (entry.where is not None and not self._holds(entry.where, cells)):
                return LEFT_OUT
        except BadCell as bad:
            return Made(faults=(bad.fault,))
        made = self._made(entry, cells)
        return LEFT_OUT if made.row is not None and not self._wanted(entry, made.row) else made

    def signal(self, watch: Watch, account: str) -> dict[str, Any] | None:
        """The signal that a watch gives for an account, or None."""
        if watch.only_if is not None and not watch.only_if({"account": self.accounts.get(account, {})}):
            return None
        found = self._figure(watch.total, account)
        before = self._figure(watch.before, account) if watch.before is not None else None
        if found is None or not _beyond(watch, found, before):
            return None
        as_of = self._as_of
        at = datetime.combine(as_of, time(), self.zone).astimezone(UTC)
        value = found if before is None else round((1 - found / before) * 100, 1)
        note = watch.note or self._explained(watch, found, before)
        key = _period(watch.every, as_of)
        return {"account": account, "kind": watch.kind, "at": at, "value": float(value), "note": note, "key": key}

    # --- cells ------------------------------------------------------------------------------------------------

    @property
    def _as_of(self) -> date:
        if self.plan.as_of is None:
            raise ValueError("a map with totals needs the day from which they count back")
        return self.plan.as_of

    def _cell(self, ref: Ref, cells: Cells) -> str:
        if ref.via < 0:
            return cells[ref.index]
        key = cells[ref.via].strip()
        found = self._lookups[ref.table].get(key)
        if found is None:
            near = nearest(key, self._lookups[ref.table]) if len(self._lookups[ref.table]) <= 1000 else ""
            raise BadCell(ref.column, f"{_shown(key)} is not in {ref.table}", f"a key of {ref.table}", near)
        return found[ref.index]

    def _age(self, spec: TableSpec, cells: Cells) -> int:
        """Days from the row's date to the day of the map: negative for a row that is not to be seen yet."""
        if spec.date is None or self.plan.as_of is None:
            return 0
        text = self._cell(spec.date, cells).strip()
        try:
            return (self.plan.as_of - read.day(text, spec.date.style)).days
        except ValueError as error:
            raise _bad(spec.date, text, error) from None

    def _holds(self, where: Where, cells: Cells) -> bool:
        return where.condition({**self._facts(where.named, cells), "as_of": self.plan.as_of})

    def _facts(self, named: Named, cells: Cells, *, guess: bool = True) -> dict[str, Any]:
        """The cells by their names: as values for a condition, as they stand for a text."""
        facts: dict[str, Any] = {}
        for path, ref in named.refs:
            cell = self._cell(ref, cells).strip()
            value = read.guess(cell, ref.style) if guess else cell
            if len(path) == 1:
                facts[path[0]] = value
            else:
                facts.setdefault(path[0], {})[path[1]] = value
        return facts

    # --- totals -----------------------------------------------------------------------------------------------

    def _add(self, spec: TableSpec, total: Total, groups: dict[str, Any], cells: Cells) -> str | None:
        """Count a line in a total; gives the account it counted for."""
        age = self._age(spec, cells)
        if age < total.skip or (total.days is not None and age >= total.skip + total.days):
            return None
        if total.where is not None and not self._holds(total.where, cells):
            return None
        account = self._cell(total.by, cells).strip()
        if total.column is None:
            groups[account] = groups.get(account, 0) + 1
            return account
        text = self._cell(total.column, cells).strip()
        if text:
            groups[account] = _added(total, groups.get(account), text, age)
        return account

    def _figure(self, total: int, account: str) -> Decimal | None:
        text = self._total(total, account)
        try:
            return read.number(text) if text else None
        except ValueError:
            return None

    def _total(self, index: int, account: str) -> str:
        """A total as text; of no rows a sum or count is 0, and everything else is empty."""
        how, state = self.plan.totals[index].how, self._totals[index].get(account)
        if state is None:
            return "0" if how in ("sum", "count") else ""
        if how == "average":
            return _plain(round(state[0] / state[1], 6))
        return _plain(state[1] if how == "latest" else state)

    def _explained(self, watch: Watch, found: Decimal, before: Decimal | None) -> str:
        total = self.plan.totals[watch.total]
        note = f"{total.label}: {found:f}"
        return note if before is None else f"{note}, {before:f} in the {total.days} days before"

    # --- rows -------------------------------------------------------------------------------------------------

    def _made(self, entry: Entry, cells: Cells) -> Made:
        row: dict[str, Any] = {}
        faults: list[Fault] = []
        for name, value, field, index, style in self._fields_of(entry):
            text = ""
            try:
                if index >= 0:
                    text = cells[index]
                else:
                    text, style = self._text(entry, value, cells)  # noqa: PLW2901 - the style of this text
                row[name] = read_cell(field, text, style, self.zone)
                if row[name] is None and field.required:
                    faults.append(Fault(_column(value), f"{_heading(value, name)} is empty", "a value"))
            except BadCell as bad:
                faults.append(bad.fault)
            except ValueError as error:
                what = f"{_heading(value, name)} is {_shown(text)}"
                faults.append(Fault(_column(value), what, str(error)))
        return Made(faults=tuple(faults)) if faults else Made(with_key(entry.kind, row))

    def _fields_of(self, entry: Entry) -> list[tuple[str, Value, Field, int, Style]]:
        """The fields of an entry with what reading them needs; the index of a column that is taken as it stands."""
        found = self._fields.get(id(entry))
        if found is None:
            found = self._fields[id(entry)] = []
            for name, value in entry.fields.items():
                index, style = -1, PLAIN
                if isinstance(value, Column) and value == Column(value.ref) and value.ref.via < 0:
                    index, style = value.ref.index, value.ref.style
                found.append((name, value, entry.kind.fields[name], index, style))
        return found

    def _text(self, entry: Entry, value: Value, cells: Cells) -> tuple[str, Style]:
        """A value as text, and how that text writes dates and numbers."""
        match value:
            case Column():
                return self._adjusted(value.adjust, self._word(value, cells), value.ref.style)
            case Fixed(text):
                return text, PLAIN
            case Worded(text, named):
                return text(self._facts(named, cells, guess=False)), PLAIN
            case Totalled(total, adjust):
                account = self._text(entry, entry.fields[entry.kind.key[0]], cells)[0].strip()
                return self._adjusted(adjust, self._total(total, account), PLAIN)

    def _word(self, value: Column, cells: Cells) -> str:
        text = self._cell(value.ref, cells)
        if value.values is None or not text.strip():
            return text
        found = value.values.get(text.strip(), value.otherwise)
        if found is None:
            what = f"{value.ref.heading} is {_shown(text)}"
            raise BadCell(value.ref.column, what, one_of(value.values), nearest(text, value.values))
        return text if found == "same" and text.strip() not in value.values else found

    def _adjusted(self, adjust: Adjust, text: str, style: Style) -> tuple[str, Style]:
        text = text.strip()
        if not text:
            return text, style
        if adjust.times is not None:
            text, style = _plain(round(read.number(text, style) * adjust.times, 6)), PLAIN
        if adjust.renews is not None:
            text, style = next_return(read.day(text, style), self._as_of, adjust.renews).isoformat(), PLAIN
        return text, style

    def _wanted(self, entry: Entry, row: Mapping[str, Any]) -> bool:
        """Whether the row is to be seen on the day of the map, and its account meets ``only_if``."""
        at = row.get("at")
        if at is not None and self.plan.as_of is not None and at.astimezone(self.zone).date() > self.plan.as_of:
            return False
        account = self.accounts.get(row.get("account", ""))
        return entry.only_if is None or account is None or entry.only_if({"account": account})


def column_of(entry: Entry, field: str) -> int:
    """Where the cell of a field stands in its line, from 1, as problems name it."""
    return _column(entry.fields[field]) if field in entry.fields else 1


def next_return(day: date, after: date, renews: str) -> date:
    """``day`` itself or its first return, a year or a month on, that lies after ``after``."""
    months = 0
    if day <= after:
        step = 12 if renews == "yearly" else 1
        months = ((after.year - day.year) * 12 + after.month - day.month) // step * step
        while _months_on(day, months) <= after:
            months += step
    return _months_on(day, months)


def _months_on(day: date, months: int) -> date:
    """The same day of a later month, or its last where it is shorter."""
    year, month = divmod(day.month - 1 + months, 12)
    first = date(day.year + year, month + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(last, first + timedelta(days=day.day - 1))


def _added(total: Total, state: Any, text: str, age: int) -> Any:
    """The state of a total after one more cell."""
    assert total.column is not None
    style = total.column.style
    try:
        if total.how == "latest":
            found = (-age, text if style == PLAIN else read.guess(text, style))
            return found if state is None or found[0] >= state[0] else state
        if total.how in ("min", "max"):
            value = read.guess(text, style)
            return value if state is None or (value < state) == (total.how == "min") else state
        number = read.number(text, style)
    except (ValueError, TypeError) as error:
        raise _bad(total.column, text, error) from None
    if total.how == "average":
        return (number, 1) if state is None else (state[0] + number, state[1] + 1)
    return number if state is None else state + number


def _plain(value: Any) -> str:
    """A total's value as a cell writes it."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _beyond(watch: Watch, found: Decimal, before: Decimal | None) -> bool:
    if watch.drop is not None:
        return before is not None and before > 0 and before >= watch.at_least and found <= before * (1 - watch.drop)
    return (watch.below is not None and found < watch.below) or (watch.above is not None and found > watch.above)


def _period(every: str, as_of: date) -> str:
    if every == "week":
        return f"{as_of:%G-W%V}"
    return f"{as_of:%Y-%m}" if every == "month" else as_of.isoformat()


def _heading(value: Value, name: str) -> str:
    return value.ref.heading if isinstance(value, Column) else name


def _column(value: Value) -> int:
    return value.ref.column if isinstance(value, Column) else 1


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


def _bad(ref: Ref, text: str, error: Exception) -> BadCell:
    expected = str(error) if isinstance(error, ValueError) else "values that can be compared with each other"
    return BadCell(ref.column, f"{ref.heading} is {_shown(text) if text else 'empty'}", expected)
