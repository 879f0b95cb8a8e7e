"""Fires due moments: assign, remind, escalate, stage clocks, decision dates."""

from prefect import flow

from flows import shift, shown
from saveline.actions.advance import Advanced
from saveline.actions.advance import advance as fire


@flow(name="advance")
async def advance(seconds: float | None = None) -> dict[str, int]:
    """Fire everything that is due, once a second until the next run (or for ``seconds``; 0 is once)."""
    async with shown.milestones():
        done = await shift.work(fire, Advanced(), seconds, every=60, pause=1, ends=shift.OVERLAPS["advance"])
    await shown.advanced(done)
    return dict(done.events)
