"""How a report's values are said: cells and words in one language, one currency and one zone."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from saveline.core.blocks import Cell, Tone
from saveline.core.findings import NO_DEPARTMENT
from saveline.core.intervals import Rate
from saveline.core.phrases import dated, money, percent, whole_money
from saveline.core.tongue import Tongue


class Saying:
    """``currency`` is a code (USD), ``zone`` the workspace's."""

    def __init__(self, currency: str, zone: ZoneInfo, tongue: Tongue) -> None:
        self.currency, self.zone, self.tongue = currency, zone, tongue
        self.say, self.counted = tongue.say, tongue.counted

    def money(self, cents: int) -> str:
        return money(cents, self.currency, self.tongue)

    def team(self, name: str) -> str:
        return self.say("no department") if name == NO_DEPARTMENT else name

    def percent(self, share: float, digits: int = 1) -> str:
        """``91.4%``."""
        return percent(share, self.tongue, digits)

    def more(self, n: int) -> str:
        """That so many lines were left out; nothing where none was."""
        return self.counted("and {n} more", "and {n} more", n) if n > 0 else ""

    def day(self, at: datetime) -> str:
        return dated(at.astimezone(self.zone).date(), self.tongue)

    def day_of(self, on: date) -> str:
        return dated(on, self.tongue)

    # --- cells --------------------------------------------------------------------------------------------------------

    def amount(self, cents: int, phrase: str = "") -> Cell:
        """Money in short: ``$771k``."""
        return Cell(self.money(cents), cents, phrase)

    def moved(self, cents: int) -> Cell:
        """Money that is added or taken off, to the unit, so that a reader who adds it up comes to the same."""
        return Cell(_signed(whole_money(abs(cents), self.currency, self.tongue), cents), cents)

    def whole(self, cents: int) -> Cell:
        """A sum of such, to the unit."""
        return Cell(whole_money(cents, self.currency, self.tongue), cents)

    def number(self, n: int, phrase: str = "", *, tone: Tone = "") -> Cell:
        """A count; nothing to read for none where there is a tone."""
        return Cell(str(n) if n or not tone else "", n, phrase, tone if n else "")

    def deals(self, n: int, *, signed: bool = False) -> Cell:
        said = self.counted("{n} deal", "{n} deals", abs(n))
        return Cell(_signed(str(abs(n)), n), n, _signed(said, n)) if signed else Cell(str(n), n, said)

    def accounts(self, n: int) -> Cell:
        return Cell(str(n), n, self.counted("{n} account", "{n} accounts", n))

    def days(self, days: float | None, phrase: str) -> Cell:
        """``2.5 d``; nothing where nobody knows. ``phrase`` puts it into words, at ``{days}``."""
        if days is None:
            return Cell("")
        text = self.say("{days} d", days=self.tongue.figure(f"{days:g}"))
        return Cell(text, days, self.say(phrase, days=text))

    def share(self, share: float | None, phrase: str = "") -> Cell:
        """``91.4%``; nothing where it was not worked out. ``phrase`` puts it into words, at ``{share}``."""
        if share is None:
            return Cell("")
        text = self.percent(share)
        return Cell(text, round(share, 6), self.say(phrase, share=text) if phrase else "")

    def rate(self, rate: Rate, phrase: str = "") -> Cell:
        """``81.0% (72.4% to 87.4%)``; below the floor, that there are not enough cases; of none, nothing."""
        if rate.share is None or rate.low is None or rate.high is None:
            return Cell(self.say("not enough cases") if rate.n else "")
        text = self.say(
            "{share} ({low} to {high})",
            share=self.percent(rate.share),
            low=self.percent(rate.low),
            high=self.percent(rate.high),
        )
        return Cell(text, round(rate.share, 6), self.say(phrase, share=text) if phrase else "")

    def date(self, at: datetime | date, phrase: str = "", *, tone: Tone = "") -> Cell:
        """A day; of a moment that in the workspace's zone. ``phrase`` puts it into words, at ``{day}``."""
        on = at.astimezone(self.zone).date() if isinstance(at, datetime) else at
        text = dated(on, self.tongue)
        return Cell(text, on.isoformat(), self.say(phrase, day=text) if phrase else "", tone)

    def deal(self, deal_id: int) -> Cell:
        """A deal's number as a name of it."""
        return Cell(str(deal_id), str(deal_id), self.say("deal {deal}", deal=deal_id))


def _signed(text: str, n: int) -> str:
    return f"{'+' if n > 0 else '−' if n else ''}{text}"
