"""Groups of deals whose save rates are held against each other, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from saveline.core.phrases import percent, words_of
from saveline.core.tongue import Tongue, sentence
from saveline.core.works import Line

KINDS: Final[Mapping[str, str]] = {
    "play": sentence("Play"),
    "cause": sentence("Cause"),
    "segment": sentence("Segment"),
    "door": sentence("Tasks finished"),
}
NONE: Final[Mapping[str, str]] = {
    "play": sentence("no play"),
    "cause": sentence("no cause"),
    "segment": sentence("no segment"),
    "door": sentence("nowhere"),
}
DOORS: Final[Mapping[str, str]] = {
    "slack": sentence("in Slack"),
    "email": sentence("by e-mail"),
    "web": sentence("on the web pages"),
    "cli": sentence("at the command line"),
    "api": sentence("by a program"),
}


def called(dimension: str, name: str, tongue: Tongue) -> str:
    """A group as people call it."""
    if not name:
        return tongue.say(NONE[dimension])
    if dimension == "door":
        return tongue.say(DOORS[name]) if name in DOORS else name
    return words_of(name) if dimension == "cause" else name


def differs(line: Line, tongue: Tongue) -> str:
    """One finding in a sentence: the group, its rate and the others', each with how many deals it is of."""
    told = line.comparison
    if told.verdict == "better":
        text = sentence(
            "{kind} {group}: {share} of {n} saved, of all others {rest} of {others}: better by more than luck."
        )
    else:
        text = sentence(
            "{kind} {group}: {share} of {n} saved, of all others {rest} of {others}: worse by more than luck."
        )
    return tongue.say(
        text,
        kind=tongue.say(KINDS[line.dimension]),
        group=called(line.dimension, line.name, tongue),
        share=percent(told.rate.share or 0, tongue, digits=0),
        n=told.rate.n,
        rest=percent(told.rest.share or 0, tongue, digits=0),
        others=told.rest.n,
    )
