"""``trials`` of saveline.yaml: between which plays lots are drawn, for how many accounts, and how long."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from saveline.core.allocation import TrialPlan, Wave
from saveline.core.errors import Problem
from saveline.core.language.problems import Findings, Place, Source
from saveline.core.language.shapes import Shape
from saveline.core.language.words import Day, Name, Words
from saveline.core.play import Applies, Play


class WaveShape(Shape):
    """From a day on, more accounts get the play under trial."""

    from_: Day = Field(alias="from")
    share: float = Field(ge=0, le=1)


class TrialShape(Shape):
    """Lots are drawn between two plays: a holdout, or with `later` a staggered start."""

    play: Name = Field(description="The play under trial.")
    usual: Name = Field(description="The play that the others get, against which it is held.")
    from_: Day = Field(alias="from", description="The first day on which lots are drawn, like 2026-12-01.")
    to: Day = Field(description="The last day on which lots are drawn, like 2027-05-31.")
    share: float = Field(ge=0, le=1, description="Of all accounts, the share that gets the play under trial: 0 to 1.")
    later: list[WaveShape] = []
    causes: Words = []
    segments: Words = []


def trials_of(found: Findings, trials: dict[str, TrialShape], causes: Sequence[str]) -> tuple[TrialPlan, ...]:
    """What is planned; what is wrong with it is added to ``found``."""
    plans: list[TrialPlan] = []
    for name, shape in trials.items():
        place: Place = ("trials", name)
        for i, cause in enumerate(shape.causes):
            found.known((*place, "causes", i), "cause", cause, causes)
        if shape.play == shape.usual:
            found.add((*place, "usual"), f"{shape.usual} would be held against itself", "the play that others get")
        _check_waves(found, place, shape)
        for play, key in ((shape.play, "play"), (shape.usual, "usual")):
            other = next((p for p in plans if play in p.plays), None)
            if other is not None:
                what = f"{play} is in the trial {other.name} already"
                found.add((*place, key), what, "a play in one trial: else two lots would say what its deals get")
        waves = (Wave(shape.from_, shape.share), *(Wave(w.from_, w.share) for w in shape.later))
        plan = TrialPlan(name, shape.play, shape.usual, waves, shape.to, tuple(shape.causes), tuple(shape.segments))
        plans.append(plan)
    return tuple(plans)


def _check_waves(found: Findings, place: Place, shape: TrialShape) -> None:
    """Days and shares grow: who has begun never leaves, and somebody is left to be held against."""
    day, share = shape.from_, shape.share
    for i, wave in enumerate(shape.later):
        here: Place = (*place, "later", i)
        if wave.from_ <= day:
            found.add((*here, "from"), f"{wave.from_} is not after {day}", "the days in their order")
        if wave.share <= share:
            what = f"a share of {wave.share:g} after one of {share:g}"
            found.add((*here, "share"), what, f"more than {share:g}: who has begun goes on")
        day, share = wave.from_, wave.share
    if shape.to < day:
        found.add((*place, "to"), f"{shape.to} is before {day}", "a day on which lots are drawn, or later")
    if not any(0 < s < 1 for s in (shape.share, *(w.share for w in shape.later))):
        what = "at no time do some accounts get the one play and some the other"
        found.add((*place, "share"), what, "a share between 0 and 1, like 0.5")


def check_trials(
    source: Source, trials: Sequence[TrialPlan], plays: Sequence[Play], names: Sequence[str]
) -> list[Problem]:
    """What shows only beside the ``plays``: that both are there, are made for the same accounts, and that without a lot
    the usual one is taken. ``names`` are those of all plays, also of such as are not in order."""
    found, by_name = Findings(source), {p.name: p for p in plays}
    for trial in trials:
        place: Place = ("trials", trial.name)
        known = [found.known((*place, key), "playbook", name, names) for key, name in _named(trial)]
        if all(known) and trial.play in by_name and trial.usual in by_name:
            _check_pair(found, place, by_name[trial.play], by_name[trial.usual])
    return found.problems


def _named(trial: TrialPlan) -> tuple[tuple[str, str], ...]:
    return ("play", trial.play), ("usual", trial.usual)


def _check_pair(found: Findings, place: Place, new: Play, usual: Play) -> None:
    differs = [name for name, one, other in _lines(new.applies, usual.applies) if one != other]
    if differs:
        what = f"{new.name} and {usual.name} are made for different accounts: {', '.join(differs)} in applies"
        found.add(
            (*place, "play"), what, "the same applies in both plays, so that the lot is all that tells them apart"
        )
    elif (-new.priority, new.name) < (-usual.priority, usual.name):
        what = f"where no lot is drawn {new.name} would be taken, and not the usual {usual.name}"
        found.add((*place, "play"), what, f"a priority for {new.name} below the {usual.priority} of {usual.name}")


def _lines(one: Applies, other: Applies) -> list[tuple[str, object, object]]:
    """By its name in the file, each line of both."""
    lines = []
    for field in Applies.__struct_fields__:
        a, b = getattr(one, field), getattr(other, field)
        if field == "condition":
            a, b = (c.source if c is not None else None for c in (a, b))
        elif isinstance(a, tuple):
            a, b = frozenset(a), frozenset(b)
        lines.append(({"condition": "if", "runway_days": "runway"}.get(field, field), a, b))
    return lines
