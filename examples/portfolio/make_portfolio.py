"""Makes the sample portfolio beside this file: 60 customers of the sample workspace as they stood on 20 November 2026.

    python examples/portfolio/make_portfolio.py

The same seed gives the same files to the byte. Nobody in them exists. Two dozen accounts are in trouble, each in one of
five ways and at a different distance from its renewal; some others look a little worse than they are.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final, NamedTuple

AS_OF: Final = date(2026, 11, 20)
SEED: Final = 20261120
HERE: Final = Path(__file__).resolve().parent

# fmt: off
NAMES: Final = (
    "Aldgate Freight", "Alpenrose Dairy", "Amberline Insurance", "Antero Robotics", "Arbeau Cosmetics",
    "Bellweather Energy", "Birkdale Health", "Bluefin Logistics", "Borealis Mining", "Brightwater Utilities",
    "Calloway Foods", "Cardinal Press", "Castelo Hotels", "Cedarbank", "Cinder Peak Outdoor", "Clearfield Labs",
    "Copperline Telecom", "Corvo Security", "Damson Retail", "Delmar Shipping", "Dunmore College", "Eastgate Pharma",
    "Elmwood Credit Union", "Everly Housing", "Fairhaven Clinics", "Falken Automotive", "Fjordkraft Wind",
    "Foxglove Media", "Garnet Analytics", "Glenmore Estates", "Granville Steel", "Harborview Dental",
    "Heliodor Solar", "Hollis & Wren", "Indigo Rail", "Ironbridge Tools", "Juniper Travel", "Kestrel Airways",
    "Kingsley Legal", "Lanternfish Games", "Larkspur Schools", "Lumen Optics", "Maplecrest Farms", "Meridian Payroll",
    "Montclair Textiles", "Northgate Museums", "Oakhurst Brewing", "Orsino Ceramics", "Paragon Fitness",
    "Pinecrest Timber", "Quillon Publishing", "Redwater Paper", "Saltmarsh Fisheries", "Sterling Parking",
    "Tamarack Bank", "Thornbury Foods", "Umbra Lighting", "Vantage Surveying", "Westmere Hospital", "Yarrow Biotech",
)
VERTICALS: Final = ("manufacturing", "retail", "health", "finance", "logistics", "media", "energy", "education")
PLACES: Final = (
    ("EMEA", "GB"),
    ("EMEA", "PT"),
    ("EMEA", "DE"),
    ("EMEA", "SE"),
    ("AMER", "US"),
    ("AMER", "US"),
    ("AMER", "BR"),
    ("APAC", "AU"),
)
SEGMENTS: Final = {"enterprise": (90_000, 480_000), "mid_market": (24_000, 88_000), "smb": (4_800, 19_000)}
PLANS: Final = {"enterprise": "Enterprise", "mid_market": "Business", "smb": "Team"}
HEALTH: Final = {"value_not_seen": (22, 39)}
LAST_MET: Final = {"silent_account": (72, 130), "champion_left": (13, 45)}
CSMS: Final = ("ana", "kim", "tom")
AES: Final = ("jill", "sam")
SPONSORS: Final = ("chris", "bob", "hana")
FIRST: Final = (
    "Alice", "Bruno", "Chidi", "Dana", "Emil", "Farah", "Goran", "Helen", "Ivo", "Jana", "Karl", "Lucia", "Marek",
    "Nadia", "Omar", "Paula", "Quinn", "Rosa", "Stefan", "Tara",
)
LAST: Final = (
    "Abreu", "Berg", "Castro", "Dahl", "Eriksen", "Faria", "Grant", "Horvat", "Ito", "Jansen", "Kovac", "Lopes",
    "Meyer", "Novak", "Okoye", "Pinto", "Ruiz", "Silva", "Torres", "Weber",
)
TITLES: Final = ("Head of Operations", "VP Finance", "IT Director", "COO", "Programme Lead", "Procurement Manager")

CHAMPION: Final = "champion_left"
SERVICE: Final = "service_failure"
VALUE: Final = "value_not_seen"
PRICE: Final = "price_pressure"
SILENT: Final = "silent_account"

# fmt: on

# What is wrong, and how many days are left until renewal: (account's place among NAMES, trouble, runway).
TROUBLES: Final = (
    (0, CHAMPION, 142),
    (2, SERVICE, 96),
    (5, PRICE, 61),
    (7, SILENT, 188),
    (9, VALUE, 74),
    (11, CHAMPION, 47),
    (14, VALUE, 251),
    (16, SERVICE, 33),
    (18, PRICE, 118),
    (21, CHAMPION, 205),
    (23, SILENT, 104),
    (26, SERVICE, 160),
    (28, VALUE, 41),
    (31, PRICE, 36),
    (34, SERVICE, 270),
    (36, CHAMPION, 79),
    (39, SILENT, 55),
    (42, VALUE, 129),
    (45, PRICE, 172),
    (48, CHAMPION, 310),
    (51, SILENT, 232),
    (55, SERVICE, 68),
)


class Signal(NamedTuple):
    """A signal as it is told: how many days ago, and in what words."""

    kind: str
    ago: int
    value: float | None = None
    note: str = ""


STORIES: Final[dict[str, tuple[tuple[Signal, ...], ...]]] = {
    CHAMPION: (
        (
            Signal("champion_left", 6, note="left for a new job"),
            Signal("usage_drop", 3, 38, "logins of the team fell by 38%"),
        ),
        (
            Signal("champion_left", 11, note="went on parental leave, no deputy named"),
            Signal("nps", 20, 5, "new lead, first answer"),
        ),
    ),
    SERVICE: (
        (
            Signal("escalation", 4, note="nightly export fails since the last release"),
            Signal("escalation", 9, note="wrong totals in the monthly report"),
            Signal("complaint", 5, note="third time this quarter"),
            Signal("csat", 4, 1, "waited four days"),
            Signal("csat", 12, 2),
        ),
        (
            Signal("escalation", 2, note="single sign-on down for a morning"),
            Signal("escalation", 15, note="import loses attachments"),
            Signal("first_response_hours", 2, 31),
            Signal("first_contact_resolution", 1, 0.35, "7 of 20 tickets solved at first contact in 30 days"),
            Signal("csat", 2, 2, "nobody told us"),
        ),
    ),
    VALUE: (
        (
            Signal("usage_drop", 2, 55, "weekly active people from 40 to 18"),
            Signal("nps", 9, 4, "cannot show my board what we gained"),
            Signal("csat", 30, 3),
        ),
        (Signal("usage_drop", 5, 47, "two of three teams stopped"), Signal("nps", 14, 6, "nice, but what for")),
    ),
    PRICE: (
        (
            Signal("discount_asked", 4, 20, "procurement wants 20% off"),
            Signal("downgrade", 25, note="Enterprise to Business"),
        ),
        (Signal("discount_asked", 7, 30, "named a cheaper offer"), Signal("downgrade", 12, note="40 seats fewer")),
    ),
    SILENT: (
        (Signal("low_usage", 1, 4, "4 active people of 60 seats in 30 days"),),
        (Signal("low_usage", 1, 2, "2 active people of 35 seats in 30 days"),),
    ),
}
MURMURS: Final = (
    Signal("csat", 18, 2, "slow answer, then fine"),
    Signal("escalation", 40, note="solved within a day"),
    Signal("nps", 33, 6, "good, could be faster"),
    Signal("usage_drop", 10, 31, "holidays"),
    Signal("complaint", 21, note="invoice sent twice"),
    Signal("discount_asked", 30, 10, "usual yearly question"),
)


class Maker:
    """Draws the portfolio account by account; every table is a list of rows."""

    def __init__(self) -> None:
        self.draw = random.Random(SEED)
        self.accounts: list[Sequence[object]] = []
        self.team: list[Sequence[object]] = []
        self.contacts: list[Sequence[object]] = []
        self.signals: list[Sequence[object]] = []
        self.touchpoints: list[Sequence[object]] = []

    def make(self) -> None:
        troubles = {place: (cause, runway) for place, cause, runway in TROUBLES}
        for place, name in enumerate(NAMES):
            cause, runway = troubles.get(place, ("", self.draw.randint(40, 360)))
            self.account(place, name, cause, runway)

    def account(self, place: int, name: str, cause: str, runway: int) -> None:
        key = name.lower().replace(" & ", "-").replace(" ", "-")
        segment = self.draw.choices(list(SEGMENTS), (3, 5, 4))[0]
        least, most = SEGMENTS[segment]
        arr = round(least * (most / least) ** self.draw.random(), -2)
        region, country = self.draw.choice(PLACES)
        renewal = AS_OF + timedelta(days=runway)
        start = renewal.replace(year=renewal.year - self.draw.randint(1, 4))
        low, high = HEALTH.get(cause, (41, 70)) if cause else (58, 96)
        health = self.draw.randint(low, high)
        seats = max(5, round(arr / self.draw.randint(450, 900)))
        vertical = self.draw.choice(VERTICALS)
        columns = (segment, vertical, region, country, f"{arr:.0f}", renewal, health, PLANS[segment], seats, start)
        self.accounts.append((key, name, *columns))
        csm = CSMS[place % len(CSMS)]
        self.people(key, segment, csm)
        champion = self.customers(key, gone=cause == CHAMPION and place % 2 == 0)
        self.observe(key, place, cause)
        self.meet(key, csm, champion, last=LAST_MET.get(cause, (2, 45)))

    def people(self, key: str, segment: str, csm: str) -> None:
        roles = {"csm": csm, "ae": self.draw.choice(AES)}
        if segment == "enterprise":
            roles["sponsor"] = self.draw.choice(SPONSORS)
        self.team += [(key, role, f"{who}@northwind.example") for role, who in roles.items()]

    def customers(self, key: str, *, gone: bool) -> str:
        """Two or three people there; gives the champion's address."""
        addresses = []
        for i in range(self.draw.randint(2, 3)):
            first, last = self.draw.choice(FIRST), LAST[(len(self.contacts) * 7) % len(LAST)]
            address = f"{first}.{last}@{key}.example".lower()
            left = AS_OF - timedelta(days=6) if gone and i == 0 else ""
            self.contacts.append(
                (key, address, f"{first} {last}", self.draw.choice(TITLES), "yes" if i == 0 else "no", left)
            )
            addresses.append(address)
        return addresses[0]

    def observe(self, key: str, place: int, cause: str) -> None:
        murmur = [self.draw.choice(MURMURS)] if self.draw.random() < 0.4 else []
        told: Iterable[Signal] = STORIES[cause][place % 2] if cause else murmur
        for no, signal in enumerate(told, start=1):
            hour, minute = self.draw.randint(8, 17), self.draw.choice((0, 15, 30, 45))
            at = f"{AS_OF - timedelta(days=signal.ago)} {hour:02}:{minute:02}"
            value = "" if signal.value is None else f"{signal.value:g}"
            self.signals.append((key, signal.kind, at, value, signal.note, f"{key}-{no}"))

    def meet(self, key: str, csm: str, champion: str, *, last: tuple[int, int]) -> None:
        """Calls and visits of half a year, the last of them as many days ago as ``last`` allows."""
        ago = self.draw.randint(*last)
        while ago < 180:
            how = self.draw.choices(("call", "meeting", "visit", "workshop"), (5, 4, 1, 1))[0]
            at = f"{AS_OF - timedelta(days=ago)} {self.draw.randint(9, 16):02}:00"
            self.touchpoints.append((key, at, how, f"{csm}@northwind.example", champion, ""))
            ago += self.draw.randint(20, 50)

    def tables(self) -> dict[str, list[Sequence[object]]]:
        """Each file's rows, the headings first."""
        accounts = "key name segment vertical region country arr renewal health plan seats contract_start"
        return {
            "accounts.csv": [accounts.split(), *self.accounts],
            "team.csv": [("account", "role", "person"), *self.team],
            "contacts.csv": [("account", "email", "name", "title", "champion", "left_on"), *self.contacts],
            "signals.csv": [("account", "kind", "at", "value", "note", "key"), *self.signals],
            "touchpoints.csv": [("account", "at", "how", "person", "contact", "note"), *self.touchpoints],
        }


def write(folder: Path) -> None:
    """Write the five files into ``folder``."""
    maker = Maker()
    maker.make()
    for name, rows in maker.tables().items():
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    write(HERE)
