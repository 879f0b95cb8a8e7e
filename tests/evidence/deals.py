"""Cases as statistics get them, made in a line: a year of deals in which some plays keep more than others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from saveline.core.cases import Case
from saveline.core.facts import Account
from saveline.core.journeys import Journey
from saveline.core.workspace import Outcome
from saveline.evidence.works import Span

END: Final = datetime(2026, 11, 23, tzinfo=UTC)
SPAN: Final = Span(END - timedelta(days=365), END, "Europe/Lisbon")
OUTCOMES: Final = (
    Outcome("saved", "Saved", saved=True),
    Outcome("saved_smaller", "Saved smaller", saved=True),
    Outcome("lost", "Lost", evidence=True),
    Outcome("let_go", "Let go"),
    Outcome("no_risk", "No risk", cleared=True),
)


def ago(days: float) -> datetime:
    return END - timedelta(days=days)


def deal(
    number: int, outcome: str | None = "saved", *, days: float = 100, kept: int | None = None, **given: Any
) -> Case:
    """Closed ``days`` before the period's end, or open where there is no outcome. ``given`` are fields of the case,
    and ``segment`` and ``left_on`` of its account."""
    of_account = {f: given.pop(f) for f in ("segment", "left_on") if f in given}
    play = given.pop("play", "champion-left")
    found = dict[str, Any](
        play=play,
        opened_with=play,
        owner_id=None,
        causes=("champion_left",),
        severity=None,
        arr_cents=100_000_00,
        kept_cents=kept,
        opened_at=ago(days + 30),
        closed_at=ago(days) if outcome else None,
        outcome=outcome,
        watch_until=None,
        kept_at=None,
        left_at=None,
        play_hash="",
        passages=(),
        journey=Journey(number, ()),
        door="slack",
    )
    return Case(number, Account(number, f"a{number}", f"Account {number}", **of_account), **(found | given))


PLAYS: Final = (
    ("executive-rescue", "champion_left", "enterprise", "slack", 41, 0.78),
    ("value-not-seen", "low_usage", "mid", "web", 52, 0.52),
    ("price-defence", "price_pressure", "smb", "email", 46, 0.33),
    ("service-recovery", "service_failure", "mid", "slack", 38, 0.6),
    ("silent-account", "silence", "smb", "", 7, 0.3),
)
"""A play, its cause, segment and door, how many deals, and the share that is saved."""


def year() -> Iterator[Case]:
    """Deals of every play and fate, some open, merged and cleared: the same each time."""
    number = 0
    for play, cause, segment, door, count, share in PLAYS:
        for i in range(count):
            number += 1
            days = 5 + 355 * (i * 7 % count) / count
            saved = (i * 11 % count) < round(share * count)
            fate = _fate(i, days) if saved else {}
            arr = (20 + 13 * (i * 5 % 17)) * 1_000_00
            ending = "saved_smaller" if i % 9 == 0 else "saved"
            outcome = ending if saved else "let_go" if i % 5 == 0 else "lost"
            kept = arr * (6 if ending == "saved_smaller" else 10) // 10 if saved else None
            yield deal(
                number, outcome, days=days, kept=kept, play=play, causes=(cause,), segment=segment, door=door,
                arr_cents=arr, **fate,
            )  # fmt: skip
    for ending_in, several in ((None, 24), ("merged", 3), ("no_risk", 2)):
        for _ in range(several):
            number += 1
            yield deal(number, ending_in, play=PLAYS[number % 4][0], causes=(PLAYS[number % 4][1],), segment="mid")


def _fate(i: int, days: float) -> dict[str, Any]:
    """A watch of 90 days: over, lost in it, or not over."""
    watch = {"watch_until": ago(days - 90)}
    if i % 8 == 3:
        return {**watch, "left_at": ago(days - min(30, days))}
    return watch if days < 90 else {**watch, "kept_at": ago(days - 90)}


LEFT: Final = date(2026, 10, 1)
"""A day on which an account may have left."""
