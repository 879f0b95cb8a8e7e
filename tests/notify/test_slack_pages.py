"""Modals, Homes and answers to ``/saveline`` as Slack gets them, each a golden file that Slack would take; and the
posts that celebrate a save and that say what became of a task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from saveline.actions import slack_doing, slack_pages, tasks
from saveline.actions.slack_doing import Say, Show
from saveline.actions.slack_updates import queue_updates
from saveline.notify import slack_pages as pages
from saveline.notify.message import Button
from saveline.notify.slack_pages import DealLine, TaskCard
from saveline.notify.slack_payloads import Asked, Pushed, Target, Where
from tests.goldens import as_lines
from tests.notify.looking import row
from tests.notify.test_messages import diagnosed, saved_by_all
from tests.servers import Mailserver, Slack
from tests.slack_limits import faults, view_faults
from tests.slack_server import shown_texts
from tests.world import World

Golden = Callable[[str, str], None]


def asked_by(world: World, user: str, verb: str, about: str, outcome: str = "") -> dict[str, Any]:
    """The modal that a button opens; ``about`` is a task like 1.2."""
    deal, _, no = about.partition(".")
    push = Pushed(user, verb, Target(0, int(deal), int(no), outcome), f"{user}/{verb}", "fresh", Where("C1"))
    shown = slack_doing.pushed(world.desk, push)
    assert isinstance(shown, Show), shown
    assert view_faults(shown.view) == []
    return shown.view


@pytest.mark.parametrize("verb", ["done", "snooze", "help", "hand_over", "cannot", "wait", "comment"])
def test_each_modal_of_a_task(lite: World, golden: Golden, verb: str) -> None:
    lite.open()
    golden(f"slack/modals/{verb}.json", as_lines(asked_by(lite, "UANA", verb, "1.1")))


def test_a_form_with_every_sort_of_question(lite: World, golden: Golden) -> None:
    lite.setting(
        "playbooks/champion-left.yaml",
        "          summary: {text: long}\n",
        "          summary: {text: long}\n          seats: {number: {min: 1, max: 500}}\n"
        "          offer: {percent: {min: 0, max: 20}, optional: true}\n          asked_on: {date: true}\n"
        "          call_them: {yes_no: true}\n          worth: {money: {min: 0}}\n",
    )
    lite.open()
    golden("slack/modals/every_question.json", as_lines(asked_by(lite, "UANA", "done", "1.1")))


def test_the_modal_of_a_decision(lite: World, golden: Golden) -> None:
    diagnosed(lite)
    lite.pass_time(days=92)
    no = lite.deal().decision()
    assert no is not None
    golden("slack/modals/decide.json", as_lines(asked_by(lite, "UANA", "decide", f"1.{no.no}")))


def test_an_outcome_without_questions_acts_at_once(lite: World) -> None:
    diagnosed(lite)
    lite.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    tasks.claim_task(lite.desk, lite.ref("fix"), lite.by("eli"))
    ref = lite.ref("fix")
    push = Pushed("UELI", "done", Target(0, ref.deal_id, ref.no, "not_feasible"), "k")
    assert slack_doing.pushed(lite.desk, push) == Say(
        "“Plan the product change that Acme needs” was closed as not feasible by Eli Stern (20 Nov 11:00).", acted=True
    )


def test_home_and_commands(lite: World, golden: Golden) -> None:
    diagnosed(lite)
    lite.open(lite.account("globex", name="Globex & <Söhne>", arr=1_250_000, renewal=None))
    lite.pass_time(days=4)
    home = slack_pages.home(lite.desk, "UANA")
    assert isinstance(home, dict)
    assert view_faults(home) == []
    golden("slack/home.json", as_lines(home))
    for name, text in (("tasks", ""), ("deal", "deal 1"), ("risk", "risk"), ("help", "help"), ("unknown", "Akme")):
        answer = slack_pages.asked(lite.desk, Asked("UANA", text))
        assert isinstance(answer, slack_pages.Answer)
        assert faults(answer.blocks) == []
        golden(f"slack/commands/{name}.json", as_lines(answer.blocks))


def test_an_empty_home_says_so(lite: World, golden: Golden) -> None:
    golden("slack/home_empty.json", as_lines(slack_pages.home(lite.desk, "UANA")))
    nothing = slack_pages.asked(lite.desk, Asked("UANA", "risk"))
    assert isinstance(nothing, slack_pages.Answer)
    assert shown_texts(nothing.blocks) == ["No deal is open: nothing is at risk today."]


def test_long_lists_are_within_slacks_limits() -> None:
    cards = [TaskCard(f"{n}.1", "t" * 400, "a" * 200, "$1M", "today", True) for n in range(300)]
    assert view_faults(pages.home([_with_button(c) for c in cards], "Northwind", "https://s")) == []
    assert faults(pages.my_tasks([_with_button(c) for c in cards], "https://s")) == []
    lines = [
        DealLine(n, "a" * 200, "$1M a year", "s" * 100, "o" * 100, "5 open tasks, 2 late", True) for n in range(300)
    ]
    assert faults(pages.at_risk(lines, "$300M")) == []


def _with_button(card: TaskCard) -> TaskCard:
    return TaskCard(card.about, card.title, card.account, card.arr, card.due, card.late, "", (Button("done", "Done"),))


def test_a_stranger_is_introduced(lite: World, golden: Golden) -> None:
    unknown = slack_doing.introduction(lite.desk, "UNEW", "")
    known = slack_doing.introduction(lite.desk, "UDORA", "Dora@x.example")
    golden("slack/strangers.txt", f"{unknown}\n\n{known}\n")


# --- posts ------------------------------------------------------------------------------------------------------------


def test_the_bell_is_rung_in_its_room_with_thanks_to_every_department(
    lite: World, mail: Mailserver, slack: Slack, letters: Callable[..., None]
) -> None:
    lite.setting("saveline.yaml", "digest: {hour: 8}", 'digest: {hour: 8}\nbell: "slack:#saves"')
    saved_by_all(lite)
    lite.close_deal("ana", "saved", reason="The export they were promised is in their hands.", kept=80_000)
    letters("saved", "#saves", "saved_bell")
    lite.deliver()
    [rung] = slack.to("#saves")
    assert (
        "🔔 Thank you: Customer success (Ana Ruiz) · Leadership (Chris Moreau) · Engineering (Eli Stern)" in rung.shown
    )
    assert row(lite, kind="saved", channel="slack:#saves").status == "sent"


def test_no_bell_for_a_loss(lite: World) -> None:
    lite.setting("saveline.yaml", "digest: {hour: 8}", 'digest: {hour: 8}\nbell: "slack:#saves"')
    lite.open()
    lite.close_deal("ana", "lost", reason="They bought a rival.", evidence="their mail")
    assert lite.told("slack:#saves") == []


def test_what_became_of_a_task(lite: World, mail: Mailserver, slack: Slack, golden: Golden) -> None:
    """Done, impossible, given away, taken, withdrawn: each as the post says it."""
    lite.open()
    lite.deliver()
    tasks.hand_over(lite.desk, lite.ref("diagnosis"), lite.by("ana"), to=lite.person("bob"))
    lite.deliver()
    tasks.cannot_do(lite.desk, lite.ref("diagnosis"), lite.by("bob"), reason="Nobody there <!here> knows.\nNobody.")
    lite.deliver()
    assert queue_updates(lite.desk) == 0
    changed = [p for p in slack.posts if p.changed]
    assert len(changed) == 2
    for name, post in zip(("handed_over", "cannot"), changed, strict=True):
        golden(f"slack/updates/{name}.json", as_lines(post.blocks))
