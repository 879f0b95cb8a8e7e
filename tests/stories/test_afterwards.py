"""What comes after a save, and deals that take another turn: as a retention manager sees it, on both databases.

Planted bugs that turned these tests red: a watch whose last day did not count, a reopened deal whose
old answers opened its gate, one whose old decision stood for the new one, a deal opened again after the cool-down, a
report that counts the first close of a reopened deal, an import that asks again each day whether a cleared risk is
gone, a merged deal counted as let go, a cause that came back with yesterday's signals after it was split off, and the
ARR of a merged account left where it was when it was split off again.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from saveline.actions import customers, deals, joining, reports, why
from saveline.actions.intake import ImportResult, import_files
from saveline.core.decide.joining import Merge
from saveline.core.errors import AccountLeft, DealIsClosed, GateHolds
from saveline.core.periods import parse
from saveline.core.report import Amount, StageReport
from saveline.files.sources import Wanted
from tests.actions.attempts import refused
from tests.world import World

PLAY = "playbooks/champion-left.yaml"
DECIDES = "decide: 30 days before renewal\n"
ACCOUNTS = "key,name,segment,arr,renewal\nacme,Acme,enterprise,80000,2027-03-20\n"
TEAM = "account,role,person\nacme,csm,ana@x.example\nacme,sponsor,chris@x.example\n"


def bring_in(world: World, folder: Path, **files: str) -> ImportResult:
    """Import files: ``accounts="key,…"``, ``signals="account,…"``."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.csv"):
        old.unlink()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    result = import_files(world.desk, world.settings.workspace, Wanted((folder,)))
    assert [str(p) for p in result.problems] == []
    return result


def watched(world: World, days: int = 120) -> None:
    world.setting(PLAY, DECIDES, f"{DECIDES}watch: {days} days\n")


def through(world: World, deal: int = 1, cause: str = "price") -> None:
    """Everything is done, and the decision is asked for; two weeks have passed."""
    world.done("ana", "diagnosis", deal=deal, root_cause=cause, summary="They pay for seats nobody uses.")
    world.pass_time(days=2)
    world.done("ana", "open_tickets", deal=deal, pattern="none", product_change_needed=False)
    world.done("chris", "new_champion", deal=deal, met=True)
    world.pass_time(days=5)
    if world.task("offer", deal).state == "open":
        world.done("dora", "offer", "approved", deal=deal, discount=20)
    world.pass_time(days=7)


def saved(world: World, deal: int = 1, kept: int = 64_000) -> None:
    through(world, deal)
    world.done("ana", "decision", "saved_smaller", deal=deal, reason="20 % off for a year.", kept=kept)


def week(world: World, name: str) -> StageReport:
    return reports.build(world.desk, parse(name, "Europe/Lisbon"))


def outcomes(report: StageReport) -> dict[str, int]:
    return {o.key: o.closed.deals for o in report.outcomes if o.closed.deals}


# --- watching ---------------------------------------------------------------------------------------------------------


def test_a_discount_save_that_leaves_next_cycle_is_a_delayed_loss(on_both: World, tmp_path: Path) -> None:
    """Saved on 4 December with 20 % off, gone at the renewal: everybody who read of the save reads of the loss."""
    watched(on_both)
    on_both.open()
    saved(on_both)
    deal = on_both.deal()
    assert (deal.closed_at, deal.watch_until) == (on_both.now, datetime(2027, 4, 3, 9, tzinfo=UTC))
    assert deal.next_at == deal.watch_until, "a watched deal has a next moment, although it is closed"
    first = {t.to for t in on_both.told(kind="saved")}
    assert first == {"ana", "chris", "dora"}
    december = week(on_both, "2026-W49")
    assert (outcomes(december), december.watched, december.kept) == (
        {"saved_smaller": 1},
        Amount(1, 64_000_00),
        Amount(),
    )

    on_both.at(datetime(2027, 3, 22, 9, tzinfo=UTC))
    result = bring_in(on_both, tmp_path / "in", accounts="key,name,left_on\nacme,Acme,2027-03-20\n")
    assert [(left.deal, left.on, left.lost) for left in result.left] == [(1, date(2027, 3, 20), True)]
    deal = on_both.deal()
    assert (deal.state, deal.outcome, deal.left_at, deal.next_at) == ("closed", "saved_smaller", on_both.now, None)
    assert {t.to for t in on_both.told(kind="lost")} == first
    assert len(on_both.told(kind="lost")) == 3, "one notice a person"
    march = week(on_both, "2027-W12")
    assert (march.lost_after_all, outcomes(march)) == (Amount(1, 80_000_00), {})
    assert [(d.account, d.kept_cents, d.left_on) for d in march.delayed] == [("Acme", 64_000_00, date(2027, 3, 20))]
    assert "One account that had been saved is lost after all: $80k." in march.findings
    assert week(on_both, "2026-W49") == december, "the report of a past week stays as it was"
    assert bring_in(on_both, tmp_path / "in", accounts="key,name,left_on\nacme,Acme,2027-03-20\n").left == ()
    on_both.pass_time(days=200)
    assert on_both.history()[-1] == "deal_left"


