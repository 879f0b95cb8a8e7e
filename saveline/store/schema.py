"""The schema's versions: bringing a database up to date, and telling whether it is."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine
from sqlmodel import SQLModel

import models  # noqa: F401 - its tables are known from then on
from saveline.store import database


def configured(conn: Connection, migrations: Path) -> Config:
    """Alembic's configuration for one connection."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = conn
    return config


def upgrade(engine: Engine, migrations: Path, to: str = "head") -> None:
    """Bring the database to version ``to``, in one transaction."""
    with database.writing(engine) as conn:
        command.upgrade(configured(conn, migrations), to)


def downgrade(engine: Engine, migrations: Path, to: str) -> None:
    with database.writing(engine) as conn:
        command.downgrade(configured(conn, migrations), to)


def behind(engine: Engine, migrations: Path) -> tuple[str | None, str | None]:
    """``(version of the database, newest version)``; the first is None for a database without tables."""
    with database.reading(engine) as conn:
        current = MigrationContext.configure(conn).get_current_revision()
        newest = ScriptDirectory.from_config(configured(conn, migrations)).get_current_head()
    return current, newest


def make(engine: Engine) -> None:
    """All tables as the models have them, in an empty database that is thrown away again: no versions are kept."""
    SQLModel.metadata.create_all(engine)
