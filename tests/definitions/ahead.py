"""What lies ahead."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

from saveline.core import ahead
from saveline.core.decide.draft import Case
from saveline.core.facts import Account, Deal
from saveline.core.language.playbooks import parse_play
from saveline.core.runway import glance
from saveline.core.trial import people_of
from saveline.files.check import check
from saveline.files.yaml import parse
from saveline.sandbox import Expressions
from tests.definitions import Values, worked
from tests.world import CAST

AT = datetime(2026, 11, 23, tzinfo=UTC)


@worked("Plays that no longer fit")
def fits(given: Values) -> Values:
    """Tasks one after the other, by calendar days; the cast decides thirty days before the renewal."""
    checked = check(CAST)
    assert checked.workspace is not None
    assert checked.names is not None
    tasks = [
        {"id": f"t{i}", "title": "Work", "assign": "csm", "due": f"{days} days after start"}
        | ({"after": [f"t{i - 1}"]} if i else {})
        for i, days in enumerate(given["task_days"])
    ]
    written = {
        "playbook": "plan",
        "title": "Plan",
        "benefit": "They stay.",
        "applies": {"causes": ["champion_left"]},
        "stages": {"triage": {"tasks": tasks}},
    }
    play, problems = parse_play(
        parse(json.dumps(written), "p.yaml"), "hash", checked.workspace, checked.names, Expressions()
    )
    assert play is not None, problems
    account = Account(1, "a", "A", renewal=AT.date() + timedelta(days=given["decide_in"] + 30))
    people = people_of(checked.workspace, checked.persons)
    plan = glance(Case(checked.workspace, people, play, account, Deal(1, 1)), AT)
    assert not plan.fits
    return {"needs": plan.needs_days, "has": plan.has_days}


@worked("Renewals ahead")
def renewals(given: Values) -> Values:
    lines = zip(given["renewal"], given["arr"], given["leaves"], strict=True)
    accounts = [
        Account(i, "", "", None, None, None, arr, date.fromisoformat(day), left_on=_day(leaves))
        for i, (day, arr, leaves) in enumerate(lines)
    ]
    found = ahead.renewals(accounts, set(given["at_risk"]))
    return {
        "months": [r.month for r in found],
        "accounts": [r.accounts for r in found],
        "arr_of": [r.arr_cents for r in found],
        "risky": [r.at_risk_cents for r in found],
    }


def _day(said: str) -> date | None:
    return date.fromisoformat(said) if said else None
