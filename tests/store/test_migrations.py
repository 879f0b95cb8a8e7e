"""The migrations: from nothing and back on both databases, and a schema that refuses what the models say it refuses.

Planted, each tried by hand: a migration that forgets a CHECK or a unique key, that has a column more than the models,
or that leaves out the ``WHERE`` of the index for one open deal an account; a ``downgrade`` that forgets a table.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import IntegrityError

import models
from saveline.actions import deals, migration, tasks
from saveline.actions.doctor import examine
from saveline.core.errors import DealIsOpen
from saveline.files import shipped
from saveline.store import schema
from saveline.store.rows import DEAL, EVENT, NOTICE
from tests.stories.test_intake import FILES, bring_in
from tests.world import FRIDAY, World

EMPTY: Final = {
    *("absence", "contact", "inbound", "kept_case", "report", "rotation", "touchpoint"),
    *("signal_before", "touchpoint_before", "pulse_answer", "pulse_answer_before", "pulse_asked"),
    *("api_token", "attempt", "destination", "thread", "unreachable", "unsubscribed"),
}
"""Tables in which that story leaves nothing."""
VERSIONS: Final = "alembic_version"


def folder() -> Path:
    return shipped.folder("migrations")


def lived_in(world: World, tmp_path: Path) -> World:
    """A world in which something is in every state: deals open, paused and closed, tasks done, seen and withdrawn."""
    paid = {
        "subscriptions.csv": "account,key,starts_on,ends_on,arr\nacme,s-1,2026-01-01,,80000\n",
        "departures.csv": "account,key,on,reason\nacme,c-1,2026-11-01,price\n",
        "support_cases.csv": "account,key,opened_at,contacts\nacme,t-1,2026-11-01,1\n",
    }
    bring_in(world, tmp_path / "in", {**FILES, **paid})
    second = world.open(world.account("hooli", name="Hooli"))
    third = world.open(world.account("umbrella", name="Umbrella"))
    world.pass_time(hours=5)
    world.done("ana", "diagnosis", root_cause="price", summary="They pay for seats nobody uses.")
    tasks.comment(world.desk, world.ref("diagnosis", second), world.by("bob"), body="I know them.")
    tasks.mark_seen(world.desk, world.ref("diagnosis", second), world.by("ana"))
    until = world.now + timedelta(days=4)
    deals.pause(world.desk, second, world.by("bob"), until=until, reason="they are on holiday")
    world.close_deal("bob", "lost", deal=third, evidence="their mail")
    play = world.settings.workspace / "playbooks" / "champion-left.yaml"
    play.write_text(play.read_text().replace("priority: 50", "priority: 51"))
    assert migration.pin(world.desk, "champion-left", migration.Way(by=world.by("bob"), reason="as it is")).deals
    return world


def rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with world.desk.reading() as conn:
        return {t.name: sorted(map(tuple, conn.execute(sa.select(t))), key=repr) for t in models.metadata.sorted_tables}


def tables(world: World) -> set[str]:
    return set(sa.inspect(world.runtime.engine).get_table_names())


def test_the_migrations_make_what_the_models_say(on_both: World) -> None:
    """Alembic's own comparison: tables, columns and their types, indexes, unique and foreign keys."""
    with on_both.desk.writing() as conn:
        command.check(schema.configured(conn, folder()))
    assert tables(on_both) == {*models.metadata.tables, VERSIONS}


def test_down_to_nothing_and_up_again(on_both: World, tmp_path: Path) -> None:
    """With rows in the tables: nothing is left, the doctor says so, and a new life begins."""
    lived_in(on_both, tmp_path)
    schema.downgrade(on_both.runtime.engine, folder(), "base")
    on_both.runtime.close()
    assert tables(on_both) == {VERSIONS}
    assert schema.behind(on_both.runtime.engine, folder())[0] is None
    assert [c.id for c in examine(on_both.settings, on_both.runtime.desk, folder())][:1] == ["database-empty"]
    schema.upgrade(on_both.runtime.engine, folder())
    assert tables(on_both) == {*models.metadata.tables, VERSIONS}
    assert on_both.history(on_both.open()) == ["deal_opened", "stage_entered", "task_started", "task_assigned"]


def test_an_upgrade_that_has_nothing_to_do_leaves_every_row(on_both: World, tmp_path: Path) -> None:
    lived_in(on_both, tmp_path)
    before = rows(on_both)
    assert {name for name, found in before.items() if not found} <= EMPTY
    schema.upgrade(on_both.runtime.engine, folder())
    on_both.runtime.close()
    assert rows(on_both) == before
    on_both.pass_time(days=5)
    assert on_both.deal(2).state == "open"


# --- what the schema refuses ------------------------------------------------------------------------------------------