def test_a_save_is_kept_after_its_watch(on_both: World) -> None:
    watched(on_both)
    on_both.open()
    saved(on_both)
    told = on_both.told()
    on_both.at(datetime(2027, 4, 3, 8, 59, tzinfo=UTC))
    assert on_both.deal().kept_at is None
    on_both.pass_time(minutes=1)
    deal = on_both.deal()
    assert (deal.kept_at, deal.next_at, on_both.history()[-1]) == (deal.watch_until, None, "deal_kept")
    assert on_both.told() == told, "nobody is bothered with good news of four months ago"
    april = week(on_both, "2027-W13")
    assert (april.kept, april.watched, outcomes(april)) == (Amount(1, 64_000_00), Amount(), {})


@pytest.mark.parametrize(
    ("on", "lost"), [(date(2027, 4, 3), True), (date(2027, 4, 4), False)], ids=["last-day", "day-after"]
)
def test_the_last_day_of_the_watch_belongs_to_it(lite: World, on: date, lost: bool) -> None:
    watched(lite)
    lite.open()
    saved(lite)
    lite.leaves("ana", on)
    assert (lite.deal().left_at is not None) is lost
    lite.at(datetime(2027, 4, 10, tzinfo=UTC))
    assert (lite.deal().kept_at is not None) is not lost


def test_it_was_learned_late_that_the_account_left_in_the_watch(on_both: World) -> None:
    """The engine had called it kept; facts come before what was believed."""
    watched(on_both)
    on_both.open()
    saved(on_both)
    on_both.at(datetime(2027, 4, 20, 9, tzinfo=UTC))
    assert on_both.deal().kept_at is not None
    on_both.leaves("ana", date(2027, 3, 31))
    deal = on_both.deal()
    assert (deal.kept_at, deal.left_at) == (None, on_both.now)


def test_an_engine_that_comes_late_tells_the_same_story(on_both: World) -> None:
    """Planted: what somebody says of an account taken for what was known when the watch ended."""
    watched(on_both)
    on_both.open()
    saved(on_both)
    on_both.clock.set(datetime(2027, 4, 20, 9, tzinfo=UTC))  # and the engine was down
    on_both.leaves("ana", date(2027, 3, 31))
    assert on_both.history()[-2:] == ["deal_kept", "deal_left"]


def test_said_by_mistake_and_taken_back(on_both: World) -> None:
    watched(on_both)
    on_both.open()
    saved(on_both)
    on_both.leaves("ana")
    assert on_both.deal().left_at == on_both.now
    deals_before = on_both.history()
    customers.account_stays(on_both.desk, 1, on_both.by("ana"), reason="another Acme")
    deal = on_both.deal()
    assert (deal.left_at, deal.next_at) == (None, deal.watch_until)
    assert on_both.history() == [*deals_before, "deal_stayed"]
    assert week(on_both, "2026-W49").watched.deals == 1
    on_both.at(datetime(2027, 4, 4, tzinfo=UTC))
    assert on_both.deal().kept_at is not None


