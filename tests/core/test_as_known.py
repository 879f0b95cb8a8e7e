"""A report says what was known when its period ended; what became known later stands in a later one, with its day.

Planted bugs that turned these tests red: everything taken as known at once, a report that begins with what it now knows
to have been at risk instead of what the one before said, and the correction's sign turned around.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.blocks import Sentences, plain
from saveline.core.changes import Event, StageEntered
from saveline.core.corrections import CorrectionLine
from saveline.core.periods import Period
from saveline.core.records import Record
from saveline.core.report import Amount, StageReport, stage_report
from saveline.core.report_words import report_page
from saveline.core.stories import stories
from tests.core.test_report import ACCOUNTS, PEOPLE, WEEK, WEEKS, WORKSPACE, closed, nov, opened, told

SAVED = told((2, opened(50_000)), (2, StageEntered("triage")), (13, closed("saved", 50_000)))
"""Saved on Friday 13 November; the engine was down, and wrote it on Monday the 16th at noon."""
WRITTEN = {1: {3: nov(16.5)}}
BEFORE = WEEKS[WEEKS.index(WEEK) - 1]


def reported(
    histories: Mapping[int, list[Event]], written: Mapping[int, Mapping[int, datetime]], period: Period
) -> StageReport:
    records = {i: [_record(e, written.get(i, {})) for e in events] for i, events in histories.items()}
    return stage_report(stories(records, ACCOUNTS, period), WORKSPACE, PEOPLE, period)


def _record(event: Event, written: Mapping[int, datetime]) -> Record:
    return Record(event, round((written.get(event.seq, event.at) - event.at).total_seconds()))


def test_what_was_written_after_the_week_is_a_correction_in_the_next() -> None:
    last, this = (reported({1: SAVED}, WRITTEN, week) for week in (BEFORE, WEEK))
    assert (last.at_risk, last.saved, last.corrections) == (Amount(1, 50_000_00), 0, ())
    assert (this.before, this.corrected, this.at_risk) == (last.at_risk, Amount(-1, -50_000_00), Amount())
    assert this.corrections == (CorrectionLine(1, "Acme", "closed", nov(13), nov(16.5), "Saved"),)
    page = report_page(this, "Europe/Lisbon")
    said = next(section for section in page.sections if section.key == "corrections")
    assert said.blocks == (Sentences(("13 Nov 2026: Acme ended as Saved (known since 16 Nov 2026).",)),)
    corrected = next(step for step in plain(page)["tables"]["bridge"] if step["step"] == "Corrected since")
    assert corrected == {"step": "Corrected since", "deals": "−1", "arr": "−$50,000"}


def test_the_week_as_it_is_known_later() -> None:
    later = reported({1: SAVED}, WRITTEN, replace(BEFORE, as_of=nov(17)))
    assert (later.at_risk, later.saved) == (Amount(), 1)
    assert report_page(later, "Europe/Lisbon").title == "Week 46, 9–15 November 2026, as known on 16 Nov 2026"
    assert reported({1: SAVED}, WRITTEN, replace(BEFORE, as_of=nov(16))).saved == 0


_LIVES = st.lists(
    st.tuples(
        st.integers(0, 27 * 24),
        st.integers(0, 20 * 24),
        st.integers(0, 10**7),
        st.sampled_from(["saved", "saved_smaller", "lost", "let_go", ""]),
        st.one_of(st.just(0), st.integers(1, 500)),
    ),
    max_size=7,
)


@given(lives=_LIVES)
def test_each_week_starts_where_the_last_one_ended_however_late_things_are_written(
    lives: list[tuple[int, int, int, str, int]],
) -> None:
    """``late`` is how many hours after it the end of a deal was written."""
    histories, written = {}, {}
    for i, (start, length, arr, outcome, late) in enumerate(lives, 1):
        end = 1 + (start + length) / 24
        begun = 1 + start / 24
        ended = [(end, closed(outcome, 1))] if outcome else []
        histories[i] = told((begun, opened(arr)), (begun, StageEntered("triage")), *ended)
        written[i] = {3: nov(end) + timedelta(hours=late)} if outcome and late else {}
    reports = [reported(histories, written, week) for week in WEEKS]
    for week, report in zip(WEEKS, reports, strict=True):
        assert report.before + report.corrected + report.opened == report.at_risk + report.closed
        known = {i: [e for e in h if written[i].get(e.seq, e.at) <= week.end] for i, h in histories.items()}
        assert reported(known, written, week) == report, "nothing that was written later makes a difference"
    for last, following in pairwise(reports):
        assert following.before == last.at_risk
