"""Mails as people and servers write them in answer to one of ours."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime

from tests.imapserver import Imapserver
from tests.servers import Mail, Mailserver
from tests.world import World


def answer(world: World, to: Mail, text: str, *, sender: str = "", html: str = "", **headers: str) -> bytes:
    """The answer that the reader of ``to`` writes, as a mail program sends it: to Reply-To, with the thread and the
    quoted mail. ``headers`` are more headers, or others, with ``_`` for ``-``."""
    ours, mail = to.message, EmailMessage()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    whole = {
        "From": sender or to.to,
        "To": ours["Reply-To"] or ours["From"],
        "Subject": f"Re: {ours['Subject']}",
        "Date": format_datetime(world.now),
        "Message-ID": f"<{abs(hash((text, sender, to.id)))}@mail.x.example>",
        "In-Reply-To": ours["Message-ID"],
        "References": f"{ours['References'] or ''} {ours['Message-ID']}".strip(),
        **given,
    }
    for name, value in whole.items():
        if value:
            mail[name] = value
    below = "\n".join(f"> {line}" for line in to.text().splitlines())
    quote = f"\n\nOn Fri, 20 Nov 2026 at 10:00, Saveline <saveline@x.example>\nwrote:\n\n{below}\n"
    if html:
        mail.set_content(html, subtype="html")
    else:
        mail.set_content(text + quote)
    return mail.as_bytes()


def returned(
    to: Mail, *, action: str = "failed", status: str = "5.1.1", recipient: str = "", message_id: str = ""
) -> bytes:
    """What a mail server writes when it could not deliver ``to``, with the headers of what it gives back."""
    ours = to.message
    return f"""\
Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.x.example>
To: saveline@x.example
Subject: Undelivered Mail Returned to Sender
Date: Fri, 20 Nov 2026 10:05:00 +0000
Message-ID: <dsn-{abs(hash((action, status, recipient, to.id)))}@mx.x.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=-report"

--=-report
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.
--=-report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.x.example

Final-Recipient: rfc822; {recipient or to.to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <{recipient or to.to}>: user unknown

--=-report
Content-Type: text/rfc822-headers

From: saveline@x.example
To: {to.to}
Subject: {ours["Subject"]}
Message-ID: {message_id or ours["Message-ID"]}

--=-report--
""".replace("\n", "\r\n").encode()


def with_mailbox(lite: World, url: str, more: str = "") -> None:
    path = lite.settings.workspace / "saveline.yaml"
    text = path.read_text().replace("?from=saveline@x.example", "?from=saveline@x.example&plus=yes")
    path.write_text(f'{text}replies: {{url: "{url}"{more}}}\n')


def empty(server: Imapserver) -> None:
    with server.box() as box:
        for folder in [f.name for f in box.folder.list()]:
            box.folder.set(folder)
            box.delete(box.uids())


def sent(world_: World, mail: Mailserver, who: str, subject: str = "") -> Mail:
    world_.deliver()
    return next(m for m in reversed(mail.to(who)) if subject in m.subject)
