"""Every page in every state that looks different, in a story: for the browser's tests, and for the pictures in docs."""

from __future__ import annotations

from datetime import date, timedelta

import httpx
import sqlalchemy as sa

from saveline.store import checkin
from saveline.store.rows import NOTICE
from tests.web.serving import address, link, sent
from tests.world import World


def scenes(world: World, client: httpx.Client) -> dict[str, str]:
    """The paths of pages by name. Borealis Media has lost its champion, and people have begun to work on it."""
    team = {"csm": "ana", "sponsor": "chris"}
    world.open(
        world.account("borealis", name="Borealis Media", arr=89_000, renewal=date(2027, 3, 20), health=41, team=team),
        "champion_left",
        "price_pressure",
    )
    diagnosis = link(world, "ana")
    sent(client, diagnosis, "comment", body="The new CIO wants a usage review\nbefore any talk about the price.")
    summary = "Their new CIO compares us with a cheaper tool. Nobody has shown her what we save them."
    sent(client, diagnosis, "done", a_root_cause="price", a_summary=summary)
    champion = link(world, "chris", task="new_champion")
    sent(client, champion, "wait", until="2026-11-27", reason="Whom they will name.")
    world.pass_time(days=4)
    tickets = link(world, "ana", task="open_tickets")
    deal, mine = link(world, "ana", "deal"), link(world, "ana", "mine")
    world.pass_time(hours=3)
    done = sent(client, tickets, "comment", body="Two of them are ours.").headers["location"]
    found = {
        "task": f"{tickets}?do=done",
        "task_waits": champion,
        "task_said": done,
        "task_closed": diagnosis,
        "deal": deal,
        "mine": mine,
        "unsubscribe": _digest(world),
        "question": _question(world),
        "refused": tickets[:-6],
    }
    return {**found, "task_of_a_room": _offered(world)}


def _digest(world: World) -> str:
    with world.desk.writing() as conn:
        row = {"kind": "digest", "person_id": world.person("ana"), "channel": "email"}
        moments = {"at": world.now, "not_before": world.now}
        notice = conn.execute(sa.insert(NOTICE).returning(NOTICE.c.id), row | moments).scalar_one()
    return address(world, "unsubscribe", notice, world.person("ana"), world.now)


def _question(world: World) -> str:
    """The question of the month, with the number marked by which Ana comes from her mail."""
    world.setting("saveline.yaml", "report_to:", "pulse: {day: 20}\nreport_to:")
    ana = world.person("ana")
    with world.desk.writing() as conn:
        checkin.ask(conn, 202611, {ana: "customer_success"})
        row = {"kind": "pulse", "ordinal": 202611, "person_id": ana, "channel": "email"}
        moments = {"at": world.now, "not_before": world.now}
        notice = conn.execute(sa.insert(NOTICE).returning(NOTICE.c.id), row | moments).scalar_one()
    return f"{address(world, 'pulse', notice, ana, world.now)}#4"


def _offered(world: World) -> str:
    """Another customer, whose tickets need a change of the product: that is offered to Engineering's room."""
    deal = world.open(world.account("cascade", name="Cascade Retail", arr=53_000, renewal=date(2027, 2, 26)))
    world.done("ana", "diagnosis", deal=deal, root_cause="product_gap", summary="Exports fail every month.")
    world.done("ana", "open_tickets", deal=deal, pattern="exports", product_change_needed=True)
    return link(world, "slack:#engineering", task="fix", deal=deal)


def too_old(world: World) -> str:
    """A link whose time is over, when the clock is moved on."""
    page = link(world, "ana", task="open_tickets")
    world.clock.set(world.now + timedelta(days=46))
    return page
