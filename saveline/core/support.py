"""How support answered customers: first response, resolution, first-contact resolution, escalations and complaints.

Every figure counts what happened in the time, as far as it was known: responses that were given in it, cases that were
resolved in it, cases that were opened in it. A figure that the source says nothing about is None, and not guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

from saveline.core.facts import Fact
from saveline.core.intervals import Rate, median, rate

SECONDS: Final = 60


class SupportCase(Fact, frozen=True):
    """A case as it was known at a moment. What is None had not happened, or the source does not say it."""

    account_id: int
    opened_at: datetime
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    contacts: int | None = None
    reopened: bool | None = None
    satisfaction: float | None = None
    escalated: bool | None = None
    complaint: bool | None = None

    @property
    def first_contact(self) -> bool | None:
        """Whether the customer had to come once only: of a case that is resolved, where the source tells."""
        if self.resolved_at is None or (self.contacts is None and self.reopened is None):
            return None
        return not self.reopened and (self.contacts is None or self.contacts <= 1)


class Wait(Fact, frozen=True):
    """How long ``n`` cases took, in minutes: the median, and within how much nine in ten were through."""

    n: int
    median_minutes: float | None = None
    ninety_minutes: float | None = None


class Answered(Fact, frozen=True):
    """A time: cases ``opened`` in it; responses and resolutions given in it, and how long after the opening.

    ``in_time`` are first responses within the workspace's target, None where it has none. ``first_contact`` are cases
    resolved in the time, ``escalated`` and ``complaints`` cases opened in it, each None where the source does not say.
    ``satisfaction`` is the mean of ``rated`` cases resolved in the time, on the source's own scale.
    """

    opened: int
    first_response: Wait
    resolution: Wait
    in_time: Rate | None = None
    first_contact: Rate | None = None
    escalated: Rate | None = None
    complaints: Rate | None = None
    satisfaction: float | None = None
    rated: int = 0


class Support(Fact, frozen=True):
    """The report's period, and the twelve months up to its end."""

    period: Answered
    year: Answered


Due: TypeAlias = Callable[[datetime], datetime]
"""By when a case that was opened at a moment must have its first response."""


def support(cases: Sequence[SupportCase], start: datetime, year: datetime, end: datetime, due: Due | None) -> Support:
    """Of ``[start, end)`` and of ``[year, end)``. ``cases`` are as they were known then."""
    return Support(answered(cases, start, end, due), answered(cases, year, end, due))


def answered(cases: Iterable[SupportCase], start: datetime, end: datetime, due: Due | None = None) -> Answered:
    """What happened in ``[start, end)``."""
    opened, replies, resolved = [], [], []
    for case in cases:
        if start <= case.opened_at < end:
            opened.append(case)
        if case.first_response_at is not None and start <= case.first_response_at < end:
            replies.append((case, case.first_response_at))
        if case.resolved_at is not None and start <= case.resolved_at < end:
            resolved.append((case, case.resolved_at))
    rated = [case.satisfaction for case, _ in resolved if case.satisfaction is not None]
    return Answered(
        len(opened),
        _wait(replies),
        _wait(resolved),
        _share(at <= due(case.opened_at) for case, at in replies) if due is not None else None,
        _share(case.first_contact for case, _ in resolved),
        _share(case.escalated for case in opened),
        _share(case.complaint for case in opened),
        sum(rated) / len(rated) if rated else None,
        len(rated),
    )


class Trouble(Fact, frozen=True):
    """What an account brought to support in a time: cases, those that were escalated, and complaints."""

    cases: int = 0
    escalated: int = 0
    complaints: int = 0


def troubles(cases: Iterable[SupportCase], start: datetime, end: datetime) -> dict[int, Trouble]:
    """By account, of the cases opened in ``[start, end)``; accounts without any are left out."""
    found: dict[int, Trouble] = {}
    for case in cases:
        if start <= case.opened_at < end:
            before = found.get(case.account_id, Trouble())
            found[case.account_id] = Trouble(
                before.cases + 1,
                before.escalated + (case.escalated is True),
                before.complaints + (case.complaint is True),
            )
    return found


def _wait(ended: Sequence[tuple[SupportCase, datetime]]) -> Wait:
    minutes = sorted((at - case.opened_at).total_seconds() / SECONDS for case, at in ended)
    return Wait(len(minutes), median(minutes), quantile(minutes, 0.9))


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that ``share`` of ``ordered`` do not exceed, linear between two neighbours (type 7 of Hyndman and Fan
    1996, Am. Stat. 50:361, which numpy and pandas use); None of nothing."""
    if not ordered:
        return None
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _share(answers: Iterable[bool | None]) -> Rate | None:
    """Of those that are told; None where none is."""
    told = [a for a in answers if a is not None]
    return rate(sum(told), len(told)) if told else None
