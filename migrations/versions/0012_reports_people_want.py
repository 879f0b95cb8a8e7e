"""Which reports people want

Revision ID: 0012
Revises: 0011
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.add_column("person", sa.Column("reports", TEXT, server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    op.drop_column("person", "reports")
