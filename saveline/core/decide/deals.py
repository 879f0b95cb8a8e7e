"""What can be done with a deal as a whole: open it, add a cause, move, pause, resume and close it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from saveline.core.allocation import Lot
from saveline.core.changes import (
    CauseAdded,
    DealClosed,
    DealOpened,
    DealPaused,
    GateOverridden,
    SeverityChanged,
    TaskDone,
)
from saveline.core.decide import afterwards, flow, follow
from saveline.core.decide.draft import Case, Decision, Draft
from saveline.core.decide.due import caught_up, finish, resume
from saveline.core.errors import (
    AnswersRefused,
    DealIsPaused,
    DealNotPaused,
    GateHolds,
    MayNotOverride,
    Missing,
    UnknownWord,
)
from saveline.core.facts import Doer, Fact
from saveline.core.notices import Notice
from saveline.core.people import Who
from saveline.core.runway import decision_at, glance, runway
from saveline.core.workspace import Outcome

MOST_KEPT: Final = 10**17
"""Cents that no account is worth: what is more is a slip of the finger, and more than a column holds."""


class Closing(Fact, frozen=True):
    """How a deal ends, as a person says it. ``kept_cents`` is the value kept a year, for saved outcomes."""

    outcome: str
    reason: str
    kept_cents: int | None = None
    evidence: str | None = None

    @classmethod
    def from_answers(cls, outcome: str | None, answers: Mapping[str, Any]) -> Closing:
        """From the decision task's form: ``reason``, ``kept`` in whole units of money, ``evidence``."""
        unknown = [n for n in answers if n not in ("reason", "kept", "evidence")]
        problems = [f"there is no question {n!r}: expected reason, kept or evidence" for n in unknown]
        kept = answers.get("kept")
        try:
            cents = round(float(str(kept).replace(",", "")) * 100) if kept not in (None, "") else None
        except (ValueError, OverflowError):
            cents, problems = None, [*problems, f"kept is {kept!r}: expected an amount"]
        if problems:
            raise AnswersRefused("The decision", problems)
        return cls(outcome or "", str(answers.get("reason") or ""), cents, str(answers.get("evidence") or "") or None)


def open_deal(  # noqa: PLR0913 - what is known of a deal that begins
    case: Case,
    *,
    at: datetime,
    causes: Sequence[str],
    score: int,
    why: Sequence[str],
    by: Doer | None = None,
    lot: Lot | None = None,
) -> Decision:
    """Make a deal of the account with the play that was chosen: ``case.deal`` is empty but for its account."""
    draft = Draft(case)
    owner, owner_id, decide_at = owner_and_date(draft, at)
    opened = DealOpened(
        case.play.name,
        case.play.hash,
        owner_id,
        case.account.arr_cents,
        decide_at,
        tuple(causes),
        score,
        tuple(why),
        case.workspace.severity_of(score),
        owner.why,
        lot,
    )
    draft.record(opened, at=at, by=by)
    flow.enter_stage(draft, case.play.stages[0].key, at, "opened")
    tell_circle(draft, at)
    flow.settle(draft, at)
    warn_of_time(draft, at)
    return finish(draft)


def owner_and_date(draft: Draft, at: datetime) -> tuple[Who, int | None, datetime]:
    """How the owner of a deal that opens at ``at`` is found, who it is, and when it has to be decided."""
    case = draft.case
    owner = draft.who(case.workspace.owner, at)
    # Whoever is away owns it all the same: what the owner has to do goes to their substitute meanwhile.
    owner_id = owner.meant_id or owner.person_id or draft.who(case.workspace.steward, at).person_id
    calendar = case.people.calendar(owner_id)
    return owner, owner_id, decision_at(case.play, case.workspace, case.account, calendar, at)


def add_cause(case: Case, *, at: datetime, cause: str, score: int, note: str = "", by: Doer | None = None) -> Decision:
    """A further signal joins the open deal. A cause that is known already only brings the score up to date."""
    draft = caught_up(case, at)
    draft.open_deal()
    if cause not in draft.deal.causes:
        draft.record(CauseAdded(cause, score, note), at=at, by=by)
        worsen(draft, at)
        flow.settle(draft, at)
    return finish(draft)


def reconsider(case: Case, *, at: datetime) -> Decision:
    """The account's facts or the people changed: open tasks follow, and what now can be starts, is skipped or left; and
    it is seen whether the account itself has left."""
    draft = caught_up(case, at)
    afterwards.look_at_account(draft, at)
    if not draft.deal.closed:
        follow.follow_owner(draft, at)
        follow.follow(draft, at)
        # Hours and absences may be others now: each moment to come is computed anew.
        draft.stale.update(t.no for t in draft.deal.tasks if t.state == "open")
        if draft.deal.state == "open":
            flow.settle(draft, at)
    return finish(draft)


def account_told(case: Case, *, at: datetime, words: str, by: Doer) -> Decision:
    """Somebody said that the account has left, or stays after all, and why they know: ``words``."""
    draft = caught_up(case, at)
    afterwards.look_at_account(draft, at, words=words.strip(), by=by)
    if draft.deal.state == "open":
        flow.settle(draft, at)
    return finish(draft)


