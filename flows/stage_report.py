"""Builds the stage report and queues it for leadership."""

from typing import Literal

from prefect import flow

from flows import shift, shown
from saveline.actions import reports
from saveline.actions.wording import report_markdown


@flow(name="stage_report")
async def stage_report(period: str | None = None, every: Literal["week", "month"] = "week") -> str:
    """The report of the week (or month) before the run's scheduled time, or of ``period`` (2026-W47, 2026-11), and
    every slice of it that somebody wants."""
    desk = shift.runtime().desk()
    wanted = shown.period(period, desk.workspace.zone, every)
    done = await shift.once(lambda desk: reports.publish_all(desk, wanted, regular=period is None))
    await shown.named(f"{wanted.key}: {sum(queued for _, queued in done)} queued")
    for report, _ in done:
        page = reports.page_of(desk, report)
        await shown.markdown(f"stage-report-{page.key.lower()}", report_markdown(page), page.title)
    return reports.key_of(wanted)
