"""Since when we know what signals and touchpoints say, who said it, and what they said before

Revision ID: 0010
Revises: 0009
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("signal", sa.Column("contact", TEXT, nullable=True))
    for table in ("signal", "touchpoint"):
        op.add_column(table, sa.Column("recorded_at", MOMENT, nullable=True))
        # Nobody remembers when those that are there came: they count as known when they happened.
        op.execute(f"UPDATE {table} SET recorded_at = at")
        with op.batch_alter_table(table) as altered:
            altered.alter_column("recorded_at", existing_type=MOMENT, nullable=False)
    op.create_index("ix_signal_kind_at", "signal", ["kind", "at"])
    op.create_index("ix_touchpoint_at", "touchpoint", ["at"])
    op.drop_index("ix_touchpoint_account_id_at", table_name="touchpoint")
    op.create_index("ix_touchpoint_account_id_at_recorded_at", "touchpoint", ["account_id", "at", "recorded_at"])
    op.create_table(
        "signal_before",
        sa.Column("signal_id", KEY, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("note", TEXT, nullable=False),
        sa.Column("contact", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("signal_id", "recorded_at", name=op.f("pk_signal_before")),
    )
    op.create_table(
        "touchpoint_before",
        sa.Column("touchpoint_id", KEY, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("how", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("touchpoint_id", "recorded_at", name=op.f("pk_touchpoint_before")),
    )
    op.add_column("departure_version", sa.Column("note", TEXT, server_default="", nullable=False))
    op.execute(
        "UPDATE departure_version SET note = (SELECT note FROM departure WHERE departure.id = departure_version.departure_id)"
    )


def downgrade() -> None:
    op.drop_column("departure_version", "note")
    op.drop_table("touchpoint_before")
    op.drop_table("signal_before")
    op.drop_index("ix_touchpoint_account_id_at_recorded_at", table_name="touchpoint")
    op.create_index("ix_touchpoint_account_id_at", "touchpoint", ["account_id", "at"])
    op.drop_index("ix_touchpoint_at", table_name="touchpoint")
    op.drop_index("ix_signal_kind_at", table_name="signal")
    for table in ("touchpoint", "signal"):
        with op.batch_alter_table(table) as altered:
            altered.drop_column("recorded_at")
    with op.batch_alter_table("signal") as altered:
        altered.drop_column("contact")