def test_the_account_of_an_open_deal_leaves(on_both: World, tmp_path: Path) -> None:
    """Notice given: the owner is told and the work goes on. Gone: the owner is asked. It is not closed by itself."""
    bring_in(on_both, tmp_path / "in", accounts=ACCOUNTS, team=TEAM)
    on_both.open(1)
    bring_in(on_both, tmp_path / "in", accounts="key,name,left_on\nacme,Acme,2027-01-31\n")
    assert [(t.to, t.about["news"]) for t in on_both.told(kind="news")] == [("ana", "leaves")]
    deal = on_both.deal()
    assert (deal.state, deal.decision()) == ("open", None)
    through(on_both)
    with pytest.raises(GateHolds, match="Acme leaves on 31 Jan 2027, unless `saveline account stays` takes that back"):
        on_both.close_deal("ana", "saved", kept=1)
    on_both.close_deal("ana", "lost", evidence="their mail")

    globex = on_both.account("globex", name="Globex")
    on_both.open(globex)
    on_both.leaves("bob", account=globex, evidence="the bank")
    asked = on_both.deal(2).decision()
    assert asked is not None
    assert asked.assignee_id == on_both.person("ana")
    assert [t.about["why"] for t in on_both.told("ana", "decision_due")][-1:] == [
        "the account has left: it stopped paying on 4 Dec 2026"
    ]
    on_both.close_deal("ana", "lost", deal=2, evidence="the bank")
    with pytest.raises(AccountLeft, match=r"Globex left on 4 Dec 2026: there is nothing to save\."):
        on_both.open(globex)


# --- opened again -----------------------------------------------------------------------------------------------------

CHAMPION = "account,kind,at,value,note,key\nacme,champion_left,2026-11-20,,Jo Lind left,c1\n"


def test_saved_then_lost_is_one_history(on_both: World, tmp_path: Path) -> None:
    """Saved in December, at risk again in January: the same deal goes on, its play starts anew, and in the end it is
    one loss, in every count."""
    watched(on_both, 30)
    bring_in(on_both, tmp_path / "in", accounts=ACCOUNTS, team=TEAM, signals=CHAMPION)
    saved(on_both)
    on_both.at(datetime(2026, 12, 21, 9, tzinfo=UTC))
    before = on_both.deal()
    assert bring_in(on_both, tmp_path / "in", accounts="key,name,arr\nacme,Acme,64000\n").opened == (), (
        "nothing new was seen"
    )
    more = "account,kind,at,value,note,key\nacme,champion_left,2026-12-21,,Gil left too,c2\nacme,nps,2026-12-20,2,,n1\n"
    (again,) = bring_in(on_both, tmp_path / "in", signals=more).opened
    assert (again.deal, again.again, again.causes) == (1, True, ("champion_left", "value_not_seen"))
    deal = on_both.deal()
    assert (deal.state, deal.stage, deal.outcome, deal.closed_at, deal.watch_until) == (
        "open",
        "triage",
        None,
        None,
        None,
    )
    assert (deal.opened_at, deal.reopened_at, deal.closed_before) == (before.opened_at, on_both.now, before.closed_at)
    assert (deal.causes, deal.score, deal.arr_cents) == (("champion_left", "value_not_seen"), again.score, 80_000_00)
    assert deal.tasks[: deal.earlier] == before.tasks, "what was done stays done"
    assert [(t.plan, t.state) for t in deal.of_this_life()] == [("diagnosis", "open")]
    assert not deal.decision_asked
    said = refused(on_both, lambda: deals.move_stage(on_both.desk, 1, on_both.by("ana"), to="stabilise"))
    assert "its exit condition does not hold" in said, "an answer of last time opens no gate"
    w52 = week(on_both, "2026-W52")
    assert (w52.reopened, w52.opened, w52.at_risk) == (Amount(1, 80_000_00), Amount(), Amount(1, 80_000_00))
    on_both.done("ana", "diagnosis", root_cause="relationship", summary="Nobody is left.")
    assert on_both.deal().stage == "stabilise"
    on_both.close_deal("ana", "lost", evidence="their mail")
    both = week(on_both, "2026-11-16..2027-01-03")
    assert (both.opened.deals, outcomes(both), both.saved, both.reopened.deals) == (1, {"lost": 1}, 0, 0)
    assert both.opened + Amount() == sum((o.closed for o in both.outcomes), both.at_risk)
    assert on_both.history().count("deal_opened") == 1
    assert on_both.history().count("deal_reopened") == 1


