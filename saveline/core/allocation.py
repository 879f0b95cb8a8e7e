"""Drawing lots: which accounts get the play under trial, and which the usual one.

The lot is a number made from the account's key and the trial's name, and from nothing else. So anybody can work it out
again, nobody can draw twice until it suits, it does not depend on who opens the deal, on when, or on other trials, and
an account has the same lot as long as the trial lasts. With a higher share those that had the new play keep it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final, Literal, TypeAlias

from saveline.core.facts import Fact
from saveline.core.luck import Luck

ArmName: TypeAlias = Literal["new", "usual"]
_LOTS: Final = Luck("trial")


class Wave(Fact, frozen=True):
    """From the day ``since`` on, a ``share`` (0 to 1) of the accounts gets the play under trial."""

    since: date
    share: float


class Lot(Fact, frozen=True, omit_defaults=True):
    """What was drawn for a deal when it was opened, as its history keeps it.

    ``play`` is the one that the lot gave, ``against`` that of the other arm. ``share`` (0 to 1) of the accounts got the
    new one at that time; lots were to be drawn up to the day ``to``.
    """

    trial: str
    arm: ArmName
    play: str
    against: str
    share: float
    to: date

    @property
    def plays(self) -> tuple[str, str]:
        """The new play, and the usual one."""
        return (self.play, self.against) if self.arm == "new" else (self.against, self.play)


class TrialPlan(Fact, frozen=True):
    """A trial as the settings plan it: ``play`` against the ``usual`` one, for accounts that both are made for.

    The first of the ``waves``, which grow, begins it; with only one it is a holdout, with more a staggered start. The
    last day is ``to``. Where there are ``causes`` or ``segments``, one of them must hold of the deal.
    """

    name: str
    play: str
    usual: str
    waves: tuple[Wave, ...]
    to: date
    causes: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()

    @property
    def plays(self) -> tuple[str, str]:
        """The new play, and the usual one."""
        return self.play, self.usual

    def share_on(self, day: date) -> float | None:
        """Which share of the accounts gets the new play on that day; None where no lots are drawn."""
        if day > self.to:
            return None
        return next((wave.share for wave in reversed(self.waves) if wave.since <= day), None)

    def takes(self, segment: str | None, causes: Collection[str]) -> bool:
        """Whether a deal is one that the trial is about."""
        of_cause = not self.causes or any(cause in self.causes for cause in causes)
        return of_cause and (not self.segments or segment in self.segments)

    def draw(self, account_key: str, day: date) -> Lot | None:
        """The lot of an account whose deal is opened on that day; None where no lots are drawn."""
        share = self.share_on(day)
        return None if share is None else self.given("new" if place(self.name, account_key) < share else "usual", share)

    def given(self, arm: ArmName, share: float) -> Lot:
        """The lot of an account that is in ``arm``."""
        play, against = self.plays if arm == "new" else (self.usual, self.play)
        return Lot(self.name, arm, play, against, share, self.to)


def place(trial: str, account_key: str) -> float:
    """Where in ``[0, 1)`` an account stands in a trial: below the share it gets the new play. Each is as likely."""
    return _LOTS.share(trial, account_key)
