"""The one place that builds things: from the environment to a desk at which actions can work."""

from __future__ import annotations

import itertools
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr
from sqlalchemy.engine import Engine

from saveline import clock
from saveline.actions.desk import Desk, moment
from saveline.actions.people import nobody_to_follow
from saveline.core.errors import Invalid
from saveline.files import workspace as files
from saveline.files.keys import own_key
from saveline.notify import own_templates
from saveline.notify.links import Links
from saveline.settings import Settings
from saveline.store import database, directory, remembered, schema

log = logging.getLogger(__name__)


class Runtime:
    """Settings, and what is built from them. The workspace is read again when one of its files has changed."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.folder: Path = self.settings.workspace.resolve()
        self.clock = clock.Stepped(self.settings.clock) if self.settings.clock else clock.system
        self._engine: Engine | None = None
        self._desk: tuple[int, Desk] | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            if self.settings.database_url is None:
                self.settings.state.mkdir(parents=True, exist_ok=True)
            self._engine = database.connect(self.settings.database)
        return self._engine

    def desk(self) -> Desk:
        """The desk for the workspace as its files are now; a people.yaml that has changed is brought into the database.

        Raises Invalid with every problem of saveline.yaml or people.yaml. A broken playbook only is not live.
        """
        stamp = self._stamp()
        if self._desk is None or self._desk[0] != stamp:
            self._desk = (stamp, self._open())
        return self._desk[1]

    def kept_desk(self) -> Desk:
        """The same for whoever must answer while somebody is editing: with files that cannot be used the desk stays as
        it was, and who edits is told by `saveline doctor`. Raises Invalid where there was none before."""
        try:
            return self.desk()
        except Invalid:
            if self._desk is None:
                raise
            log.warning("the workspace's files cannot be used; going on with those before: run `saveline doctor`")
            return self._desk[1]

    def _open(self) -> Desk:
        document = files.read_settings(self.folder)
        entries = files.read_people(self.folder)
        revision = zlib.crc32((self.folder / files.PEOPLE_FILE).read_bytes())
        with database.reading(self.engine) as conn:
            known = directory.revision(conn, files.PEOPLE_FILE) == revision
        if not known:
            with database.writing(self.engine) as conn:
                directory.sync(conn, entries)
                directory.set_revision(conn, files.PEOPLE_FILE, revision)
                remembered.keep_people(conn, moment(conn, self.clock))
                nobody_to_follow(conn)
        with database.reading(self.engine) as conn:
            people = directory.ids_by_email(conn)
        workspace, _ = files.read_workspace(document, people)
        plays = files.read_plays(self.folder, document, workspace, tuple(people))
        with database.reading(self.engine) as conn:
            same = directory.has_departments(conn, workspace.departments)
            same = same and remembered.last_names(conn) == workspace.names
        if not same:
            with database.writing(self.engine) as conn:
                directory.sync_departments(conn, workspace.departments)
                remembered.keep_names(conn, moment(conn, self.clock), workspace.names)
        desk = Desk(self.engine, self.clock, document, workspace, plays)
        desk.folder, desk.make_links = self.folder, self._links
        return desk

    def _links(self) -> Links:
        given = self.settings.keys
        keys = given.get_secret_value().split(",") if given is not None else [own_key(self.settings.state)]
        return Links(self.settings.url, [k.strip() for k in keys])

    def _stamp(self) -> int:
        """A number that changes when a file of the workspace does."""
        paths = [self.folder / files.SETTINGS_FILE, self.folder / files.PEOPLE_FILE]
        paths += sorted((self.folder / files.PLAYBOOKS).glob("*.yaml"))
        paths += list(itertools.islice((self.folder / own_templates.FOLDER).rglob("*"), own_templates.MOST))
        stats = ((str(p), p.lstat()) for p in paths if p.is_file() or p.is_symlink())
        return hash(tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        self._desk = None


@contextmanager
def scratch(settings: Settings) -> Iterator[Desk]:
    """A desk for the workspace on an empty database of its own, which is thrown away: for trying something out."""
    with TemporaryDirectory(prefix="saveline-") as folder:
        url = SecretStr(f"sqlite:///{folder}/scratch.db")
        runtime = Runtime(settings.model_copy(update={"database_url": url}))
        try:
            schema.make(runtime.engine)
            yield runtime.desk()
        finally:
            runtime.close()
