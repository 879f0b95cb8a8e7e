"""Which answers count, in which quarter, and what is said of them.

Planted bugs that turned these tests red: the first answer of a contact taken for the last, two accounts' contacts of
one name taken for one, an answer of 11 counted, and quarters of UTC for those of the workspace.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saveline.core.blocks import Chart, Intervals, Sentences, Table
from saveline.core.periods import parse
from saveline.core.report_voice import contact, csat, nps
from saveline.core.saying import Saying
from saveline.core.surveys import NPS_SCALE, Answer, NetLine, Surveys, quarters, that_count
from saveline.core.tongue import ENGLISH
from saveline.core.touchpoints import Contacts, Met, met
from saveline.core.voice import Voice
from saveline.evidence.surveys import net
from tests.reported import report

SAYING = Saying("USD", ZoneInfo("Europe/Lisbon"), ENGLISH)
ANSWERS = st.lists(
    st.builds(
        Answer, st.integers(1, 3), st.sampled_from((-1, 0, 6, 7, 8, 9, 10, 11)), st.sampled_from((None, "a", "b"))
    )
)


@given(given=ANSWERS)
def test_the_last_answer_of_each_contact_counts(given: list[Answer]) -> None:
    counted, n = that_count(given, NPS_SCALE)
    valid = [a for a in given if 0 <= a.value <= 10]
    assert n == len(valid)
    last = {(a.account_id, a.contact or i): a for i, a in enumerate(valid)}
    assert sorted(map(repr, counted)) == sorted(map(repr, last.values()))


def test_quarters_are_those_of_the_workspace() -> None:
    """In Auckland the year begins eleven hours before it does in Lisbon."""
    found = quarters(parse("2026-02", "Pacific/Auckland"), "Pacific/Auckland")
    assert [(w.key, w.start) for w in found] == [
        ("2025-Q2", datetime(2025, 3, 31, 11, tzinfo=UTC)),
        ("2025-Q3", datetime(2025, 6, 30, 12, tzinfo=UTC)),
        ("2025-Q4", datetime(2025, 9, 30, 11, tzinfo=UTC)),
        ("2026-Q1", datetime(2025, 12, 31, 11, tzinfo=UTC)),
    ]
    assert [w.end for w in found] == [*(w.start for w in found[1:]), datetime(2026, 2, 28, 11, tzinfo=UTC)]


def test_a_period_that_ends_with_a_quarter_is_of_that_quarter() -> None:
    assert [w.key for w in quarters(parse("2026-09", "Europe/Lisbon"), "Europe/Lisbon")][-1] == "2026-Q3"


def test_what_is_said_of_them() -> None:
    section = nps(report(), SAYING)
    assert section is not None
    chart = section.blocks[0]
    assert isinstance(chart, Chart)
    assert isinstance(chart.drawing, Intervals)
    assert chart.finding == "NPS is +42 in 2026 Q4 (95% interval +16 to +63, n = 40). It was +38 in 2026 Q3."
    assert [v.label for v in chart.drawing.intervals] == ["2026 Q1", "2026 Q2", "2026 Q3", "2026 Q4"]
    assert [row.cells[2].text for row in chart.numbers.rows] == ["+21", "+22", "+38", "+42", "–"]
    content = csat(report(), SAYING)
    assert content is not None
    assert isinstance(content.blocks[0], Chart)
    assert content.blocks[0].finding.startswith("CSAT is 75% in 2026 Q4 (95% interval 62% to 84%, n = 59).")


def test_too_few_answers_are_counted_and_not_judged() -> None:
    few = Surveys(nps=(NetLine("2026-Q4", 9, 9, net(9, 0, 0)), NetLine("period", 0, 0, net(0, 0, 0))))
    section = nps(replace(report(), voice=Voice(few)), SAYING)
    assert section is not None
    said, table = section.blocks[:2]
    assert isinstance(said, Sentences)
    assert isinstance(table, Table)
    assert said.lines == ("Too few answers to tell the NPS.",)
    assert [[c.text for c in row.cells][:3] for row in table.rows] == [["2026 Q4", "9", "–"], ["This period", "0", "–"]]
    assert nps(replace(report(), voice=Voice()), SAYING) is None
    assert csat(replace(report(), voice=None), SAYING) is None


@given(last=st.dictionaries(st.integers(1, 6), st.dates(date(2026, 5, 1), date(2026, 11, 20))))
def test_days_since_somebody_met_them(last: dict[int, date]) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    accounts = range(1, 5)
    found = met(accounts, {i: datetime(d.year, d.month, d.day, 12, tzinfo=UTC) for i, d in last.items()}, at)
    days = sorted((date(2026, 11, 22) - d).days for i, d in last.items() if i in accounts)
    assert (found.accounts, found.never) == (4, 4 - len(days))
    assert (found.within_30, found.within_90) == (sum(d <= 30 for d in days), sum(d <= 90 for d in days))
    assert (found.median_days is None) == (not days)
    if days:
        assert found.median_days == (days[(len(days) - 1) // 2] + days[len(days) // 2]) / 2


def test_whom_nobody_has_met() -> None:
    section = contact(report(), SAYING)
    assert section is not None
    said, table, how = section.blocks
    assert isinstance(said, Sentences)
    assert isinstance(table, Table)
    assert isinstance(how, Table)
    assert said.lines == ("Not met for more than 30 days: 9 of 24 accounts at risk, 1 of them never.",)
    assert [c.text for c in table.rows[0].cells] == ["At risk", "24", "18.5 d", "15 (62%)", "21 (88%)", "1 (4%)"]
    assert [[c.text for c in row.cells] for row in how.rows] == [["call", "61", "48"], ["visit", "9", "9"]]
    nobody = Voice(contacts=Contacts(Met(3, 0, 0, 3), Met(0)))
    calm = contact(replace(report(), voice=nobody), SAYING)
    assert calm is not None
    assert calm.blocks[0] == Sentences(("No account is at risk; 3 accounts that pay nobody has ever met.",))
