"""What can be killed in the middle. Imported by the process from which workers are forked: it must load quickly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from saveline.actions import deals, tasks
from saveline.actions.advance import advance
from saveline.actions.desk import Desk
from saveline.actions.intake import import_files
from saveline.actions.tasks import TaskRef
from saveline.core.decide.deals import Closing
from saveline.core.facts import Doer, Fact
from saveline.faults import IMPORTING, WRITING
from saveline.files import shipped
from saveline.files.sources import Wanted
from saveline.store import database, directory, schema
from tests.faults.rig import Site
from tests.world import CAST, World


def opening(desk: Desk, account_id: int) -> None:
    deals.open_deal(desk, account_id, causes=("champion_left", "service_failure"), score=60)


def assigning(desk: Desk, deal_id: int) -> None:
    tasks.hand_over(desk, TaskRef(deal_id, 1), _by(desk, "ana"), to=_by(desk, "bob").person_id, note="you know them")


def firing(desk: Desk, _: int) -> None:
    advance(desk)


def completing(desk: Desk, deal_id: int) -> None:
    answers = {"root_cause": "price", "summary": "They pay for seats that nobody uses."}
    tasks.complete_task(desk, TaskRef(deal_id, 1), _by(desk, "ana"), answers=answers)


def commenting(desk: Desk, deal_id: int) -> None:
    """Said twice it is there twice, so this one is not done again after the commit."""
    tasks.comment(desk, TaskRef(deal_id, 1), _by(desk, "ana"), body="They answered.")


def closing(desk: Desk, deal_id: int) -> None:
    ended = Closing("lost", "They were bought.", evidence="their mail of today")
    deals.close_deal(desk, deal_id, _by(desk, "chris"), ended)


def importing(desk: Desk, _: int) -> None:
    import_files(desk, desk.folder, Wanted((desk.folder / "incoming",)))


def _by(desk: Desk, who: str) -> Doer:
    with desk.reading() as conn:
        return Doer(directory.ids_by_email(conn)[f"{who}@x.example"])


def until_due(world: World) -> int:
    """A deal whose first task nobody looks at."""
    deal_id = world.open()
    due = world.next_at()
    assert due is not None
    world.clock.set(due + timedelta(seconds=30))
    return deal_id


def seen_until_due(world: World) -> int:
    """A deal whose first task was seen, so that a reminder comes first."""
    deal_id = world.open()
    tasks.mark_seen(world.desk, TaskRef(deal_id, 1), world.by("ana"))
    due = world.next_at()
    assert due is not None
    world.clock.set(due + timedelta(seconds=30))
    return deal_id


FILES: Final = {
    "accounts.csv": "key,name,segment,arr,renewal\nacme,Acme,enterprise,90000,2027-03-20\nglobex,Globex,smb,12000,\n",
    "team.csv": "account,role,person\nglobex,csm,ana@x.example\n",
    "people.csv": "email,name,department\nfay@x.example,Fay Lund,support\n",
    "signals.csv": (
        "account,kind,at,value,note,key\n"
        "acme,nps,2026-11-19,2,,n1\n"
        "globex,champion_left,2026-11-20,,Jo Lind left,c1\n"
        "globex,escalation,2026-11-19,,,e1\n"
    ),
}
"""Globex becomes a deal; Acme, which is one, hears of a further cause; Fay is new."""


def arrived(world: World) -> int:
    """Files for an import, and the people file as it was before any."""
    people = world.settings.workspace / "people.yaml"
    people.write_text((CAST / "people.yaml").read_text())
    folder = world.settings.workspace / "incoming"
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return world.open()


class Doing(Fact, frozen=True):
    """Something to be killed in: what comes before, the doing, and the kinds of events by which it is known."""

    prepare: Callable[[World], int]
    work: Callable[[Desk, int], None]
    kinds: tuple[str, ...]
    points: tuple[str, ...] = WRITING


DOINGS: Final = {
    "open": Doing(lambda w: w.account(), opening, ("deal_opened", "task_started", "task_assigned")),
    "assign": Doing(lambda w: w.open(), assigning, ("task_assigned",)),
    "remind": Doing(seen_until_due, firing, ("reminded",)),
    "escalate": Doing(until_due, firing, ("escalated",)),
    "complete": Doing(lambda w: w.open(), completing, ("task_done", "stage_entered", "task_started")),
    "comment": Doing(lambda w: w.open(), commenting, ("commented",)),
    "close": Doing(lambda w: w.open(), closing, ("task_withdrawn", "deal_closed")),
    "import": Doing(arrived, importing, ("cause_added", "deal_opened"), (*IMPORTING, *WRITING)),
}


def do(site: Site, work: Callable[[Desk, int], None], subject: int) -> None:
    """In a process of its own."""
    work(site.runtime().desk(), subject)


def migrate(site: Site) -> None:
    schema.upgrade(database.connect(site.database), shipped.folder("migrations"))
