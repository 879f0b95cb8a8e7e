"""When an account at risk becomes a deal, and when one that had a deal becomes one again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from saveline.core.facts import Account, Signal
from saveline.core.risk import Assessment, assess
from saveline.core.workspace import Risk, Workspace

REST: Final = timedelta(days=90)
"""After a close, how long the account's facts alone (health, days without contact) open no new deal."""


def judged(
    account: Account,
    signals: Sequence[Signal],
    workspace: Workspace,
    *,
    now: datetime,
    closed_at: datetime | None = None,
) -> Assessment:
    """The account's risk. What was observed up to the close of its last deal was dealt with there: it counts no
    more."""
    new = [s for s in signals if closed_at is None or s.at > closed_at]
    return assess(account, new, workspace.risk, now, ZoneInfo(workspace.zone))


def opens(assessment: Assessment, risk: Risk, *, now: datetime, closed_at: datetime | None = None) -> bool:
    """Whether the account becomes a deal: its score is high enough, and soon after a close something new was observed.

    Facts such as a low health outlast a close; without this, a saved account would be a deal again the next morning.
    """
    if assessment.score < risk.open_at:
        return False
    if closed_at is None or now - closed_at >= REST:
        return True
    observed = {rule.name for rule in risk.rules if rule.signal is not None}
    return any(line.rule in observed for line in assessment.lines)
