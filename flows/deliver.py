"""Sends the outbox."""

from prefect import flow

from flows import shift, shown
from saveline.actions.delivery import Delivered, Worker
from saveline.actions.desk import Desk


@flow(name="deliver")
async def deliver(seconds: float | None = None) -> dict[str, int]:
    """Send every notice that may go now, four times a second until the next run (or for ``seconds``; 0 is once)."""
    sender = Sender(shift.worker_name())
    try:
        ends = shift.OVERLAPS["deliver"]
        done = await shift.work(sender.send, Delivered(), seconds, every=60, pause=0.25, ends=ends)
    finally:
        sender.close()
    await shown.delivered(done)
    return dict(done.counts)


class Sender:
    """A worker that keeps its connections from pass to pass, as long as the workspace stays as it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._worker: Worker | None = None

    def send(self, desk: Desk) -> Delivered:
        """One pass, at the desk as it is now: with another desk come other channels."""
        if self._worker is None or self._worker.desk is not desk:
            self.close()
            self._worker = Worker(desk, self._name)
        return self._worker.deliver()

    def close(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._worker = None
