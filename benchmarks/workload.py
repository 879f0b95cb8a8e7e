"""W(N): the workload every contender runs.

N deals start within five virtual days. Each runs the same graph of twelve tasks over about 28 virtual days. A task
opens when what it needs has ended, is assigned, reminded at half and at four fifths of its time, escalated at its due
moment and again at one and a half times its time, and ends by a deterministic hash: 70 % are done after both
reminders, 18 % after one escalation, 9 % after two, 3 % are given up at twice the time. One *change* is one row, one
history row and one outbox row, committed; there are about 67 a deal, and :func:`expected` counts them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

DAY: Final = 1440
"""Virtual minutes."""
SPREAD: Final = 5 * DAY

# name, what it waits for, its time in days
TASKS: Final[tuple[tuple[str, tuple[int, ...], int], ...]] = (
    ("triage", (), 1),
    ("owner", (0,), 1),
    ("usage", (0,), 2),
    ("health", (1, 2), 2),
    ("stakeholders", (1,), 3),
    ("exec_call", (3, 4), 4),
    ("root_cause", (5,), 3),
    ("save_plan", (6,), 3),
    ("legal", (7,), 4),
    ("pricing", (7,), 3),
    ("offer", (8, 9), 4),
    ("close_out", (10,), 3),
)
SIZE: Final = len(TASKS)
MINUTES: Final = tuple(days * DAY for _, _, days in TASKS)
FOLLOWERS: Final = tuple(tuple(j for j in range(SIZE) if i in TASKS[j][1]) for i in range(SIZE))


def starts_at(deal: int) -> int:
    """The virtual minute at which the deal opens."""
    return zlib.crc32(b"s%d" % deal) % SPREAD


def ending(deal: int, task: int) -> tuple[int, int | None]:
    """``(escalations, minutes until it is done)``; None for one that is given up at twice its time."""
    draw, minutes = zlib.crc32(b"%d:%d" % (deal, task)) % 100, MINUTES[task]
    if draw < 70:
        return 0, int(0.9 * minutes)
    if draw < 88:
        return 1, int(1.2 * minutes)
    return 2, int(1.7 * minutes) if draw < 97 else None


def steps(deal: int, task: int) -> Iterator[str]:
    """The kinds of a task's changes, in order."""
    escalations, done = ending(deal, task)
    yield from ("open", "assign", "remind1", "remind2")
    yield from ("escalate1", "escalate2")[:escalations]
    yield "done" if done is not None else "expire"


def expected(deals: int) -> int:
    """How many changes W(deals) has."""
    return sum(2 + sum(1 for i in range(SIZE) for _ in steps(d, i)) for d in range(1, deals + 1))


def ends_after(deal: int, task: int) -> tuple[int, bool]:
    """``(minutes, done)``: when somebody ends the task, and whether it is done or given up."""
    _, done = ending(deal, task)
    return (done, True) if done is not None else (2 * MINUTES[task], False)
