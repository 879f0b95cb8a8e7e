"""Reads the inbox folder."""

from prefect import flow

from flows import shift, shown
from saveline.actions.inbox import InboxRead, read_inbox


@flow(name="intake")
async def intake(seconds: float | None = None) -> int:
    """Import what has arrived, looking every few seconds until the next run (or for ``seconds``; 0 is once)."""
    folder = shift.runtime().folder
    done = await shift.work(lambda desk: read_inbox(desk, folder), InboxRead(), seconds, every=900, pause=5)
    await shown.read(done)
    return len(done.reads)