def test_the_play_is_chosen_anew_and_may_be_another_version(on_both: World) -> None:
    on_both.open()
    on_both.close_deal("ana", "let_go", reason="they wanted to")
    old = on_both.deal().play_hash
    on_both.setting(PLAY, "title: Champion left", "title: A champion has left")
    on_both.pass_time(days=3)
    assert on_both.open(1) == 1
    deal = on_both.deal()
    assert deal.play_hash != old
    derived = why.deal(on_both.desk, 1).printed()
    assert f"causes when it opened, {on_both.now:%a %-d %b %Y %H:%M}" in derived, "what holds now was decided then"
    assert "decision: Thu 18 Feb 2027 18:00" in derived
    assert deal.decide_at == datetime(2027, 2, 18, 18, tzinfo=UTC)


@pytest.mark.parametrize(("days", "deal"), [(59, 1), (60, 2)])
def test_after_the_cool_down_it_is_a_new_deal(on_both: World, days: int, deal: int) -> None:
    on_both.open()
    on_both.close_deal("ana", "let_go", reason="they wanted to")
    on_both.clock.set(on_both.now + timedelta(days=days))
    assert on_both.open(1) == deal


def test_the_cool_down_is_a_setting(lite: World) -> None:
    lite.setting("saveline.yaml", "default_policy:", "cool_down: 2 days\ndefault_policy:")
    lite.open()
    lite.close_deal("ana", "let_go", reason="they wanted to")
    lite.pass_time(days=2)
    assert lite.open(1) == 2


def test_a_delayed_loss_is_watched_no_more_when_it_opens_again(on_both: World) -> None:
    """Notice given in the watch, and taken seriously: the save is a delayed loss, and its deal goes on."""
    watched(on_both)
    on_both.open()
    saved(on_both)
    on_both.pass_time(days=10)
    on_both.leaves("ana", date(2027, 3, 20))
    assert on_both.open(1, "price_pressure") == 1
    deal = on_both.deal()
    assert (deal.left_at, deal.watch_until, deal.causes) == (None, None, ("champion_left", "price_pressure"))
    assert deal.next_at is not None


# --- the risk goes away -----------------------------------------------------------------------------------------------


def clearing(world: World, how: str) -> None:
    world.setting("saveline.yaml", "  open_at: 60\n", f"  open_at: 60\n  clear: {{at: 20, then: {how}}}\n")
    world.setting(
        "saveline.yaml",
        "  let_go: {title: Let go}",
        "  let_go: {title: Let go}\n  cleared: {title: Risk cleared, cleared: true}",
    )


def at_risk(world: World, folder: Path) -> None:
    """Acme is a deal because of a champion who left; ana and chris have tasks, and eli's department is asked."""
    bring_in(world, folder, accounts=ACCOUNTS, team=TEAM, signals=CHAMPION)
    world.done("ana", "diagnosis", root_cause="product_gap", summary="The export.")
    world.done("ana", "open_tickets", pattern="export", product_change_needed=True)
    world.at(datetime(2027, 1, 4, 9, tzinfo=UTC))


MISTAKEN = "account,kind,at,value,note,key\nacme,champion_left,2024-01-01,,an old mail,c1\n"
"""The signal's date was wrong: what is left of its points is nothing."""


def test_risk_clears_mid_play_and_the_settings_close_it(on_both: World, tmp_path: Path) -> None:
    """Tasks are withdrawn, and everybody with a part in it hears of it once."""
    clearing(on_both, "close")
    at_risk(on_both, tmp_path / "in")
    open_before = {t.plan: t.assignee_id for t in on_both.deal().tasks if t.state == "open"}
    assert set(open_before) == {"new_champion", "fix"}
    told = len(on_both.told())
    (cleared,) = bring_in(on_both, tmp_path / "in", signals=MISTAKEN).cleared
    assert (cleared.deal, cleared.score, cleared.closed) == (1, 0, True)
    deal = on_both.deal()
    assert (deal.state, deal.outcome) == ("closed", "cleared")
    assert deal.reason == "the risk has cleared: the score is 0, below 20"
    assert {t.state for t in deal.tasks if t.plan in open_before} == {"withdrawn"}
    new = on_both.told()[told:]
    assert sorted((t.to, t.kind, t.about["news"]) for t in new) == [
        ("ana", "news", "cleared"),
        ("chris", "news", "cleared"),
    ]
    report = week(on_both, "2027-W01")
    assert (report.saved, report.closed.deals, outcomes(report)) == (0, 0, {"cleared": 1})
    assert report.at_risk == Amount()


