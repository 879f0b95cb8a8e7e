"""Facts as people read them: money, moments, spans and names, short and the same in every message and page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from saveline.core.facts import Deal, Person, Task
from saveline.core.tongue import ENGLISH, Tongue, sentence

SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$"}
_STEPS: Final = (
    (1_000_000_000, sentence("{sign}{amount}B")),
    (1_000_000, sentence("{sign}{amount}M")),
    (1_000, sentence("{sign}{amount}k")),
)


def money(cents: int, currency: str, tongue: Tongue = ENGLISH) -> str:
    """``$771k``, ``$6.7M``, ``€950``, ``CHF 80k``: at most three digits and a unit."""
    units = abs(cents) / 100
    for i, (size, unit) in enumerate(_STEPS):
        # 999,600 is $1M, not $1000k: what rounds up to the next unit is written in it.
        if units >= size * 0.9995:
            if i and round(units / size) >= 1000:
                size, unit = _STEPS[i - 1]  # noqa: PLW2901 - the unit above
            return _signed(cents, currency, _short(units / size), unit, tongue)
    return _signed(cents, currency, f"{units:.0f}", "{sign}{amount}", tongue)


def whole_money(cents: int, currency: str, tongue: Tongue = ENGLISH) -> str:
    """``$1,023,400``: to the unit, for figures that are added up."""
    return _signed(cents, currency, f"{abs(cents) / 100:,.0f}", sentence("{sign}{amount}"), tongue)


def percent(share: float, tongue: Tongue = ENGLISH, digits: int = 1) -> str:
    """A share from 0 to 1: ``91.4%``."""
    return tongue.say("{percent}%", percent=tongue.figure(f"{100 * share:.{digits}f}"))


def _signed(cents: int, currency: str, amount: str, pattern: str, tongue: Tongue) -> str:
    sign = SIGNS.get(currency) or (f"{currency} " if tongue.code == "en" else currency)
    minus = "−" if cents < 0 else ""
    return minus + tongue.say(pattern, sign=sign, amount=tongue.figure(amount))


def _short(value: float) -> str:
    text = f"{value:.1f}" if value < 10 else f"{value:.0f}"
    return text.removesuffix(".0")


def day(on: date, today: date, tongue: Tongue = ENGLISH) -> str:
    """``today``, ``tomorrow``, ``Tue 24 Nov`` inside a week, else ``3 Dec``, with the year where it is another."""
    away = (on - today).days
    if away in (0, 1):
        return tongue.say("tomorrow") if away else tongue.say("today")
    if 1 < away < 7:
        return tongue.say("{weekday} {day} {month}", weekday=tongue.weekday(on), day=on.day, month=tongue.month(on))
    return date_of(on, tongue) if on.year == today.year else dated(on, tongue)


def date_of(on: date, tongue: Tongue = ENGLISH) -> str:
    """``3 Dec``: a day of which the year is clear."""
    return tongue.say("{day} {month}", day=on.day, month=tongue.month(on))


def dated(on: date, tongue: Tongue = ENGLISH) -> str:
    """``3 Dec 2026``."""
    return tongue.say("{day} {month} {year}", day=on.day, month=tongue.month(on), year=on.year)


def due(at: datetime, now: datetime, tongue: Tongue = ENGLISH) -> str:
    """A due moment, both in the reader's zone: ``today 18:00``, ``Tue 24 Nov 13:00``, ``3 Dec``, ``2 days late``."""
    if at <= now:
        return late(now - at, (now.date() - at.date()).days, tongue)
    away = (at.date() - now.date()).days
    on = day(at.date(), now.date(), tongue)
    return _at(on, at, tongue) if away < 7 else on


def _at(on: str, at: datetime, tongue: Tongue) -> str:
    return tongue.say("{day} {time}", day=on, time=f"{at:%H:%M}")


