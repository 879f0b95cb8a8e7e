"""Opening channels, and those that are not Slack: the mailbox, TLS and login, any other service of Apprise."""

from __future__ import annotations

import logging
import mailbox
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import apprise
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec.structs import replace

from saveline.core.delivery import Outcome, Permanent, Sent, Transient
from saveline.notify.channels import Misconfigured, open_channel, register
from saveline.notify.channels.smtp import Smail
from saveline.notify.message import REPEAT, Outgoing
from tests.notify.looking import rows
from tests.servers import TOKEN, Mailserver, Reply, Slack, mailserver, slack_server
from tests.world import World

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MESSAGE = Outgoing("ana@x.example", "Hello", "notice-1.abc", AT, text="Hi\n", html="<p>Hi</p>", slack="*Hi*\n\nbye")


@pytest.fixture
def server() -> Iterator[Slack]:
    with slack_server() as found:
        yield found


def sent(url: str, message: Outgoing = MESSAGE, *, folder: Path = Path(), to_persons: bool = True) -> Outcome:
    channel = open_channel(url, folder=folder, to_persons=to_persons, internal=["127.0.0.1"])
    try:
        return channel.deliver(message, deadline=monotonic() + 5)
    finally:
        channel.close()


# --- the mailbox ------------------------------------------------------------------------------------------------------


def test_a_mailbox_is_one_that_mail_programs_read(tmp_path: Path) -> None:
    assert isinstance(sent("smailbox://.saveline/mailbox?from=saveline@x.example", folder=tmp_path), Sent)
    [letter] = mailbox.Maildir(str(tmp_path / ".saveline" / "mailbox"), create=False)
    assert (letter["To"], letter["Subject"], letter["Message-ID"]) == (
        "ana@x.example",
        "Hello",
        "<notice-1.abc@x.example>",
    )


def test_the_same_mail_again_is_still_one(tmp_path: Path) -> None:
    url = "smailbox://box?from=saveline@x.example"
    sent(url, folder=tmp_path)
    read = next((tmp_path / "box" / "new").iterdir())
    read.rename(tmp_path / "box" / "cur" / f"{read.name}:2,S")  # as a mail program does
    sent(url, replace(MESSAGE, again=True, at=AT + timedelta(hours=1)), folder=tmp_path)
    assert len(mailbox.Maildir(str(tmp_path / "box"), create=False)) == 1


def refusal(url: str, folder: Path) -> str:
    """Why it is refused: when it is opened, or when it is used."""
    try:
        outcome = sent(url, folder=folder)
    except Misconfigured as error:
        return str(error)
    assert isinstance(outcome, Transient)
    return outcome.reason


@pytest.mark.parametrize("path", ["../outside", "a/../../outside", "/etc/mailbox", "", "..", "%2e%2e/outside"])
def test_a_mailbox_does_not_leave_the_workspace(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "workspace"
    folder.mkdir()
    said = refusal(f"smailbox://{path}?from=saveline@x.example", folder)
    assert "expected a folder inside the workspace" in said
    assert list(tmp_path.iterdir()) == [folder]


def test_nor_by_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "box").symlink_to(tmp_path / "elsewhere")
    outcome = sent("smailbox://box?from=saveline@x.example", folder=tmp_path / "workspace")
    assert isinstance(outcome, Transient)
    assert list((tmp_path / "elsewhere").iterdir()) == []


# --- TLS and login ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of our own for localhost, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * 80))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate)
    return found


def test_tls_is_used_where_it_is_offered(context: ssl.SSLContext, certificate: Path) -> None:
    with mailserver(tls=context) as found:
        channel = Smail.open(f"smail://localhost:{found.port}?from=saveline@x.example&tls=always")
        refused = channel.deliver(MESSAGE, deadline=monotonic() + 5)
        assert isinstance(refused, Transient)
        assert "CERTIFICATE" in refused.reason.upper()
        channel._context.load_verify_locations(certificate)
        assert channel.deliver(MESSAGE, deadline=monotonic() + 5) == Sent("taken")
        assert channel._kept.is_private
        channel.close()
        unchecked = f"smail://localhost:{found.port}?from=saveline@x.example&verify=no"
        assert sent(unchecked) == Sent("taken")


