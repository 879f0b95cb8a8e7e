"""Bugs to be planted: for each fault of the design, changes to the program that its tests must notice.

``python -m benchmarks faults`` plants each in a copy of the tree and runs the test that has to turn red; the bugs of
the outbox are also planted into the model, in one process. A test of the quick tier sees to it that every text is still
there to be changed: whoever rewrites a line moves the bug along.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Final

from saveline.core.facts import Fact
from tests.faults.model import Store

ROOT: Final = Path(__file__).parents[2]


class Change(Fact, frozen=True):
    """A text that is there once in a file, and what stands in its place."""

    file: str
    old: str
    new: str


class Bug(Fact, frozen=True):
    """``tests`` are what must turn red, as pytest names them; ``both``: they run on both databases."""

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...] = ()
    both: bool = True


class Fault(Fact, frozen=True):
    """A line of the table: ``tests`` are those that must be green without a bug."""

    words: str
    tests: tuple[str, ...]
    bugs: tuple[Bug, ...]


def planted(text: str, change: Change) -> str:
    """``text`` with the bug in it. Raises AssertionError where its place is not there once."""
    assert text.count(change.old) == 1, f"{change.file}: {text.count(change.old)} times, not once: {change.old!r}"
    return text.replace(change.old, change.new)


def bug(name: str, file: str, old: str, new: str, *tests: str, both: bool = True) -> Bug:
    return Bug(name, (Change(file, old, new),), tests, both)


# --- the outbox's, which the model finds ------------------------------------------------------------------------------

OUTBOX: Final = "saveline/store/outbox.py"
_SENDING: Final = "saveline/store/sending.py"
_HEALTH: Final = "saveline/store/health.py"

LEASES_IGNORED: Final = (
    Change(OUTBOX, "sa.or_(NOTICE.c.lease_until.is_(None), NOTICE.c.lease_until <= now)", "sa.true()"),
    Change(OUTBOX, "*_places(_TAKEN, conn, now), ", ""),
)
REQUEUED: Final = Change(OUTBOX, 'sa.case((sending, "unknown")', 'sa.case((sending, "queued")')
LEFT_LYING: Final = Change(
    OUTBOX,
    ".where(UNDELIVERED, NOTICE.c.judged_at",
    '.where(UNDELIVERED, NOTICE.c.status != "sending", NOTICE.c.judged_at',
)
ANYBODY_MARKS: Final = Change(
    _SENDING,
    """NOTICE.c.lease == given["its_lease"])
        .values(lease=sa.null()""",
    """)
        .values(lease=sa.null()""",
)
NEWEST_FIRST: Final = Change(
    OUTBOX, ".order_by(NOTICE.c.not_before, NOTICE.c.id)", ".order_by(NOTICE.c.not_before.desc(), NOTICE.c.id.desc())"
)

OUTBOX_BUGS: Final = (
    Bug("a claim that ignores leases", LEASES_IGNORED),
    Bug("a claim that ignores who is under way to the same reader", LEASES_IGNORED[1:]),
    bug("a claim of what is not due yet", OUTBOX, "NOTICE.c.not_before <= now)", "sa.true())"),
    Bug("a claim of the newest first", (NEWEST_FIRST,)),
    Bug("a claim that takes what was being sent for queued", (REQUEUED,)),
    Bug("a claim that leaves what was being sent lying", (LEFT_LYING,)),
    bug(
        "a start that does not ask for its lease",
        _SENDING,
        """NOTICE.c.lease == given["its_lease"])
        .where(NOTICE.c.lease_until""",
        """)
        .where(NOTICE.c.lease_until""",
    ),
    bug("a start under a lease that is over", _SENDING, 'NOTICE.c.lease_until > given["its_now"]', "sa.true()"),
    bug("a start of what the deal has left behind", _SENDING, ', DEAL.c.seq == given["its_seq"])', ")"),
    Bug("a mark that does not ask for its lease", (ANYBODY_MARKS,)),
    bug(
        "a mark that keeps the lease",
        _SENDING,
        ".values(lease=sa.null(), lease_until=sa.null(), **plain",
        ".values(**plain",
    ),
    bug(
        "giving back what is being sent",
        OUTBOX,
        ', NOTICE.c.status != "sending").values(**_FREE)',
        ").values(**_FREE)",
    ),
    bug(
        "keeping what is not one's own",
        OUTBOX,
        "mine = sa.update(NOTICE).where(NOTICE.c.lease.in_(list(leases)))\n",
        "mine = sa.update(NOTICE).where(NOTICE.c.lease.is_not(None))\n",
    ),
    bug(
        "an auditor that frees what is held",
        _HEALTH,
        "sa.update(NOTICE).where(_WAITING, NOTICE.c.lease_until < before).values",
        "sa.update(NOTICE).where(_WAITING).values",
    ),
)

_MODULES: Final = {
    "saveline/store/outbox.py": "outbox_",
    "saveline/store/sending.py": "sending_",
    "saveline/store/health.py": "health_",
}


def mutated(bug: Bug) -> Store:
    """The statements with the bug in them; the program itself stays as it is."""
    sources: dict[str, str] = {}
    for change in bug.changes:
        sources[change.file] = planted(sources.get(change.file) or (ROOT / change.file).read_text(), change)
    return Store(**{_MODULES[file]: _module(file, text) for file, text in sources.items()})


def _module(file: str, text: str) -> ModuleType:
    original = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    made = ModuleType(original.__name__)
    made.__file__, made.__package__ = original.__file__, original.__package__
    exec(compile(text, str(original.__file__), "exec"), made.__dict__)
    return made
