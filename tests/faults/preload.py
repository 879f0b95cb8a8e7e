"""Imported by the process from which workers are forked: what is slow to load is loaded there, once."""

import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.pysqlite

from saveline.actions import wording
from saveline.core.worktime import known_country
from saveline.notify.channels import plain
from tests.faults import rig

plain.plugins()
known_country("PT")
wording.templates().words("news", {"title": ""}, ())

__all__ = ["rig", "sqlalchemy"]
