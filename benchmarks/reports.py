"""The weekly report on a hundred thousand deals with five million events, and its forms.

The history is that of :mod:`benchmarks.history`. Each report is built in a process of its own, twice: the first time
loads the statistics libraries, the second is what a worker that goes on running needs.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

from benchmarks import databases, history
from saveline import clock
from saveline.actions import reports
from saveline.actions.housekeeping import work_ahead
from saveline.core.periods import Period, week_before
from tests.servers import mailserver
from tests.world import World, world

RESULTS: Final = Path(__file__).parent / "REPORTS.md"
NOW: Final = datetime(2026, 11, 23, 6, tzinfo=UTC)
ORIGINAL: Final = 5_000
"""Deals that are made one by one; the others are these again, each time some minutes earlier."""
PEOPLE: Final = ("ana", "bob", "dora", "eli")


@contextmanager
def _seeded(url: str, folder: Path) -> Iterator[World]:
    with world(folder, url) as built:
        built.clock.set(NOW)
        yield built


def _fill(built: World, deals: int) -> int:
    """Write the history; returns its events."""
    stages = tuple(s.key for s in built.desk.workspace.stages)
    setting = history.Setting(stages, tuple(built.person(p) for p in PEOPLE), NOW)
    once = min(ORIGINAL, deals)
    with built.desk.writing() as conn:
        events = history.write(conn, history.lives(once, "benchmark", setting), NOW)
        history.multiply(conn, once, deals // once)
    return events * (deals // once)


def run(databases_: Sequence[str], deals: int, *, write: bool) -> None:
    """Everything, and benchmarks/REPORTS.md."""
    found = [_on(kind, deals) for kind in databases_]
    page = _page(found)
    if write:
        RESULTS.write_text(page)
    sys.stdout.write(page)


def _on(kind: str, deals: int) -> dict[str, Any]:
    with databases.place(kind) as place, tempfile.TemporaryDirectory() as folder:
        with _seeded(place.url, Path(folder) / "w") as built:
            events = _fill(built, deals)
            work_ahead(built.desk)  # as each night does
        command = [sys.executable, "-m", "benchmarks.reports", place.url, str(Path(folder) / "w")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        megabytes = round(place.bytes() / 1e6)
        return {"database": place.version(), "deals": deals, "events": events, "megabytes": megabytes, **figures}


def measured(url: str, folder: Path) -> dict[str, Any]:
    """In a process of its own: what the report needs, and its forms."""
    with mailserver() as mail:
        os.environ["SMTP_HOST"], os.environ["SMTP_PORT"] = "127.0.0.1", str(mail.port)
        with _seeded(url, folder) as built:
            desk = built.desk
            period = week_before(NOW, desk.workspace.zone)
            first, _ = _timed(lambda: reports.build(desk, period))
            second, report = _timed(lambda: reports.build(desk, period))
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            page = reports.page_of(desk, report)
            from saveline.printing.html import html  # as the command line does: each form loads what it needs
            from saveline.printing.pdf import pdf

            pdf(page)  # the first loads its fonts
            printed, sheets = _timed(lambda: pdf(page))
            shown, whole = _timed(lambda: html(page))
            size = _mailed(built, period, mail)
    return {
        "first_s": first, "second_s": second, "peak_mb": round(peak), "pdf_s": printed, "pdf_kb": len(sheets) // 1000,
        "html_s": shown, "html_kb": len(whole.encode()) // 1000, "mail_kb": size // 1000,
    }  # fmt: skip


def _mailed(built: World, period: Period, mail: Any) -> int:
    """Bytes of the e-mail, as a server gets it."""
    reports.publish(built.desk, period)
    built.deliver()
    return max(len(m.message.as_bytes()) for m in mail.to("chris"))


def _timed(work: Callable[[], Any]) -> tuple[tuple[float, float], Any]:
    """Seconds by the clock and of our processor, and what came of it."""
    wall, own = perf_counter(), process_time()
    made = work()
    return (round(perf_counter() - wall, 2), round(process_time() - own, 2)), made


def _page(found: Sequence[dict[str, Any]]) -> str:
    said = (
        "database",
        "deals",
        "events",
        "MB on disk",
        "first report s",
        "again s",
        "peak MB",
        "PDF s",
        "page kB",
        "e-mail kB",
    )
    lines = [
        "# The weekly report on a long history\n",
        f"Written by `python -m benchmarks reports` on {clock.system():%-d %B %Y}: {os.cpu_count()} cores, "
        f"Python {platform.python_version()}; load average when it ended {os.getloadavg()[0]:.1f}. Seconds are by the "
        "clock, in brackets those of our own processor.\n",
        "| " + " | ".join(said) + " |",
        "|---" * len(said) + "|",
        *(_line(f) for f in found),
        "\nThe aims are 5 seconds and 500 MB for the report, 2 seconds for the PDF and 500 kB for the e-mail.\n",
    ]
    return "\n".join(lines)


def _line(f: dict[str, Any]) -> str:
    times = [f"{wall} ({own})" for wall, own in (f["first_s"], f["second_s"], f["pdf_s"])]
    sizes = (f["peak_mb"], times[2], f["html_kb"], f["mail_kb"])
    cells = (f["database"], f"{f['deals']:,}", f"{f['events']:,}", f["megabytes"], times[0], times[1], *sizes)
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measured(sys.argv[1], Path(sys.argv[2]))) + "\n")
