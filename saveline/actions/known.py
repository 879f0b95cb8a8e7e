"""What several parts of the report are worked out from, read once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.engine import Connection

from saveline.actions.desk import Desk
from saveline.core.cases import Case
from saveline.core.customers import Turnover
from saveline.core.facts import Fact
from saveline.core.people import People
from saveline.core.periods import Period
from saveline.core.retention import Departed
from saveline.core.slices import Sieve
from saveline.core.workspace import Workspace


class Basis(NamedTuple):
    """What every part of a report starts from: where to read, and the workspace and people as they were called when
    the ``period`` ended. The ``sieve`` keeps what is of the slice."""

    desk: Desk
    conn: Connection
    workspace: Workspace
    people: People
    period: Period
    sieve: Sieve


class Known(Fact, frozen=True):
    """What is known already: the ``year`` from the end of one day to that of another, what accounts ``paid``, the deals
    that ``lived`` in it, who ``departed``, and the department of each person. Nobody is heard but these ``accounts``;
    None is all."""

    year: tuple[date, date]
    paid: Turnover
    lived: Sequence[Case]
    departed: Sequence[Departed]
    departments: Mapping[int, str | None]
    accounts: Collection[int] | None = None
