"""Opening, moving, pausing and closing deals, with every refusal in its words.

Planted bugs that turned these tests red: the lock on the account left out of opening, a version of a play inserted
after a look whether it is there, only the first of several accounts looked at, a pause that shifts the stage's clock
by time before the stage was entered, a pause that may outlast the decision date by a day, and a close that keeps the
deal's next moment.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from saveline.actions import deals, tasks
from saveline.actions.deals import Wanted, open_deals
from saveline.core.changes import DealOpened
from saveline.core.decide.deals import Closing
from saveline.core.errors import (
    AnswersRefused,
    DealIsClosed,
    DealIsOpen,
    DealIsPaused,
    DealNotPaused,
    GateHolds,
    Invalid,
    Missing,
    UnknownAccount,
    UnknownDeal,
    UnknownWord,
)
from saveline.store import load
from saveline.store.rows import DEAL, TASK
from tests.actions.attempts import AWAY, at_once, people, refused, stored
from tests.world import World

# --- opening ----------------------------------------------------------------------------------------------------------


def test_an_account_has_one_open_deal_at_a_time(on_both: World) -> None:
    account = on_both.account()
    on_both.open(account)
    said = refused(on_both, lambda: on_both.open(account, "price_pressure"))
    assert said == "Acme has an open deal already: deal 1. A new cause can join it."


def test_of_many_who_open_at_once_one_does(on_both: World) -> None:
    account, desk = on_both.account(), on_both.desk
    results = at_once([lambda: deals.open_deal(desk, account, causes=("champion_left",))] * 6)
    assert sorted(type(r).__name__ for r in results) == ["Deal", *["DealIsOpen"] * 5]
    assert {str(r) for r in results if isinstance(r, DealIsOpen)} == {
        "Acme has an open deal already: deal 1. A new cause can join it."
    }


def test_many_accounts_become_deals_at_once(on_both: World) -> None:
    """The first deals of a new version of a play: each of them brings it, and it is kept once."""
    desk = on_both.desk
    accounts = [on_both.account(f"a{i}", name=f"A{i}") for i in range(6)]

    def opening(account: int) -> Callable[[], object]:
        return lambda: deals.open_deal(desk, account, causes=("champion_left",)).account_id

    assert at_once([opening(account) for account in accounts]) == accounts


def test_a_deal_that_was_closed_long_ago_makes_room_for_another(on_both: World) -> None:
    account = on_both.account()
    on_both.open(account)
    on_both.close_deal("ana", "let_go", reason="bought by a competitor")
    on_both.pass_time(days=60)
    assert on_both.open(account, "champion_left") == 2
    assert (on_both.deal(1).outcome, on_both.deal(2).state) == ("let_go", "open")


def test_there_is_no_such_account(lite: World) -> None:
    with pytest.raises(UnknownAccount, match="There is no account '99'"):
        lite.open(99)


def test_of_several_either_all_are_opened_or_none(on_both: World) -> None:
    acme, globex = on_both.account(), on_both.account("globex", name="Globex")
    on_both.open(globex)
    desk = on_both.desk

    def both() -> object:
        with desk.writing() as conn:
            found = load.accounts(conn, [acme, globex])
            return open_deals(desk, conn, [Wanted(a, ("champion_left",)) for a in found], on_both.now)

    assert "Globex has an open deal already" in refused(on_both, both)


@pytest.mark.parametrize(
    ("team", "away", "owner", "why"),
    [
        ({"csm": "ana"}, (), "ana", ["csm: Ana Ruiz"]),
        ({"csm": "ana"}, ("ana",), "bob", ["Ana Ruiz is away until 28 Nov", "customer_success.lead: Bob Okafor"]),
        ({}, (), "bob", ["csm: nobody is named", "customer_success.lead: Bob Okafor"]),
        ({"csm": "ana"}, ("ana", "bob"), "chris", ["Ana Ruiz is away until 28 Nov", "Bob Okafor is away until 28 Nov"]),
    ],
)
def test_who_owns_it_and_why(
    lite: World, team: dict[str, str], away: tuple[str, ...], owner: str, why: list[str]
) -> None:
    """The first of the chain who is at work, and in the end whoever looks after the workspace: a deal has an owner."""
    for person in away:
        people(lite, person, AWAY)
    lite.open(lite.account(team=team))
    assert lite.deal().owner_id == lite.person(owner)
    with lite.desk.reading() as conn:
        opened = load.history(conn, [1])[1][0].change
    assert isinstance(opened, DealOpened)
    assert list(opened.owner_why) == why
    assert opened.why[0] == "champion-left was chosen: all 2 lines of its applies hold"


def test_without_a_playbook_that_can_run_nothing_is_opened(lite: World) -> None:
    (lite.settings.workspace / "playbooks" / "champion-left.yaml").write_text("playbook: champion-left\n")
    account = lite.account()
    with pytest.raises(
        Invalid, match="no playbook applies, and the default is not in order; expected a playbook champ"
    ):
        lite.open(account)
    with lite.desk.reading() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(DEAL)).scalar() == 0


@pytest.mark.parametrize(
    ("renewal", "decides"),
    [
        (date(2027, 3, 20), datetime(2027, 2, 18, 18, tzinfo=UTC)),  # 30 days before
        (date(2026, 12, 1), datetime(2026, 11, 23, 18, tzinfo=UTC)),  # that would be past: the next working day
        (None, datetime(2027, 1, 19, 18, tzinfo=UTC)),  # 60 days after it was opened
    ],
)
def test_when_somebody_has_to_decide(lite: World, renewal: date | None, decides: datetime) -> None:
    lite.open(lite.account(renewal=renewal))
    assert lite.deal().decide_at == decides


# --- moving -----------------------------------------------------------------------------------------------------------


def diagnosed(world: World) -> None:
    world.open()
    world.done("ana", "diagnosis", root_cause="product_gap", summary="They lost the one who knew why.")


def move(world: World, to: str, reason: str = "") -> Callable[[], object]:
    return lambda: deals.move_stage(world.desk, 1, world.by("ana"), to=to, reason=reason)


def test_forward_only_through_every_gate_on_the_way(on_both: World) -> None:
    on_both.open()
    assert refused(on_both, move(on_both, "decide")) == (
        "The gate of Triage holds: “Write the three-sentence diagnosis for Acme” is open; "
        "its exit condition does not hold: answers.diagnosis.root_cause is defined; "
        "Stabilise has not been gone through."
    )
    assert refused(on_both, move(on_both, "triage")) == "The deal stands in Triage already."
    assert refused(on_both, move(on_both, "stabilize")) == (
        "'stabilize' is not a stage of this play: expected triage, stabilise or decide. Did you mean 'stabilise'?"
    )
    with pytest.raises(UnknownDeal, match=r"There is no deal 7\."):
        deals.move_stage(on_both.desk, 7, on_both.by("ana"), to="decide")


def test_back_with_a_reason_and_the_work_starts_anew(on_both: World) -> None:
    diagnosed(on_both)
    assert refused(on_both, move(on_both, "triage", "  ")) == (
        "Going back needs a reason: it is shown in the stage report."
    )
    on_both.pass_time(hours=1)
    move(on_both, "triage", "she was wrong about it")()
    deal = on_both.deal()
    assert (deal.stage, deal.visit) == ("triage", 3)
    assert [(t.plan, t.visit, t.state) for t in deal.tasks] == [
        ("diagnosis", 1, "done"),
        ("new_champion", 2, "withdrawn"),
        ("open_tickets", 2, "withdrawn"),
        ("fix", 2, "withdrawn"),
        ("diagnosis", 3, "open"),
    ]
    assert [(t.to, t.about["news"]) for t in on_both.told(kind="news")] == [("chris", "withdrawn")]  # ana did it
    on_both.done("ana", "diagnosis", root_cause="price", summary="It is the price.")
    assert on_both.deal().stage == "stabilise"


# --- pausing ----------------------------------------------------------------------------------------------------------


def pause(world: World, until: datetime, reason: str = "a merger") -> Callable[[], object]:
    return lambda: deals.pause(world.desk, 1, world.by("ana"), until=until, reason=reason)


def test_what_a_pause_needs(on_both: World) -> None:
    on_both.open()
    later = on_both.now + timedelta(days=3)
    assert refused(on_both, pause(on_both, later, " ")) == "Say in a few words why the deal has to wait."
    assert refused(on_both, pause(on_both, on_both.now)) == (
        "A deal is paused until a moment to come, not until 20 Nov 2026 10:00."
    )
    decides = datetime(2027, 2, 18, 18, tzinfo=UTC)
    assert refused(on_both, pause(on_both, decides + timedelta(seconds=1))) == (
        "A pause may not outlast the decision date, 18 Feb 2027 18:00."
    )

    def resume() -> object:
        return deals.resume(on_both.desk, 1, on_both.by("ana"))

    assert refused(on_both, resume) == "The deal of Acme is not paused."
    pause(on_both, decides)()
    with pytest.raises(DealIsPaused, match=r"The deal of Acme is paused until 18 Feb 2027 18:00\. Resume it first\."):
        pause(on_both, later)()
    resume()
    with pytest.raises(DealNotPaused):
        resume()


def test_while_it_is_paused_nobody_is_told_anything_and_then_it_goes_on(on_both: World) -> None:
    on_both.open()
    before = on_both.told()
    pause(on_both, on_both.now + timedelta(days=7))()
    on_both.pass_time(days=6, hours=23)
    assert on_both.told() == before
    assert on_both.history()[-1] == "deal_paused"
    on_both.pass_time(hours=6)
    assert on_both.deal().state == "open"
    assert [t.kind for t in on_both.told("bob")] == ["escalation"]  # four business hours after it went on
    assert on_both.told("bob")[0].at == datetime(2026, 11, 27, 15, tzinfo=UTC)


def test_a_stage_entered_during_a_pause_is_later_by_what_passed_since_it_was_entered(on_both: World) -> None:
    """Triage has two business days from Tuesday: Thursday's close. Resumed a working day later: Friday's."""
    diagnosed(on_both)
    pause(on_both, datetime(2026, 12, 10, 10, tzinfo=UTC))()
    on_both.at(datetime(2026, 11, 24, 10, tzinfo=UTC))
    move(on_both, "triage", "she was wrong about it")()
    assert on_both.deal().stage_due_at == datetime(2026, 11, 26, 18, tzinfo=UTC)
    on_both.at(datetime(2026, 11, 25, 10, tzinfo=UTC))
    deals.resume(on_both.desk, 1, on_both.by("ana"))
    assert on_both.deal().stage_due_at == datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert on_both.task("diagnosis").running.due_at == datetime(2026, 11, 26, 18, tzinfo=UTC)


def test_a_paused_deal_can_be_worked_on_and_closed(on_both: World) -> None:
    on_both.open()
    pause(on_both, on_both.now + timedelta(days=7))()
    on_both.done("ana", "diagnosis", root_cause="price", summary="It is the price.")
    assert (on_both.deal().state, on_both.deal().stage) == ("paused", "stabilise")
    on_both.close_deal("ana", "lost", evidence="her mail")
    deal = on_both.deal()
    assert (deal.state, deal.paused_until, deal.next_at) == ("closed", None, None)
    on_both.pass_time(days=30)
    assert on_both.history()[-1] == "deal_closed"


# --- closing ----------------------------------------------------------------------------------------------------------


def decided(world: World) -> None:
    """Everything is done, and the decision is asked for."""
    diagnosed(world)
    world.done("ana", "open_tickets", pattern="none", product_change_needed=False)
    world.done("chris", "new_champion", met=True)
    assert world.deal().decision() is not None


@pytest.mark.parametrize(
    ("closing", "said"),
    [
        (
            Closing("safed", "x", 1),
            "'safed' is not an outcome: expected saved, saved_smaller, lost or let_go. Did you mean 'saved'?",
        ),
        (Closing("saved", " ", 80_000_00), "Saved needs a reason: what made the difference?"),
        (Closing("saved", "the export works"), "Saved needs the value kept a year, in USD."),
        (Closing("saved", "the export works", -1), "Saved needs the value kept a year, in USD."),
        (Closing("saved_smaller", "one team stays", 10**30), "Saved smaller needs the value kept a year, in USD."),
        (Closing("lost", "gone", None, " "), "Lost needs evidence: the mail, the notice or the call that says so."),
    ],
)
def test_what_a_close_needs(on_both: World, closing: Closing, said: str) -> None:
    decided(on_both)
    assert refused(on_both, lambda: deals.close_deal(on_both.desk, 1, on_both.by("ana"), closing)) == said


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"reason": "x", "kept": "a lot"}, "kept is 'a lot': expected an amount"),
        ({"reason": "x", "kept": "nan"}, "kept is 'nan': expected an amount"),
        ({"reason": "x", "kept": "inf"}, "kept is 'inf': expected an amount"),
        ({"reson": "x", "kept": 1}, "there is no question 'reson': expected reason, kept or evidence"),
    ],
)
def test_wrong_answers_to_the_decision(on_both: World, answers: dict[str, Any], said: str) -> None:
    decided(on_both)
    with pytest.raises(AnswersRefused) as told:
        on_both.done("ana", "decision", "saved", **answers)
    assert str(told.value) == f"“The decision” was not completed: {said}."


@pytest.mark.parametrize(
    ("outcome", "kept", "evidence", "kind"),
    [
        ("saved", 80_000, None, "saved"),
        ("saved_smaller", 0, None, "saved"),
        ("lost", None, "her mail of 20 Nov", "lost"),
        ("let_go", None, None, "lost"),
    ],
)
def test_each_way_to_close(on_both: World, outcome: str, kept: int | None, evidence: str | None, kind: str) -> None:
    decided(on_both)
    on_both.close_deal("bob", outcome, reason=" it came to this ", kept=kept, evidence=evidence)
    deal = on_both.deal()
    assert (deal.state, deal.outcome, deal.reason, deal.evidence) == ("closed", outcome, "it came to this", evidence)
    assert (deal.kept_cents, deal.closed_at, deal.next_at) == (kept if kept is None else kept * 100, on_both.now, None)
    asked = on_both.task("decision")
    assert (asked.state, asked.outcome, asked.closed_by) == ("done", outcome, on_both.person("bob"))
    assert {t.to for t in on_both.told(kind=kind)} == {"ana", "bob", "chris"}


def test_a_customer_may_be_lost_at_any_time_but_not_saved_before_the_gates(on_both: World) -> None:
    diagnosed(on_both)
    said = refused(on_both, lambda: on_both.close_deal("ana", "saved", kept=80_000))
    assert said.startswith("The gate of Stabilise holds: “Find and meet the new sponsor at Acme” is open; ")
    assert said.endswith("; Renewal decision comes before a save, unless the decision is due.")
    on_both.close_deal("ana", "lost", evidence="her mail")
    with on_both.desk.reading() as conn:
        left = conn.execute(sa.select(TASK.c.plan, TASK.c.state, TASK.c.note).where(TASK.c.stage == "stabilise")).all()
    assert {(r.state, r.note) for r in left} == {("withdrawn", "the account is lost")}
    assert {t.to for t in on_both.told(kind="lost")} == {"ana", "chris"}  # chris had a task there, and hears it once
    assert len(on_both.told("chris", "lost")) == 1


def test_closed_is_closed(on_both: World) -> None:
    on_both.open()
    on_both.close_deal("ana", "let_go", reason="bought by a competitor")
    words = r"The deal of Acme was closed 20 Nov 2026 10:00 as let_go\. Nothing was changed\."
    for attempt in (
        lambda: on_both.close_deal("bob", "lost", evidence="x"),
        move(on_both, "decide"),
        pause(on_both, on_both.now + timedelta(days=1)),
        lambda: deals.resume(on_both.desk, 1, on_both.by("ana")),
    ):
        before = stored(on_both)
        with pytest.raises(DealIsClosed, match=words):
            attempt()
        assert stored(on_both) == before
    tasks.comment(on_both.desk, tasks.TaskRef(1, 0), on_both.by("bob"), body="They asked for us again.")
    assert on_both.history()[-1] == "commented"


def test_a_gate_names_what_is_missing_and_a_reason_is_more_than_spaces(lite: World) -> None:
    diagnosed(lite)
    with pytest.raises(GateHolds) as told:
        move(lite, "decide")()
    assert told.value.missing[-1] == "its exit condition does not hold: answers.new_champion.met"
    with pytest.raises(UnknownWord):
        move(lite, "nowhere")()
    with pytest.raises(Missing):
        move(lite, "triage", "\n")()
