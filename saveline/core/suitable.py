"""The play that an account gets: the one that fits it best, or a short form of that where the time is too short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from saveline.core import choose
from saveline.core.allocation import Lot, TrialPlan
from saveline.core.choose import Choice
from saveline.core.decide.draft import Case, account_facts
from saveline.core.facts import Account, Deal, Fact
from saveline.core.people import Duty, People
from saveline.core.play import Play
from saveline.core.runway import Runway, glance, in_time
from saveline.core.workspace import Workspace


class Candidate(Fact, frozen=True):
    """An account that is to become a deal at ``at``: for which causes, and with which score. ``again`` is the deal that
    it had, where that is to be opened again."""

    account: Account
    causes: tuple[str, ...]
    at: datetime
    score: int = 0
    again: Deal | None = None


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
    by_name = {p.name: p for p in plays}
    found = choose.choose(plays, account, candidate.causes, facts, at=at, default=default)
    found = by_lot(found, candidate, by_name, workspace.trials, workspace.zone)
    severity = workspace.severity_of(candidate.score)
    empty = Deal(id=0, account_id=account.id, causes=candidate.causes, severity=severity)

    def ahead(play: Play) -> Runway:
        return glance(Case(workspace, people, play, account, empty, duty or Duty()), at)

    return in_time(found, by_name, ahead) if found.play is not None else found


def asked_for(choice: Choice, asked: Play) -> Choice:
    """``asked`` instead of what was chosen. A lot that was drawn stays: the deal counts in the arm that it gave."""
    lot, head = choice.lot, f"{asked.name} was asked for by name"
    if lot is None:
        return replace(choice, play=asked, why=(head,))
    drawn = f"{lot.play}: the lot of the trial {lot.trial} fell on it, and the deal counts there"
    return replace(choice, play=asked, why=(head, drawn))


def by_lot(
    choice: Choice, candidate: Candidate, plays: Mapping[str, Play], trials: Sequence[TrialPlan], zone: str
) -> Choice:
    """The choice, or what the lot says where a trial is between the play that was chosen and another that fits too.
    Days are those of ``zone``."""
    trial = next((t for t in trials if _is_between(t, choice)), None)
    if trial is None or not trial.takes(candidate.account.segment, candidate.causes):
        return choice
    lot = _lot(trial, candidate, candidate.at.astimezone(ZoneInfo(zone)).date())
    if lot is None:
        return choice
    others = (line for line in choice.why[1:] if not line.startswith((f"{lot.play}: ", f"{lot.against}: ")))
    lost = f"{lot.against}: the lot did not fall on it"
    return replace(choice, play=plays[lot.play], why=(_told(lot, candidate), lost, *others), lot=lot)


def _is_between(trial: TrialPlan, choice: Choice) -> bool:
    chosen = choice.play is not None and not choice.by_default and choice.play.name in trial.plays
    return chosen and set(trial.plays) <= set(choice.fitting)


def _lot(trial: TrialPlan, candidate: Candidate, day: date) -> Lot | None:
    """A deal that opens again has the lot of its first opening, and one that had none draws none: else who came back
    for being at risk twice would get into the other arm."""
    again = candidate.again
    if again is None:
        return trial.draw(candidate.account.key, day)
    share = trial.share_on(day)
    if share is None or again.trial != trial.name:
        return None
    return trial.given("new" if again.arm == "new" else "usual", share)


def _told(lot: Lot, candidate: Candidate) -> str:
    new, usual = lot.plays
    drawn = ", as when the deal was first opened" if candidate.again is not None else ""
    whom = f"{lot.share:.0%} of accounts get {new}, the others {usual}"
    return f"{lot.play} was chosen by lot in the trial {lot.trial}{drawn}: {whom}"
