"""The demo's workspace: what is shipped, people with a Slack id and holidays, channels that lead to the
demo's own servers, and the sample portfolio arriving week by week, moved to the weeks before today."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from ruamel.yaml import YAML

from saveline.files import inbox, shipped
from saveline.files.starter import PORTFOLIO, make_workspace

AS_OF: Final = date(2026, 11, 20)
"""The day on which the portfolio stands as it does."""
WAVES: Final = 7
HOLIDAYS: Final[Mapping[str, tuple[int, int, str]]] = {
    "tom@northwind.example": (9, 16, "kim@northwind.example"),
    "gus@northwind.example": (17, 27, "mia@northwind.example"),
    "hana@northwind.example": (24, 34, "lea@northwind.example"),
}
"""Who is away from which to which day of the demo, and who stands in."""

_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def make_sample(folder: Path, channels: Mapping[str, Mapping[str, str]], begin: date) -> dict[str, str]:
    """Fill ``folder``. Returns people's names by Slack id. Raises Missing as :func:`make_workspace` does."""
    make_workspace(folder)
    _settings(folder / "saveline.yaml", channels)
    return _people(folder / "people.yaml", begin)


def arrive(folder: Path, wave: int, begin: date) -> None:
    """Put a seventh of the portfolio's accounts, with all that is known of them, into the workspace's inbox.

    Their dates are moved as if they stood as they do on the day ``begin`` and ``wave`` weeks. ``begin`` must be whole
    weeks from the portfolio's own day, so that weekdays stay what they are.
    """
    by = begin - AS_OF + timedelta(weeks=wave)
    for file in sorted(shipped.folder(PORTFOLIO).glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            heading, *rows = csv.reader(lines)
        place = heading.index("account" if "account" in heading else "key")
        with (folder / inbox.FOLDER / file.name).open("w", encoding="utf-8", newline="") as out:
            mine = (row for row in rows if _wave(row[place]) == wave)
            csv.writer(out).writerows([heading, *([_moved(cell, by) for cell in row] for row in mine)])


def _moved(cell: str, by: timedelta) -> str:
    return _DATE.sub(lambda match: (date.fromisoformat(match[0]) + by).isoformat(), cell)


def _wave(account: str) -> int:
    return crc32(account.encode()) % WAVES


def _settings(file: Path, channels: Mapping[str, Mapping[str, str]]) -> None:
    yaml, document = _read(file)
    document["channels"] = {name: dict(channel) for name, channel in channels.items()}
    document["notices"] = {
        "assigned": {"all": list(channels)},
        "reminder": {"first": list(channels)},
        "escalation": {"all": list(channels)},
        "stage_report": {"first": [name for name in channels if channels[name]["reach"] == "email"]},
    }
    document["pulse"] = {"day": 1}
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)


def _people(file: Path, begin: date) -> dict[str, str]:
    yaml, document = _read(file)
    names = {}
    for person in document["people"]:
        person["slack"] = slack = "U" + person["email"].partition("@")[0].upper()
        names[slack] = person["name"]
        first, last, substitute = HOLIDAYS.get(person["email"], (0, 0, ""))
        if substitute:
            away = {"from": begin + timedelta(days=first), "to": begin + timedelta(days=last), "substitute": substitute}
            person["away"] = [away]
    with file.open("w", encoding="utf-8") as out:
        yaml.dump(document, out)
    return names


def _read(file: Path) -> tuple[Any, Any]:
    yaml = YAML()
    yaml.width = 200
    return yaml, yaml.load(file)


def holidays(begin: date) -> Sequence[str]:
    """Who is away when, in words."""
    spans = (
        (who, begin + timedelta(days=first), begin + timedelta(days=last)) for who, (first, last, _) in HOLIDAYS.items()
    )
    return [f"{who.partition('@')[0].capitalize()} {first:%-d %b} to {last:%-d %b}" for who, first, last in spans]
