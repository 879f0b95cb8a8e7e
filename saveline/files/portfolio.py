"""Accounts from a CSV file in the plain format, without a database."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from saveline.core.derive import Derivation
from saveline.core.errors import Invalid, Problem
from saveline.core.facts import Account
from saveline.core.kinds import account_row
from saveline.core.workspace import Workspace
from saveline.files.sources import Wanted, open_sources


def read_accounts(path: Path, workspace: Workspace, today: date) -> tuple[Account, ...]:
    """The accounts of a file as ``saveline import`` takes it, numbered from 1. Raises Invalid with every bad line."""
    found: list[Account] = []
    problems: list[Problem] = []
    with open_sources(Wanted((path,), kind="accounts"), workspace, today) as sources:
        derivation = Derivation(sources.plan, ZoneInfo(workspace.zone))
        entry = sources.plan.entries[0]
        for line in sources.tables[entry.table].lines():
            made = None if line.fault is not None else derivation.row(entry, line.cells)
            faults = made.faults if made is not None else (line.fault,)
            problems += [
                Problem(str(path), line.no, f.column, f.what, f.expected, f.nearest) for f in faults if f is not None
            ]
            if made is not None and made.row is not None:
                columns = account_row(made.row)
                columns = {k: v for k, v in columns.items() if k in Account.__struct_fields__ and v is not None}
                found.append(Account(**{"id": len(found) + 1, "name": columns.get("key", ""), **columns}))
    if problems:
        raise Invalid(problems)
    return tuple(found)
