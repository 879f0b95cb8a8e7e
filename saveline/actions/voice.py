"""What customers say, gathered for the stage report as it was known when its period ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy.engine import Connection

from saveline.core.bowtie import Danger, Risked, bowtie
from saveline.core.cases import Case
from saveline.core.customers import Turnover
from saveline.core.facts import Fact
from saveline.core.life_changes import MERGED
from saveline.core.periods import Period
from saveline.core.surveys import PERIOD, Answer, Surveys, Window, quarters
from saveline.core.touchpoints import Contacts, met
from saveline.core.voice import Voice
from saveline.core.workspace import Workspace
from saveline.evidence import surveys as evidence
from saveline.store import voice as store


class Known(Fact, frozen=True):
    """What is known already: the ``year`` from the end of one day to that of another, what accounts ``paid``, and the
    deals that ``lived`` in it. Nobody is heard but these ``accounts``; None is all."""

    year: tuple[date, date]
    paid: Turnover
    lived: Sequence[Case]
    accounts: Collection[int] | None = None


def voice(conn: Connection, period: Period, workspace: Workspace, known: Known) -> Voice:
    """All of it."""
    paying = [i for i, course in known.paid.all.items() if course.on(known.year[1])]
    at_risk = {case.account.id for case in known.lived if case.outcome is None}
    risked = [Risked(c.account.id, _danger(c.outcome, workspace)) for c in known.lived if c.outcome != MERGED]
    return Voice(
        _surveys(conn, period, workspace, known.accounts),
        _contacts(conn, period, (paying, at_risk), known.accounts),
        bowtie(known.paid.all, risked, *known.year),
    )


def _surveys(conn: Connection, period: Period, workspace: Workspace, accounts: Collection[int] | None) -> Surveys:
    kinds, known = workspace.voice, period.known
    windows = (quarters(period, workspace.zone), (Window(PERIOD, period.start, period.end),))
    asked = [
        {key: _of(some, accounts) for w in windows for key, some in store.answers(conn, question, w, known).items()}
        for question in (kinds.nps, kinds.csat)
    ]
    return Surveys(evidence.nps(asked[0]), evidence.csat(asked[1]))


def _of(answers: list[Answer], accounts: Collection[int] | None) -> list[Answer]:
    """Those of these accounts."""
    return answers if accounts is None else [a for a in answers if a.account_id in accounts]


def _contacts(
    conn: Connection,
    period: Period,
    of_whom: tuple[Collection[int], Collection[int]],
    accounts: Collection[int] | None,
) -> Contacts:
    """``of_whom`` are those that pay, and those at risk."""
    paying, at_risk = of_whom
    last = store.last_met(conn, period.end, period.known)
    by_how = store.how_met(conn, period.start, period.end, period.known, accounts)
    return Contacts(met(paying, last, period.end), met(at_risk, last, period.end), by_how)


def _danger(outcome: str | None, workspace: Workspace) -> Danger:
    if outcome is None:
        return "open"
    found = workspace.outcome(outcome)
    if found is not None and found.cleared:
        return "cleared"
    return "saved" if found is not None and found.saved else "lost"
