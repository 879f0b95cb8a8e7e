"""Who may do what with a task: a table of everybody in the cast against everything that can be wanted."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from saveline.actions.presses import wish
from saveline.core.decide.authorize import authorize
from saveline.core.decide.draft import Draft
from saveline.core.errors import HasLeft, NotAllowed
from saveline.core.facts import Doer
from saveline.core.intents import (
    Answered,
    Cannot,
    Claim,
    Comment,
    Done,
    HandOver,
    Help,
    Intent,
    Seen,
    Snooze,
    Wait,
)
from tests.actions.attempts import people
from tests.cli.terminal import Terminal
from tests.web.test_pages import CONCESSIONS
from tests.world import World

WORK = (Done, Cannot, Snooze, Wait, Answered, Help, HandOver, Claim)
EVERYBODY = ("ana", "bob", "chris", "dora", "eli")


def may(world: World, who: str, task: str) -> str:
    """What of a task is somebody's: ``w`` to work on it, ``s`` to say that they have read it, ``c`` to comment."""
    with world.desk.reading() as conn:
        case = world.desk.locked(conn, 1)
    no, person, at = world.task(task).no, case.people.by_id[world.person(who)], world.now

    def passes(intent: Intent) -> bool:
        try:
            authorize(Draft(case), no, person, intent, at)
        except NotAllowed:
            return False
        return True

    soon = at + timedelta(days=1)
    wishes = (Done(), Cannot("x"), Snooze(soon, "x"), Wait(soon, "x"), Answered(), Help(), HandOver(1), Claim())
    assert tuple(map(type, wishes)) == WORK
    works = {passes(w) for w in wishes}
    assert len(works) == 1, "whoever works on a task may do all of it"
    return "".join(
        letter for letter, yes in zip("wsc", (*works, passes(Seen()), passes(Comment("x"))), strict=True) if yes
    )


def table(world: World, task: str) -> dict[str, str]:
    return {who: may(world, who, task) for who in EVERYBODY}


@pytest.fixture
def story(lite: World) -> World:
    """Ana is Acme's CSM and owns its deal, Bob is her manager, Chris his, the sponsor and the steward."""
    lite.open()
    return lite


def test_the_owners_own_task(story: World) -> None:
    """Planted: managers, the steward or the department left out of the rule; anybody may say that they have read it."""
    assert table(story, "diagnosis") == {"ana": "wsc", "bob": "wc", "chris": "wc", "dora": "c", "eli": "c"}


def test_whoever_its_ladder_has_called_may_say_that_they_have_read_it(story: World) -> None:
    story.pass_time(days=5)
    assert table(story, "diagnosis")["bob"] == "wsc"


def test_a_task_of_another_department(story: World) -> None:
    """Dora leads and is Finance; Ana owns the deal; Bob is Ana's manager, Chris Dora's and the steward."""
    story.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    story.done("chris", "new_champion", met=True)
    story.done("ana", "open_tickets", pattern="none", product_change_needed=False)
    assert table(story, "offer") == {"ana": "wc", "bob": "wc", "chris": "wc", "dora": "wsc", "eli": "c"}


def test_a_task_that_is_offered(story: World) -> None:
    """Nobody has it: its department may work on it and say so, and those who look after the deal."""
    story.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    story.done("ana", "open_tickets", pattern="crashes", product_change_needed=True)
    assert table(story, "fix") == {"ana": "wc", "bob": "wc", "chris": "wc", "dora": "c", "eli": "wsc"}


def test_the_lead_of_a_department_who_is_in_another(story: World) -> None:
    """Planted: only members of the department, and a lead who is not one was told that it is not theirs."""
    story.setting(
        "saveline.yaml", "{title: Engineering, lead: eli@x.example", "{title: Engineering, lead: dora@x.example"
    )
    story.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    story.done("ana", "open_tickets", pattern="crashes", product_change_needed=True)
    assert table(story, "fix")["dora"] == "wc"


def test_whoever_is_back_early_may_do_what_is_with_their_substitute(lite: World) -> None:
    """Planted: only whoever has it. Dora stands in for Chris, who is the sponsor but not her manager's report."""
    people(lite, "eli", "away: [{from: 2026-11-20, to: 2026-11-27, substitute: dora@x.example}]")
    lite.open(lite.account(team={"csm": "ana", "sponsor": "eli"}))
    lite.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    assert lite.task("new_champion").assignee_id == lite.person("dora")
    assert table(lite, "new_champion") == {"ana": "wc", "bob": "wc", "chris": "wc", "dora": "wsc", "eli": "wc"}


def test_an_approval_is_for_those_who_may_grant_it(lite: World) -> None:
    """Planted: the rule of other tasks for approvals: Eli, who may grant more, was told that he has no part in it."""
    lite.setting(
        "saveline.yaml",
        "digest: {hour: 8}",
        CONCESSIONS.replace("[leadership.lead]", "[leadership.lead, {person: eli@x.example}]"),
    )
    lite.setting("playbooks/champion-left.yaml", "max: 20}}", "max: 20}, limit: discount}")
    lite.open()
    lite.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    lite.done("chris", "new_champion", met=True)
    lite.done("ana", "open_tickets", pattern="none", product_change_needed=False)
    lite.done("dora", "offer", "approved", discount=15)
    approval = lite.ref("approval")
    with pytest.raises(NotAllowed):
        wish(lite.desk, approval, lite.by("eli"), Help())
    wish(lite.desk, approval, lite.by("eli"), Done("approved"))
    assert lite.task("offer").answers == {"discount": 15}


def test_who_has_left_and_who_was_never_here_may_do_nothing(story: World) -> None:
    people(story, "dora", "active: false")
    for by in (story.by("dora"), Doer(0), Doer(999)):
        with pytest.raises(HasLeft):
            wish(story.desk, story.ref("diagnosis"), by, Comment("Still here."))


def test_the_terminal_holds_to_the_same_rule(
    story: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Planted: commands that go past the rule: Dora finished Ana's task."""
    terminal = Terminal(story, monkeypatch, capsys)
    finish = ("task", "done", "1.1", "-a", "root_cause=price", "-a", "summary=Too dear.")
    assert "is with Ana Ruiz: Dora Weiss has no part in it" in terminal.refused(*finish, "--as", "dora")
    assert "only they can say that they have read it" in terminal.refused("task", "seen", "1.1", "--as", "bob")
    terminal.done("task", "comment", "1.1", "Ask finance first.", "--as", "dora")
    terminal.done(*finish, "--as", "chris")  # the steward has a part in everything
    with story.desk.reading() as conn:
        by = conn.execute(sa.text("SELECT by_id FROM event WHERE kind = 'task_done'")).scalar_one()
    assert by == story.person("chris")