def late(by: timedelta, days: int, tongue: Tongue = ENGLISH) -> str:
    """``now``, ``25 minutes late``, ``3 hours late``, ``2 days late``. ``days`` counts midnights between."""
    minutes = int(by.total_seconds() // 60)
    if minutes < 1:
        return tongue.say("now")
    if minutes < 60:
        return tongue.counted("{n} minute late", "{n} minutes late", minutes)
    if minutes < 24 * 60:
        return tongue.counted("{n} hour late", "{n} hours late", minutes // 60)
    return tongue.counted("{n} day late", "{n} days late", max(days, 1))


def due_phrase(at: datetime, now: datetime, tongue: Tongue = ENGLISH) -> str:
    """The same as part of a sentence: ``due today 18:00``, ``due now``, but ``2 days late``."""
    text = due(at, now, tongue)
    return text if now - at >= timedelta(minutes=1) else tongue.say("due {when}", when=text)


def moment(at: datetime, now: datetime, tongue: Tongue = ENGLISH) -> str:
    """A past or future moment, in the reader's zone: ``today 18:00``, ``Fri 20 Nov 10:00``, ``3 Dec``."""
    away, on = (at.date() - now.date()).days, at.date()
    if -7 < away < 0:
        past = tongue.say("{weekday} {day} {month}", weekday=tongue.weekday(on), day=on.day, month=tongue.month(on))
        return _at(past, at, tongue)
    shown = day(on, now.date(), tongue)
    return _at(shown, at, tongue) if -7 < away < 7 else shown


def count(n: int, noun: str) -> str:
    """``1 task``, ``3 tasks``."""
    return f"{n} {noun}{'' if n == 1 else 's'}"


def listed(words: Iterable[str], tongue: Tongue = ENGLISH) -> str:
    """``ana, bob and eli``."""
    words = list(words)
    if len(words) <= 1:
        return "".join(words)
    return tongue.say("{some} and {last}", some=", ".join(words[:-1]), last=words[-1])


def capitalised(text: str) -> str:
    """As the beginning of a sentence; the rest stays as it is."""
    return text[:1].upper() + text[1:]


def words_of(key: str) -> str:
    """A key of the settings as words: ``champion_left`` → ``champion left``."""
    return key.replace("_", " ")


def answer_words(value: Any, tongue: Tongue = ENGLISH) -> str:
    """An answer as it is read: yes or no, a number without a needless .0, a text that is not a page long."""
    if isinstance(value, bool):
        return tongue.say("yes") if value else tongue.say("no")
    if isinstance(value, float):
        return tongue.figure(f"{value:g}")
    return shortened(words_of(str(value)) if str(value).isidentifier() else str(value), 300)


def answer(name: str, value: Any, tongue: Tongue = ENGLISH) -> str:
    """``root cause: product gap``."""
    return f"{words_of(name)}: {answer_words(value, tongue)}"


def role(key: str) -> str:
    """A role on an account's team: short ones are abbreviations (``CSM``), long ones words (``sponsor``)."""
    return key.upper() if len(key) <= 3 else words_of(key)


def first_name(person: Person | None) -> str:
    return person.name.split()[0] if person and person.name.split() else ""


def task_name(task: Task) -> str:
    """What a task is called: by its title, or by its word in the play while it has none."""
    return task.title or words_of(task.plan)


def quoted(deal: Deal, no: int) -> str:
    """A task by its name, ``“Find out why”``; nothing where the deal has no such task."""
    task = deal.task(no)
    return f"“{task_name(task)}”" if task else ""


def asked_for(
    request: Mapping[str, Any], deal: Deal | None, name: Callable[[int], str], tongue: Tongue = ENGLISH
) -> str:
    """What an approval is asked for, and with which answers beside it. ``request`` are the approval's own answers, as
    the engine wrote them; ``name`` names people."""
    asker, of = name(int(request.get("by", 0))), deal.task(int(request.get("of", 0))) if deal else None
    given = "; ".join(answer(k, v, tongue) for k, v in dict(request.get("answers", {})).items())
    if of is None:
        return tongue.say("{name} asks for it: {answers}.", name=asker, answers=given)
    return tongue.say("{name} asks for it to finish “{task}”: {answers}.", name=asker, task=of.title, answers=given)


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
