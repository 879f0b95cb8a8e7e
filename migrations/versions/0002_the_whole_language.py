"""The whole language: repeats, waiting on the customer, people that change, overrides, severity, watching, merging

Revision ID: 0002
Revises: 0001
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

COLUMNS: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "account": {"left_on": sa.Date()},
    "deal": {
        "severity": TEXT,
        "override_until": MOMENT,
        "watch_until": MOMENT,
        "kept_at": MOMENT,
        "left_at": MOMENT,
        "merged_into": KEY,
        "reopened_at": MOMENT,
        "closed_before": MOMENT,
    },
    "task": {"starts_at": MOMENT, "meant_id": KEY, "link": TEXT, "waits_since": MOMENT},
}
DUE, OPEN = sa.text("next_at IS NOT NULL"), sa.text("state <> 'closed'")


def upgrade() -> None:
    for table, columns in COLUMNS.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    op.add_column("deal", sa.Column("earlier", sa.Integer(), nullable=False, server_default=sa.text("0")))
    _index(DUE)


def downgrade() -> None:
    _index(OPEN)
    op.drop_column("deal", "earlier")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.drop_column(table, name)


def _index(where: sa.TextClause) -> None:
    op.drop_index("ix_deal_due", table_name="deal")
    op.create_index("ix_deal_due", "deal", ["next_at"], sqlite_where=where, postgresql_where=where)
