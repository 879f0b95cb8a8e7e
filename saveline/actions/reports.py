"""Building, keeping and sending the stage report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.actions.known import Basis, Known
from saveline.actions.report_ahead import ahead_of
from saveline.actions.report_beside import beside_of
from saveline.actions.report_readers import KIND, Sending, queue, slices_wanted
from saveline.actions.report_trials import entrants_of
from saveline.actions.report_value import Taken
from saveline.actions.report_work import work_of
from saveline.actions.slicing import accounts_of, only
from saveline.actions.uncollected import uncollected
from saveline.actions.voice import voice
from saveline.core.blocks import Page
from saveline.core.cases import Case
from saveline.core.customers import Turnover, customers, year_of
from saveline.core.people import People
from saveline.core.periods import Period, end_of
from saveline.core.report import StageReport, stage_report, with_findings
from saveline.core.report_words import report_page
from saveline.core.retention import Departed
from saveline.core.slices import WHOLE, Sieve, Slice, cuts
from saveline.core.stories import Story, resting, stories
from saveline.core.worktime import DaysOff
from saveline.evidence.pipeline import pipeline
from saveline.evidence.works import Span, works
from saveline.notify.languages import tongue
from saveline.store import cases, history, remembered, revenue

_decoder = msgspec.json.Decoder(StageReport)


def build(desk: Desk, period: Period, wanted: Slice = WHOLE) -> StageReport:
    """The report of ``period`` or a slice of it, from the history as far as it was known at its end. Writes nothing."""
    return build_all(desk, period, (wanted,))[0]


def build_all(desk: Desk, period: Period, slices: Sequence[Slice]) -> list[StageReport]:
    """The reports of several slices in their order: what they are all taken from is read once."""
    with desk.reading() as conn, uncollected():
        return _build(desk, conn, period, slices)


def publish(
    desk: Desk, period: Period, wanted: Slice = WHOLE, *, to: Sequence[int] = (), regular: bool = False
) -> tuple[StageReport, int]:
    """Build the report, keep it, and queue it for everybody who gets it, or for those to whom somebody sends it; one
    that comes by itself is ``regular``. Returns it and how many notices were queued.

    Twice for one period is once: the report is kept under its key, and each notice is unique.
    """
    sending = Sending(period, wanted, key_of(period, wanted), tuple(to), regular)
    return _send(desk, build(desk, period, wanted), sending)


def publish_all(desk: Desk, period: Period, *, regular: bool) -> list[tuple[StageReport, int]]:
    """The same of the whole and of every slice that somebody asks for, the whole first; each in a transaction."""
    slices = (WHOLE, *slices_wanted(desk, period))
    made = build_all(desk, period, slices)
    sendings = (Sending(period, wanted, key_of(period, wanted), regular=regular) for wanted in slices)
    return [_send(desk, report, sending) for report, sending in zip(made, sendings, strict=True)]


def _send(desk: Desk, report: StageReport, sending: Sending) -> tuple[StageReport, int]:
    # It was built before: that takes seconds on a long history, in which nobody else could write on SQLite. It tells of
    # what was known at a moment, so nothing that happens meanwhile could change it.
    with desk.writing() as conn:
        now = desk.now(conn)
        value = msgspec.json.encode(report).decode()
        history.keep_report(conn, sending.key, report.period.start, report.period.end, now, value)
        return report, queue(desk, conn, sending, now)


def kept(conn: Connection, key: str) -> StageReport | None:
    """The report that was kept under ``key``."""
    value = history.kept_report(conn, key)
    return _decoder.decode(value) if value is not None else None


def page_of(desk: Desk, report: StageReport, language: str = "") -> Page:
    """The report's page in a language, by default the workspace's."""
    return report_page(report, desk.workspace.zone, tongue(language or desk.workspace.language))


def key_of(period: Period, wanted: Slice = WHOLE) -> str:
    """``stage_report:2026-W47``, and of a slice with its key behind another colon."""
    return ":".join((KIND, period.key, wanted.key) if wanted.key else (KIND, period.key))


def _build(desk: Desk, conn: Connection, period: Period, slices: Sequence[Slice]) -> list[StageReport]:
    """Everything as it was known, and as it was called, when the period ended."""
    names = remembered.names_as_of(conn, period.known)
    workspace = desk.workspace.called(names) if names is not None else desk.workspace
    now = desk.people(conn)
    known = remembered.people_as_of(conn, list(now.by_id.values()), period.known)
    people = People(
        known, workspace.departments, workspace.zone, workspace.hours, DaysOff(workspace.country, workspace.holidays)
    )
    sieves = [Sieve(wanted, people, accounts_of(conn, wanted, period.known)) for wanted in slices]
    bases = [Basis(desk, conn, workspace, people, period, sieve) for sieve in sieves]
    told = told_in(conn, period, slices)
    begun = [_of_the_period(basis, told) for basis in bases]
    # What follows looks at a year, and not at the events and tasks of the period: they are let go, for they are large.
    del told
    year = _year(conn, period, ZoneInfo(workspace.zone))
    return [with_findings(_of_the_year(basis, half, year)) for basis, half in zip(bases, begun, strict=True)]


class _Half(NamedTuple):
    """A report with what is told of its period, and what the rest needs of it: the deals that are open at its end,
    without their events and tasks, and the concessions that were made."""

    report: StageReport
    open_now: Sequence[Story]
    taken: Taken


def _of_the_period(basis: Basis, told: Sequence[Story]) -> _Half:
    told = basis.sieve.stories(told)
    report = stage_report(told, basis.workspace, basis.people, basis.period)
    report = replace(report, work=work_of(basis, told), slice=cuts(basis.sieve.wanted, basis.workspace, basis.people))
    taken = Taken(basis.desk, basis.conn, told, basis.period)
    open_now = [replace(s, events=(), then=None, printed=None, late=()) for s in told if not s.now.closed]
    report = replace(report, ahead=ahead_of(basis, open_now))
    return _Half(report, [replace(s, now=replace(s.now, tasks=())) for s in open_now], taken)


class _Year(NamedTuple):
    """The twelve months up to a period's end: between which days, from which moment on, what accounts paid when the
    period began and when it ended, who left, and the deals that lived."""

    days: tuple[date, date]
    since: datetime
    turnovers: Sequence[Turnover]
    left: Sequence[Departed]
    lived: Sequence[Case]


def _year(conn: Connection, period: Period, zone: ZoneInfo) -> _Year:
    days = year_of(period, zone.key)
    since = end_of(days[0], zone.key)
    turnovers = list(revenue.turnovers(conn, (period.start, period.known), zone))
    left = revenue.departures(conn, period.known)
    return _Year(days, since, turnovers, left, cases.lived_since(conn, since, period))


def _of_the_year(basis: Basis, half: _Half, year: _Year) -> StageReport:
    _, conn, workspace, people, period, sieve = basis
    accounts = sieve.accounts
    before, paid = only(year.turnovers, accounts)
    left = [d for d in year.left if accounts is None or d.account_id in accounts]
    lived, span = sieve.cases(year.lived), Span(year.since, period.end, workspace.zone)
    departments = {person.id: person.department for person in people.by_id.values()}
    known = Known(year.days, paid, lived, left, departments, accounts)
    return replace(
        half.report,
        customers=customers(period, workspace.zone, before=before, now=paid, departed=left),
        voice=voice(conn, period, workspace, known) if sieve.wanted.of_accounts else None,
        pipeline=pipeline(lived, half.open_now, workspace, period, year.since) if lived else None,
        works=works(lived, workspace.outcomes, span, entrants=entrants_of(conn, lived, year.since, period, sieve)),
        value=half.taken.value(lived, workspace.outcomes, span),
        beside=beside_of(basis, lived, span),
    )


def told_in(conn: Connection, period: Period, slices: Sequence[Slice] | None = None) -> list[Story]:
    """The deals of the period, in the order of their numbers.

    Where they are for the reports of ``slices``, what no figure of these is made of is not read: reminders, and of
    closed deals that rested the tasks, which only tell departments apart.
    """
    by_department = slices is None or any(wanted.department for wanted in slices)
    past = history.of_period(conn, period, closed_tasks=by_department)
    rest = (resting(deal, past.accounts[deal.id], period) for deal in past.rest)
    told = [s for s in rest if s is not None]
    for some in history.records(conn, past.moved, reminders=slices is None):
        told += stories(some, past.accounts, period)
    return sorted(told, key=lambda s: s.now.id)
