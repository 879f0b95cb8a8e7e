"""What a run leaves for people in Prefect's page: artifacts, a name that says what happened, and events to react to.

All of it is a courtesy: where it fails, the work is done all the same, and the log says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from prefect import get_client
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter
from prefect.events import emit_event
from prefect.runtime import flow_run

from flows.shift import runtime
from saveline.actions.advance import Advanced
from saveline.actions.delivery import Delivered
from saveline.actions.inbox import InboxRead
from saveline.actions.intake import ImportResult
from saveline.actions.mail_in import MailRead
from saveline.core import periods
from saveline.core.periods import Period
from saveline.core.phrases import count
from saveline.store import milestones as store

MOST_PROBLEMS: Final = 200
FLOWS: Final = ("advance", "deliver", "mail", "intake", "digest", "stage_report", "audit", "housekeeping")


async def advanced(done: Advanced) -> None:
    """Events by kind, and the deals that were set aside."""
    await named(_summary(done.events) or "nothing was due")
    if done.events:
        rows = [{"what": kind.replace("_", " "), "count": n} for kind, n in sorted(done.events.items())]
        await acreate_table_artifact(table=rows, key="advance", description=f"{count(done.notices, 'notice')} queued.")
    if done.set_aside:
        aside = [{"deal": deal_id, "error": error} for deal_id, error in done.set_aside.items()]
        await acreate_table_artifact(table=aside, key="set-aside", description="Deals that could not be decided.")


async def delivered(done: Delivered) -> None:
    """Notices by outcome, and those that are dead."""
    await named(_summary(done.counts) or "nothing was waiting")
    if done.counts:
        rows = [{"outcome": outcome, "notices": n} for outcome, n in sorted(done.counts.items())]
        await acreate_table_artifact(table=rows, key="deliver", description="What became of the notices.")
    if done.dead:
        dead = [
            {"notice": d.id, "kind": d.kind, "deal": d.deal_id, "channel": d.channel, "why": d.reason}
            for d in done.dead
        ]
        await acreate_table_artifact(table=dead, key="dead-notices", description="Notices that will not arrive.")


async def mail_read(done: MailRead) -> None:
    """Mails by what became of them, and those that a person should look at."""
    await named(_summary(done.counts) or "no mail")
    await table("mail", [{"what": k, "mails": n} for k, n in sorted(done.counts.items())], "What became of the mails.")
    left = [{"why": words} for words in done.unmatched[:MOST_PROBLEMS]]
    await table("unmatched-mail", left, "Mails that were put into the folder for what could not be matched.")


async def read(done: InboxRead) -> None:
    """What came of each arrival, and every problem of its files."""
    await named(f"{count(len(done.reads), 'arrival')} read" if done.reads else "nothing arrived")
    rows = [
        {"files": ", ".join(r.files), "now in": r.folder, "what": r.refused or _counts(r.result)} for r in done.reads
    ]
    await table("intake", rows, "What arrived, and what came of it.")
    problems = [{"problem": str(p)} for r in done.reads if r.result for p in r.result.problems[:MOST_PROBLEMS]]
    await table("intake-problems", problems, "Lines that were not taken, and warnings.")


def _counts(result: ImportResult | None) -> str:
    if result is None:
        return ""
    counts = (
        f"{kind}: {c.added} added, {c.changed} changed, {c.rejected} rejected" for kind, c in result.counts.items()
    )
    return "; ".join((*counts, f"{count(len(result.opened), 'deal')} opened"))


async def table(key: str, rows: Sequence[Mapping[str, Any]], description: str) -> None:
    """A table as an artifact; nothing for no rows."""
    if rows:
        await acreate_table_artifact(table=[dict(r) for r in rows], key=key, description=description)


async def markdown(key: str, text: str, description: str) -> None:
    await acreate_markdown_artifact(markdown=text, key=key, description=description)


async def named(words: str) -> None:
    """Give the run a name that says what happened."""
    run_id = flow_run.id
    if run_id:
        async with get_client() as client:
            await client.update_flow_run(run_id, name=words[:200])


@asynccontextmanager
async def milestones() -> AsyncIterator[None]:
    """Emit an event for each deal opened, stage entered and deal closed since the last time.

    Only what was written before the run began is told, at its end: by then every transaction that was under way has
    ended, so none is passed over because its number came late.
    """
    up_to = await asyncio.to_thread(_newest)
    yield
    for milestone in await asyncio.to_thread(_waiting, up_to):
        emit_event(
            event=f"saveline.deal.{milestone.what}",
            resource={
                "prefect.resource.id": f"saveline.deal.{milestone.deal_id}",
                "prefect.resource.name": milestone.account,
            },
            payload={"stage": milestone.stage, "play": milestone.play, "arr_cents": milestone.arr_cents},
        )
    await asyncio.to_thread(_told, up_to)


def period(named: str | None, zone: str, every: str = "week") -> Period:
    """The period that was asked for, else the week or month before the moment for which the run was scheduled.

    Raises ValueError, naming what was expected, for a period that is none.
    """
    if named:
        return periods.parse(named, zone)
    before = periods.month_before if every == "month" else periods.week_before
    return before(datetime.fromtimestamp(flow_run.scheduled_start_time.timestamp(), UTC), zone)


async def forget_runs(days: int) -> int:
    """Delete runs of our flows that ended more than ``days`` days ago: a run a minute is half a million a year."""
    before = datetime.fromtimestamp(flow_run.scheduled_start_time.timestamp(), UTC) - timedelta(days=days)
    ours = FlowFilter(name=FlowFilterName(any_=list(FLOWS)))
    ended = FlowRunFilter.model_validate({"end_time": {"before_": before}})
    deleted = 0
    async with get_client() as client:
        while runs := await client.read_flow_runs(flow_filter=ours, flow_run_filter=ended):
            for run in runs:
                await client.delete_flow_run(run.id)
            deleted += len(runs)
    return deleted


def _newest() -> int:
    with runtime().desk().reading() as conn:
        return store.newest(conn)


def _waiting(up_to: int) -> list[store.Milestone]:
    with runtime().desk().reading() as conn:
        return store.waiting(conn, up_to)


def _told(up_to: int) -> None:
    with runtime().desk().writing() as conn:
        store.told(conn, up_to)


def _summary(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} {what.replace('_', ' ')}" for what, n in sorted(counts.items()))
