"""Risk that adds up: each rule gives whole points with its reason, and the score is exactly their sum.

Decay is exponential, ``points · ½^(age / half-life)``, rounded to whole points signal by signal, so that what is
printed is what is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from saveline.core.facts import Account, Fact, Signal
from saveline.core.workspace import Risk, RiskRule


class RiskLine(Fact, frozen=True):
    """Points from one signal or fact."""

    rule: str
    points: int
    cause: str
    text: str


class Assessment(Fact, frozen=True):
    """An account's risk: ``score == sum(line.points for line in lines)``."""

    score: int
    lines: tuple[RiskLine, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """The causes that gave points, the heaviest first."""
        weight: dict[str, int] = {}
        for line in self.lines:
            weight[line.cause] = weight.get(line.cause, 0) + line.points
        return tuple(sorted((c for c, w in weight.items() if w > 0), key=lambda c: (-weight[c], c)))

    def explained(self, cause: str) -> str:
        """What speaks for ``cause``."""
        return "; ".join(line.text for line in self.lines if line.cause == cause)

    def printed(self) -> str:
        """The sum, line by line."""
        rows = [f"{line.points:>5}  {line.text}" for line in self.lines]
        return "\n".join([*rows, f"{self.score:>5}  in all"])


def assess(account: Account, signals: Iterable[Signal], risk: Risk, now: datetime, zone: tzinfo = UTC) -> Assessment:
    """Score an account by the workspace's rules. Signals from after ``now`` count nothing; days
    are those of ``zone``."""
    by_kind: dict[str, list[Signal]] = {}
    for signal in signals:
        if signal.at <= now:
            by_kind.setdefault(signal.kind, []).append(signal)
    facts = _facts(account, now)
    lines: list[RiskLine] = []
    for rule in risk.rules:
        lines += _lines(rule, by_kind.get(rule.signal or "", []), facts, now.astimezone(zone))
    return Assessment(sum(line.points for line in lines), tuple(lines))


def _lines(rule: RiskRule, signals: Sequence[Signal], facts: dict[str, Any], now: datetime) -> list[RiskLine]:
    if rule.signal is None:
        if rule.condition is None or not rule.condition({"account": facts, "signal": {}}):
            return []
        return [RiskLine(rule.name, rule.points, rule.cause, rule.title)]
    ordered = sorted(signals, key=lambda s: (s.at, s.id), reverse=True)
    lines: list[RiskLine] = []
    left = rule.at_most
    for signal in ordered[:1] if rule.latest else ordered:
        if rule.condition is None or rule.condition(
            {"account": facts, "signal": {"value": signal.value, "note": signal.note}}
        ):
            line = _line(rule, signal, now, left)
            if line is not None:
                lines.append(line)
                left = None if left is None else left - line.points
    return lines


def _line(rule: RiskRule, signal: Signal, now: datetime, left: int | None) -> RiskLine | None:
    age = (now - signal.at) / timedelta(days=1)
    points = rule.points
    text = f"{rule.title}, {signal.at.astimezone(now.tzinfo):%-d %b %Y}"
    if rule.half_life_days:
        points = round(points * 0.5 ** (age / rule.half_life_days))
        text += f" ({rule.points} points {age:.0f} days ago, half as many every {rule.half_life_days:g} days)"
    if left is not None and points > left:
        points, text = left, f"{text}, no more than {rule.at_most} from this rule"
    if not points:
        return None
    return RiskLine(rule.name, points, rule.cause, f"{text}: {signal.note}" if signal.note else text)


def _facts(account: Account, now: datetime) -> dict[str, Any]:
    today = now.date()
    contact = (now - account.last_contact).days if account.last_contact else None
    return {
        **account.fields,
        "segment": account.segment,
        "vertical": account.vertical,
        "region": account.region,
        "arr": account.arr_cents / 100,
        "health": account.health,
        "days_to_renewal": (account.renewal - today).days if account.renewal else None,
        "days_since_contact": contact,
    }