def test_risk_clears_mid_play_and_the_owner_decides(on_both: World, tmp_path: Path) -> None:
    clearing(on_both, "ask")
    at_risk(on_both, tmp_path / "in")
    (cleared,) = bring_in(on_both, tmp_path / "in", signals=MISTAKEN).cleared
    assert not cleared.closed
    assert [t.about["why"] for t in on_both.told("ana", "decision_due")] == [
        "the risk has cleared: the score is 0, below 20"
    ]
    assert bring_in(on_both, tmp_path / "in", signals=MISTAKEN).cleared == (), "asked once"
    with pytest.raises(GateHolds):
        on_both.close_deal("ana", "saved", kept=80_000)
    on_both.done("ana", "decision", "cleared", reason="the mail was an old one")
    assert on_both.deal().outcome == "cleared"
    assert sorted(t.to for t in on_both.told(kind="news") if t.about["news"] == "cleared") == ["ana", "chris"]


def test_without_the_setting_a_risk_never_clears_by_itself(lite: World, tmp_path: Path) -> None:
    at_risk(lite, tmp_path / "in")
    before = lite.history()
    assert bring_in(lite, tmp_path / "in", signals=MISTAKEN).cleared == ()
    assert lite.history() == before


def test_a_deal_opened_by_hand_below_the_level_does_not_clear(lite: World, tmp_path: Path) -> None:
    clearing(lite, "close")
    bring_in(lite, tmp_path / "in", accounts=ACCOUNTS, team=TEAM)
    deals.open_deal(lite.desk, 1, causes=("champion_left",), by=lite.by("ana"))
    assert bring_in(lite, tmp_path / "in", accounts="key,name,arr\nacme,Acme,64000\n").cleared == ()
    assert lite.deal().state == "open"


# --- many signals -----------------------------------------------------------------------------------------------------

TEN = [f"cause_{letter}" for letter in "abcdefghij"]


def ten_causes(world: World) -> None:
    world.setting("saveline.yaml", "silent_account]\n", f"silent_account, {', '.join(TEN)}]\n")
    rules = "".join(f"    {c}: {{title: {c}, signal: {c}, points: {60 + i}, cause: {c}}}\n" for i, c in enumerate(TEN))
    world.setting("saveline.yaml", "  rules:\n", f"  rules:\n{rules}")


@pytest.mark.parametrize("files", [1, 10], ids=["in-one-file", "one-by-one"])
def test_ten_signals_in_an_hour_are_one_deal_and_one_notice(on_both: World, tmp_path: Path, files: int) -> None:
    ten_causes(on_both)
    bring_in(on_both, tmp_path / "in", accounts=ACCOUNTS, team=TEAM)
    lines = [f"acme,{cause},2026-11-20T10:{i * 6:02}Z,,,{cause}\n" for i, cause in enumerate(TEN)]
    opened: list[Any] = []
    for i in range(files):
        on_both.clock.set(datetime(2026, 11, 20, 11, tzinfo=UTC) if files == 1 else on_both.now + timedelta(minutes=6))
        part = lines if files == 1 else lines[i : i + 1]
        opened += bring_in(on_both, tmp_path / "in", signals="account,kind,at,value,note,key\n" + "".join(part)).opened
    assert len(opened) == 1
    deal = on_both.deal()
    assert sorted(deal.causes) == TEN
    assert deal.score == sum(range(60, 70)), "the score is the sum of its lines"
    assert on_both.deal().seq == len(on_both.history())
    with on_both.desk.reading() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM deal").scalar() == 1
    kinds = [(t.to, t.kind, t.channel) for t in on_both.told()]
    assert sorted(kinds) == [
        ("ana", "assigned", "email"),
        ("ana", "assigned", "slack"),
        ("ana", "stage_entered", "slack"),
    ]


# --- two that become one, and one that becomes two --------------------------------------------------------------------


