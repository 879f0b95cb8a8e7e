"""One account's whole life: its champion leaves, and four departments keep it. Every message that anybody gets on the
way is a golden file, in the order of arrival."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from saveline.actions import tasks
from saveline.actions.advance import advance
from saveline.actions.deals import move_stage
from saveline.actions.delivery import Worker
from saveline.actions.intake import ImportResult, import_files
from saveline.core.errors import GateHolds, TaskClosed
from saveline.files.sources import Wanted
from tests.notify.looking import rows
from tests.servers import Mail, Mailserver, Post, Slack
from tests.world import World

Golden = Callable[[str, str], None]
T = TypeVar("T", bound=Mail | Post)

# What is signed has the notice's number in it, and that depends on how often posts were brought up to date before.
_LINK = re.compile(r"(https://save\.x\.example/\w+/)[\w.=-]+")
ACCOUNTS = "key,name,segment,arr,renewal,plan\nacme,Acme,enterprise,80000,2027-03-20,gold\n"
TEAM = "account,role,person\nacme,csm,ana@x.example\nacme,sponsor,chris@x.example\n"
SIGNALS = "account,kind,at,value,note,key\nacme,champion_left,2026-11-19 16:30,,Jo Lind left for a competitor,c1\n"


class _Also(list[T]):
    """What a server has accepted, with everything of both servers kept in ``all`` in the order of arrival."""

    def __init__(self, everything: list[Mail | Post]) -> None:
        super().__init__()
        self._all = everything

    def append(self, accepted: T) -> None:
        self._all.append(accepted)
        super().append(accepted)


class Life:
    """The world with its engine and its delivery worker running: whatever is due happens and is sent at its moment."""

    def __init__(self, world: World, worker: Worker, mail: Mailserver, slack: Slack) -> None:
        self.world, self.worker = world, worker
        self.arrived: list[Mail | Post] = []
        mail.mails, slack.posts = _Also(self.arrived), _Also(self.arrived)

    def until(self, day: int, month: int, hour: int, minute: int = 0, *, year: int = 2026) -> None:
        """Live on until that moment, in Lisbon's winter, which is UTC."""
        moment = datetime(year, month, day, hour, minute, tzinfo=UTC)
        self.worker.deliver()
        while self.world.now < moment:
            due = self.world.next_at()
            self.world.clock.set(moment if due is None else min(max(due, self.world.now), moment))
            advance(self.world.desk)
            self.worker.deliver()

    def import_(self, folder: Path, **files: str) -> ImportResult:
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text)
        return import_files(self.world.desk, self.world.settings.workspace, Wanted((folder,)))

    def messages(self) -> list[tuple[str, dict[str, str]]]:
        """Each message as ``(name, {suffix: content})``: its number, kind and reader, and every form of it."""
        kinds = {row.id: row.kind for row in rows(self.world)}
        found = []
        # In the order in which they were decided: by two channels they travel side by side.
        for number, came in enumerate(sorted(self.arrived, key=_notice), 1):
            reader, forms = _mail(came) if isinstance(came, Mail) else _post(came, number)
            plain = {suffix: _LINK.sub(r"\1…", text) for suffix, text in forms.items()}
            found.append((f"{number:02}-{kinds[_notice(came)]}-{reader}", plain))
        return found


def _notice(came: Mail | Post) -> int:
    return int(came.id.strip("<").removeprefix("notice-").partition(".")[0])


def _mail(came: Mail) -> tuple[str, dict[str, str]]:
    head = "".join(f"{name}: {came.message[name]}\n" for name in ("From", "To", "Subject", "Date"))
    text, html = (came.text(kind).replace("\r\n", "\n") for kind in ("plain", "html"))
    return came.to.partition("@")[0], {"txt": f"{head}\n{text}", "html": html}


def _post(came: Post, number: int) -> tuple[str, dict[str, str]]:
    """Its buttons name it by its ``number`` here: that of its notice depends on how many posts were changed before."""
    shown = json.dumps({"to": came.room, "text": came.text, "blocks": came.blocks}, indent=1, ensure_ascii=False)
    shown = re.sub(rf'("value": "(?:\w+ )?){_notice(came)}"', rf'\g<1>{number}"', shown)
    return came.room.strip("#").removeprefix("U").lower(), {"json": f"{shown}\n"}


def test_acme_is_saved(on_both: World, mail: Mailserver, slack: Slack, golden: Golden, tmp_path: Path) -> None:
    """From the file that says that the champion has left to the bell that names whoever helped.

    Planted, each red: an escalation goes to whoever has the task; a task starts without a look at its ``if``;
    ``_check_gates`` left out of closing; the bell goes to the closer only; a notice goes by the first channel where all
    are asked for.
    """
    world = on_both
    with Worker(world.desk, "test") as worker:
        life = Life(world, worker, mail, slack)
        _the_champion_leaves(life, tmp_path)
        _ana_is_silent_and_bob_is_told(life)
        _she_answers_and_the_branch_is_taken(life)
        _the_gates_hold_and_then_let_go(life)
        _the_decision(life)
        life.until(1, 4, 9, year=2027)

    # How often a post was brought up to date depends on when somebody looked; that all of it was is what counts.
    said, updates = [r for r in rows(world) if r.kind != "update"], rows(world, kind="update")
    assert [row.status for row in said] == ["sent"] * len(life.arrived)
    assert {row.status for row in updates} <= {"sent", "cancelled", "missed"}
    for name, forms in life.messages():
        for suffix, content in forms.items():
            golden(f"whole_life/{name}.{suffix}", content)
    folder = Path(__file__).parents[1] / "golden" / "whole_life"
    told = {f"{name}.{suffix}" for name, forms in life.messages() for suffix in forms}
    assert {path.name for path in folder.iterdir()} == told


