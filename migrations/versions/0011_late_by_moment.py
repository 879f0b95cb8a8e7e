"""The index of what was written late says of which moment it was

Revision ID: 0011
Revises: 0010
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

LATE = sa.text("late_s >= 3600")


def upgrade() -> None:
    _index(["late_s", "at", "deal_id"])


def downgrade() -> None:
    _index(["late_s"])


def _index(columns: Sequence[str]) -> None:
    op.drop_index("ix_event_late", table_name="event")
    op.create_index("ix_event_late", "event", list(columns), sqlite_where=LATE, postgresql_where=LATE)
