"""What customers said and when they were met, as it was known at a moment.

A year of it can be half a million rows: statements return plain rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import models
from saveline.core.surveys import Answer, Window
from saveline.core.touchpoints import How
from saveline.store.accounts import SIGNAL, TOUCHPOINT
from saveline.store.bulk import Ask
from saveline.store.rows import table

SIGNAL_BEFORE: Final = table(models.SignalBefore)
TOUCHPOINT_BEFORE: Final = table(models.TouchpointBefore)


# --- answers ----------------------------------------------------------------------------------------------------------


def answers(
    conn: Connection, kinds: Sequence[str], windows: Sequence[Window], known: datetime
) -> Mapping[str, list[Answer]]:
    """Answers of these kinds by window, each in the order in which they were given. The windows join."""
    found: dict[str, list[Answer]] = {w.key: [] for w in windows}
    bounds = {f"start_{i}": w.start for i, w in enumerate(windows)}
    for kind in kinds:
        rows = _answers(len(windows)).rows(conn, kind=kind, known=known, end=windows[-1].end, **bounds)
        for place, account_id, value, contact in rows:
            found[windows[place].key].append(Answer(account_id, value, contact))
    return found


@lru_cache(maxsize=8)
def _answers(windows: int) -> Ask:
    now = _answers_of(SIGNAL, windows, SIGNAL.c.id).where(SIGNAL.c.recorded_at <= sa.bindparam("known"))
    then = _answers_of(SIGNAL_BEFORE, windows, SIGNAL_BEFORE.c.signal_id).where(
        SIGNAL_BEFORE.c.recorded_at <= sa.bindparam("known"), SIGNAL_BEFORE.c.until > sa.bindparam("known")
    )
    both = sa.union_all(now, then).subquery()
    columns = (both.c.place, both.c.account_id, both.c.value, both.c.contact)
    return Ask(sa.select(*columns).order_by(both.c.at, both.c.id))


def _answers_of(signals: sa.Table, windows: int, number: sa.ColumnElement[int]) -> sa.Select[Any]:
    """The place of the window in which it lies, counted from 0, and what it says."""
    cases: list[Any] = [
        (signals.c.at >= sa.bindparam(f"start_{i}"), sa.literal_column(str(i))) for i in range(windows - 1, 0, -1)
    ]
    place = sa.case(*cases, else_=sa.literal_column("0")) if cases else sa.literal_column("0")
    columns = (place.label("place"), signals.c.account_id, signals.c.value, signals.c.contact, signals.c.at)
    return sa.select(*columns, number.label("id")).where(
        signals.c.kind == sa.bindparam("kind"),
        signals.c.at >= sa.bindparam("start_0"),
        signals.c.at < sa.bindparam("end"),
        signals.c.value.is_not(None),
    )


# --- touchpoints ------------------------------------------------------------------------------------------------------


def last_met(conn: Connection, before: datetime, known: datetime) -> dict[int, datetime]:
    """When somebody last met each account before a moment; those that nobody has met are not there."""
    return {row[0]: row[1] for row in _LAST_MET.rows(conn, end=before, known=known)}


def how_met(
    conn: Connection, start: datetime, end: datetime, known: datetime, accounts: Collection[int] | None = None
) -> tuple[How, ...]:
    """How customers, all or these, were met in ``[start, end)``, the most frequent first."""
    if accounts is None:
        rows = [How(*row) for row in _HOW_MET.rows(conn, start=start, end=end, known=known)]
    else:
        each = _EACH_MET.rows(conn, start=start, end=end, known=known)
        mine: dict[str, list[int]] = {}
        for how, account_id, times in each:
            if account_id in accounts:
                mine.setdefault(how, []).append(times)
        rows = [How(how, sum(times), len(times)) for how, times in mine.items()]
    return tuple(sorted(rows, key=lambda h: (-h.touchpoints, h.how)))


def _known(touchpoints: sa.Table, *columns: str) -> sa.Select[Any]:
    """Touchpoints before ``end``, as they were known."""
    known: sa.BindParameter[Any] = sa.bindparam("known")
    rows = sa.select(*(touchpoints.c[c] for c in columns))
    rows = rows.where(touchpoints.c.at < sa.bindparam("end"), touchpoints.c.recorded_at <= known)
    return rows.where(touchpoints.c.until > known) if "until" in touchpoints.c else rows


def _last_met() -> Ask:
    both = sa.union_all(*(_known(t, "account_id", "at") for t in (TOUCHPOINT, TOUCHPOINT_BEFORE))).subquery()
    return Ask(sa.select(both.c.account_id, sa.func.max(both.c.at)).group_by(both.c.account_id))


def _in_period() -> sa.Subquery:
    tables = (TOUCHPOINT, TOUCHPOINT_BEFORE)
    rows = (_known(t, "how", "account_id").where(t.c.at >= sa.bindparam("start")) for t in tables)
    return sa.union_all(*rows).subquery()


def _how_met() -> Ask:
    both = _in_period()
    counted = (sa.func.count(), sa.func.count(both.c.account_id.distinct()))
    return Ask(sa.select(both.c.how, *counted).group_by(both.c.how))


def _each_met() -> Ask:
    both = _in_period()
    by = (both.c.how, both.c.account_id)
    return Ask(sa.select(*by, sa.func.count()).group_by(*by))


_LAST_MET: Final = _last_met()
_HOW_MET: Final = _how_met()
_EACH_MET: Final = _each_met()
