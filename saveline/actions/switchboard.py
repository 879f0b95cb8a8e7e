"""The channels a worker has open, and which of them it leaves alone for a while."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from saveline.actions.desk import Desk
from saveline.core.delivery import Outcome, Permanent, Transient, Unknown
from saveline.core.facts import Fact
from saveline.notify.channels import Channel, Misconfigured, open_channel
from saveline.notify.message import Outgoing
from saveline.settings import expand

log = logging.getLogger(__name__)

LONGEST_HOLD: Final = timedelta(minutes=1)
"""A channel that is down is tried again at least so often, whatever its notices' own waits are."""


class Switchboard:
    """Opens each channel once. What is down as a whole is left alone: longer each time, or as long as it asks for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._open: dict[str, Channel] = {}
        self._held: dict[str, datetime] = {}
        self._faults: Counter[str] = Counter()

    def close(self) -> None:
        for channel in self._open.values():
            channel.close()
        self._open.clear()

    def channel(self, name: str) -> Channel | Outcome:
        """The channel of that name; or what it means for a notice that it cannot be opened."""
        found = self._open.get(name)
        if found is not None:
            return found
        opened = self._opened(name)
        if not isinstance(opened, Fact):
            self._open[name] = opened
        return opened

    def _opened(self, name: str) -> Channel | Outcome:
        known = self._desk.workspace.channels.get(name)
        if known is None:
            return Permanent(f"saveline.yaml has no channel {name!r}")
        try:
            return open_channel(expand(known.url), folder=self._desk.folder, to_persons=known.reach != "room")
        except KeyError as missing:
            return Transient(f"the environment has no {missing.args[0]}", channel_wide=True)
        except Misconfigured as error:
            return Transient(f"the channel {name!r} cannot be opened: {error}", channel_wide=True)

    def send(self, channel: Channel, message: Outgoing, deadline: float) -> Outcome:
        """Hand it over. A channel that raises has a bug, and whether the message arrived is not known then."""
        if monotonic() >= deadline:
            return Transient("the worker stood still until its time was over")
        try:
            return channel.deliver(message, deadline=deadline)
        except Exception as error:
            # Not its traceback: that could print a request, and a request holds the token.
            log.error("%s failed: %s", type(channel).__name__, type(error).__name__)
            return Unknown(f"the channel failed: {type(error).__name__}: {error}")

    # --- leaving alone ----------------------------------------------------------------------------------------

    def held(self, now: datetime) -> list[str]:
        """The channels that are left alone at ``now``."""
        return [name for name, until in self._held.items() if until > now]

    def heed(self, name: str, outcome: Outcome, now: datetime) -> None:
        """Learn from what became of a message whether its channel is up."""
        if not (isinstance(outcome, Transient) and outcome.channel_wide):
            self._faults.pop(name, None)
            return
        self._faults[name] += 1
        pause = min(LONGEST_HOLD, timedelta(seconds=2 ** min(self._faults[name], 10)))
        if outcome.retry_after is not None:
            pause = timedelta(seconds=outcome.retry_after)
        self._held[name] = now + pause
        log.warning("channel %s is left alone for %d s", name, pause.total_seconds())
