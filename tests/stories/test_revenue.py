"""What accounts pay over time: imported, known since a day, and retained, on both databases.

Planted bugs that turned these tests red: a subscription of which only the last version is known, its first version
taken for the time before it was known, and an account with subscriptions that is counted by its row as well.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from saveline.core.customers import Turnover
from saveline.core.retention import Amount, Departed, retention
from saveline.store import revenue
from tests.stories.test_intake import bring_in
from tests.world import World

ACCOUNTS = "key,name,arr,left_on\nacme,Acme,999,\nglobex,Globex,20000,\ninitech,Initech,5000,2026-12-15\n"
SUBSCRIPTIONS = "account,key,starts_on,ends_on,arr\nacme,a,2025-01-01,,50000\nacme,b,2026-03-01,2026-09-01,30000\n"
DEPARTURES = "account,key,on,reason,note\nacme,c-1,2026-09-01,price,one of two contracts\n"
LISBON = ZoneInfo("Europe/Lisbon")
FEBRUARY, NOVEMBER, DECEMBER = date(2026, 2, 28), date(2026, 11, 20), date(2026, 12, 31)


def known(world: World, at: datetime) -> Turnover:
    with world.desk.reading() as conn:
        return revenue.turnovers(conn, [at], LISBON)[0]


def thousands(found: Turnover, day: date) -> list[int]:
    return [found.all[i].on(day) // 100_000 if i in found.all else 0 for i in (1, 2, 3)]


def test_what_is_paid_and_since_when_it_is_known(on_both: World, tmp_path: Path) -> None:
    files = {"accounts.csv": ACCOUNTS, "subscriptions.csv": SUBSCRIPTIONS, "departures.csv": DEPARTURES}
    result = bring_in(on_both, tmp_path / "in", files)
    assert {kind: count.added for kind, count in result.counts.items()} == {
        "accounts": 3,
        "subscriptions": 2,
        "departures": 1,
    }
    first = on_both.now
    now = known(on_both, first)
    assert thousands(now, FEBRUARY) == [50, 0, 0], "of those without subscriptions nothing is known of that time"
    assert (thousands(now, date(2026, 8, 31)), thousands(now, date(2026, 9, 1))) == ([80, 0, 0], [50, 0, 0])
    assert (thousands(now, NOVEMBER), thousands(now, DECEMBER)) == ([50, 20, 5], [50, 20, 0])

    on_both.at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    late = SUBSCRIPTIONS.replace("2025-01-01,,50000", "2025-01-01,2026-11-10,50000")
    assert bring_in(on_both, tmp_path / "in", {"subscriptions.csv": late}).counts["subscriptions"].changed == 1
    assert thousands(known(on_both, on_both.now), NOVEMBER) == [0, 20, 5]
    assert known(on_both, first) == now, "what was known then stays what was known then"
    assert known(on_both, datetime(2026, 11, 1, tzinfo=UTC)) == Turnover({}, {})

    with on_both.desk.reading() as conn:
        departed = revenue.departures(conn, on_both.now)
        assert revenue.departures(conn, datetime(2026, 11, 1, tzinfo=UTC)) == []
    assert departed == [Departed(1, date(2026, 9, 1), "price", "one of two contracts")]
    year = retention(known(on_both, on_both.now).all, FEBRUARY, DECEMBER, departed)
    assert (year.start, year.new, year.churn, year.grr) == (
        Amount(1, 50_000_00),
        Amount(1, 20_000_00),
        Amount(1, 50_000_00),
        0.0,
    )
    assert [(r.reason, r.churned.accounts) for r in year.reasons] == [("price", 1)]


def test_of_several_moments_at_once_as_of_each_alone(on_both: World, tmp_path: Path) -> None:
    """Bug: of an earlier moment only those of whom something was written since."""
    both = f"{SUBSCRIPTIONS}globex,c,2025-06-01,,20000\ninitech,d,2025-06-01,,5000\n"
    bring_in(on_both, tmp_path / "in", {"accounts.csv": ACCOUNTS, "subscriptions.csv": both})
    moments = [datetime(2026, 11, 1, tzinfo=UTC), on_both.now]
    for n, changed in enumerate((both.replace("20000", "25000"), f"{both}initech,e,2026-01-01,,7000\n")):
        on_both.at(datetime(2026, 12, 1 + n, 9, tzinfo=UTC))
        bring_in(on_both, tmp_path / "in", {"subscriptions.csv": changed})
        moments.append(on_both.now)
    with on_both.desk.reading() as conn:
        found = revenue.turnovers(conn, moments, LISBON)
    assert found == [known(on_both, at) for at in moments]
    assert [thousands(t, NOVEMBER) for t in found] == [[0, 0, 0], [50, 20, 5], [50, 25, 5], [50, 20, 12]]


def test_the_same_files_again_add_no_version(on_both: World, tmp_path: Path) -> None:
    files = {"accounts.csv": ACCOUNTS, "subscriptions.csv": SUBSCRIPTIONS, "departures.csv": DEPARTURES}
    bring_in(on_both, tmp_path / "in", files)
    before = known(on_both, on_both.now)
    on_both.pass_time(days=1)
    again = bring_in(on_both, tmp_path / "in", files)
    assert {kind: (count.added, count.changed) for kind, count in again.counts.items()} == dict.fromkeys(
        ("accounts", "subscriptions", "departures"), (0, 0)
    )
    assert known(on_both, on_both.now) == before


def test_a_subscription_that_ends_before_it_starts_is_a_bad_line(lite: World, tmp_path: Path) -> None:
    wrong = "account,key,starts_on,ends_on,arr\nacme,a,2026-03-01,2026-02-28,1\nacme,b,2026-03-01,2026-03-01,1\n"
    result = bring_in(lite, tmp_path / "in", {"accounts.csv": ACCOUNTS, "subscriptions.csv": wrong})
    assert [str(p).rpartition("/")[2] for p in result.problems] == [
        "subscriptions.csv:2:4: it ends on 2026-02-28, before it starts on 2026-03-01; expected a day from then on"
    ]
    assert result.counts["subscriptions"].added == 1
