"""What the doctor looks at, each with an id and a hint: files, people, database, channels, clock, plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from saveline import clock
from saveline.actions import checkin, reachable, slack_setup, webhooks
from saveline.actions.audit import audit
from saveline.actions.desk import Desk
from saveline.actions.mail_in import mailbox_url
from saveline.actions.report_readers import unknown_wishes
from saveline.core.checkin import told_with
from saveline.core.errors import Invalid
from saveline.core.facts import Fact
from saveline.core.phrases import count
from saveline.core.pulse import FEWEST, TOGETHER
from saveline.notify import imap
from saveline.notify.channels import Misconfigured, open_channel
from saveline.notify.channels.base import SECONDS, redacted
from saveline.settings import Settings, expand
from saveline.store import database, schema

SKEW: Final = timedelta(minutes=2)
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
Level: TypeAlias = Literal["ok", "warning", "error"]


class Check(Fact, frozen=True):
    """One thing looked at. ``id`` is stable; ``hint`` says what to do."""

    id: str
    level: Level
    words: str
    hint: str = ""


def examine(settings: Settings, open_desk: Callable[[], Desk], migrations: Path) -> Iterator[Check]:
    """Everything, in the order in which one thing needs the other; what cannot be looked at is left out."""
    database_check = _database(settings, migrations)
    yield database_check
    try:
        desk = open_desk() if database_check.level != "error" else None
    except Invalid as error:
        desk = None
        for problem in error.problems:
            yield Check(
                "workspace", "error", str(problem), "Mend the file; the line and column are where it went wrong."
            )
    except SQLAlchemyError as error:
        desk = None
        yield Check("database", "error", f"The database does not answer: {error}", "Run `saveline migrate`.")
    if desk is None:
        return
    yield Check("workspace", "ok", f"{desk.workspace.company}: saveline.yaml and people.yaml are in order")
    for look in (_plays, _templates, _people, _channels, _replies, _webhooks, _clock, _engine):
        yield from look(desk)
    for found in slack_setup.examine(desk, settings):
        yield Check(found.id, found.level, found.words, found.hint)
    yield from _pages(settings, desk)


def _database(settings: Settings, migrations: Path) -> Check:
    try:
        if settings.database_url is None:
            settings.state.mkdir(parents=True, exist_ok=True)
        engine = database.connect(settings.database)
        current, newest = schema.behind(engine, migrations)
        engine.dispose()
    except (SQLAlchemyError, OSError) as error:
        hint = "Is the server running, and SAVELINE_DATABASE_URL right? Nothing else was looked at."
        return Check("database-unreachable", "error", f"The database cannot be reached: {_first_line(error)}", hint)
    if current == newest:
        return Check("database", "ok", f"The database is at version {newest}")
    if current is None:
        return Check("database-empty", "warning", "The database has no tables yet", "The first command makes them.")
    return Check(
        "database-behind", "error", f"The database is at version {current}, not {newest}", "Run `saveline migrate`."
    )


def _plays(desk: Desk) -> Iterator[Check]:
    for problem in desk.plays.problems:
        level: Level = "warning" if problem.warning else "error"
        yield Check("play" if problem.warning else "play-broken", level, str(problem), "Run `saveline playbook check`.")
    if desk.plays.live:
        names = ", ".join(p.play.name for p in desk.plays.live)
        yield Check("plays", "ok", f"Live: {names}")
    else:
        yield Check("no-plays", "error", "There is no playbook that can run", "Put one into playbooks/.")


def _templates(desk: Desk) -> Iterator[Check]:
    """The workspace's own templates; nothing where it has none."""
    own = desk.own_templates
    for problem in own.problems:
        hint = "The shipped template is used meanwhile; `saveline notices templates` shows the others."
        yield Check("template", "warning", str(problem), hint)
    if own.texts and not own.problems:
        yield Check("template", "ok", f"{count(len(own.texts), 'template')} of your own, tried with samples")


def _people(desk: Desk) -> Iterator[Check]:
    with desk.reading() as conn:
        people, now = desk.people(conn), desk.now(conn)
    active = [p for p in people.by_id.values() if p.active]
    yield Check("people", "ok", f"{len(active)} people")
    for department in desk.workspace.departments:
        lead = people.by_id.get(department.lead_id or 0)
        if lead is None:
            hint = "Give it a lead in saveline.yaml: ladders end there."
            yield Check("department-without-lead", "warning", f"{department.name} has no lead", hint)
        elif people.at_work(lead.id, now, []) is None:
            hint = "Name a substitute in people.yaml."
            yield Check(
                "lead-away", "warning", f"{lead.name}, lead of {department.name}, is away and nobody stands in", hint
            )
    yield from _reports(desk)
    yield from _question(desk)
    if not desk.workspace.channels:
        yield Check(
            "no-channel", "error", "No channel is configured: nobody will hear anything", "Add one to saveline.yaml."
        )
    slack = any(c.reach == "slack" for c in desk.workspace.channels.values())
    without = [p.name for p in active if not p.slack_id] if slack else []
    if without:
        yield Check(
            "no-slack-id",
            "warning",
            f"{len(without)} people have no Slack id: {', '.join(without[:5])}",
            "They get e-mail.",
        )


def _reports(desk: Desk) -> Iterator[Check]:
    """Slices that nobody will get, because nothing is called so."""
    with desk.reading() as conn:
        for person, words in unknown_wishes(desk, conn):
            hint = "Mend `reports` in people.yaml; until then this one does not come."
            yield Check(
                "report-of-nothing", "warning", f"{person.name} wants a report that cannot be made: {words}", hint
            )


