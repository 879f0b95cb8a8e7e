"""Time, processor time and memory of one run, this process and its children, and of a PostgreSQL cluster beside it."""

from __future__ import annotations

import json
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


class Meter:
    """``with Meter(pid_of_postgres) as m: …`` then ``m.figures(changes)``."""

    def __init__(self, postmaster: int | None = None) -> None:
        self._postmaster = postmaster

    def __enter__(self) -> Meter:
        self._wall, self._cpu, self._server = perf_counter(), _cpu(), self._server_cpu()
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self.wall = perf_counter() - self._wall
        self.cpu = _cpu() - self._cpu
        self.server_cpu = self._server_cpu() - self._server

    def figures(self, changes: int, **more: Any) -> dict[str, Any]:
        """Rates and costs a change; processor time in milliseconds, memory in MB (the largest process)."""
        memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return {
            **more,
            "changes": changes,
            "wall_s": round(self.wall, 2),
            "changes_a_s": round(changes / self.wall),
            "cpu_ms_a_change": round(1000 * self.cpu / changes, 4),
            "server_cpu_ms_a_change": round(1000 * self.server_cpu / changes, 4),
            "memory_mb": round(memory / 1024, 1),
        }

    def _server_cpu(self) -> float:
        """Seconds used so far by the cluster: its live processes, and those it has reaped."""
        if self._postmaster is None:
            return 0.0
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                if stat.parent.name == str(self._postmaster):
                    total += sum(map(int, fields[11:15]))
                elif fields[1] == str(self._postmaster):
                    total += int(fields[11]) + int(fields[12])
        return total / TICKS


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def emit(figures: dict[str, Any]) -> None:
    """One line of JSON: what a run prints, and what the comparison reads."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()
