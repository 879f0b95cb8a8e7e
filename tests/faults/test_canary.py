"""No secret is printed, logged, shown, sent or stored, whatever goes wrong.

Each secret is a canary of its own; everything logs all it has, every service refuses, answers nonsense or is not there,
files are broken, and then everything that was said and kept is searched for each of them, as it is and as libraries
write it: in base64, quoted for a URL, in the text of a Python value. A signed link is a key as well, and not in the
logs. Planted bugs that turned this red: the loggers of libraries left as they are; paths in the access log. Two were
there: an address of a channel without ``://`` quoted by the check of the settings, and one that Apprise cannot read
logged by it.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

import models
from saveline.actions import tokens
from saveline.actions.mail_in import read_mail
from saveline.notify.imap import MailboxDown
from saveline.runtime import Runtime
from tests.cli.terminal import Terminal
from tests.servers import Mailserver, Reply, Slack, mailserver, slack_server
from tests.web.api import LEFT, signed
from tests.web.serving import served
from tests.world import World, world

WORDS = (
    "slackbot", "slackhook", "smtp", "hook", "unread", "typed", "imap", "signing", "app", "keys", "webhook", "database",
)  # fmt: skip
CANARY = {word: f"canary{number}{word}77" for number, word in enumerate(WORDS)}
WEBHOOK = "whsec_" + base64.b64encode(f"{CANARY['webhook']} is the secret".encode()).decode()
DEBUG = (
    "saveline",
    "uvicorn",
    "sqlalchemy.pool",
    "httpx",
    "slack_sdk",
    "urllib3",
    "asyncio",
    "mail.log",
)

CHANNELS = """channels:
  slack: {{url: "sslack://xoxb-${{BOT}}/?api={slack}/api/", reach: slack}}
  hook: {{url: "json://user:${{HOOK}}@localhost:{port}/${{HOOK}}/{{address}}", reach: email}}
  unread: {{url: "json://user:${{UNREAD}}@127.1:99999/${{UNREAD}}", reach: room}}
  room: {{url: "sslackhook://T0/B0/${{ROOM}}?api={slack}/services", reach: room}}
  email: {{url: "smail://rita:${{SMTP}}@127.0.0.1:{smtp}?from=saveline@x.example", reach: email}}
