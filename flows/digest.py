"""Queues the daily digests whose hour it is, and the monthly question to our own people."""

from prefect import flow

from flows import shift, shown
from saveline.actions.checkin import ask
from saveline.actions.digest import queue_digests


@flow(name="digest")
async def digest() -> int:
    """One message in the morning for everybody who has something open, twice a day is once; and on their first working
    day of the month's question that question."""
    queued = await shift.once(queue_digests) + await shift.once(ask)
    await shown.named(f"{queued} queued")
    return queued
