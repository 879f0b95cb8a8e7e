"""The monthly question, from the setting to the report: real mail, a real Slack, real pages.

Planted bugs that turned these tests red: a question that is asked again when its reader's channel has changed, a second
transaction for the notice, an opted-out person who is asked, a page that answers when it is opened, an answer that says
whose it is, one that is told before the question is closed, a press that is remembered as others are, answers in the
order in which they were given, a second press that counts, and a question that is sent when it is closed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from saveline.actions import checkin, reports
from saveline.actions.doctor import examine
from saveline.actions.mail_in import handle
from saveline.actions.unsubscribing import subscribe_again, unsubscribe
from saveline.core.checkin import Round, round_of
from saveline.core.periods import parse
from saveline.core.pulse import TOGETHER
from saveline.files import shipped
from saveline.store import checkin as store
from saveline.store import outbox
from saveline.store.pulse import ANSWER
from tests.databases import sqlite
from tests.notify.letters import answer
from tests.notify.looking import only_mail, row, rows
from tests.servers import Mailserver, Post, Slack
from tests.slack_limits import faults
from tests.web.serving import address, everything, served
from tests.web.slacking import Members
from tests.world import World, world

NOVEMBER = 202611
CAST = ("ana", "bob", "chris", "dora", "eli")
OWN = {"pulse_asked", "pulse_answer"}
"""The tables in which an answer may leave anything."""


def asks(told: World, day: int = 20, more: str = "") -> None:
    told.setting("saveline.yaml", "report_to:", f"pulse: {{day: {day}{more}}}\nreport_to:")


def staff(told: World, n: int, department: str = "support") -> None:
    path = told.settings.workspace / "people.yaml"
    lines = [f"  - {{email: s{i}@x.example, name: S {i}, department: {department}}}\n" for i in range(n)]
    path.write_text(path.read_text() + "".join(lines))


def page_of(told: World, who: str) -> str:
    sent = row(told, kind="pulse", who=who)
    return address(told, "pulse", sent.id, sent.person_id, sent.at)


def press(client: httpx.Client, page: str, value: str) -> str:
    """Press a number on a page; returns the page to which that leads."""
    pressed = client.post(page, data={"value": value})
    assert pressed.status_code == 303, pressed.text
    return client.get(pressed.headers["location"]).text


def question(slack: Slack, user: str) -> Post:
    return next(p for p in slack.to(user) if "Do not ask me again" in p.buttons)


def november(told: World) -> Round:
    asked = told.desk.workspace.pulse
    assert asked is not None
    return round_of(asked, NOVEMBER, "Europe/Lisbon")


# --- asking -----------------------------------------------------------------------------------------------------------


def test_everybody_is_asked_once_a_month(on_both: World) -> None:
    assert checkin.ask(on_both.desk) == 0  # off, where nothing is said
    asks(on_both)
    assert checkin.ask(on_both.desk) == 5
    assert sorted(t.to for t in on_both.told(kind="pulse")) == list(CAST)
    assert [t.channel for t in on_both.told("ana", "pulse")] == ["slack"]
    assert [t.channel for t in on_both.told("dora", "pulse")] == ["email"]
    on_both.setting("people.yaml", "name: Ana Ruiz,", "name: Ana Ruiz, notices: {pulse: email},")
    for _ in range(3):
        assert checkin.ask(on_both.desk) == 0
        on_both.clock.set(on_both.now + timedelta(days=3))
    on_both.clock.set(datetime(2026, 12, 20, 9, tzinfo=UTC))  # a Sunday: nobody works
    assert checkin.ask(on_both.desk) == 0
    on_both.clock.set(datetime(2026, 12, 21, 9, tzinfo=UTC))
    assert checkin.ask(on_both.desk) == 5
    assert {t.ordinal for t in on_both.told(kind="pulse")} == {NOVEMBER, 202612}
    assert {r[0] for r in everything(on_both)["pulse_asked"]} == {202612}  # last month is forgotten


def test_each_is_asked_at_the_hour_of_their_own_day(lite: World) -> None:
    asks(lite, 19)
    lite.setting("people.yaml", "name: Bob Okafor,", "name: Bob Okafor, digest: {hour: 14},")
    lite.setting("people.yaml", "name: Eli Stern,", "name: Eli Stern, zone: America/New_York,")
    lite.setting("people.yaml", "name: Dora Weiss,", "name: Dora Weiss, away: [{from: 2026-11-16, to: 2026-11-20}],")
    asked: dict[str, list[str]] = {}
    for hour in range(24 * 7):
        lite.clock.set(datetime(2026, 11, 18, 22, 2, tzinfo=UTC) + timedelta(hours=hour))
        before = len(lite.told(kind="pulse"))
        checkin.ask(lite.desk)
        for told in lite.told(kind="pulse")[before:]:
            asked.setdefault(f"{lite.now:%d %H}", []).append(told.to)
    assert asked == {"19 08": ["ana", "chris"], "19 13": ["eli"], "19 14": ["bob"], "23 08": ["dora"]}


def test_asking_is_one_step_and_of_four_at_once_one_asks(on_both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asks(on_both)
    real = outbox.add

    def killed(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "add", killed)
    with pytest.raises(KeyboardInterrupt):
        checkin.ask(on_both.desk)
    monkeypatch.setattr(outbox, "add", real)
    assert not everything(on_both)["pulse_asked"]
    desk = on_both.desk
    with ThreadPoolExecutor(4) as many:
        assert sum(many.map(lambda _: checkin.ask(desk), range(4))) == 5
    assert len(on_both.told(kind="pulse")) == 5


def test_who_does_not_want_to_is_not_asked(on_both: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(on_both)
    asks(on_both)
    staff(on_both, 3)
    on_both.setting("people.yaml", "name: Ana Ruiz,", "name: Ana Ruiz, notices: {pulse: off},")
    unsubscribe(on_both.desk, on_both.person("bob"), "pulse")
    assert checkin.ask(on_both.desk) == 6
    assert not on_both.told("ana", "pulse")
    assert not on_both.told("bob", "pulse")
    unsubscribe(on_both.desk, on_both.person("chris"), "pulse")
    on_both.setting("people.yaml", "name: Dora Weiss,", "name: Dora Weiss, notices: {pulse: off},")
    on_both.deliver()
    for who in ("chris", "dora"):
        gone = row(on_both, kind="pulse", who=who)
        assert (gone.status, gone.error) == ("cancelled", "they asked not to get it")
        assert not mail.to(who)
    [letter] = mail.to("eli")
    assert letter.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_of_too_few_nobody_is_asked(lite: World) -> None:
    """Four who may be asked could be told from each other; the five of a department are asked under its name."""
    asks(lite)
    unsubscribe(lite.desk, lite.person("eli"), "pulse")
    assert checkin.ask(lite.desk) == 0
    staff(lite, 5)
    assert checkin.ask(lite.desk) == 5
    assert {r[2] for r in everything(lite)["pulse_asked"]} == {"support"}
    subscribe_again(lite.desk, lite.person("eli"), "pulse")
    assert checkin.ask(lite.desk) == 5
    assert Counter(r[2] for r in everything(lite)["pulse_asked"]) == {"support": 5, TOGETHER: 5}


def test_the_doctor_says_to_how_many_it_goes(lite: World) -> None:
    def said() -> dict[str, str]:
        return {c.id: c.words for c in examine(lite.settings, lambda: lite.desk, shipped.folder("migrations"))}

    assert not {"pulse", "pulse-too-few"} & set(said())
    asks(lite)
    assert said()["pulse"] == "The monthly question goes to 5 people, 5 of them as one group of small departments"
    unsubscribe(lite.desk, lite.person("eli"), "pulse")
    assert said()["pulse-too-few"] == "The monthly question does not go to 4 of 4 people who may be asked"


def test_what_waited_until_it_was_closed_is_not_sent(lite: World, mail: Mailserver, slack: Slack) -> None:
    asks(lite)
    checkin.ask(lite.desk)
    lite.clock.set(november(lite).closes)
    lite.deliver()
    assert {(r.status, r.error) for r in rows(lite, kind="pulse")} == {("cancelled", "the question is closed")}
    assert not mail.mails


# --- answering --------------------------------------------------------------------------------------------------------


def test_one_press_answers_by_mail_and_in_slack(on_both: World, mail: Mailserver, slack: Slack) -> None:
    asks(on_both)
    checkin.ask(on_both.desk)
    on_both.deliver()
    [letter] = mail.to("dora")
    assert letter.subject == "How is work for you at the moment?"
    page = page_of(on_both, "dora")
    assert all(f'href="https://save.x.example{page}#{n}"' in letter.text("html") for n in range(1, 6))
    asked = question(slack, "UANA")
    assert faults(asked.blocks) == []
    before = everything(on_both)
    with served(on_both) as client:
        members = Members(on_both, slack, client)
        assert "It is kept without your name" in client.get(page).text
        assert "Thank you, it is counted." in press(client, page, "4")
        assert members.press("UANA", asked, "2").status_code == 200
        members.wait(lambda: slack.to("UANA")[0].changed)
        [post] = slack.to("UANA")
        assert "Thank you, it is counted." in post.shown
        assert post.buttons == []
        assert "You have answered this month" in press(client, page, "1")
        members.press("UANA", asked, "5: very good")
        members.wait(lambda: "You have answered this month" in slack.to("UANA")[0].shown)
    after = everything(on_both)
    assert {name for name in after if after[name] != before[name]} == OWN
    found = november(on_both)
    assert sorted(r[2:] for r in after["pulse_answer"]) == [
        (TOGETHER, found.opens, 2, found.closes),
        (TOGETHER, found.opens, 4, found.closes),
    ]
    done = {on_both.person(who) for who in ("ana", "dora")}
    assert {r[1] for r in after["pulse_asked"] if r[3]} == done


def test_a_press_that_is_none_counts_nothing(lite: World, mail: Mailserver, slack: Slack) -> None:
    """By somebody else, of another number, of a notice that asks nothing, by a stranger."""
    asks(lite)
    checkin.ask(lite.desk)
    lite.deliver()
    asked, before = question(slack, "UANA"), everything(lite)
    with served(lite) as client:
        members = Members(lite, slack, client)
        members.press("UBOB", asked, "5: very good")
        assert members.told("UBOB") == "This question is somebody else's. Nothing was counted."
        members.press("UNEW", asked, "5: very good")
        assert "I do not know you yet" in members.told("UNEW")
        for nonsense in ("0", "6", "3.5", "", "٣"):
            assert client.post(page_of(lite, "eli"), data={"value": nonsense}).status_code == 400
        assert client.get(address(lite, "pulse", 99, lite.person("ana"), lite.now)).status_code == 410
    assert everything(lite) == before


def test_to_look_answers_nothing(on_both: World, mail: Mailserver, slack: Slack) -> None:
    """A program that follows every link of a mail, for as long as it likes."""
    only_mail(on_both)
    asks(on_both)
    checkin.ask(on_both.desk)
    on_both.deliver()
    before, page = everything(on_both), page_of(on_both, "ana")
    with served(on_both) as client:
        for n in range(1, 6):
            for path in (f"{page}#{n}", f"{page}?value={n}", f"{page}?did=counted"):
                seen = client.get(path)
                assert (seen.status_code, client.head(path).status_code) == (200, 200)
                assert "Thank you" not in seen.text
        other = client.get(page.replace("/pulse/", "/unsubscribe/"))
        assert other.status_code == 401
        foreign = client.post(page, data={"value": "1"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert foreign.status_code == 403
    assert everything(on_both) == before


@contextmanager
def answered(folder: Path, slack: Slack, pressed: dict[str, str]) -> Iterator[World]:
    """A world in which Ana has answered in Slack, and Dora on her page, each what is given."""
    with world(folder / "workspace", sqlite(folder / "saveline.db")) as told, served(told) as client:
        asks(told)
        checkin.ask(told.desk)
        told.deliver()
        members = Members(told, slack, client)
        asked = [p for p in slack.to("UANA") if not p.changed][-1]
        members.press("UANA", asked, pressed["ana"])
        members.wait(lambda: all(p.changed for p in slack.to("UANA")))
        press(client, page_of(told, "dora"), pressed["dora"])
        yield told


def _without_posts(line: tuple[object, ...]) -> tuple[object, ...]:
    return tuple(c for c in line if not (isinstance(c, str) and "/1700" in c))


def test_nothing_that_is_kept_tells_who_answered_what(
    tmp_path: Path, mail: Mailserver, slack: Slack, caplog: pytest.LogCaptureFixture
) -> None:
    """Two worlds in which two people gave each other's answers are the same, to the last row."""
    caplog.set_level(logging.DEBUG)
    kept = []
    for i, given in enumerate(({"ana": "2", "dora": "4"}, {"ana": "4", "dora": "2"})):
        (tmp_path / str(i)).mkdir()
        with answered(tmp_path / str(i), slack, given) as told:
            token = page_of(told, "dora").rpartition("/")[2]
            found = everything(told)
            # Keys and numbers are drawn anew with each answer: see the next test.
            found["pulse_answer"] = sorted(r[2:] for r in found["pulse_answer"])
            # Each attempt to send has a lease of its own, each post a number of Slack's.
            kept.append({name: list(map(_without_posts, found[name])) for name in found if name != "attempt"})
    assert kept[0] == kept[1]
    assert "/pulse/{token:path} 303" in caplog.text
    assert token not in caplog.text
    assert "value=" not in caplog.text


