"""What lies ahead, in the report of a week: renewals by month, and plays for which there is too little time.

Planted bugs that turned these tests red: a renewal that is known only since after the week, one on the day after the
last, an account that has given notice counted as renewing, and every plan taken to fit.
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from saveline.actions import reports
from saveline.core.ahead import Ahead, Renewals
from saveline.core.periods import week_of
from saveline.store import remembered
from saveline.store.load import ACCOUNT
from tests.world import World


def ahead(world: World, weeks_ago: int = 0) -> Ahead | None:
    return reports.build(world.desk, week_of(world.now - timedelta(weeks=weeks_ago), world.desk.workspace.zone)).ahead


def test_renewals_by_month_and_what_of_them_is_at_risk(lite: World) -> None:
    """The week ends on 23 November 2026: ninety days from there are up to 20 February 2027."""
    risky = lite.account("a", renewal=date(2026, 12, 10), arr=10_000)
    lite.open(risky)
    lite.account("b", renewal=date(2026, 12, 31), arr=20_000)
    lite.account("c", renewal=date(2027, 2, 20), arr=40_000)
    lite.account("d", renewal=date(2027, 2, 21), arr=80_000)
    lite.account("e", renewal=date(2026, 11, 22), arr=80_000)
    lite.account("f", renewal=date(2026, 12, 11), arr=80_000, left_on=date(2026, 12, 11))
    lite.account("g", renewal=None, arr=80_000)
    found = ahead(lite)
    assert found is not None
    assert found.until == date(2027, 2, 20)
    assert found.renewals == (
        Renewals("2026-12", 2, 30_000_00, 1, 10_000_00),
        Renewals("2027-02", 1, 40_000_00, 0, 0),
    )


def test_a_renewal_that_became_known_later_is_not_in_the_week_before(lite: World) -> None:
    account = lite.account("a", renewal=date(2027, 6, 1), arr=10_000)
    lite.clock.set(lite.now + timedelta(weeks=1))
    with lite.desk.writing() as conn:
        conn.execute(sa.update(ACCOUNT).where(ACCOUNT.c.id == account).values(renewal=date(2026, 12, 20)))
        remembered.keep_accounts(conn, lite.now, [account])
    assert ahead(lite, weeks_ago=1) is None
    now = ahead(lite)
    assert now is not None
    assert now.renewals == (Renewals("2026-12", 1, 10_000_00, 0, 0),)


def test_a_play_for_which_there_is_too_little_time(lite: World) -> None:
    short = lite.open(lite.account("a", name="Short", renewal=date(2026, 12, 24), arr=10_000))
    lite.open(lite.account("b", name="Long", renewal=date(2027, 2, 1), arr=10_000))
    found = ahead(lite)
    assert found is not None
    (line,) = found.tight
    assert (line.deal_id, line.account, line.stage) == (short, "Short", "Triage")
    assert line.needs_days > line.has_days
    assert (found.tight_deals, found.tight_cents) == (1, 10_000_00)
    assert found.looked_at == found.running == 2
