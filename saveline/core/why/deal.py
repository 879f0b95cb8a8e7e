"""Why a deal is as it is: its play, its score, its owner, its dates, and what keeps it in its stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from saveline.core.changes import (
    CauseAdded,
    DealOpened,
    DealReopened,
    Event,
    GateOverridden,
    OwnerChanged,
    SeverityChanged,
)
from saveline.core.decide import flow
from saveline.core.decide.draft import Case
from saveline.core.phrases import count, words_of
from saveline.core.why.due import decision_part, stage_part
from saveline.core.why.frames import Frame, Story
from saveline.core.why.lines import Part, Why, indented, read
from saveline.core.why.task import task_brief


def why_deal(case: Case, events: Sequence[Event]) -> Why:
    """Everything about the deal; ``events`` is its whole history, in order."""
    story = Story(case, events)
    parts = [_play(story), _score(story), _owner(story), decision_part(story)]
    if not case.deal.closed:
        parts += [p for p in (stage_part(story), _gate(story), _next(story)) if p is not None]
    return Why(f"Deal {case.deal.id}  {case.account.name}", case.workspace.zone, tuple(parts))


def deal_brief(case: Case, events: Sequence[Event]) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """``(task number, lines)`` for each task that waits or is open: the derivations that stand on the deal."""
    story = Story(case, events)
    return tuple((t.no, tuple(task_brief(story, t))) for t in case.deal.tasks if not t.closed and not case.deal.closed)


def _opened(story: Story) -> tuple[Frame, DealOpened | DealReopened]:
    """When the deal was opened, or opened again: what holds now was decided then."""
    for frame in reversed(story.frames):
        if isinstance(frame.event.change, DealOpened | DealReopened):
            return frame, frame.event.change
    raise ValueError("a history begins with the opening")


def _play(story: Story) -> Part:
    """The choice, and why each other play lost."""
    _, opened = _opened(story)
    return Part(f"Play {opened.play}", opened.why[_sum_ends(opened.why) :] or ("it was asked for by name",))


def _score(story: Story) -> Part:
    """The sum as it was printed when the deal opened, and what each later cause made of it."""
    first, opened = _opened(story)
    sum_ = opened.why[: _sum_ends(opened.why)]
    by = story.case.people.name(first.event.by) if first.event.by else ""
    lines = list(sum_) or [f"{opened.score}: it was opened by hand{f' by {by}' if by else ''}, without a sum"]
    had = opened.causes if isinstance(opened, DealOpened) else first.before.causes
    causes = ", ".join(words_of(c) for c in had)
    lines.append(f"causes when it opened, {story.when(first)}: {causes or 'none'}")
    for frame, change in story.with_(CauseAdded):
        if frame.event.seq < first.event.seq:
            continue
        lines += [f"{story.told(frame)}, {change.score} in all", *indented([change.note] if change.note else [])]
    lines += [f"severity {opened.severity} by that score"] if opened.severity else []
    lines += [story.told(frame) for frame, _ in story.with_(SeverityChanged)]
    return Part(f"Score {story.case.deal.score}", tuple(lines))


def _sum_ends(why: Sequence[str]) -> int:
    """How many of the lines are the sum: up to the one that says what it comes to."""
    return next((i + 1 for i, line in enumerate(why) if line.endswith("  in all")), 0)


def _owner(story: Story) -> Part:
    (first, opened), deal = _opened(story), story.case.deal
    lines = [f"{story.when(first)}: {story.case.people.name(opened.owner_id)}", *indented(opened.owner_why)]
    for frame, change in ((f, c) for f, c in story.with_(OwnerChanged) if f.event.seq > first.event.seq):
        lines += [story.told(frame), *indented(change.why)]
    return Part(f"Owner {story.case.people.name(deal.owner_id) if deal.owner_id else 'nobody'}", tuple(lines))


def _gate(story: Story) -> Part:
    missing = flow.shut(story.draft)
    missing += [story.told(f) for f, _ in story.with_(GateOverridden) if f.before.visit == story.case.deal.visit]
    return Part("Gate" if missing else "Gate: open", tuple(missing) or ("everything that it asks for is there",))


def _next(story: Story) -> Part | None:
    """Which of its clocks comes next."""
    deal = story.case.deal
    if deal.next_at is None:
        return None
    named: list[tuple[datetime | None, str]] = [(deal.paused_until, "the pause ends")] if deal.state == "paused" else []
    if deal.state == "open":
        named += [(t.next_at, f"the ladder of {deal.id}.{t.no} “{story.name(t)}”") for t in deal.tasks]
        named += [(t.starts_at, f"{deal.id}.{t.no} “{story.name(t)}” starts") for t in deal.tasks if not t.closed]
        named += [(deal.stage_due_at, "the stage takes longer than its max"), (deal.decide_at, "the decision date")]
    lines = [words for at, words in named if at == deal.next_at]
    at = read(story.calendar(None), deal.next_at)
    return Part(f"Next: {at}", tuple(lines) or (f"one of {count(len(named), 'clock')}",), deal.next_at)
