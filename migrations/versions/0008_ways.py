"""Indexes for the ways that deals took, and for the doors by which their tasks were finished

Revision ID: 0008
Revises: 0007
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WAY = sa.text("kind IN ('stage_entered', 'deal_migrated', 'deal_reopened', 'deal_joined', 'causes_split')")
DONE = sa.text("kind = 'task_done'")


def upgrade() -> None:
    op.create_index("ix_event_way", "event", ["deal_id", "seq"], sqlite_where=WAY, postgresql_where=WAY)
    op.create_index("ix_event_done", "event", ["deal_id", "via"], sqlite_where=DONE, postgresql_where=DONE)


def downgrade() -> None:
    op.drop_index("ix_event_done", table_name="event")
    op.drop_index("ix_event_way", table_name="event")
