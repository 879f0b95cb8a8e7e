"""What stands in a mail besides its words: the headers that keep a thread together, and the due moment as an entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from saveline.actions import tasks
from saveline.notify.invitations import with_organizer
from saveline.notify.message import Outgoing
from saveline.notify.mime import Sender, as_mail, reply_address
from tests.notify.letters import sent
from tests.notify.looking import only_mail
from tests.servers import Mail, Mailserver
from tests.world import World

Golden = Callable[[str, str], None]
LISBON = ZoneInfo("Europe/Lisbon")


@pytest.fixture(autouse=True)
def by_mail(lite: World) -> None:
    only_mail(lite)


def calendar(mail: Mail) -> str:
    """The invitation in a mail; '' where it has none."""
    parts = [p for p in mail.message.walk() if p.get_content_type() == "text/calendar"]
    assert len(parts) <= 1
    for part in parts:
        assert isinstance(part, EmailMessage)
        text: str = part.get_content()
        assert f"METHOD:{part.get_param('method')}\r\n" in text
        return text
    return ""


def entry(mail: Mail) -> Any:
    """The one entry of the invitation, which the library reads without a complaint. (Its values' types are unions of
    all there are.)"""
    whole: Any = icalendar.Calendar.from_ical(calendar(mail))
    assert whole.errors == []
    events = whole.walk("VEVENT")
    assert len(events) == 1
    assert events[0].errors == []
    return events[0]


def method(mail: Mail) -> str:
    whole: Any = icalendar.Calendar.from_ical(calendar(mail))
    return str(whole["METHOD"])


# --- headers ----------------------------------------------------------------------------------------------------------


def test_the_headers_of_a_mail(lite: World, mail: Mailserver) -> None:
    lite.setting("saveline.yaml", "?from=saveline@x.example", "?from=saveline@x.example&plus=yes")
    lite.open()
    lite.deliver()
    ours = [m.message for m in mail.to("ana")]
    assert len(ours) == 2, "a task, and the stage that the owner hears of"
    assert len({m["Message-ID"] for m in ours}) == 2
    assert len({m["References"] for m in ours}) == 1, "one thread"
    for message in ours:
        assert message.get_all("Message-ID") == [message["Message-ID"]]
        assert message["In-Reply-To"] == message["References"]
        assert message["Reply-To"] == message["Message-ID"].strip("<>").replace("notice-", "saveline+")
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["List-Unsubscribe"] is None, "one's own tasks cannot be refused"
        assert len(message["Reply-To"].partition("@")[0]) <= 64


def test_where_answers_go() -> None:
    message = Outgoing("ana@x.example", "Hi", "notice-7.abc", datetime(2026, 11, 20, tzinfo=UTC))
    plain, own = Sender("save@x.example"), Sender("save@x.example", reply_to="team@x.example")
    assert [reply_address(message, s) for s in (plain, own)] == ["", "team@x.example"]
    assert reply_address(message, Sender("save@x.example", plus=True)) == "save+7.abc@x.example"
    assert reply_address(message, Sender("save@x.example", "S", "team@x.example", True)) == "team+7.abc@x.example"


def test_one_click_ends_what_may_be_ended() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    message = Outgoing("ana@x.example", "Today", "notice-7.abc", at, text="a", unsubscribe="https://x.example/u/1")
    written = as_mail(message, Sender("save@x.example")).decode()
    assert "\r\nList-Unsubscribe: <https://x.example/u/1>\r\n" in written
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in written


# --- the due moment in the calendar -----------------------------------------------------------------------------------


def test_a_task_comes_with_its_due_moment(lite: World, mail: Mailserver, golden: Golden) -> None:
    lite.open()
    asked = sent(lite, mail, "ana", "diagnosis")
    golden("messages/assigned/due.ics", calendar(asked).replace("\r\n", "\n"))
    event, due = entry(asked), lite.task("diagnosis").running.due_at
    assert event["DTEND"].dt == due.astimezone(LISBON)
    assert event["DTSTART"].dt == due - timedelta(minutes=30)
    assert event["DTEND"].params["TZID"] == "Europe/Lisbon"
    assert str(event["ORGANIZER"]) == "mailto:saveline@x.example"
    assert str(event["ATTENDEE"]) == "mailto:ana@x.example"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert (event["TRANSP"], event["STATUS"]) == ("TRANSPARENT", "CONFIRMED")
    assert calendar(sent(lite, mail, "ana", "Acme is in Triage")) == "", "what is no task has no due moment"


def test_it_is_in_the_readers_zone(lite: World, mail: Mailserver) -> None:
    lite.setting("people.yaml", "name: Ana Ruiz,", "name: Ana Ruiz, zone: America/New_York,")
    lite.open()
    event = entry(sent(lite, mail, "ana", "diagnosis"))
    assert event["DTEND"].params["TZID"] == "America/New_York"
    assert event["DTEND"].dt == lite.task("diagnosis").running.due_at
    assert event["DTEND"].dt.utcoffset() == timedelta(hours=-5)


def test_it_moves_with_the_due_moment(lite: World, mail: Mailserver) -> None:
    """The same UID and a higher SEQUENCE: that is how a calendar knows which entry to move.

    Planted: SEQUENCE counted from the attempts of the notice, and a snoozed task stayed where it had been.
    """
    lite.open()
    before = entry(sent(lite, mail, "ana", "diagnosis"))
    until = lite.now + timedelta(days=4)
    tasks.snooze(lite.desk, lite.ref("diagnosis"), lite.by("ana"), until=until, reason="They are away until then.")
    lite.at(lite.task("diagnosis").running.due_at)
    after = entry(sent(lite, mail, "ana", "Reminder"))
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTEND"].dt == lite.task("diagnosis").running.due_at > before["DTEND"].dt


def test_it_goes_to_who_has_the_task_now_and_from_who_had_it(lite: World, mail: Mailserver, golden: Golden) -> None:
    lite.open()
    first = sent(lite, mail, "ana", "diagnosis")
    tasks.hand_over(lite.desk, lite.ref("diagnosis"), lite.by("bob"), to=lite.person("chris"))
    theirs = sent(lite, mail, "chris", "diagnosis")
    gone = next(m for m in reversed(mail.to("ana")) if "Chris Moreau has it now" in m.subject)
    golden("messages/news_reassigned/due.ics", calendar(gone).replace("\r\n", "\n"))
    assert method(theirs) == "REQUEST"
    assert method(gone) == "CANCEL"
    assert entry(gone)["STATUS"] == "CANCELLED"
    assert entry(first)["UID"] == entry(theirs)["UID"] == entry(gone)["UID"]
    assert entry(gone)["SEQUENCE"] > entry(first)["SEQUENCE"]


def test_what_is_no_longer_needed_is_taken_out(lite: World, mail: Mailserver) -> None:
    lite.open()
    lite.pass_time(hours=1)
    lite.done("ana", "diagnosis", root_cause="product_gap", summary="The export.")
    met = sent(lite, mail, "chris", "new sponsor")
    lite.done("ana", "new_champion", "nobody_wants_it", met=False)
    lite.deliver()
    told = [m for m in mail.to("chris") if m is not met and calendar(m)]
    assert [method(m) for m in told] == ["CANCEL"]
    assert entry(told[0])["UID"] == entry(met)["UID"]


def test_a_name_is_a_name_in_a_calendar_too(lite: World, mail: Mailserver) -> None:
    """Commas, semicolons, line ends and what looks like another property stay inside the text, in lines of 75 bytes."""
    lite.setting("people.yaml", "name: Ana Ruiz", 'name: "Ana \\"A;B\\" Söhne, née Ruiz 好好好好好好好好好好"')
    account = lite.account("odd", name="Odd; Sons, Ltd: é" * 3, renewal=date(2027, 3, 20))
    lite.open(account)
    asked = sent(lite, mail, "ana", "diagnosis")
    assert all(len(line.encode()) <= 75 for line in calendar(asked).split("\r\n"))
    assert "Odd; Sons, Ltd: é" * 3 in str(entry(asked)["SUMMARY"])
    assert "好" in entry(asked)["ATTENDEE"].params["CN"]
    with pytest.raises(ValueError, match="control character"):
        with_organizer("ORGANIZER:mailto:saveline@invalid", "a\r\nMETHOD:CANCEL", "a@x.example")