replies: {{url: "imap://rita:${{IMAP}}@127.0.0.1:9/INBOX", trust: x.example}}
webhooks: {{helpdesk: {{secret: "${{HELPDESK}}", scopes: [signals]}}}}
internal: [localhost]
"""


@dataclass
class Site:
    """A world in which every secret is set, and what the services and strangers see of it."""

    world: World
    terminal: Terminal
    smtp: Mailserver
    slack: Slack
    seen: list[str]
    token: str = ""
    link: str = ""

    def say(self, *words: str) -> None:
        """A command, whatever comes of it."""
        status, out, err = self.terminal.type(*words)
        self.seen += [f"saveline {' '.join(words)} → {status}", out, err]

    def answer(self, answer: httpx.Response) -> None:
        self.seen += [str(answer.status_code), str(dict(answer.headers)), answer.text]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Site]:
    """The world; what has a password for its database comes last."""
    environment = {
        "BOT": CANARY["slackbot"], "HOOK": CANARY["hook"], "UNREAD": CANARY["unread"], "ROOM": CANARY["slackhook"],
        "SMTP": CANARY["smtp"], "IMAP": CANARY["imap"], "HELPDESK": WEBHOOK, "SAVELINE_KEYS": CANARY["keys"],
        "SLACK_SIGNING_SECRET": CANARY["signing"], "SLACK_APP_TOKEN": f"xapp-{CANARY['app']}",
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with (
        world(tmp_path / "workspace", f"sqlite:///{tmp_path / 'saveline.db'}") as built,
        mailserver(login=("rita", "another password")) as smtp,
        slack_server() as slack,
    ):
        _settings(built, smtp, slack)
        yield Site(built, Terminal(built, monkeypatch, capsys), smtp, slack, [])


def _settings(built: World, smtp: Mailserver, slack: Slack) -> None:
    path = built.settings.workspace / "saveline.yaml"
    text = path.read_text()
    start, end = text.index("channels:"), text.index("notices:")
    made = CHANNELS.format(slack=slack.url, port=slack.url.rpartition(":")[2], smtp=smtp.port)
    text = text[:start] + made + text[end:]
    text = text.replace("all: [slack, email]", "all: [slack, email, hook]").replace("slack:#engineering", "room")
    path.write_text(text.replace("{title: Finance,", '{title: Finance, channel: "unread",'))


# --- what happens -----------------------------------------------------------------------------------------------------


def deals_go_wrong(site: Site) -> None:
    """Notices by every channel, each of which fails in another way."""
    lite = site.world
    lite.open()
    site.slack.replies.extend([Reply(500), Reply(404, "no"), Reply(cut=True), Reply(200, "<html>")] * 3)
    lite.done("ana", "diagnosis", root_cause="product_gap", summary="x")
    lite.done("ana", "open_tickets", pattern="x", product_change_needed=True)
    for _ in range(4):
        lite.deliver()
        lite.pass_time(minutes=10)
    with pytest.raises(MailboxDown) as down:
        read_mail(lite.desk)
    site.seen.append(str(down.value))


def strangers_call(site: Site) -> None:
    """Every door of the web, with good and bad tokens, signatures and links."""
    built = site.world
    with served(built) as client:
        bearer = {"Authorization": f"Bearer {site.token}"}
        bodies: tuple[object, ...] = (LEFT, {**LEFT, "at": "never"}, [], {"account": "nobody"})
        for body in bodies:
            site.answer(client.post("/api/v1/signals", json=body, headers=bearer))
        site.answer(client.post("/api/v1/signals", content=b"{", headers=bearer))
        site.answer(client.post("/api/v1/accounts", json={}, headers={"Authorization": f"Bearer {site.token}x"}))
        site.answer(signed(client, {**LEFT, "key": "t-7"}, built.now, secret=WEBHOOK))
        site.answer(signed(client, LEFT, built.now, secret="whsec_" + "A" * 40))
        site.answer(client.post("/slack/interactive", data={"payload": "{}"}, headers={"x-slack-signature": "v0=x"}))
        links = built.desk.links
        assert links is not None
        site.link = links.link("task", 1, built.person("ana"), built.now).partition("//")[2].partition("/")[2]
        client.get(f"/{site.link}")  # what it shows is for whoever has the link
        for path in ("/", "/healthz", "/api/v1/openapi.json", "/nothing", "/tasks/x", "/mine/x", f"/{'x' * 3000}"):
            site.answer(client.get(path))


def people_ask(site: Site) -> None:
    """Every command that looks at anything, in order and with broken files."""
    for words in (
        ("doctor",), ("deliver",), ("notices", "list"), ("notices", "list", "--json"),
        ("notices", "explain", "1"), ("notices", "explain", "2", "--json"), ("token", "list"),
        ("token", "list", "--json"), ("token", "revoke", "nobody"), ("deal", "show", "1"), ("deal", "list"),
        ("task", "list"), ("why", "deal", "1"),
        ("playbook", "check"), ("--help",),
    ):  # fmt: skip
        site.say(*words)
    settings = site.world.settings.workspace / "saveline.yaml"
    good = settings.read_text()
    for broken in (
        good.replace("sslack://xoxb-${BOT}/", f"sslack:/xoxb-{CANARY['typed']}/"),
        good.replace(f"sslack://xoxb-${{BOT}}/?api={site.slack.url}/api/", f"sslack:/xoxb-{CANARY['typed']}/"),
        good.replace("imap://rita:${IMAP}@", f"imaq://rita:{CANARY['typed']}@"),
        good.replace('"${HELPDESK}"', f"whsec_{CANARY['typed']}"),
        good.replace("reach: slack", "reach: slak"),
        good.replace("smail://rita:${SMTP}", "smail://rita:${SMTPP}"),
        good.replace("zone: Europe/Lisbon", "zone: [" + good.replace("\n", " ")[:50]),
    ):
        settings.write_text(broken)
        for words in (("doctor",), ("playbook", "check")):
            site.say(*words)
    settings.write_text(good)


def the_database_is_gone(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong port, a wrong name and a URL that is none, each with the password in it."""
    password = CANARY["database"]
    for url in (
        f"postgresql+psycopg://rita:{password}@127.0.0.1:9/none?connect_timeout=2",
        f"postgresql+psycopg://rita:{password}@host.invalid/none?connect_timeout=2",
        f"postgresql+psycopg://rita:{password}@127.0.0.1:port/none",
        f"postgres:/{password}@nowhere",
    ):
        monkeypatch.setenv("SAVELINE_DATABASE_URL", url)
        for words in (("doctor", "--json"), ("task", "list")):
            site.say(*words)
        runtime = Runtime(site.world.settings.model_copy(update={"database_url": SecretStr(url)}))
        site.seen += [repr(runtime.settings), str(runtime.settings), repr(vars(runtime))]
        runtime.close()


