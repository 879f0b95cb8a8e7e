"""People do their tasks in Slack: real posts, their buttons pressed, signed HTTP to a real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from saveline.actions import tasks
from saveline.store import inbound
from tests.servers import Mailserver, Post, Slack
from tests.slack_limits import faults, view_faults
from tests.slack_server import shown_texts
from tests.web.serving import served
from tests.web.slacking import Members, pressing
from tests.world import World


@pytest.fixture
def members(on_both: World, mail: Mailserver, slack: Slack) -> Iterator[Members]:
    """Everybody in Slack, with a deal whose first task was posted to ana."""
    with served(on_both) as client:
        on_both.open()
        on_both.deliver()
        yield Members(on_both, slack, client)


@pytest.fixture
def few(lite: World, mail: Mailserver, slack: Slack) -> Iterator[Members]:
    """The same where the database plays no part."""
    with served(lite) as client:
        lite.open()
        lite.deliver()
        yield Members(lite, slack, client)


def task_post(members: Members) -> Post:
    return next(p for p in members.slack.to("UANA") if "I have read it" in p.buttons)


# --- the straight path ------------------------------------------------------------------------------------------------


def test_a_task_with_questions_is_done_in_a_modal(members: Members) -> None:
    world = members.world
    assert members.press("UANA", task_post(members), "Done").status_code == 200
    view = members.modal()
    assert view_faults(view) == []
    assert [b["block_id"] for b in view["blocks"] if b["type"] == "input"] == ["answer:root_cause", "answer:summary"]
    answer = members.submit("UANA", view, root_cause="product gap", summary="The export they need is missing.")
    assert answer.json() == {"response_action": "clear"}
    task = world.task("diagnosis")
    assert (task.state, task.closed_by) == ("done", world.person("ana"))
    assert task.answers["summary"] == "The export they need is missing."
    assert (
        members.told("UANA")
        == "“Write the three-sentence diagnosis for Acme” is done, thanks to Ana Ruiz (20 Nov 10:00)."
    )
    world.deliver()
    post = next(p for p in members.slack.to("UANA") if p.changed)
    assert "✓ Done by Ana Ruiz, today 10:00." in post.shown
    assert post.buttons == ["See the deal"]


def test_what_was_left_out_stands_beside_its_question_and_nothing_is_lost(members: Members) -> None:
    """Planted bug: a refused modal that uses the press up answers its second sending with “it was done”."""
    members.press("UANA", task_post(members), "Done")
    view = members.modal()
    answer = members.submit("UANA", view, root_cause="price", summary="   ")
    assert answer.json()["response_action"] == "errors"
    assert list(answer.json()["errors"]) == ["answer:summary"]
    assert "summary is missing" in answer.json()["errors"]["answer:summary"]
    assert members.world.task("diagnosis").state == "open"
    again = members.submit("UANA", view, root_cause="price", summary="They pay too much.")
    assert again.json() == {"response_action": "clear"}
    assert members.world.task("diagnosis").state == "done"


def test_a_department_takes_what_was_offered_in_its_channel(members: Members) -> None:
    world = members.world
    world.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    world.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    world.deliver()
    [offer] = members.slack.to("#engineering")
    members.press("UANA", offer, "I take it")
    assert "Ana Ruiz is not in that department" in members.told("UANA")
    members.press("UELI", offer, "I take it")
    assert world.task("fix").assignee_id == world.person("eli")
    assert "was taken by Eli Stern" in members.told("UELI")
    world.deliver()
    assert "→ Eli Stern took it" in members.slack.to("#engineering")[0].shown


def test_seen_is_a_mark_and_a_press_twice_is_one(few: Members) -> None:
    post = task_post(few)
    few.press("UANA", post, "I have read it")
    few.press("UANA", post, "I have read it")
    assert few.world.task("diagnosis").running.seen_at == few.world.now
    assert few.world.history().count("task_seen") == 1


def test_it_sleeps_until_a_moment_in_a_modal(few: Members) -> None:
    few.press("UANA", task_post(few), "Snooze")
    view = few.modal()
    picker = next(b["element"] for b in view["blocks"] if b.get("block_id") == "until")
    assert picker["initial_date_time"] == int((few.world.now + timedelta(days=2, hours=23)).timestamp())  # Monday, 9:00
    past = few.submit("UANA", view, until=int(few.world.now.timestamp()) - 60, reason="They are away.").json()
    assert past == {
        "response_action": "errors",
        "errors": {"until": "A task is snoozed until a moment to come, not until 20 Nov 2026 09:59."},
    }
    until = few.world.now + timedelta(hours=20)
    assert few.submit("UANA", view, until=int(until.timestamp()), reason="They are away.").json()
    assert few.world.task("diagnosis").running.snoozed_until == until


def test_help_is_asked_for_with_a_word(few: Members) -> None:
    few.press("UANA", task_post(few), "I need help")
    few.submit("UANA", few.modal(), note="Nobody there answers me.")
    assert [t.to for t in few.world.told(kind="escalation")] == ["bob"]
    few.world.deliver()
    assert "> Nobody there answers me." in few.slack.to("UBOB")[-1].shown


def test_it_is_handed_over_to_somebody_from_a_list(few: Members) -> None:
    few.press("UANA", task_post(few), "Hand over")
    view = few.modal()
    select = next(b["element"] for b in view["blocks"] if b.get("block_id") == "to")
    assert "Ana Ruiz" not in [o["text"]["text"] for o in select["options"]]
    few.submit("UANA", view, to="Bob Okafor", note="You know them.")
    assert few.world.task("diagnosis").assignee_id == few.world.person("bob")
    few.world.deliver()
    assert "→ Ana Ruiz gave it to Bob Okafor" in next(p for p in few.slack.to("UANA") if p.changed).shown
    assert "Done" in few.slack.to("UBOB")[-1].buttons


def test_what_is_rare_is_behind_the_buttons(few: Members) -> None:
    post = task_post(few)
    few.press("UANA", post, "Waits for the customer")
    until = int((few.world.now + timedelta(days=3)).timestamp())
    few.submit("UANA", few.modal(), until=until, reason="Which export do they mean?")
    assert few.world.task("diagnosis").running.waits_since is not None
    few.press("UANA", post, "Comment")
    few.submit("UANA", few.modal(2), body="They asked for a call.")
    assert few.world.history()[-1] == "commented"
    few.press("UANA", post, "It cannot be done")
    few.submit("UANA", few.modal(3), reason="Nobody there knows.")
    assert few.world.task("diagnosis").state == "cannot"


def test_a_deal_is_decided_in_a_modal(few: Members) -> None:
    world = few.world
    world.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    world.pass_time(days=92)
    world.deliver()
    post = next(p for p in few.slack.to("UANA") if "Decide" in p.buttons)
    few.press("UANA", post, "Decide")
    view = few.modal()
    assert view_faults(view) == []
    lost = few.submit("UANA", view, outcome="Lost", reason="They bought a rival.").json()
    assert list(lost["errors"]) == ["evidence"]
    assert few.submit("UANA", view, outcome="Lost", reason="They bought a rival.", evidence="Their mail.").json() == {
        "response_action": "clear"
    }
    assert (world.deal().state, world.deal().outcome) == ("closed", "lost")


# --- presses that come late, twice, or from somebody else -------------------------------------------------------------


def test_of_forty_presses_one_acts_and_the_others_are_told_who_did_it(members: Members) -> None:
    """Planted bug: without a lock on the deal, PostgreSQL has some told that somebody else was at it, and not who."""
    world = members.world
    world.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    world.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    world.deliver()
    [offer] = members.slack.to("#engineering")
    payloads = [pressing("UELI", offer, "I take it", "CENGINEERING") for _ in range(40)]
    with ThreadPoolExecutor(40) as crowd:
        answers = list(crowd.map(members.send, payloads))
    assert {a.status_code for a in answers} == {200}
    members.told("UELI", 40)
    words = [e["text"] for e in members.slack.ephemerals if e["user"] == "UELI"]
    assert sum("was taken by Eli Stern" in w for w in words) == 1
    assert sum("is taken already: Eli Stern has it" in w for w in words) == 39
    assert world.history().count("task_assigned") == len({t.no for t in world.deal().tasks if t.clock or t.closed}) + 1


def test_the_same_press_sent_twice_is_one(members: Members) -> None:
    """As Slack does by Socket Mode when our answer was lost. Planted bug: a key without the moment of the press."""
    payload = pressing("UANA", task_post(members), "I have read it", "DUANA")
    members.send(payload)
    first = members.told("UANA")
    members.world.clock.set(members.world.now + timedelta(seconds=5))
    members.send(payload)
    assert members.told("UANA", 2) == first
    assert members.world.history().count("task_seen") == 1
    with members.world.desk.reading() as conn:
        assert inbound.count(conn, "slack", "UANA/") == 1
    members.press("UANA", task_post(members), "I have read it")
    members.told("UANA", 3)
    with members.world.desk.reading() as conn:
        assert inbound.count(conn, "slack", "UANA/") == 2, "another press of the same button"


def test_a_stale_press_is_told_who_did_it(members: Members) -> None:
    world, post = members.world, task_post(members)
    members.press("UANA", post, "Done")
    view = members.modal()
    world.done("bob", "diagnosis", root_cause="price", summary="Too dear.")
    answer = members.submit("UANA", view, root_cause="price", summary="They pay much more than others.").json()
    assert answer["response_action"] == "update"
    assert view_faults(answer["view"]) == []
    shown = "\n".join(shown_texts(answer["view"]["blocks"]))
    assert "is closed already: done by Bob Okafor" in shown
    assert "They pay much more than others." in shown
    members.press("UANA", post, "Done")
    assert "is closed already: done by Bob Okafor, 20 Nov 2026 10:00" in members.told("UANA")
    assert len(members.slack.views) == 1
    assert world.task("diagnosis").answers["summary"] == "Too dear."


def test_whoever_gave_it_away_cannot_finish_it_by_an_old_button(few: Members) -> None:
    """Ana owns the deal, so she may; but what she sees is not what is. Planted bug: asking only who may."""
    post = task_post(few)
    tasks.hand_over(few.world.desk, few.world.ref("diagnosis"), few.world.by("ana"), to=few.world.person("bob"))
    few.press("UANA", post, "Done")
    assert "is taken already: Bob Okafor has it" in few.told("UANA")
    assert few.slack.views == []


def test_a_stranger_is_told_how_to_be_known(members: Members) -> None:
    slack, post = members.slack, task_post(members)
    before = members.world.history()
    members.press("UNEW", post, "I have read it")
    assert members.told("UNEW").startswith("I do not know you yet, so nothing was changed. Ask Chris Moreau")
    assert "`slack: UNEW`" in members.told("UNEW")
    slack.members["UDORA"] = "dora@x.example"
    members.press("UDORA", post, "Done")
    assert "Dora Weiss (dora@x.example) stands in people.yaml without this Slack account" in members.told("UDORA")
    assert members.world.history() == before
    with members.world.desk.reading() as conn:
        assert inbound.count(conn, "slack", "") == 0, "whoever is known later may press again"


def test_whoever_has_left_is_refused(members: Members) -> None:
    world, post = members.world, task_post(members)
    members.press("UANA", post, "Done")
    view = members.modal()
    world.setting("people.yaml", "name: Ana Ruiz,", "name: Ana Ruiz, active: false,")
    world.desk  # noqa: B018 - reads people.yaml, which moves her tasks on
    before = world.history()
    members.press("UANA", post, "I have read it")
    assert "Ana Ruiz is not among the people of this company any more" in members.told("UANA")
    answer = members.submit("UANA", view, root_cause="price", summary="Too dear.").json()
    assert "not among the people" in "".join(shown_texts(answer["view"]["blocks"]))
    assert members.command("UANA").json()["blocks"][0]["text"]["text"].startswith("I do not know")
    assert world.history() == before


def test_whoever_has_no_part_in_it_is_refused_before_they_type(few: Members) -> None:
    """Eli sees the post over somebody's shoulder; a button is no right. Planted bug: opening the modal first."""
    few.press("UELI", task_post(few), "Done")
    assert "Eli Stern has no part in it" in few.told("UELI")
    assert few.slack.views == []


