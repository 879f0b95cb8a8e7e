"""Which trial drew lots for a deal, and what the lot said

Revision ID: 0015
Revises: 0014
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
IN_TRIAL = sa.text("trial IS NOT NULL")


def upgrade() -> None:
    op.add_column("deal", sa.Column("trial", TEXT, nullable=True))
    op.add_column("deal", sa.Column("arm", TEXT, nullable=True))
    op.create_index("ix_deal_trial", "deal", ["trial"], sqlite_where=IN_TRIAL, postgresql_where=IN_TRIAL)


def downgrade() -> None:
    op.drop_index("ix_deal_trial", table_name="deal", sqlite_where=IN_TRIAL, postgresql_where=IN_TRIAL)
    op.drop_column("deal", "arm")
    op.drop_column("deal", "trial")
