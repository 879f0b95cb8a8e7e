"""``python -m benchmarks``: runs contenders one after the other, each in a fresh process, and prints their ratios."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    sub = parser.add_subparsers(dest="what", required=True)
    one = sub.add_parser("run", help="one contender, in this process; prints one line of JSON")
    one.add_argument("contender", choices=("saveline", "core-500", "dbos", "idle", "one-task"))
    both = sub.add_parser("compare", help="several contenders in turn, and their ratios")
    both.add_argument("contenders", nargs="+")
    both.add_argument("--rounds", type=int, default=1)
    for command in (one, both):
        command.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
        command.add_argument("-n", type=int, default=1000)
        command.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    if given.what == "run":
        _run(given)
    else:
        _compare(given)


def _run(given: argparse.Namespace) -> None:
    from benchmarks.databases import place
    from benchmarks.meter import emit

    with place(given.db) as where:
        emit({"db": given.db, **_contend(given, where)})


def _contend(given: argparse.Namespace, where: Any) -> dict[str, Any]:
    if given.contender == "saveline":
        from benchmarks import w_saveline

        return w_saveline.run(where, given.n, given.workers)
    if given.contender == "core-500":
        from benchmarks import w_reference

        return w_reference.run(where, given.n)
    if given.contender == "dbos":
        from benchmarks import w_dbos

        return w_dbos.run(where, given.n)
    from benchmarks import moments

    return moments.idle(where, given.n) if given.contender == "idle" else moments.one_task(where, given.n)


def _compare(given: argparse.Namespace) -> None:
    """Contenders as ``name`` or ``name:n`` or ``name:n:workers``; the first is compared with each of the others."""
    for _ in range(given.rounds):
        found = [_in_a_process(given, *_spec(given, c)) for c in given.contenders]
        first = found[0]
        for other in found[1:]:
            rate = first["changes_a_s"] / other["changes_a_s"]
            cpu = (other["cpu_ms_a_change"] + other["server_cpu_ms_a_change"]) / (
                first["cpu_ms_a_change"] + first["server_cpu_ms_a_change"]
            )
            names = f"{first['name']}(n={first['n']}) / {other['name']}(n={other['n']})"
            sys.stdout.write(f"{given.db}: {names}: changes a second {rate:.2f}, by processor time {cpu:.2f}\n")


def _spec(given: argparse.Namespace, words: str) -> tuple[str, int, int]:
    name, _, rest = words.partition(":")
    n, _, workers = rest.partition(":")
    return name, int(n or given.n), int(workers or given.workers)


def _in_a_process(given: argparse.Namespace, name: str, n: int, workers: int) -> dict[str, Any]:
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "run",
        name,
        "--db",
        given.db,
        "-n",
        str(n),
        "--workers",
        str(workers),
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    line = done.stdout.strip().splitlines()[-1]
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    found: dict[str, Any] = json.loads(line)
    return found


if __name__ == "__main__":
    main()