def two(world: World, folder: Path) -> None:
    """Acme (deal 1, ana's) and Globex (deal 2, bob's), 80 and 20 thousand."""
    accounts = ACCOUNTS + "globex,Globex,enterprise,20000,2027-06-30\nhooli,Hooli,smb,5000,\n"
    team = TEAM + "globex,csm,bob@x.example\nglobex,sponsor,chris@x.example\n"
    bring_in(world, folder, accounts=accounts, team=team, signals=CHAMPION)
    more = "account,kind,at,value,note,key\nglobex,champion_left,2026-11-20,,,c1\nglobex,escalation,2026-11-19,,,e1\n"
    bring_in(world, folder, signals=more)
    assert [world.deal(i).causes for i in (1, 2)] == [("champion_left",), ("champion_left", "service_failure")]


def merged(world: World, **wanted: Any) -> None:
    joining.merge(world.desk, 2, 1, world.by("chris"), Merge(**wanted))


def test_two_deals_become_one(on_both: World, tmp_path: Path) -> None:
    two(on_both, tmp_path / "in")
    scores = [on_both.deal(i).score for i in (1, 2)]
    before = len(on_both.told())
    merged(on_both, reason="one save for both")
    ended, into = on_both.deal(2), on_both.deal(1)
    assert (ended.state, ended.outcome, ended.merged_into, ended.next_at) == ("closed", "merged", 1, None)
    assert {t.state for t in ended.tasks} == {"withdrawn"}
    assert (into.state, into.causes, into.arr_cents) == ("open", ("champion_left", "service_failure"), 100_000_00)
    assert into.score == sum(scores)
    assert [(t.to, t.about["news"]) for t in on_both.told()[before:]] == [("bob", "merged"), ("ana", "joined")]
    report = week(on_both, "2026-W47")
    assert (outcomes(report), report.closed.deals) == ({}, 0)
    assert (report.opened, report.merged) == (Amount(2, 120_000_00), Amount(1, 20_000_00))
    assert report.at_risk == Amount(1, 100_000_00)
    signal = "account,kind,at,value,note,key\nglobex,nps,2026-11-20,1,,n1\n"
    result = bring_in(on_both, tmp_path / "in", signals=signal)
    assert [(j.deal, j.cause) for j in result.joined] == [(1, "value_not_seen")]
    assert on_both.deal(1).score == sum(scores) + 25
    said = refused(on_both, lambda: on_both.open(2))
    assert said == "Globex has an open deal already: deal 1. A new cause can join it."
    with pytest.raises(DealIsClosed, match=r"The deal of Globex was closed 20 Nov 2026 10:00 as merged into deal 1\."):
        on_both.close_deal("bob", "lost", deal=2, evidence="x")


def test_one_customer_twice_is_counted_once(on_both: World, tmp_path: Path) -> None:
    two(on_both, tmp_path / "in")
    on_both.at(datetime(2026, 11, 24, 9, tzinfo=UTC))
    merged(on_both, same=True)
    assert on_both.deal(1).arr_cents == 80_000_00
    report = week(on_both, "2026-W48")
    assert (report.before, report.merged, report.at_risk) == (
        Amount(2, 100_000_00),
        Amount(1, 20_000_00),
        Amount(1, 80_000_00),
    )


def test_after_both_were_closed_either_opens_the_one_deal_again(on_both: World, tmp_path: Path) -> None:
    two(on_both, tmp_path / "in")
    merged(on_both)
    on_both.close_deal("ana", "let_go", reason="they wanted to")
    on_both.pass_time(days=5)
    signal = (
        "account,kind,at,value,note,key\nglobex,champion_left,2026-11-25,,,c9\nacme,champion_left,2026-11-25,,,c9\n"
    )
    (again,) = bring_in(on_both, tmp_path / "in", signals=signal).opened
    assert (again.deal, again.again) == (1, True)


@pytest.mark.parametrize(
    ("deal", "into", "said"),
    [
        (1, 1, "Deal 1 cannot be merged into itself."),
        (1, 7, "There is no deal 7."),
        (3, 1, "The deal of Hooli was closed 20 Nov 2026 10:00 as let_go. Nothing was changed."),
        (1, 3, "The deal of Hooli was closed 20 Nov 2026 10:00 as let_go. Nothing was changed."),
    ],
)
def test_what_cannot_be_merged(on_both: World, tmp_path: Path, deal: int, into: int, said: str) -> None:
    two(on_both, tmp_path / "in")
    on_both.open(3)
    on_both.close_deal("ana", "let_go", deal=3)
    assert refused(on_both, lambda: joining.merge(on_both.desk, deal, into, on_both.by("ana"), Merge())) == said