def _the_champion_leaves(life: Life, folder: Path) -> None:
    world = life.world
    known = life.import_(folder / "customers", accounts=ACCOUNTS, team=TEAM)
    assert (known.problems, known.opened) == ((), ())
    result = life.import_(folder / "news", signals=SIGNALS)
    [opened] = result.opened
    assert (opened.name, opened.score, opened.causes, opened.play) == ("Acme", 60, ("champion_left",), "champion-left")
    deal = world.deal()
    assert (deal.stage, deal.owner_id, deal.arr_cents) == ("triage", world.person("ana"), 80_000_00)
    life.until(20, 11, 10, 5)
    assert [(t.kind, t.channel) for t in world.told("ana", "assigned")] == [
        ("assigned", "slack"),
        ("assigned", "email"),
    ]


def _ana_is_silent_and_bob_is_told(life: Life) -> None:
    world = life.world
    life.until(24, 11, 14)
    assert [(t.at.isoformat()[5:16], t.kind) for t in world.told("ana", "reminder")] == [
        ("11-23T16:00", "reminder"),
        ("11-23T18:00", "reminder"),
    ]
    assert [(t.at.isoformat()[5:16], t.about["rung"]) for t in world.told("bob", "escalation")] == [
        ("11-20T15:00", "unseen for 4 business hours"),
        ("11-24T13:00", "4 business hours after due"),
    ]


def _she_answers_and_the_branch_is_taken(life: Life) -> None:
    world = life.world
    with pytest.raises(GateHolds, match="“Write the three-sentence diagnosis for Acme” is open"):
        move_stage(world.desk, 1, world.by("ana"), to="stabilise")
    said = "They lost the one person who knew why they bought us, and the export that she was promised."
    world.done("ana", "diagnosis", root_cause="product_gap", summary=said)
    assert world.deal().stage == "stabilise"
    with pytest.raises(TaskClosed, match="done by Ana Ruiz, 24 Nov 2026 14:00"):
        world.done("bob", "diagnosis", root_cause="price", summary="too late")
    life.until(24, 11, 14, 30)
    assert world.task("open_tickets").assignee_id == world.person("ana")  # support has nobody, so the owner
    note = "Three of them are about the export: you know it best."
    tasks.hand_over(world.desk, world.ref("open_tickets"), world.by("ana"), to=world.person("bob"), note=note)
    life.until(25, 11, 11)
    world.done("bob", "open_tickets", pattern="the export drops columns", product_change_needed=True)
    assert world.task("fix").state == "open"
    assert (world.task("fix").assignee_id, world.task("fix").department) == (None, "engineering")
    life.until(25, 11, 12)
    tasks.claim_task(world.desk, world.ref("fix"), world.by("eli"))
    life.until(25, 11, 12, 30)


def _the_gates_hold_and_then_let_go(life: Life) -> None:
    world = life.world
    with pytest.raises(GateHolds) as refused:
        move_stage(world.desk, 1, world.by("ana"), to="decide")
    assert str(refused.value) == (
        "The gate of Stabilise holds: “Find and meet the new sponsor at Acme” is open; "
        "“Plan the product change that Acme needs” is open; "
        "its exit condition does not hold: answers.new_champion.met."
    )
    with pytest.raises(GateHolds, match="The gate of Stabilise holds"):
        world.close_deal("ana", "saved", kept=80_000)
    life.until(27, 11, 10)
    world.done("eli", "fix")
    life.until(30, 11, 17)
    world.done("chris", "new_champion", met=True, name="Gil Moor")
    assert world.deal().stage == "decide"
    offer = world.task("offer")
    assert (offer.state, offer.note) == (
        "skipped",
        'not needed: answers.diagnosis.root_cause == "price" does not hold',
    )


def _the_decision(life: Life) -> None:
    world = life.world
    decision = world.deal().decision()
    assert decision is not None
    assert (decision.assignee_id, decision.running.due_at) == (
        world.person("ana"),
        datetime(2027, 2, 18, 18, 0, tzinfo=UTC),
    )
    life.until(17, 2, 11, year=2027)
    reason = "The export works, and Gil Moor presents it to her board himself."
    answers = {"reason": reason, "kept": 80_000}
    tasks.complete_task(world.desk, world.ref("decision"), world.by("ana"), outcome="saved", answers=answers)
    deal = world.deal()
    assert (deal.state, deal.outcome, deal.kept_cents, deal.next_at) == ("closed", "saved", 80_000_00, None)
    life.until(17, 2, 11, 5, year=2027)
    bells = [came for came in life.arrived if isinstance(came, Mail) and came.subject.startswith("Acme: saved")]
    assert [bell.to for bell in bells] == [f"{who}@x.example" for who in ("ana", "chris", "bob", "eli")]
    for bell in bells:
        assert all(name in bell.text() for name in ("Ana Ruiz", "Bob Okafor", "Eli Stern", "Chris Moreau"))
