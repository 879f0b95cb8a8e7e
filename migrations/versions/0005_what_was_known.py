"""What was known, and when: versions of accounts, people and names; events that were written late

Revision ID: 0005
Revises: 0004
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LATE = sa.text("late_s >= 3600")

ACCOUNT = "name, segment, vertical, region, arr_cents, renewal, left_on"
# What is there when versions begin counts as known from the beginning: nobody remembers what was before.
BEGINNING = "'1970-01-01 00:00:00.000000'"


def upgrade() -> None:
    op.create_table(
        "account_version",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("segment", TEXT, nullable=True),
        sa.Column("vertical", TEXT, nullable=True),
        sa.Column("region", TEXT, nullable=True),
        sa.Column("arr_cents", KEY, nullable=False),
        sa.Column("renewal", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "at", name=op.f("pk_account_version")),
    )
    op.create_table(
        "person_version",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("department", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("person_id", "at", name=op.f("pk_person_version")),
    )
    op.create_table(
        "names_version",
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_names_version")),
    )
    op.create_index("ix_event_late", "event", ["late_s"], unique=False, sqlite_where=LATE, postgresql_where=LATE)
    op.execute(
        f"INSERT INTO account_version (account_id, at, {ACCOUNT}) SELECT id, {_beginning()}, {ACCOUNT} FROM account"
    )
    columns = "name, department"
    op.execute(
        f"INSERT INTO person_version (person_id, at, {columns}) SELECT id, {_beginning()}, {columns} FROM person"
    )


def _beginning() -> str:
    zone = "" if op.get_bind().dialect.name == "sqlite" else "::timestamptz"
    return BEGINNING + zone


def downgrade() -> None:
    op.drop_index("ix_event_late", table_name="event")
    for table in ("account_version", "person_version", "names_version"):
        op.drop_table(table)
