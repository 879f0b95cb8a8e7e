"""``python -m benchmarks ledger``: the ledger run in full, on both databases; prints the books."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.faults import ledger
from tests.faults.ledger import Books, Plan
from tests.servers import TOKEN, mailserver, slack_server


def run(databases: Sequence[str], notices: int, seed: int) -> bool:
    """The run on each database. False where something was lost, overtaken, said too late, or too often."""
    found: list[Books] = []
    for database in databases:
        with mailserver() as mail, slack_server() as slack, tempfile.TemporaryDirectory() as folder:
            os.environ |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail.port)}
            os.environ |= {"SLACK_BOT_TOKEN": TOKEN, "SLACK_API": slack.api}
            found.append(ledger.run(Plan(database=database, notices=notices, seed=seed), Path(folder), mail, slack))
        sys.stdout.write(ledger.table(found) + "\n")
        sys.stdout.flush()
    return all(
        b.lost == b.out_of_order == b.about_closed == 0 and b.doubles <= b.kills + 2 * b.restarts * b.plan.workers
        for b in found
    )