def _question(desk: Desk) -> Iterator[Check]:
    """Whom the monthly question goes to; nothing where none is asked."""
    if desk.workspace.pulse is None:
        return
    with desk.reading() as conn:
        people = checkin.may_be_asked(conn, desk.people(conn))
    groups = told_with(people)
    left_out, together = len(people) - len(groups), sum(g == TOGETHER for g in groups.values())
    if left_out:
        words = f"The monthly question does not go to {left_out} of {len(people)} people who may be asked"
        hint = f"Fewer than {FEWEST} people in small departments could be told from each other by their answers."
        yield Check("pulse-too-few", "warning", words, hint)
    else:
        words = f"The monthly question goes to {len(groups)} people"
        yield Check("pulse", "ok", f"{words}, {together} of them as one group of small departments")


def _pages(settings: Settings, desk: Desk) -> Iterator[Check]:
    """Whether links are good wherever they are read."""
    if settings.keys is None and not settings.database.startswith("sqlite"):
        hint = "Set SAVELINE_KEYS to the same secret on every machine that sends messages or serves pages."
        yield Check("no-keys", "warning", "Links are signed with a key that only this machine has", hint)
    host = urlsplit(settings.url).hostname or ""
    real = [c.name for c in desk.workspace.channels.values() if not _stays_here(c.url)]
    if host in _LOOPBACK and real:
        hint = "Set SAVELINE_URL to the address at which people reach this machine."
        words = f"Links lead to {settings.url}, which only this machine reaches, but {real[0]} sends to others"
        yield Check("url-loopback", "warning", words, hint)
    else:
        yield Check("pages", "ok", f"Links lead to {settings.url}")


def _stays_here(url: str) -> bool:
    """Whether a channel's messages go no further than this machine."""
    with suppress(KeyError):
        url = expand(url)
    return url.startswith("smailbox:") or any(f"{mark}{host}" in url for host in _LOOPBACK for mark in ("@", "/"))


def _channels(desk: Desk) -> Iterator[Check]:
    """Secrets that are missing, URLs that are none, and servers that do not answer. Nothing is sent."""
    for channel in desk.workspace.channels.values():
        try:
            opened = open_channel(
                expand(channel.url),
                folder=desk.folder,
                to_persons=channel.reach != "room",
                internal=desk.workspace.internal,
            )
        except KeyError as missing:
            hint = f"Set {missing.args[0]} in the environment of the engine."
            yield Check("secret-missing", "error", f"The channel {channel.name} needs {missing.args[0]}", hint)
            continue
        except Misconfigured as error:
            yield Check("channel-broken", "error", f"The channel {channel.name}: {error}", "See docs/channels.md.")
            continue
        fault = redacted(opened.probe(monotonic() + SECONDS), opened.secrets)
        opened.close()
        if fault:
            yield Check(
                "channel-unreachable", "error", f"The channel {channel.name} does not answer: {fault}", "Is it up?"
            )
        else:
            yield Check("channel", "ok", f"The channel {channel.name} is ready")


def _webhooks(desk: Desk) -> Iterator[Check]:
    for source in desk.workspace.webhooks.values():
        for fault in webhooks.faults(source):
            hint = "Set it in the environment of the web server; until then its calls are refused."
            yield Check("webhook-secret", "warning", f"The webhook {source.name}: {fault}", hint)


def _replies(desk: Desk) -> Iterator[Check]:
    """The mailbox to which answers come, what lies there unmatched, and whose mail came back."""
    replies = desk.workspace.replies
    if replies is not None:
        try:
            with imap.opened(mailbox_url(replies.url)) as inbox:
                left = inbox.count(imap.UNMATCHED)
            yield Check("replies", "ok", "The mailbox for answers is ready")
        except imap.MailboxDown as error:
            left = 0
            yield Check("replies-unreachable", "error", f"The mailbox for answers: {error}", "See docs/mail.md.")
        if left:
            words = f"{count(left, 'mail')} could not be matched"
            yield Check("replies-unmatched", "warning", words, f"Look into its folder “{imap.UNMATCHED}”.")
    for person in reachable.everybody(desk):
        for lost in person.lost:
            hint = f"Mend people.yaml, or `saveline people reachable {person.email}`."
            yield Check("person-unreachable", "warning", f"{person.name}, {lost.address}: {lost.reason}", hint)


def _clock(desk: Desk) -> Iterator[Check]:
    if desk.clock is not clock.system:
        yield Check(
            "clock-stepped",
            "warning",
            f"The clock is stepped: it is {desk.clock():%d %b %Y %H:%M}",
            "Unset SAVELINE_CLOCK.",
        )
        return
    with desk.reading() as conn:
        shared = database.server_now(conn)
        last = conn.execute(sa.text("SELECT max(id) FROM event")).scalar()
    skew = abs(shared - clock.system()) if shared else timedelta()
    if skew > SKEW:
        hint = "Set the machine's clock: leases and due moments use the database's."
        yield Check("clock-off", "error", f"This machine's clock is {skew} off the database's", hint)
    else:
        yield Check("clock", "ok", f"The clock is right ({last or 0} events so far)")


def _engine(desk: Desk) -> Iterator[Check]:
    for finding in audit(desk, repair=False):
        yield Check(finding.id, "error" if finding.urgent else "warning", finding.words, "Is `saveline up` running?")


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
