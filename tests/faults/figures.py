"""What a fault test measured: printed, so that a failure shows it, and kept for ``python -m benchmarks faults``."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from saveline.core.facts import Fact
from tests.notify.looking import rows
from tests.servers import Mailserver, Slack
from tests.world import World

KEPT: Final = "SAVELINE_FAULT_FIGURES"
"""The environment variable that names the file; a line of JSON for each figure."""


class Tally(Fact, frozen=True):
    """What the servers accepted, against what was decided: ``lost`` never arrived, ``doubles`` arrived once more than
    they should, ``posted_twice`` of them in Slack. ``left`` are notices that were not sent, by their status."""

    notices: int
    lost: int
    doubles: int
    posted_twice: int
    left: dict[str, int]


def tally(world: World, mail: Mailserver, slack: Slack) -> Tally:
    found = rows(world)
    mails, posts = Counter(m.id for m in mail.mails), Counter(p.id for p in slack.posts)
    twice = len(slack.posts) - len(posts)
    left = Counter(r.status for r in found if r.status != "sent")
    lost = len(found) - len(mails) - len(posts)
    return Tally(len(found), lost, len(mail.mails) - len(mails) + twice, twice, dict(left))


_NUMBER: Final = re.compile(r"notice-(\d+)\.")


def number_of(message: str) -> int:
    """The number of the notice in the id of a mail or post; 0 where there is none."""
    found = _NUMBER.search(message)
    return int(found[1]) if found else 0


def until_settled(world: World, seconds: float = 60) -> float:
    """Wait until nothing is on its way any more, at most so long; how long it took."""
    began = monotonic()
    while any(r.status in ("queued", "sending", "unknown") for r in rows(world)) and monotonic() - began < seconds:
        sleep(0.1)
    return monotonic() - began


def measured(  # noqa: PLR0913 - a line of the table has so many columns
    fault: int,
    world: World,
    *,
    runs: int = 1,
    lost: int = 0,
    doubles: int = 0,
    seconds: float | None = None,
    seed: int | None = None,
) -> None:
    """Note what came of ``runs`` runs of a fault: notices that never arrived, messages that arrived twice, and how long
    it took from the end of the fault until all was as it should be."""
    database = world.settings.database.partition(":")[0].partition("+")[0]
    figures = {"fault": fault, "database": database, "runs": runs, "lost": lost, "doubles": doubles}
    figures |= {"seconds": None if seconds is None else round(seconds, 2), "seed": seed}
    sys.stdout.write(f"{figures}\n")
    if kept := os.environ.get(KEPT):
        with Path(kept).open("a") as file:
            file.write(json.dumps(figures) + "\n")