def set_severity(case: Case, *, by: Doer, at: datetime, to: str, reason: str) -> Decision:
    """Say how bad it is, whatever the score says. What comes again takes the new rhythm from its next turn on."""
    draft = caught_up(case, at)
    deal, known = draft.open_deal(), [s.key for s in case.workspace.severities]
    if to not in known:
        raise UnknownWord("a severity", to, known)
    if to == deal.severity:
        raise Missing(f"The deal is {to} already.")
    if not reason.strip():
        raise Missing("Say in a few words what makes it better or worse.")
    _change_severity(draft, to, reason.strip(), at, by=by)
    flow.settle(draft, at)
    return finish(draft)


def override_gate(case: Case, *, by: Doer, at: datetime, until: datetime, reason: str) -> Decision:
    """Let the deal pass the gate of its present stage until ``until``. Work that is left keeps it there until somebody
    moves it on; a condition alone does not any more. The stage report lists every override.

    Raises MayNotOverride, Missing.
    """
    draft = caught_up(case, at)
    deal = draft.open_deal()
    allowed = {draft.who((link,), at).person_id for link in case.workspace.override_by}
    if by.person_id not in allowed:
        raise MayNotOverride(
            case.people.name(by.person_id), [case.people.name(i) for i in sorted(filter(None, allowed))]
        )
    if not reason.strip():
        raise Missing("An override needs a reason: the stage report shows it with your name.")
    if until <= at:
        raise Missing(f"An override ends at a moment to come, not {draft.day(until)}.")
    missing = tuple(flow.shut(draft))
    if not missing:
        raise Missing(
            f"The gate of {case.workspace.stage_title(deal.stage)} holds nobody: there is nothing to override."
        )
    draft.record(GateOverridden(until, reason.strip(), missing), at=at, by=by)
    about = {"news": "override", "by": by.person_id, "stage": deal.stage, "until": until.isoformat()}
    told = [deal.owner_id, draft.who(case.workspace.steward, at).person_id]
    draft.tell_all("news", [i for i in told if i != by.person_id], at=at, about=about)
    flow.settle(draft, at)
    return finish(draft)


def worsen(draft: Draft, at: datetime) -> None:
    """The severity that the score has reached, where it is worse than the one so far. Better it gets by people only."""
    keys = [s.key for s in draft.case.workspace.severities]
    reached = draft.case.workspace.severity_of(draft.deal.score)
    if reached is None or reached == draft.deal.severity:
        return
    if draft.deal.severity not in keys or keys.index(reached) < keys.index(draft.deal.severity):
        _change_severity(draft, reached, f"the score has reached {draft.deal.score}", at)


def _change_severity(draft: Draft, to: str, why: str, at: datetime, *, by: Doer | None = None) -> None:
    draft.record(SeverityChanged(to, why), at=at, by=by)
    draft.stale.update(t.no for t in draft.deal.tasks if t.state == "open")  # their ladders may be others now
    tell_circle(draft, at, by=by)


def tell_circle(draft: Draft, at: datetime, *, by: Doer | None = None) -> None:
    """Tell everybody who is to hear of a deal of this severity."""
    severity = draft.case.workspace.severity(draft.deal.severity)
    if severity is not None and severity.tell:
        told = [draft.who((link,), at).person_id for link in severity.tell]
        about = {"news": "severity", "severity": severity.key}
        draft.tell_all("news", [i for i in told if by is None or i != by.person_id], at=at, about=about)


def move_stage(case: Case, *, by: Doer, at: datetime, to: str, reason: str = "") -> Decision:
    """Ask for another stage. Forward, the gate of every stage on the way must hold; back, a reason is enough.

    Raises UnknownWord, GateHolds, Missing.
    """
    draft = caught_up(case, at)
    deal, keys = draft.open_deal(), [s.key for s in case.play.stages]
    if to not in keys:
        raise UnknownWord("a stage of this play", to, keys)
    here, there = keys.index(deal.stage), keys.index(to)
    if here == there:
        raise Missing(f"The deal stands in {case.workspace.stage_title(to)} already.")
    if there > here:
        missing = flow.gate(draft, at)
        between = [s for s in case.play.stages[here + 1 : there] if s.tasks or s.exit]
        missing += [f"{case.workspace.stage_title(s.key)} has not been gone through" for s in between]
        if missing:
            raise GateHolds(case.workspace.stage_title(deal.stage), missing)
    elif not reason.strip():
        raise Missing("Going back needs a reason: it is shown in the stage report.")
    why = reason.strip() or "moved"
    taken = flow.withdraw_stage(draft, at, f"moved to {case.workspace.stage_title(to)}: {why}", by=by)
    flow.enter_stage(draft, to, at, why, by=by)
    draft.tell_all("news", taken - {by.person_id}, at=at, about={"news": "withdrawn", "stage": deal.stage})
    flow.settle(draft, at)
    return finish(draft)


