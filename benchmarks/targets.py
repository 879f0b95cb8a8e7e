"""Where the delivery benchmark sends to: a mail server and a Slack on loopback, in a process of their own.

Written for speed, so that what is measured is the sender: they parse as little as they can, and count what they took.
``python -m benchmarks.targets SECONDS`` prints the two ports; each post is answered after so many seconds, and one to
the member ``UHUNG`` never. ``GET /count`` says how many mails and posts came, and how many ids of their own they had.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from itertools import count
from typing import Any

_ID = re.compile(rb'"id": ?"(notice-[^"]+)"')
_MAIL_ID = re.compile(rb"(?im)^Message-ID: ?(\S+)")
_ROOM = re.compile(rb'"channel": ?"([^"]+)"')
_LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


class Ledger:
    """What was taken."""

    def __init__(self) -> None:
        self.mails = self.posts = 0
        self.ids: set[bytes] = set()

    def counts(self) -> bytes:
        return json.dumps({"mails": self.mails, "posts": self.posts, "ids": len(self.ids)}).encode()


class Smtp(asyncio.Protocol):
    """Takes every mail."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._buffer, self._data = ledger, b"", False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write(b"220 bench\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n.\r\n" if self._data else b"\r\n")
            if end < 0:
                return
            found, self._buffer = self._buffer[:end], self._buffer[end + (5 if self._data else 2) :]
            self._transport.write(self._mail(found) if self._data else self._command(found))

    def _mail(self, mail: bytes) -> bytes:
        self._data = False
        self._ledger.mails += 1
        if (found := _MAIL_ID.search(mail)) is not None:
            self._ledger.ids.add(found[1])
        return b"250 taken\r\n"

    def _command(self, line: bytes) -> bytes:
        if line[:4].upper() == b"DATA":
            self._data = True
            return b"354 go on\r\n"
        return b"221 bye\r\n" if line[:4].upper() == b"QUIT" else b"250 ok\r\n"


class Http(asyncio.Protocol):
    """Answers posts after a while."""

    numbers = count(1)

    def __init__(self, ledger: Ledger, seconds: float) -> None:
        self._ledger, self._seconds, self._buffer = ledger, seconds, b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) < whole:
            return
        head, body, self._buffer = self._buffer[:end], self._buffer[end + 4 : whole], self._buffer[whole:]
        if head.startswith(b"GET /count"):
            self._answer(self._ledger.counts())
            return
        if b"conversations." in head.partition(b"\r\n")[0]:  # a sender that looks whether it arrived: it did not
            self._answer(b'{"ok": true, "channel": {"id": "D0"}, "messages": []}')
            return
        self._ledger.posts += 1
        if (found := _ID.search(body)) is not None:
            self._ledger.ids.add(found[1])
        room = _ROOM.search(body)
        if room is not None and room[1] == b"UHUNG":
            return
        made = b'{"ok": true, "channel": "D%s", "ts": "%d.000100"}' % (room[1] if room else b"", next(self.numbers))
        asyncio.get_running_loop().call_later(self._seconds, self._answer, made)

    def _answer(self, body: bytes) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % len(body) + body)


async def main(seconds: float) -> None:
    """Serve until nobody listens to us any more."""
    ledger, loop = Ledger(), asyncio.get_running_loop()
    mail = await loop.create_server(lambda: Smtp(ledger), "127.0.0.1", 0)
    slack = await loop.create_server(lambda: Http(ledger, seconds), "127.0.0.1", 0, backlog=256)
    sys.stdout.write(f"{mail.sockets[0].getsockname()[1]} {slack.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)  # the end of the pipe from whoever started us


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