def test_the_order_of_answers_says_nothing(on_both: World) -> None:
    """Thirty answers, given from department to department: as they lie there, they are not in that order; and no key
    that was there after the first is there after the last."""
    asks(on_both)
    asked, seen = november(on_both), set[str]()
    for i in range(30):
        with on_both.desk.writing() as conn:
            store.keep(conn, asked, f"d{i:02}", 1 + i % 5)
        if i == 0:
            seen = {str(r[1]) for r in everything(on_both)["pulse_answer"]}
    lie = sorted(everything(on_both)["pulse_answer"])
    assert len(lie) == 30
    assert [r[2] for r in lie] != sorted(str(r[2]) for r in lie)
    assert seen.isdisjoint(str(r[1]) for r in lie)
    assert Counter(r[4] for r in lie) == dict.fromkeys(range(1, 6), 6)


def test_of_many_at_once_each_counts_once(on_both: World) -> None:
    asks(on_both)
    checkin.ask(on_both.desk)
    desk, people = on_both.desk, [on_both.person(who) for who in CAST]
    with ThreadPoolExecutor(8) as many:
        became = list(many.map(lambda i: checkin.answer(desk, NOVEMBER, people[i % 5], 1 + i % 5), range(20)))
    assert Counter(became) == {"counted": 5, "before": 15}
    assert Counter(r[4] for r in everything(on_both)["pulse_answer"]) == dict.fromkeys(range(1, 6), 1)


