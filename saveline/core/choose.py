"""Which play an account gets, and why each other one lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from saveline.core.allocation import Lot
from saveline.core.errors import one_of
from saveline.core.facts import Account, Fact
from saveline.core.play import Applies, Facts, Play


class Choice(Fact, frozen=True):
    """The play chosen, and one line for each of the others. Without a play none applies and the default is missing.

    ``by_default`` says that no play applies; ``rivals`` are plays that fit as closely, and lost by priority or name.
    ``fitting`` are all whose ``applies`` holds; ``lot`` is what was drawn where a trial takes the account.
    """

    play: Play | None
    why: tuple[str, ...] = ()
    by_default: bool = False
    rivals: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    lot: Lot | None = None


def choose(
    plays: Iterable[Play], account: Account, causes: Sequence[str], facts: Facts, *, at: datetime, default: str
) -> Choice:
    """Of the plays whose ``applies`` holds: the one with most lines, then the highest priority, then by name."""
    ordered = sorted(plays, key=lambda p: (-p.applies.lines, -p.priority, p.name))
    refused = {p.name: _refusal(p.applies, account, causes, facts, at) for p in ordered}
    fitting = [p for p in ordered if refused[p.name] is None]
    chosen = fitting[0] if fitting else next((p for p in ordered if p.name == default), None)
    if chosen is None:
        return Choice(None, tuple(f"{name}: {why}" for name, why in refused.items()))
    if fitting:
        head = f"{chosen.name} was chosen: {_held(chosen.applies)}"
    else:
        head = f"{chosen.name} was chosen: no play applies, and it is the default"
    others = (f"{p.name}: {refused[p.name] or _beaten(p, chosen)}" for p in ordered if p is not chosen)
    rivals = (p.name for p in fitting[1:] if p.applies.lines == chosen.applies.lines)
    return Choice(chosen, (head, *others), not fitting, tuple(rivals), tuple(p.name for p in fitting))


def _held(applies: Applies) -> str:
    if applies.lines > 1:
        return f"all {applies.lines} lines of its applies hold"
    return "the one line of its applies holds" if applies.lines else "its applies asks for nothing"


def _beaten(play: Play, by: Play) -> str:
    if play.applies.lines < by.applies.lines:
        return f"applies too, with fewer lines ({play.applies.lines} against {by.applies.lines})"
    if play.priority < by.priority:
        return f"applies as closely, with a lower priority ({play.priority} against {by.priority})"
    return f"applies as closely, and comes after {by.name} by name"


def _refusal(applies: Applies, account: Account, causes: Sequence[str], facts: Facts, at: datetime) -> str | None:
    """The first line that does not hold, in words."""
    if applies.causes and not set(applies.causes) & set(causes):
        return f"wants {one_of(applies.causes)}, the account has {one_of(causes) or 'no cause'}"
    for name, wanted, value in (
        ("segment", applies.segments, account.segment),
        ("vertical", applies.verticals, account.vertical),
        ("region", applies.regions, account.region),
    ):
        if wanted and value not in wanted:
            return f"wants {name} {one_of(wanted)}, the account has {value or 'none'}"
    runway = (account.renewal - at.date()).days if account.renewal else None
    for name, bounds, number in (
        ("ARR", applies.arr, account.arr_cents / 100),
        ("runway in days", applies.runway_days, runway),
        ("health", applies.health, account.health),
    ):
        if bounds is not None and not bounds.holds(number):
            return f"wants {name} {bounds}, the account has {'none' if number is None else format(number, 'g')}"
    if applies.condition is not None and not applies.condition(facts):
        return f"{applies.condition.source} does not hold"
    return None
