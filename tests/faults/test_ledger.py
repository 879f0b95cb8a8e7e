"""The ledger run in small; ``python -m benchmarks ledger`` is the whole of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import ledger
from tests.faults.ledger import Books, Plan
from tests.servers import Mailserver, Slack


def balanced(books: Books) -> None:
    """What must be true of every run, however long."""
    assert books.lost == 0
    assert books.arrived + books.elsewhere + books.cancelled + books.missed >= books.notices
    assert books.doubles <= books.kills + 2 * books.restarts * books.plan.workers
    assert books.out_of_order == 0
    assert books.about_closed == 0
    assert books.refused > 0, "Slack never had to ask"
    assert books.cancelled > 0, "nothing was closed in time"


@pytest.mark.fault(slow_on="postgresql")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_books_balance(database: str, tmp_path: Path, mail: Mailserver, slack: Slack) -> None:
    """600 notices, 3 workers, 6 kills, a crash of PostgreSQL, minutes of 429s, tasks closed meanwhile.

    Planted: everything that faults 1, 2 and 9 plant; an order that is not kept (a claim of the newest first).
    """
    plan = Plan(
        database=database, notices=600, readers=20, deals=20, closed=8, kills=6, hours=1 / 6, busy=1 / 20, seed=1
    )
    books = ledger.run(plan, tmp_path, mail, slack)
    print(ledger.table([books]))  # noqa: T201 - for whoever reads the log
    balanced(books)
