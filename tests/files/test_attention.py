"""What saveline.yaml and people.yaml say about attention, and how a slip in it is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from saveline.core.errors import Invalid
from saveline.core.facts import ReportWish
from saveline.core.workspace import Attention, Workspace
from saveline.files import workspace as files
from tests.world import CAST

OFF = "attention: {cap: off, bundle_from: off}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(CAST, tmp_path, dirs_exist_ok=True)
    return tmp_path


def changed(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def settings(folder: Path, block: str) -> Workspace:
    changed(folder, "saveline.yaml", OFF, block)
    return files.read_workspace(files.read_settings(folder), {})[0]


def refused(folder: Path, block: str) -> list[str]:
    with pytest.raises(Invalid) as refusal:
        settings(folder, block)
    return [str(p).partition(" ")[2] for p in refusal.value.problems]


def wished(folder: Path, keys: str) -> list[str]:
    """What is wrong with ana's line, when it has these keys, too."""
    changed(folder, "people.yaml", "email: ana@x.example,", f"email: ana@x.example, {keys},")
    with pytest.raises(Invalid) as refusal:
        files.read_people(folder)
    return [str(p).partition(" ")[2] for p in refusal.value.problems]


def test_without_a_word_nobody_is_flooded(folder: Path) -> None:
    assert settings(folder, "").attention == Attention(None, 25, 3, True, ("decision_due", "escalation"))


def test_everything_can_be_set_and_put_off(folder: Path) -> None:
    said = "attention: {quiet: 19-8, cap: 12, bundle_from: 5, catch_up: false, urgent: [decision_due]}"
    assert settings(folder, said).attention == Attention("19-8", 12, 5, False, ("decision_due",))
    changed(folder, "saveline.yaml", said, OFF)
    assert settings(folder, "attention: {quiet: off, cap: off, bundle_from: off}").attention == Attention(
        "off", None, None
    )


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("{quiet: 19-25}", "quiet is '19-25'; expected hours of the day like 19-8, 'outside hours', or off"),
        ("{cap: 2}", "cap is 2; expected a whole number from 5 to 1,000, or off"),
        ("{bundle_from: never}", "bundle_from is 'never'; expected a whole number from 2 to 1,000, or off"),
        ("{urgent: [escalations]}", "unknown notice 'escalations'"),
        ("{silent: 19-8}", "unknown key 'silent'"),
    ],
)
def test_a_slip_in_the_settings_is_named(folder: Path, block: str, said: str) -> None:
    [problem] = refused(folder, f"attention: {block}")
    assert problem.startswith(said)


def test_a_wish_is_read(folder: Path) -> None:
    wishes = "quiet: outside hours, digest: {hour: 7}, notices: {reminder: email, digest: off}"
    changed(folder, "people.yaml", "email: ana@x.example,", f"email: ana@x.example, {wishes},")
    ana = files.read_people(folder)[0]
    assert (ana.quiet, ana.digest_hour) == ("outside hours", 7)
    assert dict(ana.prefers) == {"reminder": "email", "digest": "off"}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("quiet: nights", "quiet is 'nights'; expected hours of the day like 19-8, 'outside hours', or off"),
        ("digest: {hour: 24}", "hour is 24; expected at most 23"),
        ("notices: {reminders: email}", "unknown notice 'reminders'"),
        ("notices: {reminder: mail}", "unknown channel 'mail'"),
        ("notices: {reminder: off}", "reminder is off, and tells of their own work"),
        ("notices: {lost: off}", "lost is off, and tells of their own work"),
    ],
)
def test_a_slip_in_a_wish_is_named(folder: Path, keys: str, said: str) -> None:
    [problem] = wished(folder, keys)
    assert problem.startswith(said)


def test_a_wish_names_a_channel_that_reaches_its_person(folder: Path) -> None:
    changed(folder, "saveline.yaml", "  slack: {", '  bells: {url: "sslackhook://T/B/X", reach: room}\n  slack: {')
    assert wished(folder, "notices: {saved: bells}")[0].startswith("the channel bells is a room, and reaches nobody")
    changed(folder, "people.yaml", "notices: {saved: bells},", "")
    changed(folder, "people.yaml", "email: dora@x.example,", "email: dora@x.example, notices: {reminder: slack},")
    with pytest.raises(Invalid, match="the channel slack needs their Slack id"):
        files.read_people(folder)


def test_reports_that_people_want(folder: Path) -> None:
    changed(
        folder,
        "people.yaml",
        "email: ana@x.example,",
        "email: ana@x.example, reports: [{every: week, segment: smb, owner: Bob@x.example}, {every: month}],",
    )
    ana = next(e for e in files.read_people(folder) if e.email == "ana@x.example")
    assert ana.reports == (ReportWish("week", {"segment": "smb", "owner": "Bob@x.example"}), ReportWish("month"))


@pytest.mark.parametrize(
    ("report", "said"),
    [
        ("{every: year}", "'year'"),
        ("{segment: smb}", "every"),
        ("{every: week, segmnt: smb}", "did you mean 'segment'?"),
        ("{every: week, department: finanz}", "unknown department 'finanz'; expected"),
        ("{every: week, owner: an@x.example}", "did you mean 'ana@x.example'?"),
    ],
)
def test_a_slip_in_a_report_is_named(folder: Path, report: str, said: str) -> None:
    (problem,) = wished(folder, f"reports: [{report}]")
    assert said in problem
