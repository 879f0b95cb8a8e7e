"""A trial from the settings to the report: lots are drawn at the opening, kept in history, and counted as they fell.

Planted bugs that turned these tests red: deals counted by the play they got; a lot drawn anew when a deal opens again;
the report told what the settings of today say of a trial; an account counted with each of its deals; deals that were
closed more than a year ago left out of their trial; the lot of a deal forgotten that was opened with another play.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Final

import msgspec
import pytest

from saveline.actions import deals, reports
from saveline.core.allocation import Lot, place
from saveline.core.arrivals import Arrival, openings
from saveline.core.errors import UnknownWord
from saveline.core.periods import parse
from saveline.core.slices import Slice
from saveline.core.works import Tried
from saveline.files.check import check
from saveline.store import load
from tests.cli.terminal import Terminal
from tests.world import World

ZONE: Final = "Europe/Lisbon"
WEEK: Final = parse("2026-W47", ZONE)
PLAN: Final = """
trials:
  named-person:
    {play: price-talk-named, usual: price-talk, from: 2026-11-01, to: 2026-11-22, share: 0.5}
"""
PLAY: Final = """
playbook: {name}
title: Talk about the price
benefit: They get one clear offer from one person before the renewal talks.
applies: {{causes: [price_pressure], segments: [enterprise]}}
priority: {priority}
decide: 30 days before renewal
stages:
  decide:
    tasks:
      - {{id: offer, title: Make the offer, assign: owner, due: 1 business day after start, optional: true}}
