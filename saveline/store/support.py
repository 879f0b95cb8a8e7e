"""Support cases, as they were known at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.support import SupportCase
from saveline.store.natural import Natural
from saveline.store.rows import table

VERSION: Final = table(models.SupportCaseVersion)
CASES: Final = Natural(table(models.SupportCase), ("account_id", "source_key"))
SAID: Final = ("resolved_at", "contacts", "reopened", "satisfaction", "escalated", "complaint")
"""Columns that a row may have beside the moments of its opening and of its first response."""

OPENED: Final = ("account_id", "opened_at", "escalated", "complaint")

_COLUMNS: Final = [VERSION.c[name] for name in SupportCase.__struct_fields__]


def cases(conn: Connection, since: datetime, known: datetime) -> list[SupportCase]:
    """Every case of which anything happened from ``since`` on, as it was known at a moment, in the order of opening."""
    moments = (VERSION.c.opened_at, VERSION.c.first_response_at, VERSION.c.resolved_at)
    query = _known(_COLUMNS, known).where(sa.or_(*(moment >= since for moment in moments)))
    return [SupportCase(*row) for row in conn.execute(query)]


def opened(conn: Connection, since: datetime, until: datetime, known: datetime) -> list[SupportCase]:
    """Every case that was opened in ``[since, until)``: whose, when, and whether it was escalated or a complaint."""
    query = _known([VERSION.c[name] for name in OPENED], known)
    query = query.where(VERSION.c.opened_at >= since, VERSION.c.opened_at < until)
    return [SupportCase(i, at, escalated=up, complaint=wrong) for i, at, up, wrong in conn.execute(query)]


def _known(columns: Sequence[sa.ColumnElement[Any]], known: datetime) -> sa.Select[Any]:
    """The last version of each case by a moment, in the order of opening."""
    newest = (
        sa.select(VERSION.c.support_case_id, sa.func.max(VERSION.c.at).label("newest"))
        .where(VERSION.c.at <= known)
        .group_by(VERSION.c.support_case_id)
        .subquery()
    )
    last = sa.and_(VERSION.c.support_case_id == newest.c.support_case_id, VERSION.c.at == newest.c.newest)
    return sa.select(*columns).join(newest, last).order_by(VERSION.c.opened_at, VERSION.c.support_case_id)
