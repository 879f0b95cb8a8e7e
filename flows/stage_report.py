"""Builds the stage report and queues it for leadership."""

from prefect import flow

from flows import shift, shown
from saveline.actions import reports
from saveline.actions.wording import report_markdown


@flow(name="stage_report")
async def stage_report(period: str | None = None) -> str:
    """The report of the week before the run's scheduled time, or of ``period`` (2026-W47, 2026-11)."""
    desk = shift.runtime().desk()
    wanted = shown.period(period, desk.workspace.zone)
    report, queued = await shift.once(lambda desk: reports.publish(desk, wanted))
    await shown.named(f"{wanted.key}: {queued} queued")
    await shown.markdown(
        f"stage-report-{wanted.key.lower()}", report_markdown(reports.page_of(desk, report)), wanted.title
    )
    return reports.key_of(wanted)
