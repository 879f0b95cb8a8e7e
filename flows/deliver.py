"""Sends the outbox."""

from prefect import flow

from flows import shift, shown
from saveline.actions.delivery import Delivered
from saveline.actions.delivery import deliver as send


@flow(name="deliver")
async def deliver(seconds: float | None = None) -> dict[str, int]:
    """Send every notice that may go now, once a second until the next run (or for ``seconds``; 0 is once)."""
    worker = shift.worker_name()
    done = await shift.work(lambda desk: send(desk, worker), Delivered(), seconds, every=60, pause=1)
    await shown.delivered(done)
    return dict(done.counts)
