"""A play is edited while 47 deals run by it: the preview, the change, and what each of those concerned reads.

Planted: a preview that forgets between two batches what it has given out; loads that only grow when tasks are
withdrawn; a due moment without the time a task was asleep; a summary for each deal instead of one for all.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa

from saveline.actions import deals, migration, tasks
from saveline.actions.migration import Outcome, Wanted, Way
from saveline.core.facts import Deal
from saveline.core.migration import Effect, Preview
from saveline.store import health
from saveline.store.rows import NOTICE
from tests.cli.terminal import Terminal
from tests.notify.forms import Golden, in_every_form
from tests.world import Told, World

PLAY: Final = "champion-left"
FILES: Final = Path(__file__).parent / "changed_play"
LIVE: Final = 47
TUESDAY: Final = datetime(2026, 11, 24, 11, tzinfo=UTC)


def written(world: World, version: str) -> None:
    text = (FILES / f"{version}.yaml").read_text()
    (world.settings.workspace / "playbooks" / f"{PLAY}.yaml").write_text(text)


def portfolio(world: World) -> None:
    """47 deals in eight kinds of state, as they are on a Tuesday four days after they opened; and one that is lost."""
    written(world, "before")
    for no in range(1, LIVE + 2):
        team = {"csm": "ana" if no % 2 else "bob", "sponsor": "chris"}
        renewal = date(2027, 3, 20) + timedelta(days=no)
        world.open(world.account(f"a{no:02}", name=f"Account {no:02}", team=team, renewal=renewal))
    for no in range(1, LIVE + 1):
        _STATES[no % len(_STATES)](world, no)
    tasks.cannot_do(world.desk, world.ref("diagnosis", 40), world.by("bob"), reason="nobody there knows")
    world.close_deal("bob", "lost", deal=LIVE + 1, evidence="their mail")
    assert not world.at(TUESDAY).set_aside


def _fresh(_world: World, _deal: int) -> None:
    pass


def _asleep(world: World, deal: int) -> None:
    until = datetime(2026, 11, 26, 10, tzinfo=UTC)
    tasks.snooze(world.desk, world.ref("diagnosis", deal), world.by("ana"), until=until, reason="they are at a fair")


def _paused(world: World, deal: int) -> None:
    until = datetime(2026, 11, 27, 10, tzinfo=UTC)
    deals.pause(world.desk, deal, world.by("bob"), until=until, reason="they move offices")


def _seen(world: World, deal: int) -> None:
    tasks.mark_seen(world.desk, world.ref("diagnosis", deal), world.by("ana"))


def _stabilising(world: World, deal: int) -> None:
    world.done("ana", "diagnosis", deal=deal, root_cause="price" if deal % 3 else "product_gap")


def _not_needed(world: World, deal: int) -> None:
    _stabilising(world, deal)
    world.done("bob", "open_tickets", deal=deal, product_change_needed=False)


def _fixing(world: World, deal: int) -> None:
    _stabilising(world, deal)
    world.done("bob", "open_tickets", deal=deal, product_change_needed=True)


def _deciding(world: World, deal: int) -> None:
    _stabilising(world, deal)
    world.done("chris", "new_champion", "nobody_wants_it", deal=deal, met=False)


_STATES: Final = (_fresh, _asleep, _paused, _seen, _stabilising, _not_needed, _fixing, _deciding)


def way(world: World) -> Way:
    return Way(by=world.by("bob"), reason="The first call comes too late")


def migrated(world: World) -> tuple[Preview, Outcome]:
    written(world, "after")
    foreseen = migration.preview(world.desk, PLAY)
    return foreseen, migration.migrate_deals(world.desk, PLAY, way(world), expected=foreseen)


def summaries(world: World) -> list[Told]:
    return [t for t in world.told(kind="news") if t.about.get("news") == "play_changed"]


def test_the_preview_is_the_result(on_both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every one of the 47, and what the preview says is what stands in the database afterwards. The deals go over
    in several transactions, and who has least to do is the same person in all of them."""
    monkeypatch.setattr(migration, "BATCH", 10)
    portfolio(on_both)
    before = {no: on_both.deal(no) for no in range(1, LIVE + 2)}
    foreseen, made = migrated(on_both)
    assert len(foreseen.deals) == LIVE
    assert made.deals == foreseen.deals
    assert made.differences == ()
    for effect in made.deals:
        after = on_both.deal(effect.deal)
        if effect.refused:
            assert after == before[effect.deal]
        else:
            assert after.play_hash == foreseen.version
            _stands_as_said(effect, before[effect.deal], after)
    assert on_both.deal(LIVE + 1) == before[LIVE + 1], "the lost one is none of its business"
    with on_both.desk.reading() as conn:
        assert all(agrees for _, agrees in health.disagreeing(conn, 0, 100))
    assert migration.preview(on_both.desk, PLAY).deals == foreseen.cannot


