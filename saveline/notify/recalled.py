"""What the history keeps as a line of English (why somebody was found, what keeps a stage), in another language.

The engine words such lines when it decides, and they never change again. Each is one of the sentences below; what
stands in its gaps is put into the same gaps of the translation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Final

from saveline.core.tongue import ENGLISH, Tongue, plural, sentence

LINES: Final[Sequence[str]] = (
    # Why somebody was found, or passed over.
    sentence("{name} has left"),
    sentence("{name} is away until {day}"),
    sentence("{name} has it now"),
    sentence("{name} has {n} open tasks, the most they take"),
    sentence("{link}: nobody is named"),
    sentence("{link}: nobody is free"),
    sentence("{link}: offered"),
    sentence("has the task already"),
    sentence("open tasks in {team}: {loads}"),
    sentence("the turn in {team}: nobody had it yet"),
    sentence("the turn in {team}: after {name}"),
    # Why a decision is asked for.
    sentence("the decision date has come"),
    sentence("everything in the play is done"),
    sentence("the account has left: it stopped paying on {day}"),
    sentence("the risk has cleared: the score is {score}, below {level}"),
    # Why a task is withdrawn.
    sentence("its stage has ended"),
    sentence("{task} is done"),
    # What keeps a stage.
    sentence("“{title}” is not started"),
    sentence("“{title}” is open"),
    sentence("its exit condition does not hold: {condition}"),
    # How far the time reaches.
    sentence("Nothing of the plan is left to do; the decision is due {day}."),
    sentence("Nothing of the plan is left to do; the renewal is {day}."),
    sentence("The plan needs until {until}; the decision is due {day}."),
    sentence("The plan needs until {until}; the renewal is {day}."),
    sentence("“{task}” ({span}) makes it too long."),
    sentence("“{task}” is the first that comes too late."),
    # What a changed play does to a deal, and why.
    sentence("it goes on to {stage}"),
    sentence("the stage is to be left by {until}"),
    sentence("the stage is to be left when it is time"),
    sentence("the decision date is {until}, not {before}"),
    sentence("it may take {stay} now, not {earlier}"),
    sentence("it is {moment} now, not {other}"),
    sentence("its new moment has passed, so it is the next close of business"),
    sentence("that has passed, so it is the end of the next working day"),
    # Why an answer by mail did not do.
    sentence("“{title}” can end in more than one way, so one word is not enough."),
    sentence("“{title}” asks for answers, so one word is not enough."),
    sentence("“{title}” is with {holder}: {name} has no part in it."),
    sentence("Nothing was changed."),
    # The engine's own tasks.
    sentence("Decide about {account}: {outcomes}"),
    sentence("Approve {what} for {account}, asked by {name}"),
    sentence("They hear one offer that stands, and hear it soon."),
)

_UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "minute": plural("{n} minute", "{n} minutes"),
    "hour": plural("{n} hour", "{n} hours"),
    "day": plural("{n} day", "{n} days"),
    "week": plural("{n} week", "{n} weeks"),
    "business hour": plural("{n} business hour", "{n} business hours"),
    "business day": plural("{n} business day", "{n} business days"),
}
_SPAN: Final = re.compile(r"(\d+) (business hour|business day|minute|hour|day|week)s?\b")
_DAY: Final = re.compile(r"(\d{1,2}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b(?: (\d{4}))?")
_SENTENCES: Final = re.compile(r"(?<=\.) (?=[A-Z“])")


def recalled(line: str, tongue: Tongue) -> str:
    """``line`` in the language; as it is where it is none of ours, because then somebody wrote it."""
    if tongue is ENGLISH:
        return line
    for text, pattern in _patterns():
        found = pattern.fullmatch(line)
        if found is not None:
            gaps = {name: _GAPS.get(name, _as_it_is)(value, tongue) for name, value in found.groupdict().items()}
            return tongue.say(text, **gaps)
    return line


def all_recalled(text: str, tongue: Tongue) -> str:
    """Several sentences after one another."""
    return text if tongue is ENGLISH else " ".join(recalled(part, tongue) for part in _SENTENCES.split(text))


def with_reasons(line: str, tongue: Tongue) -> str:
    """``what it says: why; and why again``, each of them a line of its own."""
    what, colon, why = line.partition(": ")
    return recalled(what, tongue) + colon + "; ".join(recalled(part, tongue) for part in why.split("; "))


def span(text: str, tongue: Tongue) -> str:
    """A duration as plays write it: ``2 business days 4 hours``."""
    return _SPAN.sub(lambda m: tongue.counted(*_UNITS[m[2]], int(m[1])), text)


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """The lines as patterns: each gap takes what there is, in one line."""
    return [(text, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+)", re.escape(text)))) for text in LINES]


def _as_it_is(value: str, _tongue: Tongue) -> str:
    return value


def _days(value: str, tongue: Tongue) -> str:
    """Days as the engine writes them, ``28 Nov`` or ``28 Nov 2026``, maybe with an hour after them."""

    def said(found: re.Match[str]) -> str:
        number = next(i for i, name in enumerate(ENGLISH.months[1], start=1) if name == found[2])
        month = tongue.month(date(2000, number, 1))
        if found[3]:
            return tongue.say("{day} {month} {year}", day=found[1], month=month, year=found[3])
        return tongue.say("{day} {month}", day=found[1], month=month)

    return _DAY.sub(said, value)


def _stay(value: str, tongue: Tongue) -> str:
    return tongue.say("as long as it takes") if value == "as long as it takes" else span(value, tongue)


def _outcomes(value: str, tongue: Tongue) -> str:
    """``saved, lost or let go``: the names are the settings', the last comma is ours."""
    some, joined, last = value.rpartition(" or ")
    return tongue.say("{some} or {last}", some=some, last=last) if joined else value


def _loads(value: str, tongue: Tongue) -> str:
    some, joined, more = value.rpartition(" and ")
    number = more.removesuffix(" with as many or more")
    if not joined or not number.isdigit():
        return value
    return tongue.say("{some} and {n} with as many or more", some=some, n=number)


_GAPS: Final[Mapping[str, Callable[[str, Tongue], str]]] = {
    "day": _days,
    "until": _days,
    "before": _days,
    "span": span,
    "stay": _stay,
    "earlier": _stay,
    "outcomes": _outcomes,
    "loads": _loads,
}
