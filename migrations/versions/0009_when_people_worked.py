"""When people worked: the versions of people keep their hours, zone, capacity and absences as well

Revision ID: 0009
Revises: 0008
"""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

TEXT: sa.types.TypeEngine[Any] = sqlmodel.sql.sqltypes.AutoString()
COLUMNS = ("zone", "country", "hours", "capacity", "active")


def upgrade() -> None:
    for name in ("zone", "country", "hours"):
        op.add_column("person_version", sa.Column(name, TEXT, nullable=True))
    op.add_column("person_version", sa.Column("capacity", sa.Integer(), nullable=True))
    op.add_column("person_version", sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("person_version", sa.Column("absences", TEXT, server_default=sa.text("'[]'"), nullable=False))
    # What is there when this begins counts as known from the beginning: nobody remembers what was before.
    for name in COLUMNS:
        op.execute(
            f"UPDATE person_version SET {name} = (SELECT p.{name} FROM person p WHERE p.id = person_version.person_id)"
            " WHERE EXISTS (SELECT 1 FROM person p WHERE p.id = person_version.person_id)"
        )
    _absences()


def _absences() -> None:
    conn = op.get_bind()
    found: dict[int, list[dict[str, Any]]] = {}
    days = 'SELECT person_id, "first", back, substitute_id FROM absence ORDER BY "first"'
    for person_id, first, back, substitute_id in conn.execute(sa.text(days)):
        found.setdefault(person_id, []).append({"first": str(first), "back": str(back), "substitute_id": substitute_id})
    change = sa.text("UPDATE person_version SET absences = :absences WHERE person_id = :id")
    for person_id, absences in found.items():
        conn.execute(change, {"absences": json.dumps(absences, separators=(",", ":")), "id": person_id})


def downgrade() -> None:
    with op.batch_alter_table("person_version") as table:
        for name in ("absences", *reversed(COLUMNS)):
            table.drop_column(name)