def test_of_two_at_once_the_second_writes_the_first_anew(on_both: World) -> None:
    """Else the order of the two would be kept. Planted: no lock on PostgreSQL."""
    asks(on_both)
    checkin.ask(on_both.desk)
    ana, bob, chris = (on_both.person(who) for who in ("ana", "bob", "chris"))
    checkin.answer(on_both.desk, NOVEMBER, chris, 1)
    asked = november(on_both)
    with ThreadPoolExecutor(1) as another:
        with on_both.desk.writing() as conn:
            group = store.take_turn(conn, NOVEMBER, ana)
            assert group is not None
            store.keep(conn, asked, group, 2)
            keys = set(conn.execute(sa.select(ANSWER.c.source_key)).scalars())
            second = another.submit(checkin.answer, on_both.desk, NOVEMBER, bob, 3)
            assert wait([second], timeout=0.5).not_done, "it has not waited"
        assert second.result(30) == "counted"
    lie = everything(on_both)["pulse_answer"]
    assert Counter(r[4] for r in lie) == {1: 1, 2: 1, 3: 1}
    assert keys.isdisjoint(r[1] for r in lie)


def test_only_who_was_asked_answers_and_only_while_it_is_open(lite: World) -> None:
    asks(lite)
    staff(lite, 1)
    ana, desk = lite.person("ana"), lite.desk
    assert checkin.answer(desk, NOVEMBER, ana, 3) == "not_asked"
    checkin.ask(desk)
    assert checkin.answer(desk, 202610, ana, 3) == "closed"
    assert checkin.answer(desk, 0, ana, 3) == "closed"
    with pytest.raises(ValueError, match="1 to 5"):
        checkin.answer(desk, NOVEMBER, ana, 6)
    lite.clock.set(november(lite).closes)
    assert checkin.answer(desk, NOVEMBER, ana, 3) == "closed"
    assert not everything(lite)["pulse_answer"]


