"""What a channel is: an Apprise plugin that can also say what became of a message."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from apprise import NotifyBase

from saveline.core.delivery import Doubt, Outcome, Sent
from saveline.notify.message import Outgoing
from saveline.notify.render import Form

SECONDS: Final = 15.0
"""The longest a message may take."""


class Channel(Protocol):
    """``forms`` are what it needs of a message, ``doubt`` what it does when one may have arrived already, ``secrets``
    what must never be printed, ``rate`` how many messages a second each room or mailbox of it takes, 0 where nobody
    counts, ``threads`` whether it can answer to a post. ``deliver`` returns an outcome by ``deadline`` (of
    :func:`time.monotonic`); where ``doubt`` is ``looks`` it is called in several threads at once."""

    forms: tuple[Form, ...]
    doubt: Doubt
    secrets: tuple[str, ...]
    rate: float
    threads: bool

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome: ...

    def probe(self, deadline: float) -> str:
        """What is wrong with the way to the service, in words; nothing where it is ready. Sends nobody anything."""
        ...

    def close(self) -> None: ...


class Misconfigured(TypeError):
    """A channel's URL that cannot be used. (A TypeError, because that is what Apprise expects of a plugin.)"""


_Base: Any = NotifyBase  # its own types are half there


class Plugin(_Base):  # type: ignore[misc]  # see above
    """A channel of ours as an Apprise plugin: ``apprise.Apprise().add(url)`` works, and so does ``notify()``."""

    forms: ClassVar[tuple[Form, ...]] = ("text",)
    doubt: ClassVar[Doubt] = "once"
    usual_rate: ClassVar[float] = 0.0
    threads: ClassVar[bool] = False
    # Apprise would sleep between messages by a clock of its own; our outbox decides when something is sent.
    request_rate_per_sec = 0
    protocol: ClassVar[str | None] = None
    secure_protocol: ClassVar[str | None] = None
    title_maxlen = 250

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._address = str(kwargs.get("address", ""))
        self.parts: SplitResult = urlsplit(self._address)
        self.query = dict(parse_qsl(self.parts.query))
        self.secrets: tuple[str, ...] = ()
        self.rate = rate_of(self.query, self.usual_rate)

    @classmethod
    def open(cls, url: str) -> Any:
        """The channel at ``url``, without loading Apprise's hundred other plugins. Raises Misconfigured."""
        return cls(**cls.parse_url(url))

    @staticmethod
    def parse_url(url: str, *_args: Any, **_kwargs: Any) -> dict[str, Any]:
        """Apprise's own parser lowers the case of a host, and a token has one."""
        return {"schema": url.partition(":")[0].lower(), "address": url}

    def url(self, privacy: bool = False, *_args: Any, **_kwargs: Any) -> str:
        return f"{self.schema}://…" if privacy else self._address

    def send(self, body: str, title: str = "", **_kwargs: Any) -> bool:
        """Apprise's door: to the address in ``?to=``, with nothing known but a title and a text."""
        at = datetime.now(UTC)  # noqa: TID251 - Apprise's callers have no clock to give
        message = Outgoing(self.query.get("to", ""), title or body[:80], f"apprise-{at:%Y%m%d%H%M%S%f}", at, text=body)
        return isinstance(self.deliver(message, deadline=monotonic() + SECONDS), Sent)

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome:
        raise NotImplementedError

    def probe(self, deadline: float) -> str:
        """What is wrong, in words. Where asking would be a message, there is nothing to say."""
        return ""

    def close(self) -> None:
        """Let go of connections."""


def rate_of(query: Mapping[str, str], usual: float) -> float:
    """From ``?rate=``: messages a second to each room or mailbox; 0 opens the gate. Raises Misconfigured."""
    text = query.get("rate")
    if text is None:
        return usual
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1_000:
        raise Misconfigured(f"rate is {text!r}: expected messages a second to each room, from 0 (no limit) to 1000")
    return rate


def host_of(parts: SplitResult) -> str:
    """The host with its case and without user and port."""
    return parts.netloc.rpartition("@")[2].partition(":")[0]


def secret(text: str | None) -> str:
    return unquote(text or "")


class OutOfTime(TimeoutError):
    """The deadline had passed before the next thing was begun."""


def left(deadline: float) -> float:
    """Seconds until the deadline. Raises OutOfTime when there are none."""
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise OutOfTime("no answer in time")
    return seconds


def redacted(text: str, secrets: Iterable[str]) -> str:
    """``text`` without the secrets, should a library or a server have quoted one."""
    for known in secrets:
        if known:
            text = text.replace(known, "…")
    return text


NOT_AT_ALL: Final = logging.CRITICAL + 1
"""Apprise logs a URL that it cannot read as an error, whole."""


def quiet_loggers() -> None:
    """Keep libraries from logging requests: their debug lines hold tokens, which are part of the address there."""
    for name in ("apprise", "slack_sdk", "urllib3", "requests", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(NOT_AT_ALL if name == "apprise" else logging.ERROR)