def split(world: World, account: int, *causes: str, deal: int = 1) -> int:
    return joining.split(world.desk, deal, account, world.by("chris"), causes)[1].id


def test_one_deal_becomes_two(on_both: World, tmp_path: Path) -> None:
    """The escalations were Hooli's. What was seen of them before does not bring the cause back; a new one does."""
    two(on_both, tmp_path / "in")
    score = on_both.deal(2).score
    before = len(on_both.told())
    assert split(on_both, 3, "service_failure", deal=2) == 3
    left, new = on_both.deal(2), on_both.deal(3)
    assert (left.causes, new.causes, new.account_id) == (("champion_left",), ("service_failure",), 3)
    assert (left.score + new.score, new.arr_cents, left.arr_cents) == (score, 5_000_00, 20_000_00)
    assert [t.about for t in on_both.told()[before:] if t.kind == "news"] == [
        {"news": "split", "to": 3, "account": "Hooli", "causes": ["service_failure"]}
    ]
    on_both.pass_time(hours=1)
    again = "account,kind,at,value,note,key\nglobex,escalation,2026-11-19,,,e1\nglobex,nps,2026-11-20,9,,n1\n"
    assert bring_in(on_both, tmp_path / "in", signals=again).joined == ()
    on_both.pass_time(days=1)
    fresh = "account,kind,at,value,note,key\nglobex,escalation,2026-11-21,,,e2\n"
    assert [j.cause for j in bring_in(on_both, tmp_path / "in", signals=fresh).joined] == ["service_failure"]
    assert on_both.deal(2).causes == ("champion_left", "service_failure")


def test_a_merged_deal_can_be_split_off_again_and_goes_on_where_it_was(on_both: World, tmp_path: Path) -> None:
    two(on_both, tmp_path / "in")
    merged(on_both)
    assert split(on_both, 2, "service_failure") == 2
    one, other = on_both.deal(1), on_both.deal(2)
    assert (one.arr_cents, other.arr_cents, one.causes) == (80_000_00, 20_000_00, ("champion_left",))
    assert (other.state, other.merged_into, other.causes) == ("open", None, ("champion_left", "service_failure"))
    report = week(on_both, "2026-W47")
    assert report.opened == report.at_risk == Amount(2, 100_000_00)
    assert report.merged == Amount()


@pytest.mark.parametrize(
    ("account", "causes", "said"),
    [
        (2, ("service_failure",), "Deal 2 is Globex's already: name the other account that the causes belong to."),
        (3, (), "Say which causes belong to the other account."),
        (
            3,
            ("price_pressure",),
            "'price_pressure' is not a cause of deal 2: expected champion_left or service_failure.",
        ),
        (
            3,
            ("champion_left", "service_failure"),
            "Deal 2 would be left without a cause, for these are all its causes. Close it, or leave it one.",
        ),
        (1, ("service_failure",), "Acme has an open deal already: deal 1. A new cause can join it."),
    ],
)
def test_what_cannot_be_split(on_both: World, tmp_path: Path, account: int, causes: tuple[str, ...], said: str) -> None:
    two(on_both, tmp_path / "in")
    assert refused(on_both, lambda: split(on_both, account, *causes, deal=2)) == said


# --- causes -----------------------------------------------------------------------------------------------------------


def test_somebody_says_that_there_is_a_further_cause(on_both: World) -> None:
    on_both.open()
    by = on_both.by("ana")
    deals.add_cause(on_both.desk, 1, by, cause="price_pressure", note="her mail")
    assert on_both.deal().causes == ("champion_left", "price_pressure")
    for cause, said in (
        ("price_pressure", "Deal 1 has the cause price pressure already."),
        ("price_presure", "Did you mean 'price_pressure'?"),
    ):
        assert said in refused(on_both, lambda cause=cause: deals.add_cause(on_both.desk, 1, by, cause=cause))  # type: ignore[misc]
