"""What notices led to, and what somebody does not want: as it is typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from saveline.actions import tasks
from tests.cli.terminal import Terminal
from tests.notify.looking import only_mail, row
from tests.notify.test_attention import NIGHT, rules, three_deals
from tests.servers import Mailserver, Slack
from tests.world import World


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    only_mail(lite)
    return Terminal(lite, monkeypatch, capsys)


def test_what_notices_led_to(terminal: Terminal, lite: World, mail: Mailserver, slack: Slack) -> None:
    """What a bundle said counts like what was said alone."""
    rules(lite, bundle_from=3)
    assert "Nothing was sent in 28 days." in terminal.done("notices", "effect")
    three_deals(lite)
    lite.deliver()
    lite.clock.set(lite.now + timedelta(hours=1))
    tasks.mark_seen(lite.desk, lite.ref("diagnosis", 1), lite.by("ana"))
    tasks.mark_seen(lite.desk, lite.ref("diagnosis", 2), lite.by("bob"))
    found = {e["kind"]: e for e in terminal.json("notices", "effect")}
    assert found["assigned"] == {"kind": "assigned", "channel": "email", "sent": 3, "followed": 1, "nothing": 2}
    assert found["stage_entered"]["nothing"] == 2
    said = terminal.done("notices", "effect")
    assert "67%" in said
    assert "Of 6 notices in 28 days 4 led to nothing." in said


def test_why_it_waits_and_until_when(terminal: Terminal, lite: World, mail: Mailserver, slack: Slack) -> None:
    rules(lite, quiet="19-8")
    lite.clock.set(NIGHT)
    lite.open()
    lite.deliver()
    waits = row(lite, kind="assigned")
    assert "it waits until Tue 24 Nov 2026 08:00: quiet hours" in terminal.done("notices", "explain", str(waits.id))
    lite.clock.set(waits.not_before)
    lite.deliver()
    assert "sent: it was taken by the channel" in terminal.done("notices", "explain", str(waits.id))


def test_what_sums_up_can_be_put_off_and_ones_own_tasks_cannot(terminal: Terminal) -> None:
    assert "does not come any more" in terminal.done("notices", "off", "digest", "--as", "ana")
    assert "that is so already" in terminal.done("notices", "off", "digest", "--as", "ana")
    again = terminal.json("notices", "on", "digest", "--as", "ana")
    assert again == {"kind": "digest", "wanted": True, "changed": True}
    said = terminal.refused("notices", "off", "reminder", "--as", "ana")
    assert "'reminder'" in said
    assert "stage_report" in said
