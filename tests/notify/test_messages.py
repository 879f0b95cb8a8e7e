"""Every kind of message in every form: each story goes to where the message is decided, and prints it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from saveline.actions import customers, deals, joining, reports, tasks, wording
from saveline.actions.checkin import ask
from saveline.actions.digest import queue_digests
from saveline.core import periods
from saveline.core.decide.joining import Merge
from tests.world import World

Golden = Callable[[str, str], None]


def diagnosed(world: World, root_cause: str = "product_gap") -> None:
    world.open()
    world.pass_time(hours=1)
    world.done("ana", "diagnosis", root_cause=root_cause, summary="The export they need is missing.")


def test_assigned(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    letters("assigned", "ana")


def test_offered_to_a_department(lite: World, letters: Callable[..., None]) -> None:
    diagnosed(lite)
    lite.done("ana", "open_tickets", pattern="export", product_change_needed=True)
    letters("assigned", "#engineering", "assigned_offered")


def test_handed_over(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    tasks.hand_over(
        lite.desk, lite.ref("diagnosis"), lite.by("ana"), to=lite.person("bob"), note="I am in Porto\nuntil Tue."
    )
    letters("assigned", "bob", "assigned_handed_over")


def test_reassigned_tells_both(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    tasks.hand_over(lite.desk, lite.ref("diagnosis"), lite.by("bob"), to=lite.person("chris"))
    letters("assigned", "chris", "assigned_from_manager")
    letters("news", "ana", "news_reassigned")


def test_reminder_before_and_after(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    tasks.mark_seen(lite.desk, lite.ref("diagnosis"), lite.by("ana"))
    lite.at(datetime(2026, 11, 23, 16, 0, tzinfo=UTC))
    letters("reminder", "ana")
    lite.pass_time(hours=5)
    letters("reminder", "ana", "reminder_late")


def test_escalation_of_the_unseen(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    lite.pass_time(hours=6)
    letters("escalation", "bob")


def test_escalation_that_asks_for_a_decision(lite: World, letters: Callable[..., None]) -> None:
    diagnosed(lite)
    lite.pass_time(days=14)
    letters("escalation", "ana", "escalation_decide", do="decide")


def test_help_wanted(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    tasks.ask_help(lite.desk, lite.ref("diagnosis"), lite.by("ana"), note="Nobody there answers me <!channel> & more.")
    letters("escalation", "bob", "escalation_help")


def test_decision_due(lite: World, letters: Callable[..., None]) -> None:
    diagnosed(lite)
    lite.at(datetime(2027, 2, 18, 19, 0, tzinfo=UTC))
    letters("decision_due", "ana")


def test_stage_entered_and_late(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    letters("stage_entered", "ana")
    lite.pass_time(days=5)
    letters("stage_late", "ana")


def test_news_of_an_outcome(lite: World, letters: Callable[..., None]) -> None:
    diagnosed(lite)
    lite.done("ana", "open_tickets", pattern="export", product_change_needed=True)
    tasks.claim_task(lite.desk, lite.ref("fix"), lite.by("eli"))
    lite.done("eli", "fix", "not_feasible")
    letters("news", "ana", "news_outcome", news="outcome")


def test_news_that_something_cannot_be_done(lite: World, letters: Callable[..., None]) -> None:
    diagnosed(lite)
    tasks.cannot_do(lite.desk, lite.ref("new_champion"), lite.by("chris"), reason="Nobody there wants to meet us.")
    letters("news", "ana", "news_cannot", news="outcome")


def test_news_that_tasks_are_withdrawn(lite: World, letters: Callable[..., None]) -> None:
    diagnosed(lite)
    lite.done("chris", "new_champion", "nobody_wants_it", met=False)
    letters("news", "ana", "news_withdrawn", news="withdrawn")


def test_news_that_a_rung_is_empty(lite: World, letters: Callable[..., None]) -> None:
    people = lite.settings.workspace / "people.yaml"
    people.write_text(people.read_text().replace("name: Bob Okafor,", "name: Bob Okafor, active: false,"))
    lite.open()
    lite.pass_time(days=1)
    letters("news", "chris", "news_empty_rung", news="empty_rung")


def saved_by_all(world: World) -> None:
    diagnosed(world)
    world.pass_time(days=2, hours=23)
    world.done("ana", "open_tickets", pattern="export", product_change_needed=True)
    tasks.claim_task(world.desk, world.ref("fix"), world.by("eli"))
    world.pass_time(hours=5)
    world.done("eli", "fix")
    world.pass_time(days=2)
    world.done("chris", "new_champion", met=True, name="Gil")
    world.pass_time(days=7)


def test_the_bell(lite: World, letters: Callable[..., None]) -> None:
    saved_by_all(lite)
    lite.close_deal("ana", "saved", reason="The export they were promised is in their hands.", kept=80_000)
    letters("saved", "eli")


def test_a_smaller_save(lite: World, letters: Callable[..., None]) -> None:
    saved_by_all(lite)
    lite.close_deal("ana", "saved_smaller", reason="Two teams stay, one leaves.", kept=52_000)
    letters("saved", "ana", "saved_smaller")


def test_a_loss(lite: World, letters: Callable[..., None]) -> None:
    diagnosed(lite)
    lite.pass_time(days=3)
    lite.close_deal(
        "ana", "lost", reason="Their new head has used another product for years.", evidence="Her mail of 23 Nov."
    )
    letters("lost", "chris")


def test_digest(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    globex = lite.account("globex", name="Globex & Söhne", arr=1_250_000, renewal=None, team={"csm": "ana"})
    lite.open(globex)
    lite.pass_time(days=1)
    lite.done("ana", "diagnosis", root_cause="price", summary="They were promised another price.")
    lite.at(datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    assert queue_digests(lite.desk) > 0
    assert queue_digests(lite.desk) == 0
    letters("digest", "ana")
    assert timedelta(hours=8) == lite.now - lite.now.replace(hour=0)


def test_the_monthly_question(lite: World, letters: Callable[..., None]) -> None:
    lite.setting("saveline.yaml", "report_to:", "pulse: {day: 20}\nreport_to:")
    assert ask(lite.desk) == 5
    letters("pulse", "ana")


def test_stage_report_in_every_form(lite: World, letters: Callable[..., None], golden: Golden) -> None:
    """One account lost and one late, in the week that the report is about; a name that would break a table."""
    diagnosed(lite)
    lite.open(lite.account("pipe", name="Pipe|line *Ltd*", arr=1_250_000))
    lite.close_deal("bob", "lost", reason="They bought a rival.", evidence="their mail of 20 November")
    until = lite.now + timedelta(days=5)
    deals.override_gate(lite.desk, 2, lite.by("chris"), until=until, reason="We have their word | on paper.")
    lite.pass_time(days=10)
    week = periods.parse("2026-W47", lite.desk.workspace.zone)
    report, queued = reports.publish(lite.desk, week)
    assert queued == 1
    letters("stage_report", "chris")
    golden("messages/stage_report/page.md", wording.report_markdown(reports.page_of(lite.desk, report)))


# --- deals that take another turn -------------------------------------------------------------------------------------


def saved_and_watched(world: World) -> None:
    world.setting("playbooks/champion-left.yaml", "priority: 50\n", "priority: 50\nwatch: 120 days\n")
    saved_by_all(world)
    world.close_deal("ana", "saved", reason="20 % off for a year.", kept=64_000)


def test_a_save_that_is_watched(lite: World, letters: Callable[..., None]) -> None:
    saved_and_watched(lite)
    letters("saved", "eli", "saved_watched")


def test_a_delayed_loss_and_the_report_of_it(lite: World, letters: Callable[..., None], golden: Golden) -> None:
    saved_and_watched(lite)
    lite.at(datetime(2027, 3, 22, 9, tzinfo=UTC))
    lite.leaves("bob", date(2027, 3, 20), evidence="Their bank sent the last invoice back.")
    letters("lost", "eli", "lost_after_all")
    week = periods.parse("2027-W12", lite.desk.workspace.zone)
    page = wording.report_markdown(reports.page_of(lite.desk, reports.build(lite.desk, week)))
    golden("messages/lost_after_all/report.md", page)


def test_at_risk_again(lite: World, letters: Callable[..., None]) -> None:
    saved_and_watched(lite)
    lite.pass_time(days=20)
    lite.open(1, "price_pressure")
    letters("stage_entered", "ana", "stage_entered_again")


def test_news_of_an_account_that_leaves_and_stays(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    lite.leaves("bob", date(2027, 1, 31))
    letters("news", "ana", "news_leaves", news="leaves")
    customers.account_stays(lite.desk, 1, lite.by("bob"), reason="They signed again.")
    letters("news", "ana", "news_stays", news="stays")


def test_news_that_the_risk_has_cleared(lite: World, letters: Callable[..., None]) -> None:
    lite.setting("saveline.yaml", "  let_go:", "  cleared: {title: Risk cleared, cleared: true}\n  let_go:")
    diagnosed(lite)
    lite.close_deal("bob", "cleared", reason="the champion had only been on leave")
    letters("news", "chris", "news_cleared", news="cleared")


def test_news_of_deals_that_are_merged_and_split(lite: World, letters: Callable[..., None]) -> None:
    lite.open()
    lite.open(lite.account("globex", name="Globex", team={"csm": "bob"}), "champion_left", "price_pressure")
    lite.account("hooli", name="Hooli", team={"csm": "bob"})
    joining.merge(lite.desk, 2, 1, lite.by("chris"), Merge("one save for both"))
    letters("news", "bob", "news_merged", news="merged")
    letters("news", "ana", "news_joined", news="joined")
    joining.split(lite.desk, 1, 3, lite.by("chris"), ["price_pressure"])
    letters("news", "ana", "news_split", news="split")
