"""What ``python -m benchmarks delivery`` runs, the targets it is held to, and benchmarks/DELIVERY.md."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.suite import Spec, Target, in_a_process
from saveline import clock

RESULTS: Final = Path(__file__).parent / "DELIVERY.md"
SIZES: Final = {
    "mails": 2_000,
    "apprise-mails": 300,
    "posts": 6_000,
    "hung": 6_000,
    "apprise-posts": 200,
    "outbox": 3_000,
    "flat": 50_000,
}
_DATABASES: Final = {"sqlite": "SQLite", "pg": "PostgreSQL"}
_READ: Final = """\
## How to read them

- One worker process, its servers in another on the same machine, all gates open (`rate=0`). Each message is a reminder
  of an open task, worded anew: a mail is text, HTML and MIME; a post is blocks with buttons. All 200 readers have a
  deal of their own.
- `mails` and `posts` go from the claim to the mark, each of them counted at the server: none missing, none twice. A
  post is answered after 50 ms. `hung`: one reader's Slack never answers; what counts is when all others had theirs.
- `apprise-…` is one `notify()` a message of Apprise's own `mailto://` and `json://`, with the same words, already
  worded.
- `outbox`: a channel that takes everything at once. Its own cost is all processor time less that of the words: claim,
  look, mark, attempts, destinations. `flat` is the same for 50,000; memory is what the process holds after a tenth and
  after all.
- Where other processes share the cores, the processor time a message says more than the rate. The targets come from a
  machine on which Apprise's own `notify()` took 33 mails and 115 posts a second; against it they say the same on every
  machine: 9.1 and 7 times as many.
- On SQLite what memory grows by is the database's own cache of pages (32 MB), which fills up.
"""


def everything(databases: Sequence[str], *, quick: bool, write: bool) -> None:
    """Run it all, print the targets, and write DELIVERY.md."""
    found = {db: _runs(db, quick=quick) for db in databases}
    targets = [t for db, runs in found.items() for t in judged(db, runs)]
    lines = [f"{_DATABASES[t.db]:<10}  {t.what}: {_figure(t)}\n" for t in targets]
    sys.stdout.write("".join(lines))
    if write:
        RESULTS.write_text(_page(found, targets))
        sys.stdout.write(f"\nwritten: {RESULTS}\n")


def _runs(db: str, *, quick: bool) -> dict[str, dict[str, Any]]:
    return {name: in_a_process(Spec(name, db, max(40, n // 100) if quick else n)) for name, n in SIZES.items()}


def judged(db: str, runs: Mapping[str, Mapping[str, Any]]) -> list[Target]:
    """The targets, each with what was measured."""
    mails, posts, hung = runs["mails"]["a_s"], runs["posts"]["a_s"], runs["hung"]["a_s"]
    flat = runs["flat"]
    return [
        Target("e-mails a second", db, mails, 300),
        Target("posts a second to 50 ms targets", db, posts, 800),
        Target("the same with one hung target, of those without", db, hung / posts, 0.8),
        Target("own cost a notice", db, runs["outbox"]["own_ms"], 0.5, "ms", at_least=False),
        Target(
            "memory after 50,000, of after 5,000", db, flat["after_all_mb"] / flat["after_a_tenth_mb"], 1.1, "", False
        ),
        Target("e-mails against Apprise's notify()", db, mails / runs["apprise-mails"]["a_s"], 300 / 33),
        Target("posts against Apprise's notify()", db, posts / runs["apprise-posts"]["a_s"], 800 / 115),
    ]


def _figure(target: Target) -> str:
    verdict = "reached" if target.reached else "not reached"
    side = "at least" if target.at_least else "at most"
    return f"{target.measured:.3g}{f' {target.unit}' if target.unit else ''}, {side} {target.wanted:.3g}: {verdict}"


def _page(found: Mapping[str, Mapping[str, Mapping[str, Any]]], targets: Sequence[Target]) -> str:
    lines = [
        "# Delivery, measured",
        "",
        f"{clock.system():%-d %B %Y}; Python {platform.python_version()}; {os.cpu_count()} cores; by `make bench`.",
        "",
    ]
    for db, runs in found.items():
        lines += [
            f"## {_DATABASES[db]}",
            "",
            "| run | messages | a second | processor time each | memory |",
            "|---|--:|--:|--:|--:|",
        ]
        for name, run in runs.items():
            more = f" (own {run['own_ms']})" if "own_ms" in run else ""
            memory = f"{run['after_a_tenth_mb']} → {run['after_all_mb']}" if "after_all_mb" in run else run["memory_mb"]
            lines.append(f"| {name} | {run['n']:,} | {run['a_s']:,} | {run['cpu_ms']} ms{more} | {memory} MB |")
        lines.append("")
    lines += ["## Targets", "", "| database | target | measured |", "|---|---|---|"]
    lines += [f"| {_DATABASES[t.db]} | {t.what} | {_figure(t)} |" for t in targets]
    return "\n".join([*lines, "", _READ])
