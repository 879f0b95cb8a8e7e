"""The pages behind signed links, as their readers use them: over real HTTP, without a browser's script."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from saveline.store.rows import NOTICE
from tests.actions.attempts import people
from tests.servers import Mailserver
from tests.web.serving import address, everything, fields, link, sent, served
from tests.world import World

ANSWERS = {"a_root_cause": "price", "a_summary": "They compare us with somebody cheaper."}


@pytest.fixture
def story(lite: World) -> World:
    """Acme is at risk, and Ana is to write the diagnosis."""
    lite.open()
    return lite


@pytest.fixture
def client(story: World) -> Iterator[httpx.Client]:
    with served(story) as client:
        yield client


def after(client: httpx.Client, answer: httpx.Response) -> str:
    """The page to which a press leads."""
    assert answer.status_code == 303, answer.text
    return client.get(answer.headers["location"]).text


# --- a task -----------------------------------------------------------------------------------------------------------


def test_a_task_is_done_from_its_link_and_the_page_says_by_whom(story: World, client: httpx.Client) -> None:
    page = link(story, "ana")
    seen = client.get(page).text
    for words in ("Write the three-sentence diagnosis for Acme", "They tell their story once", "$80k", "Ana Ruiz"):
        assert words in seen
    done = sent(client, page, "done", **ANSWERS)
    assert "is done, thanks to Ana Ruiz (20 Nov 10:00)." in after(client, done)
    assert story.task("diagnosis").answers == {"root_cause": "price", "summary": ANSWERS["a_summary"]}
    assert [e for e in story.history() if e == "task_done"] == ["task_done"]
    assert "How did it end?" not in client.get(page).text


def test_what_is_wrong_stands_beside_its_question_and_nothing_typed_is_lost(story: World, client: httpx.Client) -> None:
    before = everything(story)
    refused = sent(client, link(story, "ana"), "done", a_root_cause="luck", a_summary="A long <b>text</b>.")
    assert refused.status_code == 422
    assert "Choose one." in refused.text
    assert "A long &lt;b&gt;text&lt;/b&gt;." in refused.text
    refused = sent(client, link(story, "ana"), "snooze", until="soon", reason="They are on holiday.")
    assert refused.status_code == 422
    assert "Expected a date like 2026-11-30." in refused.text
    assert "They are on holiday." in refused.text
    assert everything(story) == before


def test_questions_of_every_kind_have_an_input_of_their_own(story: World, client: httpx.Client) -> None:
    story.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    met = client.get(link(story, "chris", task="new_champion")).text
    assert 'type="radio" name="outcome" value="nobody_wants_it"' in met
    assert 'type="radio" name="a.met" value="yes"' in met
    assert '<input id="done-a.name"' in met
    story.done("chris", "new_champion", met=True)
    story.done("ana", "open_tickets", pattern="none", product_change_needed=False)
    offer = client.get(link(story, "dora", task="offer")).text
    assert 'inputmode="decimal"' in offer
    assert "A percentage from 0 up to 20." in offer
    refused = sent(client, link(story, "dora", task="offer"), "done", outcome="approved", a_discount="35")
    assert refused.status_code == 422
    assert 'value="35"' in refused.text
    assert "Expected a percentage from 0 up to 20." in refused.text
    missing = sent(client, link(story, "dora", task="offer"), "done", a_discount="15")
    assert "Choose how it ended." in missing.text
    assert 'value="15"' in missing.text


def test_every_other_way_to_act(story: World, client: httpx.Client) -> None:
    page = link(story, "ana")
    assert "was read by Ana Ruiz" in after(client, sent(client, page, "seen"))
    asked = sent(client, page, "wait", until="2026-11-27", reason="Whether they have a successor.")
    assert "waits for the customer" in after(client, asked)
    assert "They have answered" in client.get(page).text
    assert "the customer has answered" in after(client, sent(client, page, "answered"))
    assert "was snoozed by" in after(client, sent(client, page, "snooze", until="2026-11-24", reason="A holiday."))
    clock = story.task("diagnosis").clock
    assert clock is not None
    assert clock.snoozed_until == story.now.replace(day=24, hour=9), "until the morning, in Lisbon"
    assert "needs help, says" in after(client, sent(client, page, "help", note="Their numbers."))
    assert "has a comment of" in after(client, sent(client, page, "comment", body="They are slow."))
    bob = str(story.person("bob"))
    assert "went to Bob Okafor, given by Ana" in after(client, sent(client, page, "hand_over", to=bob, note="Please."))
    assert story.task("diagnosis").assignee_id == story.person("bob")
    cannot = sent(client, link(story, "bob"), "cannot", reason="Nobody answers.")
    assert "cannot be done, says Bob Okafor" in after(client, cannot)


def test_a_second_press_is_told_who_did_it(story: World, client: httpx.Client) -> None:
    page = link(story, "ana")
    form = fields(client.get(page).text, "done") | {"a.root_cause": "price", "a.summary": "Too dear."}
    after(client, client.post(page, data=form))
    before = everything(story)
    again = after(client, client.post(page, data=form))
    assert "thanks to Ana Ruiz" in again
    assert "pressing once more has changed nothing" in again
    # From another message about the same task: another link, which was never used, and a task that is closed.
    bob = address(story, "task", 1, story.person("bob"), story.now)
    refused = client.post(link(story, "ana", task="diagnosis"), data={"do": "seen", "once": "x"})
    assert refused.status_code == 409
    assert "is closed already: done by Ana Ruiz" in refused.text
    assert client.get(bob).status_code == 200
    assert everything(story) == before


def test_what_was_typed_is_shown_where_its_form_is_gone(story: World, client: httpx.Client) -> None:
    page = link(story, "ana")
    form = fields(client.get(page).text, "cannot") | {"reason": "A long and careful reason."}
    story.done("bob", "diagnosis", root_cause="price", summary="Too dear.")
    late = client.post(page, data=form)
    assert late.status_code == 409
    assert "done by Bob Okafor" in late.text
    assert "A long and careful reason." in late.text


def test_who_has_no_part_reads_and_comments(story: World, client: httpx.Client) -> None:
    page = address(story, "task", 2, story.person("eli"), story.now)  # a notice of the diagnosis
    seen = client.get(page).text
    assert "It is with Ana Ruiz." in seen
    assert 'value="done"' not in seen
    refused = client.post(page, data={"do": "done", "once": "1", "a.root_cause": "price", "a.summary": "x"})
    assert refused.status_code == 403
    assert "Eli Stern has no part in it" in refused.text
    assert "has a comment of Eli Stern" in after(client, sent(client, page, "comment", body="Ask me."))


def test_whoever_has_left_cannot_even_read(story: World, client: httpx.Client) -> None:
    page = link(story, "ana")
    people(story, "ana", "active: false")
    assert client.get(page).status_code == 403
    assert client.post(page, data={"do": "seen", "once": ""}).status_code == 403


def test_the_decision_is_made_from_its_link(story: World, client: httpx.Client) -> None:
    story.at(story.now + timedelta(days=91))
    page = link(story, "ana", task="decision")
    assert "Value kept a year" in client.get(page + "?do=decide").text
    refused = sent(client, page, "done", outcome="saved", a_reason="They love us.")
    assert refused.status_code == 422
    assert "Expected an amount in USD" in refused.text
    assert "They love us." in refused.text
    lost = sent(client, page, "done", outcome="lost", a_reason="Gone.", a_evidence="Their mail.", a_kept="")
    assert "was closed as lost by Ana Ruiz" in after(client, lost)
    assert story.deal().outcome == "lost"


def test_an_answer_that_needs_an_approval_says_so(lite: World) -> None:
    lite.setting("saveline.yaml", "digest: {hour: 8}", CONCESSIONS)
    lite.setting("playbooks/champion-left.yaml", "max: 20}}", "max: 20}, limit: discount}")
    lite.open()
    lite.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    lite.done("chris", "new_champion", met=True)
    lite.done("ana", "open_tickets", pattern="none", product_change_needed=False)
    with served(lite) as client:
        offered = sent(client, link(lite, "dora", task="offer"), "done", outcome="approved", a_discount="15")
        assert "somebody has to approve what was granted" in after(client, offered)
        approval = link(lite, "chris", task="approval")
        seen = client.get(approval + "?do=refuse").text
        assert "Dora Weiss asks for it to finish" in seen
        assert 'value="refused" checked' in seen
        refused = sent(client, approval, "done", outcome="refused", a_reason="Too much.")
        assert "was closed as refused by Chris Moreau" in after(client, refused)
        # The task is open again, and the same link finishes it with less.
        again = sent(client, link(lite, "dora", task="offer"), "done", outcome="approved", a_discount="5")
        assert "was closed as approved by Dora Weiss" in after(client, again)


CONCESSIONS = """digest: {hour: 8}
concessions:
  discount:
    - {up_to: 10, by: [finance.lead]}
    - {up_to: 20, by: [leadership.lead]}
