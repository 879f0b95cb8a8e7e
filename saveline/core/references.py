"""What an imported row names that must be there: its account, people, roles, departments."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from saveline.core.derive import Fault
from saveline.core.errors import nearest, one_of
from saveline.core.kinds import Kind
from saveline.core.worktime import known_country, parse_hours

MOST_COMPARED: Final = 5_000
MOST_SEARCHES: Final = 200
"""Looking for the nearest of many words takes a moment: beyond these, a bad line goes without."""


MOST_MINUTES: Final = 10 * 366 * 24 * 60
"""Ten years: a first response that took longer is a mistake, and a moment must stay one."""
MOST_CONTACTS: Final = 100_000


class References:
    """Everything that rows may name. ``accounts`` and ``people`` lead from natural keys to ids."""

    def __init__(
        self,
        accounts: Mapping[str, int],
        people: Mapping[str, int],
        roles: Collection[str],
        departments: Collection[str],
    ) -> None:
        self.accounts, self.people = accounts, people
        self._roles, self._departments = roles, departments
        self._searches = 0

    def faults(self, kind: Kind, row: Mapping[str, Any], column: Callable[[str], int]) -> tuple[Fault, ...]:
        """What is wrong with the names in ``row``; ``column`` says where a field stands in its line."""
        if kind.name == "people":
            return tuple(self._person_faults(row, column))
        if kind.name == "accounts":
            return self._new_account(kind, row, column)
        if kind.name == "pulse":
            return tuple(self._pulse_faults(row, column))
        return (*self._named(row, column), *_span(row, column))

    def _pulse_faults(self, row: Mapping[str, Any], column: Callable[[str], int]) -> Iterator[Fault]:
        if row["department"] not in self._departments:
            yield self._unknown(column("department"), "department", row["department"], self._departments)
        if not 1 <= row["value"] <= 5:
            yield Fault(column("value"), f"value is {row['value']}", "a whole number from 1 to 5")

    def _new_account(self, kind: Kind, row: Mapping[str, Any], column: Callable[[str], int]) -> tuple[Fault, ...]:
        lacking = [c for c in kind.new if c not in row]
        if not lacking or row["key"] in self.accounts:
            return ()
        return (Fault(column("key"), f"{row['key']!r} is a new account without {one_of(lacking)}", "one with it"),)

    def _named(self, row: Mapping[str, Any], column: Callable[[str], int]) -> Iterator[Fault]:
        for name, what, known in (
            ("account", "account", self.accounts),
            ("role", "role", self._roles),
            ("person", "person", self.people),
        ):
            word = row.get(name)
            if word is not None and word not in known:
                yield self._unknown(column(name), what, word, known)

    def _person_faults(self, row: Mapping[str, Any], column: Callable[[str], int]) -> Iterator[Fault]:
        department, zone, country = row.get("department"), row.get("zone"), row.get("country")
        if department is not None and department not in self._departments:
            yield self._unknown(column("department"), "department", department, self._departments)
        if zone is not None and zone not in available_timezones():
            yield self._unknown(column("zone"), "time zone", zone, available_timezones(), "a zone like Europe/Lisbon")
        if country is not None and not known_country(country):
            yield Fault(column("country"), f"unknown country {country!r}", "a code like PT or DE-BY")
        if row.get("hours") is not None:
            try:
                parse_hours(row["hours"])
            except ValueError as error:
                yield Fault(column("hours"), f"hours are {row['hours']!r}", str(error))
        if (row.get("capacity") or 0) < 0:
            yield Fault(column("capacity"), f"capacity is {row['capacity']}", "a number of tasks, from 0")

    def manager_faults(self, row: Mapping[str, Any], among: Collection[str], column: int) -> tuple[Fault, ...]:
        """Managers are looked at when all people have been read: one may stand below those they lead."""
        manager = row.get("manager")
        if manager is None or manager in among:
            return ()
        return (self._unknown(column, "person", manager, among),)

    def _unknown(self, column: int, what: str, word: str, known: Collection[str], expected: str = "") -> Fault:
        self._searches += 1
        few = len(known) <= MOST_COMPARED and self._searches <= MOST_SEARCHES
        if not expected:
            expected = one_of(known) if len(known) <= 12 else f"a known {what}"
        return Fault(
            column, f"unknown {what} {word!r}", expected or f"no {what} is known", nearest(word, known) if few else ""
        )


def _span(row: Mapping[str, Any], column: Callable[[str], int]) -> Iterator[Fault]:
    """A time that ends before it begins, and other figures below nothing."""
    starts, ends = row.get("starts_on"), row.get("ends_on")
    if starts is not None and ends is not None and ends < starts:
        yield Fault(column("ends_on"), f"it ends on {ends}, before it starts on {starts}", "a day from then on")
    for name in ("first_response_at", "resolved_at"):
        opened, at = row.get("opened_at"), row.get(name)
        if opened is not None and at is not None and at < opened:
            what = f"{name} is {at:%Y-%m-%d %H:%M}, before it was opened at {opened:%Y-%m-%d %H:%M} (UTC)"
            yield Fault(column(name), what, "a moment from then on")
    for name, most in (("first_response_minutes", MOST_MINUTES), ("contacts", MOST_CONTACTS)):
        n = row.get(name)
        if n is not None and not 0 <= n <= most:
            yield Fault(column(name), f"{name} is {n:g}", f"a number from 0 to {most:,}")
    if row.get("first_response_at") is not None and row.get("first_response_minutes") is not None:
        yield Fault(column("first_response_minutes"), "the first response is told twice", "a moment or minutes")
