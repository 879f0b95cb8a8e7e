"""What actions work with: the database, the settings, the clock, the plays and the people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final

from sqlalchemy.engine import Connection, Engine

from saveline.clock import Clock, system
from saveline.core.decide.draft import Case
from saveline.core.errors import Invalid, Problem, UnknownDeal
from saveline.core.facts import Account, Deal, Person
from saveline.core.people import Asking, Duty, People, resolve
from saveline.core.play import Play
from saveline.core.workspace import Workspace
from saveline.core.worktime import DaysOff
from saveline.files import shipped
from saveline.files.workspace import Plays, stored_play
from saveline.files.yaml import Document
from saveline.notify import own_templates
from saveline.notify.links import Links
from saveline.notify.own_templates import OwnTemplates
from saveline.notify.parts import View
from saveline.notify.render import Wording
from saveline.notify.samples import Samples
from saveline.notify.view import view
from saveline.store import database, directory, load, playbooks
from saveline.store.rows import decode_json

LARGEST_ID: Final = 2**63 - 1


def moment(conn: Connection, clock: Clock) -> datetime:
    """The database's clock where it has one, unless the clock is stepped: then all machines share that."""
    shared = database.server_now(conn) if clock is system else None
    return shared or clock()


class Desk:
    """Built once by :mod:`saveline.runtime` and shared; it remembers the people and plays it has read.

    ``folder`` is the workspace's, to which the paths in its channels are relative.
    """

    folder: Path = Path()
    make_links: Callable[[], Links] | None = None

    def __init__(self, engine: Engine, clock: Clock, document: Document, workspace: Workspace, plays: Plays) -> None:
        self.engine, self.clock = engine, clock
        self.document, self.workspace, self.plays = document, workspace, plays
        self._people: tuple[int, People] | None = None
        self._samples: Samples | None = None
        self._compiled = {live.play.hash: live.play for live in plays.live}

    @cached_property
    def own_templates(self) -> OwnTemplates:
        """The workspace's own templates, each tried with a sample; read once, and again with the rest of its files."""
        return own_templates.read(self.folder, shipped.folder("templates"), self._sample_views)

    def _sample_views(self, kind: str) -> list[View]:
        with self.reading() as conn:
            people = self.people(conn)
        reader = next((p for p in people.by_id.values() if p.active), None)
        plays = [live.play for live in self.plays.live]
        if self._samples is None and reader is not None and plays:
            self._samples = Samples(self.workspace, people, plays, reader, self.clock(), links=self.links)
        return [view(matter) for matter in self._samples.of(kind)] if self._samples is not None else []

    @cached_property
    def wording(self) -> Wording | None:
        """The templates to use; None for the shipped ones alone."""
        texts = self.own_templates.texts
        return Wording(shipped.folder("templates"), texts) if texts else None

    @cached_property
    def links(self) -> Links | None:
        """What signs links; None at a desk that was built for something that sends nothing."""
        return self.make_links() if self.make_links is not None else None

    def writing(self) -> AbstractContextManager[Connection]:
        return database.writing(self.engine)

    def reading(self) -> AbstractContextManager[Connection]:
        return database.reading(self.engine)

    def now(self, conn: Connection) -> datetime:
        """The moment it is, for everybody who shares the database."""
        return moment(conn, self.clock)

    def people(self, conn: Connection) -> People:
        """The directory as it is now; read again only when it has changed."""
        revision = directory.revision(conn, "people")
        if self._people is None or self._people[0] != revision:
            ws = self.workspace
            days_off = DaysOff(ws.country, ws.holidays)
            found = People(directory.persons(conn), ws.departments, ws.zone, ws.hours, days_off)
            self._people = (revision, found)
        return self._people[1]

    def steward(self, people: People, now: datetime) -> Person | None:
        """Who looks after Saveline here, or stands in for them; None where nobody of them is at work."""
        found = resolve(self.workspace.steward, Asking(now), people, Duty()).person_id
        return people.by_id.get(found or 0)

    def play(self, conn: Connection, hash_: str) -> Play:
        """The version a deal runs by. Raises Invalid where it is not stored or cannot be compiled any more."""
        found = self._compiled.get(hash_)
        if found is None:
            version = playbooks.version(conn, hash_)
            if version is None:
                what = "this version of the playbook is not stored"
                raise Invalid([Problem(f"version {hash_}", 1, 1, what, "a stored version")])
            found = self._compiled[hash_] = stored_play(
                hash_, version.text, decode_json(version.policies), self.document
            )
        return found

    def playable(self, conn: Connection, hashes: Iterable[str]) -> dict[str, Play]:
        """Of these versions those that can be had, by hash; of the others whoever looks after Saveline hears
        elsewhere."""
        found = {}
        for hash_ in sorted(set(hashes)):
            with suppress(Invalid):
                found[hash_] = self.play(conn, hash_)
        return found

    def picks(self, conn: Connection, hashes: Iterable[str]) -> set[str]:
        """The departments from which the plays of ``hashes`` pick somebody; a broken one picks nobody."""
        return {key for play in self.playable(conn, hashes).values() for key in play.picks}

    def live_picks(self) -> set[str]:
        """The departments from which the plays that new deals may get pick somebody."""
        return {key for live in self.plays.live for key in live.play.picks}

    def case(self, conn: Connection, people: People, deal: Deal, account: Account, duty: Duty) -> Case:
        """All that a decision about ``deal`` may look at. Raises Invalid where its play cannot be had."""
        return Case(self.workspace, people, self.play(conn, deal.play_hash), account, deal, duty)

    def locked(self, conn: Connection, deal_id: int) -> Case:
        """The case of one deal, locked until the transaction ends. Raises UnknownDeal."""
        known = 0 < deal_id <= LARGEST_ID  # of a larger one a database would say that it is no number
        found: Sequence[tuple[Deal, Account]] = load.deals(conn, [deal_id], lock=True) if known else ()
        if not found:
            raise UnknownDeal(deal_id)
        deal, account = found[0]
        people, play = self.people(conn), self.play(conn, deal.play_hash)
        return Case(self.workspace, people, play, account, deal, self.duty(conn, people, play.picks))

    def duty(self, conn: Connection, people: People, departments: Iterable[str]) -> Duty:
        """Loads of those who may be picked from ``departments``; most plays pick nobody, and then nothing is read."""
        picked = [p.id for key in departments for p in people.members(key)]
        return directory.duty(conn, picked) if picked else Duty()
