"""What customers say, gathered for the stage report as it was known when its period ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain

from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.known import Known
from saveline.actions.pulse import feelings
from saveline.core.bowtie import Danger, Risked, bowtie
from saveline.core.life_changes import MERGED
from saveline.core.periods import Period, end_of
from saveline.core.product_changes import Change, Work, asks, changes, fate
from saveline.core.root_causes import Opened, Verified, root_cause, verified
from saveline.core.surveys import PERIOD, Answer, Surveys, Window, quarters
from saveline.core.themes import heard, merged, worth
from saveline.core.touchpoints import Contacts, met
from saveline.core.voice import Voice
from saveline.core.workspace import Workspace
from saveline.evidence import surveys as evidence
from saveline.files.themes import shipped_themes
from saveline.store import texts
from saveline.store import voice as store
from saveline.store.texts import Reply


def voice(conn: Connection, period: Period, workspace: Workspace, known: Known) -> Voice:
    """All of it."""
    courses, last = known.paid.all, known.year[1]
    paying = [i for i, course in courses.items() if course.on(last)]
    at_risk = {case.account.id for case in known.lived if case.outcome is None}
    dangers = _dangers(workspace)
    risked = [Risked(c.account.id, dangers.get(c.outcome, "lost")) for c in known.lived if c.outcome != MERGED]
    start, end = end_of(known.year[0], workspace.zone), min(period.end, period.known)
    heed = known.accounts
    year = replace(period, start=start, end=end, as_of=period.known)
    late = texts.late(conn, year)
    replies = [r for r in texts.replies(conn, year, late) if heed is None or r.account_id in heed]
    written = (t for t in texts.written(conn, year, late) if heed is None or t[0] in heed)
    said = chain(written, _in_replies(replies), _on_leaving(known))
    arr = {i: worth(course, last) for i, course in courses.items()}
    return Voice(
        _surveys(conn, period, workspace, known.accounts),
        _contacts(conn, period, (paying, at_risk), known.accounts),
        bowtie(courses, risked, *known.year),
        heard(said, merged(shipped_themes(), workspace.voice.themes), arr),
        _verified(replies, known),
        _changes(conn, replies, (workspace, known), year),
        feelings(conn, period, workspace, known) if workspace.voice.pulse else None,
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


def _dangers(workspace: Workspace) -> dict[str | None, Danger]:
    """By outcome; those that are not among the workspace's are lost."""
    known: dict[str | None, Danger] = {
        o.key: "cleared" if o.cleared else "saved" if o.saved else "lost" for o in workspace.outcomes
    }
    return {None: "open", **known}


# --- what people found, and what they wrote ---------------------------------------------------------------------------


def _in_replies(replies: Iterable[Reply]) -> Iterator[tuple[int, str]]:
    """The texts of answers. One that could be a name, like ``price``, was chosen from a list: nobody wrote it."""
    for reply in replies:
        for text in (reply.note, *reply.answers.values()):
            if isinstance(text, str) and text and not text.isidentifier():
                yield reply.account_id, text


def _on_leaving(known: Known) -> Iterator[tuple[int, str]]:
    first, last = known.year
    return ((d.account_id, d.note) for d in known.departed if first < d.on <= last and d.note)


def _verified(replies: Iterable[Reply], known: Known) -> Verified:
    found = {r.deal_id: cause for r in replies if (cause := root_cause(r.answers))}
    first, last = known.year
    left = sorted((d for d in known.departed if first < d.on <= last), key=lambda d: (d.on, d.reason))
    reasons = {d.account_id: d.reason for d in left}
    return verified(
        Opened(
            case.causes[0] if case.causes else None,
            found.get(case.deal_id),
            reasons.get(case.account.id),
            case.arr_cents,
            case.outcome is not None,
        )
        for case in known.lived
    )


def _changes(
    conn: Connection, replies: Iterable[Reply], of: tuple[Workspace, Known], year: Period
) -> tuple[Change, ...]:
    workspace, known = of
    asked: dict[int, int] = {}
    for reply in replies:
        if asks(reply.answers):
            asked.setdefault(reply.deal_id, reply.no)
    dangers, cases = _dangers(workspace), {case.deal_id: case for case in known.lived if case.deal_id in asked}
    work: dict[int, list[Work]] = {}
    when: dict[int, datetime] = {}
    for deal_id, no, whose, task in texts.begun(conn, sorted(cases), year):
        department = task.department or known.departments.get(whose or 0)
        work.setdefault(deal_id, []).append(replace(task, department=department))
        if no == asked[deal_id] and task.closed_at is not None:
            when[deal_id] = task.closed_at
    return changes(
        (
            fate(when[deal_id], work[deal_id], workspace.voice.product),
            case.arr_cents,
            dangers.get(case.outcome) == "saved",
        )
        for deal_id, case in cases.items()
        if deal_id in when
    )