def pause(case: Case, *, by: Doer, at: datetime, until: datetime, reason: str) -> Decision:
    """Stop the deal's clocks until ``until``. The decision date stays: a pause may not outlast it."""
    draft = caught_up(case, at)
    deal = draft.open_deal()
    if deal.state == "paused":
        raise DealIsPaused(case.account.name, draft.day(deal.paused_until))
    if not reason.strip():
        raise Missing("Say in a few words why the deal has to wait.")
    if until <= at:
        raise Missing(f"A deal is paused until a moment to come, not until {draft.day(until)}.")
    if deal.decide_at is not None and not deal.decision_asked and until > deal.decide_at:
        raise Missing(f"A pause may not outlast the decision date, {draft.day(deal.decide_at)}.")
    draft.record(DealPaused(until, reason.strip()), at=at, by=by)
    return finish(draft)


def resume_deal(case: Case, *, by: Doer, at: datetime) -> Decision:
    """Start the clocks again before the date. Every due moment is later by the business time that passed."""
    draft = caught_up(case, at)
    if draft.open_deal().state != "paused":
        raise DealNotPaused(case.account.name)
    resume(draft, at, by=by)
    return finish(draft)


def close_deal(case: Case, closing: Closing, *, by: Doer, at: datetime) -> Decision:
    """Say how it ended. See :func:`close`."""
    draft = caught_up(case, at)
    close(draft, closing, by=by, at=at)
    return finish(draft)


def close(draft: Draft, closing: Closing, *, by: Doer | None, at: datetime) -> None:
    """Close the deal, withdraw its open tasks, and tell everybody who had a part in it, once each.

    Lost and let go may be said at any time: a customer leaves when they leave. Saved is behind the gates: that of the
    present stage must hold, and unless the decision is being asked for, the deal must have come to the last stage.
    Raises UnknownWord, Missing, GateHolds.
    """
    deal, workspace = draft.open_deal(), draft.case.workspace
    outcome = workspace.outcome(closing.outcome)
    if outcome is None:
        raise UnknownWord("an outcome", closing.outcome, [o.key for o in workspace.outcomes])
    _check_closing(draft, outcome, closing)
    if outcome.saved:
        _check_gates(draft, at)
    asked = deal.decision()
    if asked is not None:
        draft.record(TaskDone(outcome.key), at=at, task_no=asked.no, by=by)
    helpers = dict.fromkeys(
        [deal.owner_id, *(t.closed_by for t in deal.tasks if t.state == "done"), by.person_id if by else None]
    )
    open_tasks = tuple(t for t in draft.deal.tasks if not t.closed)
    ended = "the risk has cleared" if outcome.cleared else f"the account is {outcome.title.lower()}"
    taken = flow.withdraw(draft, open_tasks, at, ended, by=by)
    watch = afterwards.watch_until(draft, at) if outcome.saved else None
    closed = DealClosed(outcome.key, closing.reason.strip(), closing.kept_cents, closing.evidence, watch)
    draft.record(closed, at=at, by=by)
    told = [*helpers, *sorted(taken)]
    if outcome.cleared:
        draft.tell_all("news", told, at=at, about={"news": "cleared"})
    else:
        draft.tell_all("saved" if outcome.saved else "lost", told, at=at)
    if outcome.saved and draft.case.workspace.bell is not None:
        draft.notices.append(Notice("saved", at, channel=draft.case.workspace.bell, ordinal=draft.deal.seq))


def _check_closing(draft: Draft, outcome: Outcome, closing: Closing) -> None:
    if not closing.reason.strip():
        raise Missing(f"{outcome.title} needs a reason: what made the difference?")
    if outcome.saved and (closing.kept_cents is None or not 0 <= closing.kept_cents < MOST_KEPT):
        raise Missing(f"{outcome.title} needs the value kept a year, in {draft.case.workspace.currency}.")
    if outcome.evidence and not (closing.evidence or "").strip():
        raise Missing(f"{outcome.title} needs evidence: the mail, the notice or the call that says so.")


def _check_gates(draft: Draft, at: datetime) -> None:
    case, deal = draft.case, draft.deal
    missing = flow.gate(draft, at)
    following = case.play.after(deal.stage)
    if following is not None and deal.decision() is None:
        missing.append(f"{case.workspace.stage_title(following.key)} comes before a save, unless the decision is due")
    left = case.account.left_on
    if left is not None:
        missing.append(
            f"{case.account.name} leaves on {left:%-d %b %Y}, unless `saveline account stays` takes that back"
        )
    if missing:
        raise GateHolds(case.workspace.stage_title(deal.stage), missing)


def warn_of_time(draft: Draft, at: datetime) -> None:
    """The owner hears at once of a play for which there is too little time."""
    case = replace(draft.case, deal=draft.deal)
    if not draft.deal.decision_asked and not glance(case, at).fits:
        about = {"news": "too_late", "words": runway(case, at).words, "play": draft.case.play.title}
        draft.tell("news", draft.owner_at_work(at), at=at, about=about)
