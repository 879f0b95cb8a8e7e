"""The play that an account gets: the one that fits it best, or a short form of that where the time is too short."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from saveline.core import choose
from saveline.core.choose import Choice
from saveline.core.decide.draft import Case, account_facts
from saveline.core.facts import Account, Deal, Fact
from saveline.core.people import Duty, People
from saveline.core.play import Play
from saveline.core.runway import Runway, glance, in_time
from saveline.core.workspace import Workspace


class Candidate(Fact, frozen=True):
    """An account that is to become a deal at ``at``: for which causes, and with which score."""

    account: Account
    causes: tuple[str, ...]
    at: datetime
    score: int = 0


def suitable(
    candidate: Candidate,
    plays: Sequence[Play],
    workspace: Workspace,
    people: People,
    default: str,
    duty: Duty | None = None,
) -> Choice:
    """The choice among ``plays``, with why each other one was not taken; without a play where none applies and there is
    no ``default``."""
    account, at = candidate.account, candidate.at
    facts = {
        "account": account_facts(account, Deal(id=0, account_id=account.id, opened_at=at)),
        "deal": {"causes": list(candidate.causes), "arr": account.arr_cents / 100},
        "answers": {},
    }
    found = choose.choose(plays, account, candidate.causes, facts, at=at, default=default)
    severity = workspace.severity_of(candidate.score)
    empty = Deal(id=0, account_id=account.id, causes=candidate.causes, severity=severity)

    def ahead(play: Play) -> Runway:
        return glance(Case(workspace, people, play, account, empty, duty or Duty()), at)

    return in_time(found, {p.name: p for p in plays}, ahead) if found.play is not None else found
