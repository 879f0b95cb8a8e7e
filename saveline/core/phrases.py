"""Facts as people read them: money, moments, spans and names, short and the same in every message and page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from saveline.core.facts import Person

SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$"}
_STEPS: Final = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def money(cents: int, currency: str) -> str:
    """``$771k``, ``$6.7M``, ``€950``, ``CHF 80k``: at most three digits and a unit."""
    sign = SIGNS.get(currency, f"{currency} ")
    units = abs(cents) / 100
    minus = "−" if cents < 0 else ""
    for i, (size, letter) in enumerate(_STEPS):
        # 999,600 is $1M, not $1000k: what rounds up to the next unit is written in it.
        if units >= size * 0.9995:
            if i and round(units / size) >= 1000:
                size, letter = _STEPS[i - 1]  # noqa: PLW2901 - the unit above
            return f"{minus}{sign}{_short(units / size)}{letter}"
    return f"{minus}{sign}{units:.0f}"


def whole_money(cents: int, currency: str) -> str:
    """``$1,023,400``: to the unit, for figures that are added up."""
    minus = "−" if cents < 0 else ""
    return f"{minus}{SIGNS.get(currency, f'{currency} ')}{abs(cents) / 100:,.0f}"


def _short(value: float) -> str:
    text = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return text.removesuffix(".0")


def day(on: date, today: date) -> str:
    """``today``, ``tomorrow``, ``Tue 24 Nov`` inside a week, else ``3 Dec``, with the year where it is another."""
    away = (on - today).days
    if away in (0, 1):
        return ("today", "tomorrow")[away]
    if 1 < away < 7:
        return f"{on:%a} {on.day} {on:%b}"
    return f"{on.day} {on:%b}" + ("" if on.year == today.year else f" {on.year}")


def due(at: datetime, now: datetime) -> str:
    """A due moment, both in the reader's zone: ``today 18:00``, ``Tue 24 Nov 13:00``, ``3 Dec``, ``2 days late``."""
    if at <= now:
        return late(now - at, (now.date() - at.date()).days)
    away = (at.date() - now.date()).days
    return day(at.date(), now.date()) + (f" {at:%H:%M}" if away < 7 else "")


def late(by: timedelta, days: int) -> str:
    """``now``, ``25 minutes late``, ``3 hours late``, ``2 days late``. ``days`` counts midnights between."""
    minutes = int(by.total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{count(minutes, 'minute')} late"
    if minutes < 24 * 60:
        return f"{count(minutes // 60, 'hour')} late"
    return f"{count(max(days, 1), 'day')} late"


def due_phrase(at: datetime, now: datetime) -> str:
    """The same as part of a sentence: ``due today 18:00``, ``due now``, but ``2 days late``."""
    text = due(at, now)
    return text if text.endswith(" late") else f"due {text}"


def moment(at: datetime, now: datetime) -> str:
    """A past or future moment, in the reader's zone: ``today 18:00``, ``Fri 20 Nov 10:00``, ``3 Dec``."""
    away = (at.date() - now.date()).days
    if -7 < away < 0:
        return f"{at:%a} {at.day} {at:%b} {at:%H:%M}"
    return day(at.date(), now.date()) + (f" {at:%H:%M}" if -7 < away < 7 else "")


def count(n: int, noun: str) -> str:
    """``1 task``, ``3 tasks``."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def listed(words: Iterable[str]) -> str:
    """``ana, bob and eli``."""
    words = list(words)
    if len(words) <= 1:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def words_of(key: str) -> str:
    """A key of the settings as words: ``champion_left`` → ``champion left``."""
    return key.replace("_", " ")


def answer_words(value: Any) -> str:
    """An answer as it is read: yes or no, a number without a needless .0, a text that is not a page long."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return shortened(words_of(str(value)) if str(value).isidentifier() else str(value), 300)


def role(key: str) -> str:
    """A role on an account's team: short ones are abbreviations (``CSM``), long ones words (``sponsor``)."""
    return key.upper() if len(key) <= 3 else words_of(key)


def first_name(person: Person | None) -> str:
    return person.name.split()[0] if person and person.name.split() else ""


def possessive(name: str) -> str:
    """``Acme's``, but ``Northwind Systems'``."""
    return f"{name}'" if name.endswith(("s", "S")) else f"{name}'s"


def shortened(text: str, most: int) -> str:
    """``text`` within ``most`` characters, ended with … where it was cut, at a word if there is one near."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > most * 2 // 3 else cut).rstrip(" ,;:–-") + "…"
