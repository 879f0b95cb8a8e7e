"""How long a rehearsal takes, and how much memory: ``python -m benchmarks.rehearsal [ACCOUNTS]``.

A year of a thousand accounts, each with the play it would get, in a company whose people just about carry it, and in
the sample company, where sixteen people drown; one account, without and with the command around it; and both byte for
byte the same when played again. Nothing here fails for being slow: it prints what it measured.
"""

from __future__ import annotations

import gc
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from saveline.actions.rehearsal import Company, Found, Wish, company, rehearse
from saveline.cli.output import plain
from saveline.core.facts import Account, Person
from saveline.core.luck import Luck
from saveline.files import shipped
from saveline.runtime import scratch
from saveline.settings import Settings

ACCOUNTS = 1_000
FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)
YEAR = timedelta(days=365)
MANY = {
    "customer_success": 30,
    "support": 12,
    "finance": 8,
    "product": 6,
    "engineering": 20,
    "sales": 12,
    "leadership": 6,
}
"""Colleagues for the larger company, by department."""


def workspace(folder: Path) -> Path:
    for name in ("saveline.yaml", "people.yaml"):
        shutil.copy(shipped.folder(name), folder)
    shutil.copytree(shipped.folder("playbooks"), folder / "playbooks")
    return folder


def portfolio(count: int, firm: Company) -> Found:
    """Accounts of all sizes and renewals, with a team each."""
    luck = Luck("benchmark")
    by: dict[str | None, list[int]] = {}
    for person in firm.persons:
        by.setdefault(person.department, []).append(person.id)
    found = []
    for i in range(count):
        team = {
            "csm": by["customer_success"][luck.whole(len(by["customer_success"]), "csm", i)],
            "ae": by["sales"][luck.whole(len(by["sales"]), "ae", i)],
        }
        if luck.share("sponsor", i) < 0.7:
            team["sponsor"] = by["leadership"][0]
        account = Account(
            id=i + 1,
            key=f"a{i:04}",
            name=f"Customer {i}",
            segment=("smb", "mid_market", "enterprise")[luck.whole(3, "segment", i)],
            arr_cents=(2_000 + luck.whole(200_000, "arr", i)) * 100,
            renewal=date(2026, 3, 1) + timedelta(days=luck.whole(500, "renewal", i)),
            health=luck.whole(101, "health", i),
            team=team,
        )
        found.append((account, ()))
    return Found(tuple(found))


def larger(firm: Company) -> Company:
    """The company with as many colleagues as it needs."""
    persons = list(firm.persons)
    leads = {p.department: p.id for p in reversed(persons)}
    for department, count in MANY.items():
        for n in range(count):
            name = f"{department}{n}"
            manager = leads.get(department)
            persons.append(
                Person(len(persons) + 1, f"{name}@example.com", name, department=department, manager_id=manager)
            )
    return Company(firm.workspace, tuple(persons), firm.plays, firm.behaviour)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def timed(do: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    began = perf_counter()
    result = do()
    return perf_counter() - began, result


def year(name: str, firm: Company, count: int) -> None:
    wish, found = Wish(FIRST, FIRST + YEAR), portfolio(count, firm)
    began = process_time()
    seconds, done = timed(lambda: rehearse(firm, found, wish))
    worked = process_time() - began
    events = sum(len(life.events) for life in done.lives)
    digests = {_digest(done)}
    del done
    again, second = timed(lambda: rehearse(firm, found, wish))
    digests.add(_digest(second))
    same = "the same bytes twice" if len(digests) == 1 else "NOT the same twice"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    say(f"{name}: {count:,} accounts, a year: {seconds:.1f} s (again {again:.1f} s; {worked:.1f} s of processor), "
          f"{events:,} events; {same}; "
          f"at most {peak} MB so far")  # fmt: skip


def _digest(done: Any) -> str:
    text = json.dumps(plain([done.report, [(life.events, life.notices) for life in done.lives]]), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def one(firm: Company) -> None:
    found = portfolio(1, firm)
    single = Found(found.accounts, one=True)
    wish = Wish(FIRST, FIRST + YEAR)
    runs = [timed(lambda: rehearse(firm, single, wish))[0] for _ in range(7)]
    say(f"one account: first {runs[0] * 1000:.0f} ms, then {median(runs[1:]) * 1000:.0f} ms (median of 6)")


def command(folder: Path) -> None:
    """The whole command in a process of its own: start, settings, plays, rehearsal, output."""
    words = [
        "playbook",
        "rehearse",
        "champion-left",
        "--arr",
        "80000",
        "--renewal",
        "2027-03-20",
        "--from",
        "2026-11-20",
    ]
    script = "import sys; from saveline.cli.main import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "SAVELINE_WORKSPACE": str(folder)}
    runs = []
    for _ in range(3):
        call = [sys.executable, "-c", script, *words]
        runs.append(timed(partial(subprocess.run, call, env=environment, stdout=subprocess.DEVNULL, check=True))[0])
    say(f"the whole command for one account: {median(runs):.2f} s (median of 3)")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS
    with tempfile.TemporaryDirectory() as name:
        folder = workspace(Path(name))
        with scratch(Settings(workspace=folder)) as desk:
            firm = company(desk, learned=False)
        one(firm)
        command(folder)
        year("larger company", larger(firm), count)
        year("sample company", firm, count)


if __name__ == "__main__":
    main()