def test_no_more_of_it_by_a_press(lite: World, mail: Mailserver, slack: Slack) -> None:
    """In the menu of the post, and on the page, where it can be had back."""
    asks(lite)
    checkin.ask(lite.desk)
    lite.deliver()
    with served(lite) as client:
        members = Members(lite, slack, client)
        members.press("UANA", question(slack, "UANA"), "Do not ask me again")
        members.wait(lambda: "You will not be asked again" in slack.to("UANA")[0].shown)
        page = page_of(lite, "dora")
        client.post(page, data={"do": "no_pulse"})
        assert "You will not be asked again" in client.get(page).text
        refused = {(r[0], r[1]) for r in everything(lite)["unsubscribed"]}
        assert refused == {(lite.person("ana"), "pulse"), (lite.person("dora"), "pulse")}
        client.post(page, data={"do": "again"})
    assert {r[0] for r in everything(lite)["unsubscribed"]} == {lite.person("ana")}


def test_a_number_that_is_mailed_back_is_not_kept(lite: World, mail: Mailserver, slack: Slack) -> None:
    only_mail(lite)
    asks(lite)
    checkin.ask(lite.desk)
    lite.deliver()
    [letter] = mail.to("ana")
    assert handle(lite.desk, answer(lite, letter, "2")).what == "answered"
    found = everything(lite)
    assert not found["pulse_answer"]
    assert not any(str(c) == "2" for r in found["inbound"] for c in r)
    lite.deliver()
    assert "answered by its five numbers only" in " ".join(mail.to("ana")[-1].text().split())


# --- telling ----------------------------------------------------------------------------------------------------------


def test_the_report_tells_them_all_at_once_when_it_is_closed(on_both: World) -> None:
    on_both.open()
    asks(on_both, 18)
    checkin.ask(on_both.desk)
    for n, who in enumerate(CAST, start=1):
        assert checkin.answer(on_both.desk, NOVEMBER, on_both.person(who), n) == "counted"
    week, after = parse("2026-W47", "Europe/Lisbon"), parse("2026-W48", "Europe/Lisbon")
    on_both.at(week.end)
    then = reports.build(on_both.desk, week)
    assert then.voice is not None
    assert then.voice.pulse is not None
    assert then.voice.pulse.teams == ()
    on_both.at(after.end)
    found = reports.build(on_both.desk, after).voice
    assert found is not None
    assert found.pulse is not None
    assert [(t.department, t.answers, t.mean) for t in found.pulse.teams] == [(TOGETHER, 5, 3.0)]
    assert msgspec.json.encode(reports.build(on_both.desk, week)) == msgspec.json.encode(then)
    page = reports.page_of(on_both.desk, reports.build(on_both.desk, after))
    assert "Small departments together" in msgspec.json.encode(page).decode()
