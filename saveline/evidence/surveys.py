"""How sure the answers to a survey are: the net promoter score, and the share of content customers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt

from saveline.core.certainty import FLOOR
from saveline.core.intervals import Z
from saveline.core.surveys import (
    CSAT_SCALE,
    NPS_SCALE,
    PASSIVE,
    PROMOTER,
    SATISFIED,
    Answer,
    Net,
    NetLine,
    ShareLine,
    that_count,
)
from saveline.evidence.rates import rate


def net(promoters: int, passives: int, detractors: int, *, floor: int = FLOOR) -> Net:
    """The score and its 95 % interval, in points from -100 to 100.

    An answer is 1, 0 or -1, and the score their mean; its variance is ``(p + d - (p - d)^2) / n``. The interval is the
    adjusted Wald one of Rocks (2016, Am. Stat. 70:365): three answers are added, half of them passive and a quarter on
    either side, which keeps it honest for few answers and for scores near an end. Below ``floor`` answers only the
    counts.
    """
    n = promoters + passives + detractors
    if n < max(floor, 1):
        return Net(promoters, passives, detractors)
    more, less = (promoters + 0.75) / (n + 3), (detractors + 0.75) / (n + 3)
    middle, half = more - less, Z * sqrt((more + less - (more - less) ** 2) / (n + 3))
    score = (promoters - detractors) / n
    low, high = min(max(-1.0, middle - half), score), max(min(1.0, middle + half), score)
    return Net(promoters, passives, detractors, 100 * score, 100 * low, 100 * high)


def nps(windows: Mapping[str, Iterable[Answer]]) -> tuple[NetLine, ...]:
    """A line a window; answers in the order in which they were given."""
    lines = []
    for key, answers in windows.items():
        counted, given = that_count(answers, NPS_SCALE)
        promoters = sum(a.value >= PROMOTER for a in counted)
        detractors = sum(a.value < PASSIVE for a in counted)
        found = net(promoters, len(counted) - promoters - detractors, detractors)
        lines.append(NetLine(key, given, len({a.account_id for a in counted}), found))
    return tuple(lines)


def csat(windows: Mapping[str, Iterable[Answer]]) -> tuple[ShareLine, ...]:
    """The same, with the share of answers of 4 and 5 and Wilson's interval."""
    lines = []
    for key, answers in windows.items():
        counted, given = that_count(answers, CSAT_SCALE)
        content = rate(sum(a.value >= SATISFIED for a in counted), len(counted))
        lines.append(ShareLine(key, given, len({a.account_id for a in counted}), content))
    return tuple(lines)
