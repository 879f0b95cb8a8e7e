"""What a report tells of trials: the deals that lots were drawn for, from the beginning of each trial on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from saveline.core.cases import Case
from saveline.core.periods import Period
from saveline.core.slices import Sieve
from saveline.core.works import Entrant
from saveline.store import cases, lots


def entrants_of(
    conn: Connection, lived: Sequence[Case], since: datetime, period: Period, sieve: Sieve
) -> list[Entrant]:
    """Every deal of the trials that went on after ``since``; ``lived`` are those of the slice that did so themselves.

    Of a slice by segment, vertical or region those in it. Of other slices none: a deal's play, owner and causes come
    after the lot, and arms that were sorted by them are no longer drawn by lot.
    """
    if not sieve.wanted.of_accounts:
        return []
    drawn, known = lots.drawn(conn, since, period), {case.deal_id: case for case in lived}
    going_on = {lot.trial for deal_id, lot in drawn.items() if deal_id in known}
    missing = [deal_id for deal_id, lot in drawn.items() if deal_id not in known and lot.trial in going_on]
    known |= {case.deal_id: case for case in sieve.cases(cases.of_deals(conn, missing, period))}
    return [Entrant(known[deal_id], lot) for deal_id, lot in drawn.items() if deal_id in known]
