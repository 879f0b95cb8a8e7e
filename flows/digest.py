"""Queues the daily digests whose hour it is."""

from prefect import flow

from flows import shift, shown
from saveline.actions.digest import queue_digests


@flow(name="digest")
async def digest() -> int:
    """One message in the morning for everybody who has something open; twice a day is once."""
    queued = await shift.once(queue_digests)
    await shown.named(f"{queued} queued")
    return queued