def test_tls_from_the_start(context: ssl.SSLContext) -> None:
    with mailserver(tls=context, at_once=True) as found:
        assert sent(f"smails://localhost:{found.port}?from=saveline@x.example&verify=no") == Sent("taken")


def test_tls_that_is_asked_for_and_not_offered() -> None:
    with mailserver() as found:
        outcome = sent(f"smail://localhost:{found.port}?from=saveline@x.example&tls=always")
        assert isinstance(outcome, Transient)
        assert "STARTTLS" in outcome.reason
        assert found.mails == []


def test_a_login(context: ssl.SSLContext) -> None:
    with mailserver(login=("rita", "p@ss:w/rd")) as found:
        assert sent(f"smail://rita:p%40ss%3Aw%2Frd@127.0.0.1:{found.port}?from=saveline@x.example") == Sent("taken")
        wrong = sent(f"smail://rita:canary-4711@127.0.0.1:{found.port}?from=saveline@x.example")
        assert isinstance(wrong, Transient)
        assert wrong.channel_wide
        assert "535" in wrong.reason
        assert "canary" not in wrong.reason


def test_a_password_does_not_travel_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    from saveline.notify.channels import smtp

    monkeypatch.setattr(smtp.Session, "is_local", False)
    with mailserver(login=("rita", "secret")) as found:
        outcome = sent(f"smail://rita:secret@127.0.0.1:{found.port}?from=saveline@x.example")
        assert isinstance(outcome, Transient)
        assert "must not travel in the clear" in outcome.reason
        assert found.mails == []


# --- any other service ------------------------------------------------------------------------------------------------


def hook_url(server: Slack) -> str:
    return server.url.replace("http://", "json://") + "/hook"


def test_another_service_gets_the_text(server: Slack) -> None:
    assert sent(hook_url(server), to_persons=False) == Sent()
    [made] = server.hooks
    assert (made["title"], made["message"].strip()) == ("Hello", "Hi")


def test_another_service_with_an_address_in_its_url(server: Slack) -> None:
    url = hook_url(server) + "/{address}"
    assert sent(url) == Sent()
    assert server.hooks[0]["path"] == "/hook/ana@x.example"
    for address in ("", "a/../../b", "..", "a?b=c", "a b", "a%2fb"):
        assert isinstance(sent(url, replace(MESSAGE, to=address)), Permanent)
    assert len(server.hooks) == 1


def test_another_service_that_may_have_it_already(server: Slack) -> None:
    sent(hook_url(server), replace(MESSAGE, again=True), to_persons=False)
    assert server.hooks[0]["message"].startswith(REPEAT)


def test_another_service_that_says_no(server: Slack) -> None:
    for reply in (
        Reply(429),
        Reply(500),
        Reply(302, headers=(("Location", server.url + "/elsewhere"),)),
        Reply(cut=True),
    ):
        server.replies.append(reply)
        assert sent(hook_url(server), to_persons=False) == Transient("the service did not take it")
    assert len(server.calls) == 4  # a redirect was not followed