"""
ACCOUNTS: Final = [f"a{n}" for n in range(200)]


def of_arm(arm: str, count: int, trial: str = "named-person") -> list[str]:
    """Keys of accounts for which the lot falls so."""
    return [k for k in ACCOUNTS if (place(trial, k) < 0.5) == (arm == "new")][:count]


def planned(world: World, plan: str = PLAN) -> World:
    """Two plays for the same accounts, and lots between them."""
    folder = world.settings.workspace
    for name, priority in (("price-talk", 50), ("price-talk-named", 40)):
        text = PLAY.format(name=name, priority=priority)
        (folder / "playbooks" / f"{name}.yaml").write_text(text)
    (folder / "saveline.yaml").write_text((folder / "saveline.yaml").read_text() + plan)
    return world


def opened(world: World, key: str, play: str = "") -> int:
    account = world.account(key, name=key.title())
    return deals.open_deal(world.desk, account, causes=("price_pressure",), by=world.by("bob"), play=play).id


def ended(world: World, deal: int, saved: bool) -> None:
    if saved:
        world.close_deal("bob", "saved", deal=deal, kept=80_000)
    else:
        world.close_deal("bob", "lost", deal=deal, evidence="their mail")


def lots(world: World, *ids: int) -> list[Lot | None]:
    with world.desk.reading() as conn:
        return [load.history(conn, [i])[i][0].change.lot for i in ids]  # type: ignore[union-attr]  # a DealOpened


def lived(world: World) -> World:
    """Of twelve with the new play ten are saved, of twelve with the usual one three: one of these got the new play."""
    planned(world)
    for arm, saves in (("new", 10), ("usual", 3)):
        for n, key in enumerate(of_arm(arm, 12)):
            asked = "price-talk-named" if (arm, n) == ("usual", 0) else ""
            ended(world, opened(world, key, asked), saved=n < saves)
    opened(world, of_arm("new", 13)[-1])
    return world


def tried(world: World, week: str = WEEK.key, wanted: Slice | None = None) -> tuple[Tried, ...]:
    found = reports.build(world.desk, parse(week, ZONE), wanted or Slice()).works
    assert found is not None
    return found.trials


def test_a_trial_is_told_as_the_lots_fell_whatever_the_settings_say_by_now(on_both: World) -> None:
    lived(on_both)
    report = reports.build(on_both.desk, WEEK)
    assert report.works is not None
    (told,), then = report.works.trials, msgspec.json.encode(report)
    new, usual = told.trial.new, told.trial.usual
    assert (new.name, new.rate.k, new.rate.n, new.other) == ("price-talk-named", 10, 12, 0)
    assert (usual.name, usual.rate.k, usual.rate.n, usual.other) == ("price-talk", 3, 12, 1)
    assert (told.trial.verdict, told.over, told.open, told.waves) == ("better", True, (1, 0), (0.5,))

    later = date(2026, 12, 31)
    on_both.setting("saveline.yaml", "to: 2026-11-22, share: 0.5", f"to: {later}, share: 0.9")
    on_both.setting("saveline.yaml", "usual: price-talk,", "usual: price-talk, segments: [smb],")
    assert tried(on_both, wanted=Slice(segment="enterprise")) == (told,)
    path = on_both.settings.workspace / "saveline.yaml"
    path.write_text(path.read_text().partition("trials:")[0])
    assert msgspec.json.encode(reports.build(on_both.desk, WEEK)) == then
    assert tried(on_both, wanted=Slice(play="price-talk")) == ()


def test_lots_are_kept_with_the_deal(on_both: World) -> None:
    """In its history, in its row, and so in what is exported; what somebody asks for does not change the lot."""
    planned(on_both)
    new, usual = of_arm("new", 1)[0], of_arm("usual", 1)[0]
    first, second = opened(on_both, new), opened(on_both, usual, play="price-talk-named")
    to = date(2026, 11, 22)
    assert lots(on_both, first, second) == [
        Lot("named-person", "new", "price-talk-named", "price-talk", 0.5, to),
        Lot("named-person", "usual", "price-talk", "price-talk-named", 0.5, to),
    ]
    found = [on_both.deal(i) for i in (first, second)]
    assert [(d.play, d.trial, d.arm) for d in found] == [
        ("price-talk-named", "named-person", "new"),
        ("price-talk-named", "named-person", "usual"),
    ]
    with pytest.raises(UnknownWord, match="price-talk-named"):
        opened(on_both, "another", play="price-talk-nmaed")


def test_a_deal_that_opens_again_keeps_its_arm_and_a_second_deal_is_no_second_case(lite: World) -> None:
    """By then all accounts get the new play; the one that had the usual one goes on with it."""
    planned(
        lite, PLAN.replace("2026-11-22", "2027-05-31").replace("0.5}", "0.5, later: [{from: 2026-12-01, share: 1}]}")
    )
    key = of_arm("usual", 1)[0]
    deal = opened(lite, key)
    ended(lite, deal, saved=True)
    lite.clock.set(lite.now + timedelta(days=20))
    deals.open_deal(lite.desk, lite.deal(deal).account_id, causes=("price_pressure",))
    assert (lite.deal(deal).play, lite.deal(deal).arm) == ("price-talk", "usual")
    ended(lite, deal, saved=False)
    lite.clock.set(lite.now + timedelta(days=61))
    second = deals.open_deal(lite.desk, lite.deal(deal).account_id, causes=("price_pressure",)).id
    ended(lite, second, saved=False)
    assert (second, lite.deal(second).play, lite.deal(second).arm) == (2, "price-talk-named", "new")
    (told,) = tried(lite, "2027-W06")
    assert (told.again, told.alone, told.over) == (1, 1, False)
    assert (told.trial.new.rate.n, told.trial.usual.rate.n, told.trial.verdict) == (0, 0, "not enough cases")


def test_a_trial_is_told_from_its_beginning_on(lite: World) -> None:
    """A year later the first deals are in no other figure, but the trial still has one that is open."""
    lived(lite)
    lite.jump(lite.now + timedelta(days=380))
    ended(lite, 25, saved=True)
    (told,) = tried(lite, "2027-W50")
    assert (told.trial.new.rate.n, told.trial.usual.rate.n) == (13, 12)


WRONG: Final = (
    ("usual: price-talk,", "usual: price-tlak,", "unknown playbook 'price-tlak'"),
    ("usual: price-talk,", "usual: price-talk-named,", "price-talk-named would be held against itself"),
    (
        "usual: price-talk,",
        "usual: champion-left,",
        "for different accounts: causes, segments, runway in applies",
    ),
    ("price-talk-named, usual: price-talk", "price-talk, usual: price-talk-named", "where no lot is drawn price-talk"),
    ("share: 0.5", "share: 1.5", "share is 1.5"),
    ("share: 0.5", "share: 1", "at no time do some accounts get the one play"),
    ("share: 0.5", "share: 0.5, later: [{from: 2026-11-01, share: 0.6}]", "2026-11-01 is not after 2026-11-01"),
    ("share: 0.5", "share: 0.5, later: [{from: 2026-11-09, share: 0.4}]", "a share of 0.4 after one of 0.5"),
    ("share: 0.5", "share: 0.5, causes: [price]", "unknown cause 'price'"),
    ("share: 0.5", "shares: 0.5", "'share' is missing"),
    ("to: 2026-11-22", "to: 2026-10-22", "2026-10-22 is before 2026-11-01"),
    ("share: 0.5}", f"share: 0.5}}\n  another: {PLAN.split('person:')[1].strip()}", "price-talk-named is in the trial"),
)


def test_what_is_wrong_with_a_trial_is_said_where_it_stands(lite: World) -> None:
    """Each by itself, with its line; without any of them there is nothing to say."""
    folder = planned(lite).settings.workspace
    path = folder / "saveline.yaml"
    right = path.read_text()
    assert said(folder) == []
    for old, new, words in WRONG:
        path.write_text(right.replace(old, new))
        found = said(folder)
        assert any(words in line for line in found), (words, found)
        first = right.splitlines().index("trials:") + 2
        assert all(int(line.partition(":")[0]) in {first, first + 1, first + 2, first + 3} for line in found), found


def said(folder: Path) -> list[str]:
    found = [p for p in check(folder).problems if p.file == "saveline.yaml" and not p.warning]
    return [f"{p.line}: {p.what}" for p in found]


def test_the_sentence_is_told(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In ``saveline why`` and on the deal; with ``--play`` that too."""
    planned(lite)
    new, usual = of_arm("new", 1)[0], of_arm("usual", 1)[0]
    for key in (new, usual):
        lite.account(key, name=key.title())
    terminal = Terminal(lite, monkeypatch, capsys)
    line = "price-talk-named was chosen by lot in the trial named-person: 50% of accounts get price-talk-named, "
    shown = terminal.done("deal", "open", new, "--cause", "price_pressure", "--as", "bob")
    assert line in " ".join(shown.split())
    assert line in " ".join(terminal.done("why", "deal", "1").split())
    asked = ("--play", "price-talk-named")
    terminal.done("deal", "open", usual, "--cause", "price_pressure", "--as", "bob", *asked)
    why = terminal.done("why", "deal", "2")
    assert "price-talk-named was asked for by name" in why
    assert "price-talk: the lot of the trial named-person fell on it, and the deal counts there" in why


def test_a_rehearsal_draws_the_lots_of_life(lite: World) -> None:
    planned(lite)
    key = of_arm("new", 1)[0]
    deal, account = lite.loaded(opened(lite, key))
    plays, workspace = [live.play for live in lite.desk.plays.live], lite.desk.workspace
    with lite.desk.reading() as conn:
        people = lite.desk.people(conn)
    arrival = Arrival(lite.now, account, ("price_pressure",), key=key)
    (opening,) = openings([arrival], plays, workspace, people, None).openings
    assert [opening.lot] == lots(lite, deal.id)
    assert opening.play.name == deal.play == "price-talk-named"
