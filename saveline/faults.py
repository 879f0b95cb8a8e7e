"""Places at which a test can kill the process, as a power cut would, or stop it, as a machine that is put to sleep.

Without ``SAVELINE_TEST_FAULTS=1`` they do nothing. ``CRASH_AT=after_send`` kills at the first pass of that place,
``CRASH_AT=after_send:3`` at the third; ``STALL_AT`` stops there, until somebody lets the process go on.
"""

from __future__ import annotations

import os
import signal
import threading
from functools import cache
from typing import Final

POINTS: Final = ("claimed", "before_sending", "marking_sending", "before_send", "after_send", "marked")
"""The places around sending a notice, in order."""
WRITING: Final = (
    "deals_written",
    "tasks_written",
    "events_written",
    "notices_written",
    "side_rows_written",
    "before_commit",
    "committed",
)
"""The places around writing decisions, in order."""
IMPORTING: Final = ("rows_written", "judged", "import_recorded", "people_file_written")
"""The places in an import that are its own, in order; it writes decisions between the first and the second."""

READING: Final = ("mail_acted", "mail_moved")
"""The places around moving a mail away that has been dealt with."""


def crash_point(name: str) -> None:
    """Die or stop here, if that is what the test asked for."""
    plan = _plan()
    if plan is not None and plan.passes(name):
        # To this thread, which then goes no further; sent to the process, it might run on until another one has it.
        signal.pthread_kill(threading.get_ident(), plan.signal)


class _Plan:
    def __init__(self, text: str, sent: signal.Signals) -> None:
        self._name, _, times = text.partition(":")
        self._left = int(times or 1)
        self.signal = sent

    def passes(self, name: str) -> bool:
        if name == self._name:
            self._left -= 1
        return name == self._name and self._left == 0


@cache
def _plan() -> _Plan | None:
    # Read once and here, so that nothing else in the program knows of it.
    if os.environ.get("SAVELINE_TEST_FAULTS") != "1":
        return None
    for variable, sent in (("CRASH_AT", signal.SIGKILL), ("STALL_AT", signal.SIGSTOP)):
        if os.environ.get(variable):
            return _Plan(os.environ[variable], sent)
    return None