def _stands_as_said(effect: Effect, before: Deal, after: Deal) -> None:
    said = {t.no: t for t in effect.tasks}
    states = {"came": "open", "waits": "waiting", "skipped": "skipped", "went": "withdrawn"}
    for task in after.tasks:
        was, told = before.task(task.no), said.get(task.no)
        if told is None:
            assert was is not None
            assert (task.state, task.title, task.stage) == (was.state, was.title, was.stage)
            assert (task.clock and task.clock.due_at) == (was.clock and was.clock.due_at)
            continue
        assert task.state == states.get(told.what, task.state)
        if task.clock is not None:
            assert (task.assignee_id, task.department) == (told.person_id, told.department)
            assert task.clock.due_at == told.due_at


def test_nobody_sleeps_less_and_nothing_is_asked_again(on_both: World) -> None:
    portfolio(on_both)
    asleep, skipped = on_both.task("diagnosis", 1).running, on_both.task("fix", 5)
    until = on_both.deal(2).paused_until
    migrated(on_both)
    now = on_both.task("diagnosis", 1).running
    assert (now.snoozed_until, now.started_at, now.anchor_at) == (
        asleep.snoozed_until, asleep.started_at, asleep.anchor_at)  # fmt: skip
    assert now.due_at > asleep.due_at, "a business day more, and it has slept as long as before"
    assert on_both.task("fix", 5) == skipped
    assert (on_both.deal(2).state, on_both.deal(2).paused_until) == ("paused", until)
    on_both.at(datetime(2026, 11, 25, 18, tzinfo=UTC))
    moments = [t.at for t in on_both.told(kind="reminder") if t.at > TUESDAY]
    assert moments, "others are reminded meanwhile"
    assert on_both.task("diagnosis", 1).running.reminded == asleep.reminded, "it sleeps on"
    assert on_both.task("diagnosis", 2).running == _of(on_both, 2), "and a paused one stands still"


def _of(world: World, deal: int) -> object:
    return world.task("diagnosis", deal).running


def test_one_message_a_person(on_both: World) -> None:
    """However many deals they have a part in; nobody else hears of it, and the deals themselves say nothing."""
    portfolio(on_both)
    said = len(on_both.told())
    foreseen, made = migrated(on_both)
    told = on_both.told()[said:]
    assert {t.kind for t in told} == {"news"}
    assert Counter(t.to for t in told).most_common(1)[0][1] == 1
    names = {_email(on_both, person) for effect in foreseen.can for person in effect.told()}
    assert {t.to for t in told} == names
    assert made.told == len(names)
    withdrawn = {e.account for e in foreseen.can for t in e.tasks if t.what == "went"}
    lines = {line["what"]: line["accounts"] for t in told if t.to == "dora" for line in t.about["lines"]}
    assert set(lines["went"]) == withdrawn, "all of them in one message"
    assert "eli" not in names, "his tasks are in deals that stay as they are"
    on_both.pass_time(hours=1)
    assert summaries(on_both) == told


def _email(world: World, person: int) -> str:
    with world.desk.reading() as conn:
        return world.desk.people(conn).by_id[person].email.split("@")[0]


