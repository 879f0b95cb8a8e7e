"""After a save: it is watched, and then kept, or it is a delayed loss. And accounts that leave mid-play."""

from __future__ import annotations

from datetime import date, datetime

from saveline.core.changes import DealKept, DealLeft, DealStayed
from saveline.core.decide import flow
from saveline.core.decide.draft import Draft
from saveline.core.facts import Deal, Doer
from saveline.core.moments import later


def watch_until(draft: Draft, at: datetime) -> datetime | None:
    """Until when a save that is made at ``at`` is watched; None where the play does not ask for it."""
    watch = draft.case.play.watch
    return None if watch is None else later(watch, at, draft.case.people.calendar(None))


def watched_until(deal: Deal) -> datetime | None:
    """The next moment of a closed deal: when its watch ends, while that is open."""
    return None if deal.kept_at or deal.left_at else deal.watch_until


def end_watch(draft: Draft, at: datetime) -> None:
    """The watch is over: the save is kept if the account still pays."""
    if _left_in_time(draft):
        _lose(draft, at, "", None)
    else:
        draft.record(DealKept(), at=at)


def look_at_account(draft: Draft, at: datetime, *, words: str = "", by: Doer | None = None) -> None:
    """What it means for the deal that its account has left, or stays after all; nothing when that is known.

    A save that is watched becomes a delayed loss as soon as it is known that the account leaves within the watch. An
    open deal stays open: its owner is asked to decide once the account is gone, and told while it still pays.
    """
    deal, left = draft.deal, draft.case.account.left_on
    if deal.closed:
        if deal.watch_until is None:
            return
        if deal.left_at is None and _left_in_time(draft):
            _lose(draft, at, words, by)
        elif deal.left_at is not None and left is None:
            draft.record(DealStayed(words), at=at, by=by)
            if deal.watch_until <= at:
                end_watch(draft, at)
    elif deal.left_at is None and left is not None:
        draft.record(DealLeft(left, words), at=at, by=by)
        _ask(draft, left, at)
    elif deal.left_at is not None and left is None:
        draft.record(DealStayed(words), at=at, by=by)
        draft.tell("news", _who_decides(draft), at=at, about={"news": "stays"})


def _left_in_time(draft: Draft) -> bool:
    """Whether the account leaves on or before the last day of the watch."""
    left, until = draft.case.account.left_on, draft.deal.watch_until
    return left is not None and until is not None and left <= _day(draft, until)


def _lose(draft: Draft, at: datetime, evidence: str, by: Doer | None) -> None:
    left = draft.case.account.left_on
    assert left is not None
    draft.record(DealLeft(left, evidence), at=at, by=by)
    about = {"news": "delayed_loss", "left_on": left.isoformat()} | ({"evidence": evidence} if evidence else {})
    draft.tell_all("lost", _told_of_the_save(draft, at), at=at, about=about)


def _told_of_the_save(draft: Draft, at: datetime) -> list[int | None]:
    """Everybody who was told when it was closed; where its owner is gone, whoever would own it today."""
    deal, people = draft.deal, draft.case.people
    told = [deal.owner_id, *(t.closed_by for t in deal.tasks if t.state == "done")]
    told += [t.assignee_id for t in deal.tasks if t.state == "withdrawn" and t.closed_at == deal.closed_at]
    owner = people.by_id.get(deal.owner_id or 0)
    if owner is None or not owner.active:
        told.append(draft.who(draft.case.workspace.owner, at).person_id)
    return told


def _ask(draft: Draft, left: date, at: datetime) -> None:
    """The owner of an open deal is asked to decide about an account that has left, and told of one that will."""
    gone = left <= _day(draft, at)
    if gone and not draft.deal.decision_asked:
        flow.ask_decision(draft, at, f"the account has left: it stopped paying on {left:%-d %b %Y}")
    else:
        draft.tell("news", _who_decides(draft), at=at, about={"news": "leaves", "left_on": left.isoformat()})


def _who_decides(draft: Draft) -> int | None:
    asked = draft.deal.decision()
    return asked.assignee_id if asked is not None and asked.assignee_id else draft.deal.owner_id


def _day(draft: Draft, at: datetime) -> date:
    return draft.case.people.calendar(None).local(at).date()