NOBODY_KNOWS: Final = sa.null()
REFUSED: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "ck_account_arr": ("account", "id = 1", {"arr_cents": -1}),
    "ck_account_health": ("account", "id = 1", {"health": 101}),
    "ck_absence_order": ("absence", "", {"person_id": 1, "first": date(2026, 12, 2), "back": date(2026, 12, 2)}),
    "ck_attempt_outcome": ("attempt", "", {"notice_id": 1, "worker": "a", "at": FRIDAY, "outcome": "perhaps"}),
    "ck_deal_closed": ("deal", "state = 'open'", {"state": "closed"}),
    "ck_deal_kept": ("deal", "state = 'open'", {"kept_cents": -1}),
    "ck_deal_not_forgotten": ("deal", "state = 'paused'", {"next_at": NOBODY_KNOWS}),
    "ck_deal_paused": ("deal", "state = 'paused'", {"paused_until": NOBODY_KNOWS}),
    "ck_deal_state": ("deal", "state = 'open'", {"state": "forgotten"}),
    "ck_notice_status": ("notice", "id = 1", {"status": "perhaps"}),
    "ck_support_case_contacts": ("support_case", "id = 1", {"contacts": -1}),
    "ck_subscription_arr": ("subscription", "id = 1", {"arr_cents": -1}),
    "ck_person_capacity": ("person", "id = 1", {"capacity": -1}),
    "ck_playbook_decided_result": ("playbook_decided", "decision_id = 1", {"result": "forgotten"}),
    "ck_playbook_decision_choice": ("playbook_decision", "id = 1", {"choice": "perhaps"}),
    "ck_pulse_answer_value": ("pulse_answer", "", {"source_key": "p1", "department": "support", "at": FRIDAY,
        "value": 6, "recorded_at": FRIDAY}),
    "ck_task_closed": ("task", "state = 'done'", {"closed_at": NOBODY_KNOWS}),
    "ck_task_not_forgotten": ("task", "state = 'open'", {"due_at": NOBODY_KNOWS}),
    "ck_task_silent": ("task", "state = 'done'", {"next_at": sa.literal_column("closed_at")}),
    "ck_task_state": ("task", "state = 'open'", {"state": "nearly", "closed_at": sa.literal_column("due_at"),
        "next_at": NOBODY_KNOWS}),
}  # fmt: skip
"""By CHECK: a table, which of its rows, and what they must not become. Without which, it is one that is put in."""


def test_every_check_is_tried(on_both: World) -> None:
    """Those of the models, those of the database and those of the test below are the same."""
    wanted = {
        str(c.name) for t in models.metadata.sorted_tables for c in t.constraints if isinstance(c, sa.CheckConstraint)
    }
    found = sa.inspect(on_both.runtime.engine)
    there = {str(c["name"]) for name in models.metadata.tables for c in found.get_check_constraints(name)}
    assert there == wanted == set(REFUSED)


def test_what_the_checks_refuse(on_both: World, tmp_path: Path) -> None:
    lived_in(on_both, tmp_path)
    before = rows(on_both)
    for check, (name, which, values) in REFUSED.items():
        table = models.metadata.tables[name]
        statement: sa.Insert | sa.Update = sa.update(table).where(sa.text(which)).values(**values)
        if not which:
            statement = sa.insert(table).values(**values)
        with pytest.raises(IntegrityError, match=check), on_both.desk.writing() as conn:
            conn.execute(statement)
    assert rows(on_both) == before


def test_what_may_be_there_once_only(on_both: World, tmp_path: Path) -> None:
    """Every unique key, also those of the models that no row breaks here, is in the database under its name."""
    found = sa.inspect(on_both.runtime.engine)
    for table in models.metadata.sorted_tables:
        wanted = {str(c.name) for c in table.constraints if isinstance(c, sa.UniqueConstraint)}
        assert {str(c["name"]) for c in found.get_unique_constraints(table.name)} == wanted
    lived_in(on_both, tmp_path)
    _put_again(on_both, NOTICE, 1)
    _put_again(on_both, EVENT, 1)


def _put_again(world: World, table: sa.Table, row_id: int) -> None:
    """The same row under another id is refused."""
    with world.desk.reading() as conn:
        row = dict(conn.execute(sa.select(table).where(table.c.id == row_id)).mappings().one())
    del row["id"]
    with pytest.raises(IntegrityError), world.desk.writing() as conn:
        conn.execute(sa.insert(table), row)


def test_one_open_deal_an_account_and_as_many_closed_ones_as_there_were(on_both: World) -> None:
    """The index is partial: so are those in which the due deals, the open tasks and the waiting notices are found."""
    account = on_both.account()
    for _ in range(2):
        on_both.close_deal("bob", "let_go", deal=on_both.open(account))
    third = on_both.open(account)
    with pytest.raises(DealIsOpen):
        on_both.open(account)
    _put_again(on_both, DEAL, third)
    found = sa.inspect(on_both.runtime.engine)
    dialect = on_both.runtime.engine.dialect.name
    partial = {
        str(i["name"]): bool(i["unique"])
        for table in models.metadata.tables
        for i in found.get_indexes(table)
        if f"{dialect}_where" in i.get("dialect_options", {})
    }
    assert partial == {
        "uq_deal_open_account": True,
        "ix_deal_due": False,
        "ix_deal_trial": False,
        "ix_event_closed": False,
        "ix_event_done": False,
        "ix_event_late": False,
        "ix_event_way": False,
        "ix_task_assignee": False,
        "ix_notice_undelivered": False,
        "ix_notice_leased": False,
        "ix_notice_live": False,
        "ix_notice_bundle": False,
        "ix_notice_unjudged": False,
        "ix_notice_judged": False,
    }
