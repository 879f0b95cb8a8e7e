"""What stands before every answer: a limit on bodies, the site a form was sent from, headers, a log without secrets.

Plain ASGI, because each of them has to see requests that no route ever gets.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers as HeaderView
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from saveline.web.refused import answer

MOST_BYTES: Final = 1_000_000
"""The longest body of a request."""
BODY_SECONDS: Final = 20.0
"""How long a body may take to arrive."""
_DRAINED: Final = 16_000_000
"""So much of a body that is too long is read and thrown away: who is cut off while sending never reads the answer."""
_MACHINES: Final = ("/api/", "/slack/")
"""Paths that no browser's form posts to: whoever calls them proves who they are by a token or a signature."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_log = logging.getLogger("saveline.web")


class AccessLog:
    """One line an answer: method, route, status, time. The route as it is written in the code, never the path: a
    signed link is a key."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            path = getattr(scope.get("route"), "path", "(no page)")
            _log.info("%s %s %s %.0f ms", scope["method"][:8], path, status or "broken", (monotonic() - began) * 1000)


class LastResort:
    """What no handler expected is a bug of ours: it is logged with where it happened, and answered in words."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception:
            _log.exception("a bug: please report it")
            if started or scope["type"] != "http":
                raise
            words = "Something went wrong on our side, and nothing was changed. It has been written down."
            await answer(scope, 500, words)(scope, receive, send)


class Headers:
    """Headers that keep a page to itself; the nonce for its own script is ``request.scope["nonce"]``."""

    def __init__(self, app: ASGIApp, url: str) -> None:
        self.app = app
        at = urlsplit(url)
        self._https = at.scheme == "https"
        # Without Sec-Fetch-Site, which browsers send to trustworthy addresses only, the Origin of a form is what is
        # left to see where it was sent from, and under no-referrer a browser does not tell it.
        trusted = self._https or at.hostname in _LOOPBACK
        self._referrer = "no-referrer" if trusted else "same-origin"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = scope["nonce"] = secrets.token_urlsafe(16)

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), nonce)
            await send(message)

        await self.app(scope, receive, guarded)

    def _add(self, headers: MutableHeaders, nonce: str) -> None:
        headers["Content-Security-Policy"] = (
            f"default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; img-src 'self' data:; "
            "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = self._referrer
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers.setdefault("Cache-Control", "no-store")
        if self._https:
            headers["Strict-Transport-Security"] = "max-age=31536000"


class SameSite:
    """Refuses a form that another site's page sent: by Sec-Fetch-Site, and where a browser does not say it by Origin.

    Whoever sends neither is no browser: a mail program that unsubscribes with one click, or a script.
    """

    def __init__(self, app: ASGIApp, url: str) -> None:
        self.app, self._host = app, urlsplit(url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._foreign(scope):
            words = "This form was sent from another site. Nothing was changed. Open the link of your message again."
            await answer(scope, 403, words)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _foreign(self, scope: Scope) -> bool:
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].startswith(_MACHINES):
            return False
        headers = HeaderView(scope=scope)
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        if origin is None:
            return False
        return urlsplit_host(origin) not in (self._host, headers.get("host", "").lower())


def urlsplit_host(origin: str) -> str:
    """Host and port of an origin; ``null``, or what is none, has none."""
    try:
        return urlsplit(origin).netloc.lower() or "null"
    except ValueError:
        return "null"


class BodyLimit:
    """Refuses what is longer than 1 MB, by its Content-Length and by what really comes; and what never ends.

    The body is read here, whole, and handed on: no handler waits for a slow sender while it holds something.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(_read(scope, receive), BODY_SECONDS)
        except TooLong:
            words = "This is too long: at most 1 MB is taken. Nothing was changed."
            await answer(scope, 413, words, {"Connection": "close"})(scope, receive, send)
        except TimeoutError:
            words = "This did not arrive in time. Nothing was changed."
            await answer(scope, 408, words, {"Connection": "close"})(scope, receive, send)
        except Gone:
            return
        else:
            await self.app(scope, _again(body, receive), send)


class TooLong(ValueError):
    """More than 1 MB."""


class Gone(ConnectionError):
    """Whoever sent it has hung up."""


async def _read(scope: Scope, receive: Receive) -> bytes:
    headers = HeaderView(scope=scope)
    announced = headers.get("content-length", "0")
    declared = int(announced) if announced.isascii() and announced.isdigit() else 0
    if declared > MOST_BYTES and (headers.get("expect") or declared > _DRAINED):
        raise TooLong
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
        if size <= MOST_BYTES:
            parts.append(message.get("body", b""))
        elif size > _DRAINED:
            break
    if size > MOST_BYTES:
        raise TooLong
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """The body as one message, and then whatever the server says."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once
