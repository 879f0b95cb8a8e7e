"""What was known of answers and touchpoints at a moment, however often they were brought in and corrected since.

Planted bugs that turned these tests red: what a row said before it was corrected not kept, kept from the moment of its
correction on, and a correction within one import told as two.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

import models
from saveline.core.surveys import Answer, Window
from saveline.core.touchpoints import How
from saveline.store import accounts, voice
from tests.world import World

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def day(n: float) -> datetime:
    return BEGAN + timedelta(days=n)


WINDOWS = (Window("first", day(0), day(10)), Window("second", day(10), day(20)))
WRITES = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from("ab"), st.integers(-2, 22), st.sampled_from((None, 3.0, 9.0))),
    max_size=12,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("voice")
    built = World(folder / "workspace", f"sqlite:///{folder / 'saveline.db'}")
    built.account()
    yield built
    built.close()


def clear(conn: Connection) -> None:
    for name in ("signal", "signal_before", "touchpoint", "touchpoint_before"):
        conn.execute(sa.delete(models.metadata.tables[name]))


def signal(key: str, at: float, value: float | None, recorded_at: datetime, **more: Any) -> dict[str, Any]:
    row = {"account_id": 1, "kind": "nps", "source_key": key, "at": day(at), "value": value, "note": "", "source": "x"}
    return {**row, "contact": None, "recorded_at": recorded_at, **more}


@settings(max_examples=60, deadline=None)
@given(writes=WRITES)
def test_a_moment_knows_what_was_written_by_then(
    shared: World, writes: list[tuple[int, str, int, float | None]]
) -> None:
    """Beside a model that keeps every version: whatever is asked for an earlier moment stays what it was."""
    writes = sorted(writes, key=lambda w: w[0])
    with shared.desk.writing() as conn:
        clear(conn)
        for written, key, at, value in writes:
            accounts.SIGNALS.write(conn, [signal(key, at, value, day(100 + written))])
        for moment in range(-1, 8):
            said = {key: (at, value) for written, key, at, value in writes if written <= moment}
            found = voice.answers(conn, ["nps"], WINDOWS, day(100 + moment))
            for window, (low, high) in (("first", (0, 10)), ("second", (10, 20))):
                inside = [(at, v) for at, v in said.values() if low <= at < high and v is not None]
                assert sorted(a.value for a in found[window]) == sorted(v for _, v in inside)


def test_answers_come_in_their_order_and_with_who_gave_them(on_both: World) -> None:
    on_both.account()
    with on_both.desk.writing() as conn:
        rows = [
            signal("c", 5, 9, day(0), contact="jo"),
            signal("a", 1, 3, day(0), contact="jo"),
            signal("b", 12, 7, day(0)),
        ]
        accounts.SIGNALS.write(conn, rows)
        accounts.SIGNALS.write(conn, [signal("b", 12, 8, day(30))])
        assert voice.answers(conn, ["nps", "other"], WINDOWS, day(30)) == {
            "first": [Answer(1, 3, "jo"), Answer(1, 9, "jo")],
            "second": [Answer(1, 8)],
        }
        assert voice.answers(conn, ["nps"], WINDOWS[1:], day(29))["second"] == [Answer(1, 7)]


def touchpoint(account: int, key: str, at: float, how: str, recorded_at: datetime) -> dict[str, Any]:
    return {"account_id": account, "source_key": key, "at": day(at), "how": how, "recorded_at": recorded_at}


def test_when_and_how_customers_were_met_as_it_was_known(on_both: World) -> None:
    acme, globex = on_both.account(), on_both.account("globex", name="Globex")
    with on_both.desk.writing() as conn:
        first = [touchpoint(acme, "1", 2, "call", day(2)), touchpoint(acme, "2", 4, "visit", day(4))]
        accounts.TOUCHPOINTS.write(conn, first)
        accounts.TOUCHPOINTS.write(conn, [touchpoint(globex, "1", 3, "call", day(9))])
        accounts.TOUCHPOINTS.write(conn, [touchpoint(acme, "2", 1, "call", day(12))])
        assert voice.last_met(conn, day(8), day(8)) == {acme: day(4)}
        assert voice.last_met(conn, day(8), day(10)) == {acme: day(4), globex: day(3)}
        assert voice.last_met(conn, day(8), day(12)) == {acme: day(2), globex: day(3)}
        assert voice.last_met(conn, day(3), day(12)) == {acme: day(2)}
        assert voice.how_met(conn, day(0), day(8), day(10)) == (How("call", 2, 2), How("visit", 1, 1))
        assert voice.how_met(conn, day(0), day(8), day(12)) == (How("call", 3, 2),)
        assert voice.how_met(conn, day(2), day(3), day(12)) == (How("call", 1, 1),)
