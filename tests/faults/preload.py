"""Imported by the process from which workers are forked: what is slow to load is loaded there, once."""

import pytest  # multiprocessing runs the main module again in each worker, and that is pytest's
import sqlalchemy.dialects.postgresql.psycopg
import sqlalchemy.dialects.sqlite.pysqlite

from saveline.actions import wording
from saveline.core.worktime import known_country
from saveline.notify.channels import plain
from tests.faults import doings, rig

plain.plugins()
known_country("PT")
wording.templates().words("news", {"title": ""}, ())

__all__ = ["doings", "pytest", "rig", "sqlalchemy"]
