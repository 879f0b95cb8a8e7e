"""When an account at risk becomes a deal, and when one that had a deal becomes one again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from saveline.core.facts import Account, Signal
from saveline.core.moments import Duration
from saveline.core.risk import Assessment, assess
from saveline.core.workspace import Workspace


def judged(
    account: Account,
    signals: Sequence[Signal],
    workspace: Workspace,
    *,
    now: datetime,
    closed_at: datetime | None = None,
    split_off: Mapping[str, datetime] | None = None,
) -> Assessment:
    """The account's risk. What was observed up to the close of its last deal was dealt with there: it counts no more.

    ``split_off`` are causes that were found to be another account's, and when: only what was observed later speaks for
    one of them again.
    """
    zone = ZoneInfo(workspace.zone)
    new = [s for s in signals if closed_at is None or s.at > closed_at]
    found = assess(account, new, workspace.risk, now, zone)
    if not split_off:
        return found
    lines = [line for line in found.lines if line.cause not in split_off]
    observed = {rule.name for rule in workspace.risk.rules if rule.signal is not None}
    for cause, moment in split_off.items():
        later = assess(account, [s for s in new if s.at > moment], workspace.risk, now, zone)
        lines += [line for line in later.lines if line.cause == cause and line.rule in observed]
    return Assessment(sum(line.points for line in lines), tuple(lines))


def opens(assessment: Assessment, workspace: Workspace, *, now: datetime, closed_at: datetime | None = None) -> bool:
    """Whether the account becomes a deal, or its old one goes on: its score is high enough, and within the cool-down
    after a close something new was observed.

    Facts such as a low health outlast a close; without this, a saved account would be a deal again the next morning.
    """
    if assessment.score < workspace.risk.open_at:
        return False
    if closed_at is None or not cooling(closed_at, workspace.cool_down, now):
        return True
    observed = {rule.name for rule in workspace.risk.rules if rule.signal is not None}
    return any(line.rule in observed for line in assessment.lines)


def cooling(closed_at: datetime, cool_down: Duration, now: datetime) -> bool:
    """Whether a deal that was closed then would be opened again now, and not followed by a new one."""
    return now - closed_at < cool_down.calendar()


def gone(account: Account, workspace: Workspace, now: datetime) -> bool:
    """Whether the account has left: there is nothing to save. One that leaves later can be."""
    return account.left_on is not None and account.left_on <= now.astimezone(ZoneInfo(workspace.zone)).date()
