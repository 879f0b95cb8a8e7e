"""What accounts pay over time, and why they left

Revision ID: 0006
Revises: 0005
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("departure_version", "departure", "subscription_version", "subscription")


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("source_key", TEXT, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("arr_cents", KEY, nullable=False),
        sa.CheckConstraint("arr_cents >= 0", name=op.f("ck_subscription_arr")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_subscription_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("account_id", "source_key", name=op.f("uq_subscription_account_id_source_key")),
    )
    op.create_table(
        "subscription_version",
        sa.Column("subscription_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("arr_cents", KEY, nullable=False),
        sa.PrimaryKeyConstraint("subscription_id", "at", name=op.f("pk_subscription_version")),
    )
    op.create_table(
        "departure",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("source_key", TEXT, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_departure_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departure")),
        sa.UniqueConstraint("account_id", "source_key", name=op.f("uq_departure_account_id_source_key")),
    )
    op.create_table(
        "departure_version",
        sa.Column("departure_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("departure_id", "at", name=op.f("pk_departure_version")),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
