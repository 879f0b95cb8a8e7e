"""``python -m benchmarks``: runs contenders one after the other, each in a fresh process, and prints their ratios."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from benchmarks import delivery, press
from benchmarks.suite import CONTENDERS, Sizes, Spec, contend, everything, in_a_process


def main() -> None:
    given = _arguments()
    if given.what == "run":
        contend(Spec(given.contender, given.db, given.n, given.workers))
    elif given.what == "compare":
        _compare(given)
    elif given.what == "delivery":
        delivery.everything(given.databases, quick=given.quick, write=not given.quick)
    elif given.what == "faults":
        _faults(given)
    elif given.what == "ledger":
        _ledger(given)
    elif given.what == "press":
        press.main(given.n, given.queued)
    elif given.what == "reports":
        from benchmarks import reports  # it needs what only tests need

        reports.run(given.databases, given.n, write=given.write)
    else:
        sizes = Sizes.quick() if given.quick else Sizes(dbos=given.dbos, rounds=given.rounds)
        everything(sizes, databases=given.databases, write=not given.quick or given.write)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    sub = parser.add_subparsers(dest="what", required=True)
    all_ = sub.add_parser("all", help="everything, and benchmarks/RESULTS.md")
    all_.add_argument("--quick", action="store_true", help="small sizes: shows that all of it runs, measures nothing")
    all_.add_argument("--write", action="store_true", help="write RESULTS.md even so")
    all_.add_argument("--dbos", type=int, default=1000, help="deals that DBOS runs: 1000 take it ten minutes or more")
    all_.add_argument("--rounds", type=int, default=1, help="how often each pair is compared; the median ratio counts")
    all_.add_argument("--databases", nargs="+", choices=("sqlite", "pg"), default=["sqlite", "pg"])
    sending = sub.add_parser("delivery", help="sending, against Apprise's notify(), and benchmarks/DELIVERY.md")
    sending.add_argument(
        "--quick", action="store_true", help="small sizes: shows that all of it runs, measures nothing"
    )
    sending.add_argument("--databases", nargs="+", choices=("sqlite", "pg"), default=["sqlite", "pg"])
    one = sub.add_parser("run", help="one contender, in this process; prints one line of JSON")
    one.add_argument("contender", choices=CONTENDERS)
    both = sub.add_parser("compare", help="several contenders in turn, and their ratios")
    both.add_argument("contenders", nargs="+", help="name, name:n or name:n:workers; the first against each other one")
    both.add_argument("--rounds", type=int, default=1)
    for command in (one, both):
        command.add_argument("--db", choices=("sqlite", "pg"), default="sqlite")
        command.add_argument("-n", type=int, default=1000)
        command.add_argument("--workers", type=int, default=1)
    pressed = sub.add_parser("press", help="from a press in Slack to the next person's notice, with `saveline up`")
    pressed.add_argument("-n", type=int, default=press.PRESSES)
    pressed.add_argument("--queued", type=int, default=press.QUEUED)
    told = sub.add_parser("reports", help="the weekly report on a long history, and benchmarks/REPORTS.md")
    told.add_argument("--databases", nargs="+", choices=("sqlite", "pg"), default=["sqlite", "pg"])
    told.add_argument("-n", type=int, default=100_000, help="deals")
    told.add_argument("--write", action="store_true", help="write REPORTS.md")
    _for_faults(sub)
    return parser.parse_args()


def _for_faults(sub: Any) -> None:
    databases = ("sqlite", "postgresql")
    faults = sub.add_parser("faults", help="every fault, clean and with each planted bug, and benchmarks/FAULTS.md")
    faults.add_argument(
        "--only", type=_numbers, default=(), help="these faults, like 6,9; the table keeps its other rows"
    )
    faults.add_argument("--slow", action="store_true", help="the long tests too")
    ledger = sub.add_parser("ledger", help="10,000 notices through kills, a restart and an hour of 429s")
    ledger.add_argument("-n", type=int, default=10_000)
    ledger.add_argument("--seed", type=int, default=1)
    for command in (faults, ledger):
        command.add_argument("--databases", nargs="+", choices=databases, default=databases)


def _numbers(words: str) -> tuple[int, ...]:
    return tuple(int(word) for word in words.split(","))


def _faults(given: argparse.Namespace) -> None:
    from benchmarks import faults  # it needs what only tests need

    sys.exit(not faults.run(given.only, given.databases, slow=given.slow))


def _ledger(given: argparse.Namespace) -> None:
    from benchmarks import ledger  # as above

    sys.exit(not ledger.run(given.databases, given.n, given.seed))


def _compare(given: argparse.Namespace) -> None:
    for _ in range(given.rounds):
        first, *others = [in_a_process(_spec(given, words)) for words in given.contenders]
        for other in others:
            rate, cpu = first["changes_a_s"] / other["changes_a_s"], _cpu(other) / _cpu(first)
            names = f"{first['name']}(n={first['n']}) / {other['name']}(n={other['n']})"
            sys.stdout.write(f"{given.db}: {names}: changes a second {rate:.2f}, by processor time {cpu:.2f}\n")


def _cpu(figures: dict[str, Any]) -> float:
    total: float = figures["cpu_ms_a_change"] + figures["server_cpu_ms_a_change"]
    return total


def _spec(given: argparse.Namespace, words: str) -> Spec:
    name, _, rest = words.partition(":")
    n, _, workers = rest.partition(":")
    return Spec(name, given.db, int(n or given.n), int(workers or given.workers))


if __name__ == "__main__":
    main()
