"""What was decided about running deals when their play changed

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT = sqlmodel.sql.sqltypes.AutoString()
MOMENT = sqlmodel.sql.sqltypes.UTCDateTime()
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "playbook_decision",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("choice", TEXT, nullable=False),
        sa.Column("by_id", KEY, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "choice IN ('pin', 'migrate', 'new_only', 'rollback')", name=op.f("ck_playbook_decision_choice")
        ),
        sa.ForeignKeyConstraint(["hash"], ["playbook_version.hash"], name=op.f("fk_playbook_decision_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_playbook_decision")),
    )
    op.create_index(op.f("ix_playbook_decision_name"), "playbook_decision", ["name"], unique=False)
    op.create_table(
        "playbook_decided",
        sa.Column("decision_id", KEY, nullable=False),
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("result", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=False),
        sa.Column("effect", TEXT, nullable=False),
        sa.CheckConstraint(
            "result IN ('pinned', 'migrated', 'refused', 'rolled_back')", name=op.f("ck_playbook_decided_result")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["playbook_decision.id"],
            name=op.f("fk_playbook_decided_decision_id"),
        ),
        sa.PrimaryKeyConstraint("decision_id", "deal_id", name=op.f("pk_playbook_decided")),
    )
    op.create_index(op.f("ix_playbook_decided_deal_id"), "playbook_decided", ["deal_id"], unique=False)


def downgrade() -> None:
    op.drop_table("playbook_decided")
    op.drop_table("playbook_decision")