"""


# --- rooms, deals, lists ----------------------------------------------------------------------------------------------


def test_a_rooms_link_shows_the_task_and_mails_each_their_own(story: World, mail: Mailserver) -> None:
    story.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    story.done("ana", "open_tickets", pattern="crashes", product_change_needed=True)
    with served(story) as client:
        room = link(story, "slack:#engineering", task="fix")
        seen = client.get(room).text
        assert "Plan the product change that Acme needs" in seen
        assert 'value="claim"' not in seen
        assert client.post(room, data={"do": "claim", "once": ""}).status_code == 403
        known = sent(client, room, "own_link", address="Eli@x.example")
        unknown = sent(client, room, "own_link", address="nobody@x.example")
        assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
        assert "If this address belongs to somebody here" in after(client, unknown)
        sent(client, room, "own_link", address="eli@x.example")
        assert [t.to for t in story.told(kind="news") if t.about["news"] == "your_link"] == ["eli"]
        story.deliver()
        text = next(m for m in mail.mails if "Your link to" in m.subject).text()
        own = text.partition("<https://save.x.example")[2].partition(">")[0]
        assert "was taken by Eli Stern" in after(client, sent(client, own, "claim"))
        assert sent(client, room, "own_link", address="no address").status_code == 422


def test_a_deals_page_tells_its_story_and_takes_comments(story: World, client: httpx.Client) -> None:
    page = link(story, "ana", "deal")
    story.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    told = after(client, sent(client, page, "comment", body="Their CIO is new."))
    assert "The deal of Acme has a comment of Ana Ruiz" in told
    for words in ("Their CIO is new.", "Enters Triage", "root cause: price", "Renewal decision", "1 of 4"):
        assert words in told
    tickets = told[: told.index(">Clear what is open")].rpartition('href="')[2].rstrip('"')
    assert "was read by Ana Ruiz" in after(client, sent(client, tickets, "seen"))


def test_ones_own_list_leads_to_each_task(story: World, client: httpx.Client) -> None:
    story.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    listed = client.get(link(story, "ana", "mine", task="")).text
    assert "Clear what is open with support for Acme" in listed
    path = listed[listed.index('href="/task/') + 6 :].partition('"')[0]
    assert "was read by Ana Ruiz" in after(client, sent(client, path, "seen"))
    story.done("ana", "open_tickets", pattern="none", product_change_needed=False)
    assert "Nothing is open" in client.get(link(story, "ana", "mine", task="")).text
    nobodys = address(story, "mine", 1, 0, story.now)
    assert client.get(nobodys).status_code == 404


def test_the_daily_list_is_ended_with_one_click_and_had_back(story: World, client: httpx.Client) -> None:
    with story.desk.writing() as conn:
        row = {"kind": "digest", "person_id": story.person("ana"), "channel": "email", "at": story.now}
        notice = conn.execute(sa.insert(NOTICE).returning(NOTICE.c.id), row | {"not_before": story.now}).scalar_one()
    page = address(story, "unsubscribe", notice, story.person("ana"), story.now)
    assert "Do without the daily list of your tasks?" in client.get(page).text
    clicked = client.post(page, data={"List-Unsubscribe": "One-Click"})
    assert (clicked.status_code, clicked.text) == (200, "Done.\n")
    assert [(r[0], r[1]) for r in everything(story)["unsubscribed"]] == [(story.person("ana"), "digest")]
    assert "You no longer get the daily list of your tasks" in client.get(page).text
    assert "Do without" in after(client, client.post(page, data={"do": "again"}))
    assert not everything(story)["unsubscribed"]
    tasks_own = link(story, "ana").replace("/task/", "/unsubscribe/")
    assert client.post(tasks_own, data={"do": "end"}).status_code == 401
    own = address(story, "unsubscribe", 2, story.person("ana"), story.now)
    assert client.get(own).status_code == 404
    assert client.post(own, data={"List-Unsubscribe": "One-Click"}).status_code == 409


def test_a_link_that_is_too_old_mails_a_new_one(story: World, client: httpx.Client, mail: Mailserver) -> None:
    page = link(story, "ana")
    story.clock.set(story.now + timedelta(days=46))
    old = client.get(page)
    assert old.status_code == 410
    assert "Mail me a new link" in old.text
    renewed = client.post(page, data={"do": "renew"})
    assert "A new one is on its way" in client.get(renewed.headers["location"]).text
    assert client.post(page, data={"do": "renew"}).status_code == 303
    assert [t.to for t in story.told(kind="news") if t.about["news"] == "your_link"] == ["ana"], "one an hour"
    assert client.post(page, data={"do": "seen"}).status_code == 410


def test_nothing_that_was_typed_becomes_markup(lite: World) -> None:
    hostile = '<img src=x onerror="alert(1)">'
    lite.open(lite.account(name=f"Acme {hostile}"))
    with served(lite) as client:
        page = link(lite, "ana")
        sent(client, page, "comment", body=f"{hostile}\x00\u202e</textarea><script>alert(1)</script>")
        sent(client, page, "done", a_root_cause="price", a_summary=f"{hostile}</textarea>")
        for path in (page, link(lite, "ana", "deal"), link(lite, "ana", "mine", task="")):
            text = client.get(path).text
            assert "Acme &lt;img" in text
            assert "<img" not in text
            assert "<script>" not in text
            assert "\u202e" not in text


def test_pages_go_on_while_somebody_edits_the_settings(story: World, client: httpx.Client) -> None:
    """Planted: a desk that is gone with the first wrong letter in saveline.yaml."""
    page = link(story, "ana")
    assert client.get(page).status_code == 200
    story.setting("saveline.yaml", "company:", "companie:")
    assert client.get(page).status_code == 200
    assert client.get("/healthz").status_code == 200
    story.setting("saveline.yaml", "companie: Northwind Software", "company: Southwind")
    assert "Southwind" in client.get(page).text


def test_without_a_link_there_is_nothing_to_see(client: httpx.Client) -> None:
    assert "acts by the links" in client.get("/").text
