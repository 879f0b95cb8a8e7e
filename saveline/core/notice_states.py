"""The states of a notice as people read them, and what became of one in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias, get_args

from saveline.core.delivery import LONGEST, MOST_ATTEMPTS
from saveline.core.phrases import count

State: TypeAlias = Literal["queued", "sending", "sent", "unknown", "failed", "dead", "cancelled", "missed", "bundled"]
STATES: Final[tuple[State, ...]] = get_args(State)
MEANING: Final[dict[State, str]] = {
    "queued": "waits to be sent",
    "sending": "is being sent",
    "sent": "was taken by the channel",
    "unknown": "was handed over and not answered: it may have arrived, and is looked for or sent again",
    "failed": "was not taken, and will be tried again",
    "dead": "was given up",
    "cancelled": "was not wanted any more",
    "missed": "was late, and a later one about the same went out instead",
    "bundled": "was said together with others in one message",
}


def state_of(status: str, attempts: int) -> State:
    """What a row's status means: ``queued`` after an attempt is ``failed``, until it is tried again."""
    found: State = "failed" if status == "queued" and attempts else next(s for s in STATES if s == status)
    return found


class Told(Protocol):
    """A notice as its row says it."""

    @property
    def id(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def not_before(self) -> datetime: ...
    @property
    def tried_at(self) -> datetime | None: ...
    @property
    def sent_at(self) -> datetime | None: ...
    @property
    def lease(self) -> str | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def judged_at(self) -> datetime | None: ...
    @property
    def held_for(self) -> str | None: ...
    @property
    def bundle_id(self) -> int | None: ...


def became(notice: Told, twins: Sequence[Told], moment: Callable[[datetime], str]) -> Iterator[str]:
    """What became of it, line by line. ``twins`` are the same notice by other channels; ``moment`` words a time."""
    state = state_of(notice.status, notice.attempts)
    yield f"{state}: it {MEANING[state]}"
    yield from _more(notice, state, moment)
    if notice.error and state != "queued":
        yield notice.error
    for twin in twins:
        yield f"the same by {twin.channel}: notice {twin.id}, {state_of(twin.status, twin.attempts)}"


def _more(notice: Told, state: State, moment: Callable[[datetime], str]) -> Iterator[str]:
    match state:
        case "queued":
            yield from _queued(notice, moment)
        case "sending":
            yield f"worker {(notice.lease or '').partition('/')[0]} has it in hand"
        case "sent" if notice.sent_at is not None:
            yield f"at {moment(notice.sent_at)}, by {notice.channel}"
        case "failed" | "unknown":
            yield f"{count(notice.attempts, 'attempt')} so far; the next {moment(notice.not_before)}"
            if notice.tried_at is not None:
                yield f"given up after {MOST_ATTEMPTS} attempts, or {moment(notice.tried_at + LONGEST)}"
        case "bundled":
            yield f"in notice {notice.bundle_id}"


def _queued(notice: Told, moment: Callable[[datetime], str]) -> Iterator[str]:
    if notice.held_for and notice.judged_at is None:
        yield f"it waits until {moment(notice.not_before)}: {notice.held_for}"
    elif notice.judged_at is None:
        yield f"whether it disturbs is looked at from {moment(notice.not_before)} on"
    else:
        yield f"it goes as soon as a worker takes it, from {moment(notice.not_before)} on"