def test_a_service_with_one_audience_is_no_way_to_a_person(server: Slack) -> None:
    with pytest.raises(Misconfigured, match=r"write \{address\} into its URL"):
        sent(hook_url(server), to_persons=True)


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("smail://?from=a@b.example", "no host"),
        ("smail://host:port?from=a@b.example", "port"),
        ("smail://host", "from is ''"),
        ("smail://host?from=a@b.example%0aBcc:c@d.example", "from is"),
        ("smail://host?from=a@b.example&tls=maybe", "tls is 'maybe'"),
        ("sslack:///?api=x", "no token"),
        ("sslackhook://T/B", "expected sslackhook"),
        ("nosuch://secret-canary", "Apprise cannot use"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_in_words_without_being_quoted(url: str, word: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        open_channel(url, folder=Path(), to_persons=False)
    assert word in str(refused.value)
    assert "canary" not in str(refused.value)


# --- Apprise's own door -----------------------------------------------------------------------------------------------


def test_ours_are_plugins_of_apprise(server: Slack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    register()
    monkeypatch.chdir(tmp_path)
    with mailserver() as found:
        all_of_them = apprise.Apprise()
        for url in (
            f"smail://127.0.0.1:{found.port}?from=saveline@x.example&to=ana@x.example",
            "smailbox://box?from=saveline@x.example&to=ana@x.example",
            f"sslack://{TOKEN}/?api={server.api}&to=UANA",
            f"sslackhook://T0/B0/X0?api={server.url}/services",
        ):
            assert all_of_them.add(url)
        assert all_of_them.notify(title="Hello", body="Hi") is True
        assert [m.subject for m in found.mails] == ["Hello"]
        assert [p.room for p in server.posts] == ["UANA"]
        assert len(server.hooks) == 1
        assert len(list((tmp_path / "box" / "new").iterdir())) == 1
        server.replies.append(Reply(body='{"ok": false, "error": "is_archived"}'))
        assert all_of_them.notify(title="Hello", body="Hi") is False
        ours: list[Any] = list(all_of_them)
        for channel in ours:
            channel.close()


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_no_secret_is_printed_or_kept(
    lite: World, mail: Mailserver, slack: Slack, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Everything logs at debug level, everything goes wrong, and the canary is in every URL.

    Planted bug: leaving out ``quiet_loggers`` prints it by the HTTP library of plain services.
    """
    canary = "canary-4711-secret"
    lite.setting("saveline.yaml", "default_play:", "internal: [127.0.0.1]\ndefault_play:")
    settings = lite.settings.workspace / "saveline.yaml"
    channels = f"""channels:
  slack: {{url: "sslack://xoxb-{canary}/?api=${{SLACK_API}}", reach: slack}}
  hook: {{url: "json://user:{canary}@{slack.url.removeprefix("http://")}/{canary}/{{address}}", reach: email}}
  room: {{url: "sslackhook://T0/B0/{canary}?api={slack.url}/services", reach: room}}
  email: {{url: "smail://rita:{canary}@127.0.0.1:{mail.port}?from=saveline@x.example", reach: email}}
"""
    text = settings.read_text()
    start, end = text.index("channels:"), text.index("notices:")
    text = text[:start] + channels + text[end:]
    text = text.replace("all: [slack, email]", "all: [slack, email, hook]").replace("slack:#engineering", "room")
    settings.write_text(text)
    monkeypatch.setattr(logging.root, "level", logging.NOTSET)
    with caplog.at_level(logging.NOTSET):
        lite.open()
        slack.replies.extend([Reply(500), Reply(404, f"no {canary}"), Reply(cut=True)] * 3)
        lite.done("ana", "diagnosis", root_cause="product_gap", summary="x")
        lite.done("ana", "open_tickets", pattern="x", product_change_needed=True)
        for _ in range(4):
            lite.deliver()
            lite.clock.set(lite.now + timedelta(minutes=10))
    out, err = capfd.readouterr()
    kept = "".join(str(r) for r in rows(lite))
    assert "AUTH" in kept or "auth" in kept  # the login did go wrong
    for place, found in {"log": caplog.text, "output": out + err, "database": kept}.items():
        assert canary not in found, place


def test_a_refused_address_is_a_permanent_refusal() -> None:
    with mailserver() as found:
        for address in ("", "ana", "ana@x.example\nBcc: eve@x.example", "Ana <ana@x.example>", "a@b.c,d@e.f", "-x@y.z"):
            outcome: Any = sent(f"smail://127.0.0.1:{found.port}?from=s@x.example", replace(MESSAGE, to=address))
            assert isinstance(outcome, Permanent), address
        assert found.sessions == 0