def test_those_that_cannot_go_over_say_why(lite: World) -> None:
    portfolio(lite)
    foreseen, _ = migrated(lite)
    reasons = Counter(reason for effect in foreseen.cannot for reason in effect.refused)
    assert dict(reasons) == {
        "it stands in Renewal decision, a stage which the new version does not have": 6,
        "fix, which is open, means something else now: “Show {{ account.name }} what has become better”": 6,
        "the gate of Triage could never open: answers.diagnosis.root_cause is defined needs an answer to diagnosis "
        "that nobody is asked for any more": 1,
    }


def test_what_was_said_is_not_said_again(on_both: World) -> None:
    """Deal 8 has been reminded and escalated before the change; afterwards its ladder goes on where it stood."""
    portfolio(on_both)
    before = _steps(on_both, 8)
    migrated(on_both)
    on_both.at(datetime(2026, 12, 4, 18, tzinfo=UTC))
    after = _steps(on_both, 8)
    assert after[: len(before)] == before
    assert Counter(after).most_common(1)[0][1] == 1
    assert before == [("escalation", 1), ("reminder", 1), ("reminder", 2)]


def _steps(world: World, deal: int) -> list[tuple[str, int]]:
    kinds = ("reminder", "escalation")
    with world.desk.reading() as conn:
        no = world.ref("diagnosis", deal).no
        query = sa.select(NOTICE.c.kind, NOTICE.c.ordinal).where(NOTICE.c.deal_id == deal, NOTICE.c.task_no == no)
        rows = conn.execute(query.where(NOTICE.c.kind.in_(kinds)).order_by(NOTICE.c.id)).all()
    return list(dict.fromkeys((r.kind, r.ordinal) for r in rows))


def test_as_people_read_it(
    lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], golden: Golden
) -> None:
    """What the author sees before the choice, and what ana and dora read after it."""
    terminal = Terminal(lite, monkeypatch, capsys)
    portfolio(lite)
    written(lite, "after")
    golden("changed_play/diff.txt", terminal.done("playbook", "diff", PLAY))
    golden("changed_play/preview.txt", terminal.done("playbook", "migrate", PLAY))
    (lite.settings.workspace / "preview.json").write_text(json.dumps(terminal.json("playbook", "migrate", PLAY)))
    options = ("--reason", "The first call comes too late", "--as", "bob", "--expect")
    status, out, _ = terminal.type(
        "playbook", "migrate", PLAY, "--migrate", *options, str(lite.settings.workspace / "preview.json")
    )
    assert status == 1, "some could not be taken over"
    assert "34 deals taken over, 13 deals could not." in out
    for who in ("ana", "dora"):
        in_every_form(golden, lite, _message(lite, who), f"news_changed_play_{who}")
    told = terminal.done("playbook", "versions", PLAY)
    assert "Bob Okafor decided to migrate" in told


def _message(world: World, who: str) -> int:
    with world.desk.reading() as conn:
        query = sa.select(NOTICE.c.id).where(NOTICE.c.kind == "news", NOTICE.c.deal_id == 0)
        ids: Iterable[int] = conn.execute(query.where(NOTICE.c.person_id == world.person(who))).scalars().all()
    return next(iter(ids))


def test_and_back_again(on_both: World) -> None:
    """Two days later they do not like it: the deals go back, and what was done meanwhile stays."""
    portfolio(on_both)
    old = on_both.deal(8).play_hash
    migrated(on_both)
    on_both.pass_time(days=1)
    on_both.done("bob", "diagnosis", deal=8, root_cause="price")
    on_both.pass_time(days=1)
    made = migration.roll_back(on_both.desk, PLAY, Way(by=on_both.by("bob"), reason="It was better before"))
    assert not [e for e in made.deals if e.refused]
    assert {on_both.deal(e.deal).play_hash for e in made.deals} == {old}
    assert on_both.task("diagnosis", 8).answers == {"root_cause": "price"}
    assert on_both.deal(8).stage == "stabilise"
    assert on_both.task("heads_up", 16).state == "open", "what the change had withdrawn is back"
    assert on_both.task("say_thanks", 16).state == "withdrawn"
    assert migration.preview(on_both.desk, PLAY, Wanted((16,))).deals[0].deal == 16
    with on_both.desk.reading() as conn:
        assert all(agrees for _, agrees in health.disagreeing(conn, 0, 100))
    assert not on_both.pass_time(days=5).set_aside
