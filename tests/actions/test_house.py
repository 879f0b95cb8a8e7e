"""Looking after the house: what the auditor sees, and what housekeeping forgets and never forgets.

Planted bugs that turned these tests red: patience compared the wrong way round, deals set aside counted as late too,
the lease of a worker that is alive released, notices pruned by age alone, events pruned with their notices, and a mark
that does not move on to the next deals.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import models
from saveline.actions import housekeeping
from saveline.actions.audit import Finding, audit
from saveline.actions.housekeeping import keep_house
from saveline.store import destinations
from saveline.store.rows import DEAL, EVENT, NOTICE
from tests.notify.looking import change, put, rows
from tests.world import World

ATTEMPT = models.metadata.tables["attempt"]
INBOUND = models.metadata.tables["inbound"]
IMPORT_RUN = models.metadata.tables["import_run"]


def found(world: World, **how: Any) -> dict[str, Finding]:
    return {f.id: f for f in audit(world.desk, **how)}


def add(world: World, table: sa.Table, **row: Any) -> None:
    with world.desk.writing() as conn:
        conn.execute(sa.insert(table), row)


def left(world: World, column: sa.ColumnElement[Any]) -> list[Any]:
    with world.desk.reading() as conn:
        return list(conn.execute(sa.select(column).order_by(column)).scalars())


# --- the auditor ------------------------------------------------------------------------------------------------------


def test_a_house_in_order(on_both: World) -> None:
    assert audit(on_both.desk) == ()
    on_both.open()
    assert audit(on_both.desk) == ()


def test_an_engine_that_does_not_come(on_both: World) -> None:
    """The first rung was due at 15:00; five minutes later nobody has taken it."""
    on_both.open()
    due = on_both.next_at()
    assert due is not None
    on_both.clock.set(due + timedelta(minutes=5))
    assert "engine-late" not in found(on_both)
    on_both.clock.set(due + timedelta(minutes=5, seconds=1))
    late = found(on_both)["engine-late"]
    assert late.urgent
    assert late.words.startswith("1 deal waited past their due moment")
    on_both.jump(on_both.now)
    assert "engine-late" not in found(on_both)


def test_a_deal_that_is_set_aside_is_named_with_its_error_and_is_not_late(on_both: World) -> None:
    on_both.open()
    on_both.clock.set(on_both.now + timedelta(days=1))
    with on_both.desk.writing() as conn:
        values = {"failures": 3, "error": "ValueError: a bug", "retry_at": on_both.now + timedelta(minutes=4)}
        conn.execute(sa.update(DEAL).values(**values))
    aside = found(on_both)
    assert "engine-late" not in aside
    assert aside["deal-set-aside"].words == "deal 1 could not be decided (3 times): ValueError: a bug"


def test_a_worker_that_never_came_back_loses_its_lease_and_one_at_work_does_not(on_both: World) -> None:
    gone = put(on_both, kind="digest", person_id=on_both.person("ana"))
    alive = put(on_both, kind="digest", person_id=on_both.person("bob"))
    now = on_both.now
    change(on_both, gone, lease="a/1", lease_until=now - timedelta(minutes=5, seconds=1), status="sending")
    change(on_both, alive, lease="b/1", lease_until=now - timedelta(minutes=4))
    looked = found(on_both, repair=False)
    assert not looked["leases-released"].urgent
    assert [r.lease for r in rows(on_both)] == ["a/1", "b/1"]
    assert found(on_both)["leases-released"].words.startswith("1 notice ")
    assert [(r.lease, r.status) for r in rows(on_both)] == [(None, "sending"), ("b/1", "queued")]
    assert "leases-released" not in found(on_both)


def test_a_queue_that_stands_still(on_both: World) -> None:
    waiting = put(on_both, kind="digest", person_id=on_both.person("ana"))
    change(on_both, waiting, judged_at=on_both.now)
    on_both.clock.set(on_both.now + timedelta(minutes=15))
    assert audit(on_both.desk) == ()
    on_both.clock.set(on_both.now + timedelta(seconds=1))
    assert found(on_both)["queue-stuck"].urgent
    assert "1 notice waiting (1 by email)" in found(on_both)["queue-stuck"].words
    put(on_both, kind="digest", person_id=on_both.person("bob"))
    change(on_both, waiting + 1, status="sent", sent_at=on_both.now)
    assert audit(on_both.desk) == ()  # it moves


def test_what_could_not_be_delivered_is_told_for_a_day(on_both: World) -> None:
    change(on_both, put(on_both, kind="digest", person_id=on_both.person("ana")), status="dead")
    assert not found(on_both)["notices-dead"].urgent
    on_both.clock.set(on_both.now + timedelta(days=1, seconds=1))
    assert audit(on_both.desk) == ()


def test_notices_that_nobody_judges(on_both: World) -> None:
    """Planted bug: counting those that are not due yet as well."""
    notice = put(on_both, kind="digest", person_id=on_both.person("ana"))
    on_both.clock.set(on_both.now + timedelta(minutes=15, seconds=1))
    assert found(on_both)["notices-unjudged"].urgent
    change(on_both, notice, judged_at=on_both.now)
    assert "notices-unjudged" not in found(on_both)


def test_a_channel_that_fails_is_urgent_and_a_mailbox_is_named(on_both: World) -> None:
    for n in range(5):
        on_both.clock.set(on_both.now + timedelta(seconds=20))
        with on_both.desk.writing() as conn:
            destinations.failed(conn, "slack", "Slack cannot be reached: refused", on_both.now)
            if n < 4:
                destinations.failed(conn, "email:ana@x.example", "550 no such user", on_both.now)
    seen = found(on_both)
    assert seen["channel-failing"].urgent
    assert (
        seen["channel-failing"].words
        == "the channel slack has failed 5 times in a row: Slack cannot be reached: refused"
    )
    assert "destination-failing" not in seen
    on_both.clock.set(on_both.now + timedelta(seconds=20))
    with on_both.desk.writing() as conn:
        destinations.failed(conn, "email:ana@x.example", "550 no such user", on_both.now)
        destinations.succeeded(conn, {"slack": on_both.now})
    seen = found(on_both)
    assert "channel-failing" not in seen
    assert not seen["destination-failing"].urgent


# --- housekeeping -----------------------------------------------------------------------------------------------------


def notice(world: World, at: datetime, status: str, no: int) -> None:
    """A notice of ``at`` in ``status``; ``no`` marks it."""
    change(world, put(world, kind="digest", at=at, person_id=world.person("ana"), ordinal=no), status=status)


def test_what_is_old_and_settled_is_forgotten_and_nothing_else(on_both: World) -> None:
    """Notices and imports are kept 400 days, presses 90; what is exactly so old is kept a day longer."""
    now = on_both.now
    edge, old = now - timedelta(days=400), now - timedelta(days=400, seconds=1)
    for no, status in enumerate(("sent", "cancelled", "missed", "dead"), 1):
        notice(on_both, old, status, no)
        notice(on_both, edge, status, 10 + no)
    for no, status in enumerate(("queued", "sending", "unknown"), 21):
        notice(on_both, old, status, no)
    for each in rows(on_both):
        add(on_both, ATTEMPT, notice_id=each.id, at=each.at, worker="w/1", outcome="sent")
    for key, age in (("old", timedelta(days=90, seconds=1)), ("edge", timedelta(days=90))):
        add(on_both, INBOUND, source="slack", key=key, at=now - age, result="")
    for source, at in (("old", old), ("edge", edge)):
        add(on_both, IMPORT_RUN, source=source, started_at=at, finished_at=at, counts="{}", problems="{}")

    kept = keep_house(on_both.desk)

    assert (kept.deleted, kept.faults) == ({"attempts": 4, "notices": 4, "inbound": 1, "imports": 1}, ())
    assert left(on_both, ATTEMPT.c.notice_id) == [n.id for n in rows(on_both)]
    assert left(on_both, NOTICE.c.ordinal) == [11, 12, 13, 14, 21, 22, 23]
    assert left(on_both, INBOUND.c.key) == ["edge"]
    assert left(on_both, IMPORT_RUN.c.source) == ["edge"]
    assert keep_house(on_both.desk).deleted == {"attempts": 0, "notices": 0, "inbound": 0, "imports": 0}


def test_history_is_never_forgotten(on_both: World) -> None:
    on_both.open()
    on_both.done("ana", "diagnosis", root_cause="price", summary="It is the price.")
    on_both.close_deal("ana", "let_go", reason="bought by a competitor")
    with on_both.desk.reading() as conn:
        before = conn.execute(sa.select(EVENT).order_by(EVENT.c.id)).all()
    deal, told = on_both.deal(), rows(on_both)
    for row in told:
        change(on_both, row.id, status="sent")
    on_both.clock.set(on_both.now + timedelta(days=4000))
    assert keep_house(on_both.desk).deleted["notices"] == len(told) > 0
    with on_both.desk.reading() as conn:
        assert conn.execute(sa.select(EVENT).order_by(EVENT.c.id)).all() == before
        assert conn.execute(sa.select(sa.func.count()).select_from(NOTICE)).scalar() == 0
    assert on_both.deal() == deal


def test_a_deal_that_is_not_what_its_history_says_is_found(on_both: World) -> None:
    on_both.open()
    on_both.open(on_both.account("globex", name="Globex"))
    assert keep_house(on_both.desk).faults == ()
    with on_both.desk.writing() as conn:
        conn.execute(sa.update(DEAL).where(DEAL.c.id == 2).values(score=61))
    kept = keep_house(on_both.desk)
    assert (kept.checked, kept.faults) == (2, ("deal 2 is not what its history says",))


def test_each_day_goes_on_where_the_last_one_ended(on_both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two deals a day: of three the third is looked at on the second day, and then it begins anew."""
    monkeypatch.setattr(housekeeping, "CHECKED_A_DAY", 2)
    for key in ("a", "b", "c"):
        on_both.open(on_both.account(key, name=key))
    with on_both.desk.writing() as conn:
        conn.execute(sa.update(DEAL).where(DEAL.c.id == 3).values(score=61))
    found = [(k.checked, k.faults) for k in (keep_house(on_both.desk) for _ in range(4))]
    third = (1, ("deal 3 is not what its history says",))
    assert found == [(2, ()), third, (2, ()), third]
