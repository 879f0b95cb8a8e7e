"""What customers came to support with, and what was known of it when

Revision ID: 0007
Revises: 0006
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def said() -> list[sa.Column[Any]]:
    """The columns that a case and its versions have in common."""
    return [
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("first_response_at", MOMENT, nullable=True),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column("contacts", sa.Integer(), nullable=True),
        sa.Column("reopened", sa.Boolean(), nullable=True),
        sa.Column("satisfaction", sa.Float(), nullable=True),
        sa.Column("escalated", sa.Boolean(), nullable=True),
        sa.Column("complaint", sa.Boolean(), nullable=True),
    ]


def upgrade() -> None:
    op.create_table(
        "support_case",
        sa.Column("id", KEY, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("source_key", TEXT, nullable=False),
        *said(),
        sa.CheckConstraint("contacts >= 0", name=op.f("ck_support_case_contacts")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_support_case_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_case")),
        sa.UniqueConstraint("account_id", "source_key", name=op.f("uq_support_case_account_id_source_key")),
    )
    op.create_table(
        "support_case_version",
        sa.Column("support_case_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        *said(),
        sa.PrimaryKeyConstraint("support_case_id", "at", name=op.f("pk_support_case_version")),
    )


def downgrade() -> None:
    op.drop_table("support_case_version")
    op.drop_table("support_case")