def test_words_reach_whoever_pressed_where_we_are_not_a_member(few: Members) -> None:
    payload = pressing("UANA", task_post(few), "I have read it", "CELSEWHERE")
    few.send(payload)
    few.wait(lambda: any("was read by Ana Ruiz" in p.text for p in few.slack.to("UANA")))


def test_where_slack_cannot_be_told_the_press_stands(few: Members) -> None:
    """Slack's API is away: what was pressed is done, and Slack has its answer."""
    post = task_post(few)
    few.slack.socket_url = ""
    few.world.setting("saveline.yaml", "sslack://${SLACK_BOT_TOKEN}", "sslack://xoxb-revoked")
    assert few.press("UANA", post, "I have read it").status_code == 200
    few.wait(lambda: few.world.history().count("task_seen") == 1)


# --- by themselves ----------------------------------------------------------------------------------------------------


def test_a_home_shows_ones_tasks_and_they_are_done_there(members: Members) -> None:
    slack, world = members.slack, members.world
    members.open_home("UANA")
    members.wait(lambda: "UANA" in slack.homes)
    assert view_faults(slack.homes["UANA"]) == []
    assert "1 open task" in shown_texts(slack.homes["UANA"]["blocks"])
    members.at_home("UANA", "I have read it")
    members.wait(lambda: world.task("diagnosis").running.seen_at is not None)
    members.at_home("UANA", "Done")
    members.submit("UANA", members.modal(), root_cause="price", summary="Too dear.")
    assert world.task("diagnosis").state == "done"
    members.wait(lambda: "diagnosis" not in "".join(shown_texts(slack.homes["UANA"]["blocks"])))
    members.open_home("UNEW")
    members.wait(lambda: "UNEW" in slack.homes)
    assert "I do not know you yet" in "".join(shown_texts(slack.homes["UNEW"]["blocks"]))


def test_a_command_shows_tasks_a_deal_and_what_is_at_risk(few: Members) -> None:
    few.world.open(few.world.account("globex", name="Globex & <Söhne>", arr=1_250_000))

    def said(text: str) -> str:
        answer = few.command("UANA", text).json()
        assert answer["response_type"] == "ephemeral"
        assert faults(answer["blocks"]) == []
        return "\n".join(shown_texts(answer["blocks"]))

    assert "2 open tasks" in said("")
    assert "Globex & <Söhne>: deal 2" in said("deal 2")
    assert "• Write the three-sentence diagnosis for Globex &amp; &lt;Söhne&gt; (2.1): Ana Ruiz" in said("globex")
    assert "Acme: deal 1" in said("ACME")
    assert "$1.3M a year at risk in 2 deals" in said("risk")
    assert "There is no account 'Acmee'. Did you mean 'Acme'?" in said("Acmee")
    assert "There is no account '99'" in said("deal 99")
    assert "/saveline risk" in said("help")
    assert "I do not know you yet" in "".join(shown_texts(few.command("UNEW").json()["blocks"]))
