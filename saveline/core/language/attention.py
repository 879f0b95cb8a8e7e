"""``attention`` in saveline.yaml, and what people.yaml says of how somebody wants to be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field

from saveline.core.attention import parse_quiet
from saveline.core.language.problems import Findings, Place, hint
from saveline.core.language.shapes import Shape
from saveline.core.language.words import Text, Words
from saveline.core.notices import REFUSABLE
from saveline.core.workspace import NOTICE_KINDS, Attention

OFF: Final = "off"
LEAST_CAP: Final = 5


def _number(least: int) -> BeforeValidator:
    """A whole number from ``least`` on; None for ``off``."""

    def read(value: Any) -> int | None:
        if value == OFF:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= 1000:
            raise ValueError(f"a whole number from {least} to 1,000, or {OFF}")
        return value

    return BeforeValidator(read)


Cap: TypeAlias = Annotated[int | None, _number(LEAST_CAP)]
Least: TypeAlias = Annotated[int | None, _number(2)]


class AttentionShape(Shape):
    """How people are kept from being flooded."""

    quiet: Text | None = Field(
        default=None,
        description="Hours of everybody's own day in which only what is urgent is sent: a span, or `outside hours`.",
        examples=["19-8"],
    )
    cap: Cap = Field(
        default=25,
        description="How many messages somebody gets on a day; the rest comes as one next morning. Or `off`.",
        examples=[25],
    )
    bundle_from: Least = Field(
        default=3, description="From so many tasks at once on they come in one message. Or `off`.", examples=[3]
    )
    catch_up: bool = Field(
        default=True, description="Whether what came while somebody was away waits and comes as one message."
    )
    urgent: Words = Field(
        default=["decision_due", "escalation"],
        description="Kinds of notices that go at once, in quiet hours and beyond the cap.",
        examples=[["decision_due", "escalation"]],
    )


def attention_of(found: Findings, shape: AttentionShape) -> Attention:
    """The block as the core knows it; its problems are added to ``found``."""
    check_quiet(found, ("attention", "quiet"), shape.quiet)
    for i, kind in enumerate(shape.urgent):
        found.known(("attention", "urgent", i), "notice", kind, NOTICE_KINDS)
    return Attention(shape.quiet, shape.cap, shape.bundle_from, shape.catch_up, tuple(shape.urgent))


def check_quiet(found: Findings, place: Place, quiet: str | None) -> None:
    if quiet is not None:
        try:
            parse_quiet(quiet)
        except ValueError as error:
            found.add(place, f"quiet is {quiet!r}", *hint(error))


def check_wishes(
    found: Findings, place: Place, wishes: Mapping[str, str], channels: Mapping[str, str], *, slack: bool
) -> None:
    """By which channel somebody wants a kind of notice. ``channels`` are those of saveline.yaml with whom they reach,
    empty where they are not known; ``slack``: the person has a Slack id."""
    for kind, wish in wishes.items():
        at = (*place, kind)
        if not found.known(at, "notice", kind, NOTICE_KINDS, key=True):
            continue
        if wish == OFF:
            if kind not in REFUSABLE:
                what = f"{kind} is {OFF}, and tells of their own work"
                found.add(at, what, f"a channel; {OFF} only for {' or '.join(REFUSABLE)}")
        elif channels and found.known(at, "channel", wish, [*channels, OFF] if kind in REFUSABLE else channels):
            _check_reach(found, at, wish, channels[wish], slack=slack)


def _check_reach(found: Findings, place: Place, name: str, reach: str, *, slack: bool) -> None:
    if reach == "room":
        found.add(place, f"the channel {name} is a room, and reaches nobody alone", "a channel that reaches persons")
    elif reach == "slack" and not slack:
        found.add(place, f"the channel {name} needs their Slack id", "a line slack: U0123ABCD, or another channel")
