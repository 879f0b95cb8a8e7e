"""Support cases: imported, known since a moment, and read as they were known, on both databases.

Planted bugs that turned these tests red: the last version taken whenever it was written, minutes taken for
hours, a case left out that was opened before the time and answered in it, and an import of fewer columns that empties
the others.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from saveline.core.support import SupportCase
from saveline.store import support
from tests.stories.test_intake import bring_in
from tests.world import World

ACCOUNTS = "key,name,arr\nacme,Acme,80000\nglobex,Globex,20000\n"
CASES = """account,key,opened_at,first_response_minutes,resolved_at,contacts,reopened,satisfaction,escalated,complaint
acme,t-1,2026-11-02T10:00Z,90,2026-11-03T10:00Z,1,no,4.5,no,
globex,t-2,2026-11-04T10:00Z,,,,,,yes,no
"""
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def nov(day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


FIRST = SupportCase(1, nov(2), nov(2, 11, 30), nov(3), 1, False, 4.5, False, None)
SECOND = SupportCase(2, nov(4), escalated=True, complaint=False)


def known(world: World, at: datetime, since: datetime = LONG_AGO) -> list[SupportCase]:
    with world.desk.reading() as conn:
        return support.cases(conn, since, at)


def test_what_is_known_of_cases_and_since_when(on_both: World, tmp_path: Path) -> None:
    result = bring_in(on_both, tmp_path / "in", {"accounts.csv": ACCOUNTS, "support_cases.csv": CASES})
    assert ([str(p) for p in result.problems], result.counts["support_cases"].added) == ([], 2)
    first = on_both.now
    assert known(on_both, first) == [FIRST, SECOND]
    assert known(on_both, nov(1)) == []
    assert known(on_both, first, nov(3, 11)) == [SECOND], "of the other nothing happened since"

    on_both.at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    later = "account,key,opened_at,first_response_at,complaint\nglobex,t-2,2026-11-04T10:00Z,2026-11-30T10:00Z,yes\n"
    assert bring_in(on_both, tmp_path / "in", {"support_cases.csv": later}).counts["support_cases"].changed == 1
    now = SupportCase(2, nov(4), nov(30), escalated=True, complaint=True)
    assert known(on_both, on_both.now) == [FIRST, now], "what the file has no column for stays"
    assert known(on_both, on_both.now, nov(29)) == [now], "opened before, answered since"
    assert known(on_both, first) == [FIRST, SECOND], "what was known then stays what was known then"


def test_the_same_cases_again_add_no_version(on_both: World, tmp_path: Path) -> None:
    bring_in(on_both, tmp_path / "in", {"accounts.csv": ACCOUNTS, "support_cases.csv": CASES})
    before = known(on_both, on_both.now)
    on_both.pass_time(days=1)
    again = bring_in(on_both, tmp_path / "in", {"accounts.csv": ACCOUNTS, "support_cases.csv": CASES})
    assert (again.counts["support_cases"].added, again.counts["support_cases"].changed) == (0, 0)
    assert known(on_both, on_both.now) == before


def test_what_cannot_be_is_a_bad_line(lite: World, tmp_path: Path) -> None:
    wrong = """account,key,opened_at,first_response_at,first_response_minutes,resolved_at,contacts
acme,a,2026-11-02T10:00Z,2026-11-02T09:59Z,,,
acme,b,2026-11-02T10:00Z,,-1,,
acme,c,2026-11-02T10:00Z,,,2026-11-01,
acme,d,2026-11-02T10:00Z,2026-11-02T10:00Z,0,,
acme,e,2026-11-02T10:00Z,,,,-1
acme,f,2026-11-02T10:00Z,2026-11-02T10:00Z,,2026-11-02T10:00Z,0
"""
    result = bring_in(lite, tmp_path / "in", {"accounts.csv": ACCOUNTS, "support_cases.csv": wrong})
    assert [str(p).rpartition("/")[2] for p in result.problems] == [
        "support_cases.csv:2:4: first_response_at is 2026-11-02 09:59, before it was opened at 2026-11-02 10:00 (UTC); "
        "expected a moment from then on",
        "support_cases.csv:3:5: first_response_minutes is -1; expected a number from 0 to 5,270,400",
        "support_cases.csv:4:6: resolved_at is 2026-11-01 00:00, before it was opened at 2026-11-02 10:00 (UTC); "
        "expected a moment from then on",
        "support_cases.csv:5:5: the first response is told twice; expected a moment or minutes",
        "support_cases.csv:6:7: contacts is -1; expected a number from 0 to 100,000",
    ]
    assert result.counts["support_cases"].added == 1
