"""Where nothing differs, at most one report in twenty says that something does; where something does, it is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from saveline.core.certainty import Comparison, Group
from saveline.evidence.comparisons import compare
from saveline.evidence.gaps import detectable
from tests.evidence.histories import HISTORIES, luck

SMALL: Mapping[str, Sequence[int]] = {"play": (50, 50, 50, 50), "cause": (50, 50, 50, 50), "segment": (100, 100)}
LARGE: Mapping[str, Sequence[int]] = {
    "play": (210, 160, 90, 60, 50, 30),
    "cause": (180, 150, 120, 90, 60),
    "segment": (300, 200, 100),
    "channel": (260, 240, 100),
}


def report(draw: np.random.Generator, sizes: Mapping[str, Sequence[int]], better: float = 0.0) -> Sequence[Comparison]:
    """The same deals, dealt into the groups of each dimension; of the first play, ``better`` more are saved."""
    deals = sum(sizes["play"])
    chance = np.full(deals, 0.6)
    chance[: sizes["play"][0]] += better
    saved = draw.random(deals) < chance
    groups = []
    for dimension, parts in sizes.items():
        dealt = saved if dimension == "play" else draw.permutation(saved)
        each = np.split(dealt, np.cumsum(parts)[:-1])
        groups += [Group(dimension, str(at), int(part.sum()), len(part)) for at, part in enumerate(each)]
    return compare(groups)


def alarm(lines: Sequence[Comparison]) -> bool:
    return any(line.verdict in {"better", "worse"} for line in lines)


def test_where_nothing_differs_hardly_any_report_says_so() -> None:
    """Ten comparisons a report. Planted: the p as they are, with no guard, by which three reports in ten do."""
    draw = luck(11)
    assert sum(alarm(report(draw, SMALL)) for _ in range(HISTORIES)) / HISTORIES <= 0.05


@pytest.mark.slow
def test_where_nothing_differs_in_a_large_report() -> None:
    draw = luck(12)
    assert sum(alarm(report(draw, LARGE)) for _ in range(HISTORIES)) / HISTORIES <= 0.05


def test_what_differs_is_found() -> None:
    """A play with 30 points more is found by nine reports in ten, as better and never as worse.

    Planted: Bonferroni's guard twice over (found by 78 %), and the group counted in its rest as well (76 %).
    """
    draw = luck(13)
    said = [report(draw, SMALL, better=0.3)[0].verdict for _ in range(300)]
    assert said.count("better") >= 270
    assert "worse" not in said


def test_what_could_have_been_found_is_found_four_times_in_five() -> None:
    """At the difference that the report itself names. Planted: it at the plain 5 %, and without the correction for
    whole deals, which are found in 49 % and 73 %."""
    more, _ = detectable(0.6, 50, 150, alpha=0.05 / 10)
    assert more is not None
    draw = luck(14)
    said = [report(draw, SMALL, better=more)[0].verdict for _ in range(400)]
    assert said.count("better") / 400 >= 0.8 - 0.03


def test_of_what_is_said_one_in_twenty_is_chance() -> None:
    """One play is better, and so the rest of every other play has it among it: that those are said to be worse is no
    error (docs/definitions.md says so). Of other verdicts, a report has at most 5 % on average."""
    draw = luck(15)
    parts = []
    for _ in range(400):
        said = [line for line in report(draw, SMALL, better=0.3) if line.verdict in {"better", "worse"}]
        wrong = sum(line.dimension != "play" or (line.name == "0") != (line.verdict == "better") for line in said)
        parts.append(wrong / max(1, len(said)))
    assert sum(parts) / len(parts) <= 0.05
