"""Two deals that become one, and one that becomes two: whose causes they are turned out to be otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from saveline.core.changes import CauseAdded, CausesSplit, DealJoined, DealMerged
from saveline.core.decide import deals, flow
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.decide.due import caught_up, finish
from saveline.core.errors import Missing, UnknownWord
from saveline.core.facts import Account, Deal, Doer, Fact
from saveline.core.phrases import words_of


class Merge(Fact, frozen=True):
    """``reason`` says why. The ARR of both is at risk together, unless they are the ``same`` customer twice."""

    reason: str = ""
    same: bool = False


def merge(case: Case, into: Case, wanted: Merge, *, by: Doer, at: datetime) -> tuple[Decision, Decision]:
    """The deal of ``case`` ends as part of the deal of ``into``, which gets its causes. Both must be open.

    Open tasks are withdrawn; the owner and whoever had one hear of it once, and so does the owner of the other deal.
    Returns both decisions, the one of the deal that ends first. Raises Missing, DealIsClosed.
    """
    if case.deal.id == into.deal.id:
        raise Missing(f"Deal {case.deal.id} cannot be merged into itself.")
    draft, other = caught_up(case, at), caught_up(into, at)
    deal, there = draft.open_deal(), other.open_deal()
    left = tuple(t for t in deal.tasks if not t.closed)
    taken = flow.withdraw(draft, left, at, f"the deal goes on as part of deal {there.id}", by=by)
    draft.record(DealMerged(there.id, wanted.reason.strip()), at=at, by=by)
    told = {deal.owner_id, *taken} - {by.person_id}
    about = {"news": "merged", "into": there.id, "account": into.account.name}
    draft.tell_all("news", sorted(p for p in told if p is not None), at=at, about=about)
    _take_in(other, case.account, deal, wanted, by, at)
    if there.owner_id not in {*told, by.person_id}:
        about = {"news": "joined", "from": deal.id, "account": case.account.name}
        other.tell("news", there.owner_id, at=at, about=about)
    return finish(draft), finish(other)


def _take_in(draft: Draft, account: Account, deal: Deal, wanted: Merge, by: Doer, at: datetime) -> None:
    """The causes of ``deal`` join. From now on the score is the sum of what is observed of both accounts."""
    here = draft.deal
    score = here.score + deal.score
    joined = DealJoined(deal.id, account.name, score, 0 if wanted.same else deal.arr_cents)
    draft.record(joined, at=at, by=by)
    for cause in deal.causes:
        if cause not in here.causes:
            draft.record(CauseAdded(cause, score, f"from deal {deal.id}, {account.name}"), at=at, by=by)
    deals.worsen(draft, at)
    flow.settle(draft, at)


def check_split(case: Case, account: Account, causes: Sequence[str], at: datetime) -> None:
    """Whether ``causes`` can go to a deal of ``account``. Raises DealIsClosed, UnknownWord, Missing."""
    deal = caught_up(case, at).open_deal()
    if account.id == deal.account_id:
        raise Missing(f"Deal {deal.id} is {account.name}'s already: name the other account that the causes belong to.")
    if not causes:
        raise Missing("Say which causes belong to the other account.")
    for cause in causes:
        if cause not in deal.causes:
            raise UnknownWord(f"a cause of deal {deal.id}", cause, deal.causes)
    if set(deal.causes) <= set(causes):
        has = "that is its only cause" if len(deal.causes) == 1 else "these are all its causes"
        raise Missing(f"Deal {deal.id} would be left without a cause, for {has}. Close it, or leave it one.")


def split(case: Case, gone: CausesSplit, *, by: Doer, at: datetime) -> Decision:
    """Causes of the deal are a deal of another account now, which was opened before. The owner hears of it."""
    draft = caught_up(case, at)
    draft.open_deal()
    draft.record(gone, at=at, by=by)
    if draft.deal.owner_id != by.person_id:
        about = {"news": "split", "to": gone.deal_id, "account": gone.account, "causes": list(gone.causes)}
        draft.tell("news", draft.deal.owner_id, at=at, about=about)
    flow.settle(draft, at)
    return finish(draft)


def came_from(deal: Deal, cause: Sequence[str]) -> str:
    """What the new deal keeps of where it came from."""
    return f"split from deal {deal.id}: {', '.join(words_of(c) for c in cause)}"
