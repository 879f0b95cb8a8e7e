"""What statistics see of deals, worked out ahead, and an index of why they were closed

Revision ID: 0016
Revises: 0015
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0016"
down_revision: str | None = "0015"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
CLOSED = sa.text("kind = 'deal_closed'")
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_case",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("late_s", sa.Integer(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("alike", TEXT, nullable=False),
        sa.Column("own", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("fk_kept_case_deal_id_deal")),
        sa.PrimaryKeyConstraint("deal_id", name=op.f("pk_kept_case")),
    )
    op.create_index("ix_event_closed", "event", ["deal_id"], sqlite_where=CLOSED, postgresql_where=CLOSED)


def downgrade() -> None:
    op.drop_index("ix_event_closed", table_name="event")
    op.drop_table("kept_case")