# --- what is searched -------------------------------------------------------------------------------------------------


def stored(built: World) -> str:
    """Every cell of every table."""
    with built.desk.reading() as conn:
        tables = models.metadata.sorted_tables
        return "\n".join(str(tuple(row)) for t in tables for row in conn.execute(sa.select(t)))


def files(built: World) -> str:
    """Everything that lies in the workspace but what people wrote there, and the key that signs links."""
    kept = (p for p in built.settings.workspace.rglob("*") if p.is_file() and p.name not in ("saveline.yaml", "key"))
    return "\n".join(f"{p.name} {p.read_bytes()!r}" for p in kept)


def forms(secret: str) -> set[str]:
    """A secret as it is, and as libraries write it."""
    raw = secret.encode()
    inside = [base64.b64encode(b"x" * i + raw).decode()[4:-4] for i in range(3)]
    return {secret, quote(secret, safe=""), repr(secret)[1:-1], raw.hex(), base64.b64encode(raw).decode(), *inside}


def test_a_canary_appears_nowhere(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site.token = tokens.create(site.world.desk, "helpdesk", ["signals", "act"])
    monkeypatch.setattr(logging.root, "level", logging.NOTSET)
    caplog.handler.setLevel(logging.NOTSET)
    for name in DEBUG:
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
    deals_go_wrong(site)
    strangers_call(site)
    people_ask(site)
    the_database_is_gone(site, monkeypatch)
    told = "".join(m.text() + m.text("html") for m in site.smtp.mails) + str(site.slack.posts) + str(site.slack.hooks)
    places = {
        "the logs": caplog.text,
        "what was said": "\n".join(site.seen),
        "the database": stored(site.world),
        "files": files(site.world),
        "messages": told.replace(f"/{CANARY['hook']}/", "/"),  # the path it was sent to, as the server saw it
    }
    for went_wrong in ("credentials invalid", "invalid_auth", "did not take it"):
        assert went_wrong in places["the database"]
    for said in ("url is no address", "SMTPP", "Apprise cannot use", "the database cannot be reached"):
        assert said.lower() in places["what was said"].lower(), said
    secrets = {
        **CANARY,
        "token": site.token.removeprefix("saveline_"),
        "webhook secret": WEBHOOK.removeprefix("whsec_"),
    }
    found = [
        f"{word} in {place}: …{text[max(0, text.index(form) - 150) : text.index(form) + 60]}…"
        for place, text in places.items()
        for word, secret in secrets.items()
        for form in forms(secret)
        if form in text
    ]
    assert found == []
    assert site.link.rpartition("/")[2] not in places["the logs"]
