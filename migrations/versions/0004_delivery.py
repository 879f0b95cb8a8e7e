"""Delivery: every attempt, destinations, bundles, threads, what people asked not to get, tokens

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
MOMENT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.UTCDateTime()
KEY: sa.types.TypeEngine[Any] = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

BEFORE = "status IN ('queued', 'sending', 'sent', 'unknown', 'dead', 'cancelled', 'missed')"
AFTER = "status IN ('queued', 'sending', 'sent', 'unknown', 'dead', 'cancelled', 'missed', 'bundled')"
LIVE, BUNDLED, LEASED = sa.text("live"), sa.text("bundle_id IS NOT NULL"), sa.text("lease IS NOT NULL")
UNJUDGED = sa.text("judged_at IS NULL AND status IN ('queued', 'sending', 'unknown')")
JUDGED = sa.text("judged_at IS NOT NULL")
TABLES = ("attempt", "destination", "unreachable", "unsubscribed", "thread", "api_token")


def upgrade() -> None:
    _person()
    _notice()
    _travel()
    _people()
    op.create_table(
        "api_token",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_api_token_name")),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_notice_leased", table_name="notice")
    op.drop_index("ix_notice_live", table_name="notice")
    op.drop_index("ix_notice_bundle", table_name="notice")
    op.drop_index("ix_notice_unjudged", table_name="notice")
    op.drop_index("ix_notice_judged", table_name="notice")
    op.execute("DELETE FROM notice WHERE status = 'bundled'")
    _status(BEFORE)
    for column in ("judged_at", "bundle_id", "held_for", "live"):
        op.drop_column("notice", column)
    for column in ("language", "quiet", "digest_hour", "prefers"):
        op.drop_column("person", column)


def _person() -> None:
    op.add_column("person", sa.Column("language", TEXT, nullable=True))
    op.add_column("person", sa.Column("quiet", TEXT, nullable=True))
    op.add_column("person", sa.Column("digest_hour", sa.Integer(), nullable=True))
    op.add_column("person", sa.Column("prefers", TEXT, nullable=False, server_default=sa.text("'{}'")))


def _notice() -> None:
    op.add_column("notice", sa.Column("judged_at", MOMENT, nullable=True))
    op.add_column("notice", sa.Column("bundle_id", KEY, nullable=True))
    op.add_column("notice", sa.Column("held_for", TEXT, nullable=True))
    op.add_column("notice", sa.Column("live", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    _status(AFTER)
    op.create_index("ix_notice_leased", "notice", ["lease_until"], sqlite_where=LEASED, postgresql_where=LEASED)
    op.create_index("ix_notice_live", "notice", ["deal_id"], sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_index("ix_notice_bundle", "notice", ["bundle_id"], sqlite_where=BUNDLED, postgresql_where=BUNDLED)
    op.create_index("ix_notice_unjudged", "notice", ["not_before"], sqlite_where=UNJUDGED, postgresql_where=UNJUDGED)
    op.create_index(
        "ix_notice_judged", "notice", ["person_id", "judged_at"], sqlite_where=JUDGED, postgresql_where=JUDGED
    )


def _status(allowed: str) -> None:
    """SQLite has a CHECK in the table's text, so there the table is written anew."""
    with op.batch_alter_table("notice") as table:
        table.drop_constraint(op.f("ck_notice_status"), type_="check")
        table.create_check_constraint(op.f("ck_notice_status"), allowed)


def _travel() -> None:
    op.create_table(
        "attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column("notice_id", KEY, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("worker", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("ref", TEXT, nullable=True),
        sa.CheckConstraint(
            "outcome IN ('', 'sent', 'transient', 'permanent', 'unknown')", name=op.f("ck_attempt_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_notice_id"), "attempt", ["notice_id"], unique=False)
    op.create_table(
        "destination",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("failed_at", MOMENT, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("error", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_destination")),
    )
    op.create_table(
        "thread",
        sa.Column("deal_id", KEY, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("ref", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("deal_id", "address", name=op.f("pk_thread")),
    )


def _people() -> None:
    op.create_table(
        "unreachable",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("notice_id", KEY, nullable=True),
        sa.PrimaryKeyConstraint("person_id", "channel", name=op.f("pk_unreachable")),
    )
    op.create_table(
        "unsubscribed",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "kind", name=op.f("pk_unsubscribed")),
    )
