"""How our own people feel, month by month, with their department and without their names

Revision ID: 0013
Revises: 0012
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "pulse_answer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source_key", TEXT, nullable=False),
        sa.Column("department", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.CheckConstraint("value BETWEEN 1 AND 5", name=op.f("ck_pulse_answer_value")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pulse_answer")),
        sa.UniqueConstraint("source_key", name=op.f("uq_pulse_answer_source_key")),
    )
    op.create_table(
        "pulse_answer_before",
        sa.Column("pulse_answer_id", KEY, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("department", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pulse_answer_id", "recorded_at", name=op.f("pk_pulse_answer_before")),
    )


def downgrade() -> None:
    op.drop_table("pulse_answer_before")
    op.drop_table("pulse_answer")
