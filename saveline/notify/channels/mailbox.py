"""A mailbox in a folder: ``smailbox://.saveline/mailbox?from=…``. Nobody gets mail; every mail program can read it.

A Maildir: each mail is written under ``tmp`` and moved to ``new`` when it is whole. The name follows from the mail's
id, so that writing the same mail again changes nothing, even after a crash.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from saveline.core.delivery import Outcome, Permanent, Sent, Transient
from saveline.core.phrases import shortened
from saveline.notify.channels.base import Misconfigured, Plugin
from saveline.notify.channels.smtp import sender_of
from saveline.notify.message import Outgoing, is_address
from saveline.notify.mime import as_mail, message_id


class Smailbox(Plugin):
    """Mails as files. ``base`` is the folder that relative paths start from and no path leaves."""

    service_name = "Saveline mailbox"
    protocol = "smailbox"
    forms = ("text", "html")
    doubt = "same_id"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sender = sender_of({"from": "saveline@localhost", **self.query})
        self._path = unquote(self.parts.netloc + self.parts.path)
        if not self._path.strip("/") or ".." in Path(self._path).parts:
            raise Misconfigured(f"the mailbox is {self._path!r}: expected a folder inside the workspace")
        self.base = Path()

    @property
    def folder(self) -> Path:
        """Where the mails lie. Raises Misconfigured where a link or an absolute path leads out of the workspace."""
        base = self.base.resolve()
        found = (base / self._path).resolve()
        if base != found and base not in found.parents:
            raise Misconfigured(f"the mailbox is {self._path!r}: expected a folder inside the workspace")
        return found

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome:
        if not is_address(message.to):
            return Permanent(f"{shortened(message.to, 80)!r} is no e-mail address")
        digest = blake2b(message_id(message, self.sender).encode(), digest_size=8).hexdigest()
        name = f"{int(message.at.timestamp())}.N{digest}.saveline"
        try:
            return self._write(name, digest, message)
        except OSError as error:
            return Transient(f"the mailbox cannot be written: {error.strerror or error}", channel_wide=True)
        except Misconfigured as error:
            return Transient(str(error), channel_wide=True)

    def probe(self, deadline: float) -> str:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return "" if os.access(self.folder, os.W_OK) else f"{self.folder} cannot be written"
        except OSError as error:
            return f"{self._path} cannot be made: {error.strerror or error}"
        except Misconfigured as error:
            return str(error)

    def _write(self, name: str, digest: str, message: Outgoing) -> Outcome:
        folder = self.folder
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        known = [p for part in ("new", "cur") for p in (folder / part).glob(f"*.N{digest}.*")] if message.again else []
        if known:
            return Sent(known[0].name)
        unfinished = folder / "tmp" / f"{name}.{os.getpid()}"
        unfinished.write_bytes(as_mail(message, self.sender))
        unfinished.replace(folder / "new" / name)
        return Sent(name)
