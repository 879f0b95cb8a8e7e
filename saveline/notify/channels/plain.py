"""Any other service that Apprise knows, by its Apprise URL. It says yes or no and nothing else.

``{address}`` in the URL stands for whom a message is for; without it the URL itself is the audience.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable
from functools import cache
from time import monotonic
from typing import Any, Final
from urllib.parse import parse_qsl, quote

import apprise
from apprise.manager_plugins import NotificationManager

from saveline.core.delivery import Doubt, Outcome, Permanent, Sent, Transient
from saveline.core.phrases import shortened
from saveline.notify.channels.base import NOT_AT_ALL, SECONDS, Misconfigured, Plugin, left, rate_of
from saveline.notify.channels.dress import dressed
from saveline.notify.channels.outside import LOCAL_SCHEMAS, guarded
from saveline.notify.message import Outgoing
from saveline.notify.render import Form

ADDRESS: Final = "{address}"
_RATE = re.compile(r"(?<=[?&])rate=[^&]*&?")  # ours, and nothing that Apprise knows
_SAFE = re.compile(r"[A-Za-z0-9@._+#-]{1,254}")  # Apprise unquotes what it is given, so nothing else may go in


class Plain:
    """A wrapped Apprise plugin. Anything but yes is tried again: why it was no cannot be learned."""

    forms: tuple[Form, ...] = ("text",)
    doubt: Doubt = "once"
    threads = False

    def __init__(self, url: str, *, to_persons: bool, internal: Iterable[str] = ()) -> None:
        self._internal = tuple(internal)
        self.rate = rate_of(dict(parse_qsl(url.partition("?")[2])), 0.0)
        self._url, self._fixed = _RATE.sub("", url), ADDRESS not in url
        self.secrets: tuple[str, ...] = (url, url.partition("://")[2])
        if to_persons and self._fixed:
            raise Misconfigured("this service reaches one audience: write {address} into its URL, or say reach: room")
        self._plugin = self._opened(self._url) if self._fixed else None

    def _opened(self, url: str) -> Any:
        # No redirects: a POST that is sent elsewhere becomes a GET, and its answer would pass for a delivery.
        schema = url.partition(":")[0].lower()
        if schema in LOCAL_SCHEMAS:
            mail = ": write smail://…" if schema.startswith("mail") else ", not a service"
            raise Misconfigured(f"{schema}:// is done by this machine itself{mail}")
        plugins()
        asset = apprise.AppriseAsset(http_redirects=False, async_mode=False, secure_logging=True)
        plugin = apprise.Apprise.instantiate(url, asset=asset)
        if plugin is None:
            raise Misconfigured(f"Apprise cannot use this {schema}:// URL")
        plugin.request_rate_per_sec = 0  # it would sleep, by a clock of its own
        return plugin

    def deliver(self, message: Outgoing, *, deadline: float) -> Outcome:
        if self._plugin is None and (not _SAFE.fullmatch(message.to) or ".." in message.to):
            return Permanent(f"{shortened(message.to, 80)!r} is no address that can stand in a URL")
        plugin = self._plugin or self._opened(self._url.replace(ADDRESS, quote(message.to, safe="")))
        seconds = left(min(deadline, monotonic() + SECONDS))
        plugin.socket_connect_timeout = plugin.socket_read_timeout = seconds / 2
        words = dressed(plugin, message)
        with guarded(self._internal) as guard:
            taken = plugin.notify(body=words.body, title=words.title, body_format=words.form)
        if guard.refused:
            return Permanent(guard.refused)
        return Sent() if taken else Transient("the service did not take it")

    def probe(self, deadline: float) -> str:
        """Apprise can only send; that the URL is one it knows has been seen by now."""
        return ""

    def close(self) -> None:
        """Apprise keeps nothing open."""


_manager: Any = NotificationManager


@cache
def plugins() -> Any:
    """Apprise's plugins, by schema. Loading them takes a second or two, once a process."""
    manager = _manager()
    logging.getLogger("apprise").setLevel(NOT_AT_ALL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that some of them import
        manager.load_modules()
    return manager


def register(*ours: type[Plugin]) -> None:
    """Make our schemas known to Apprise."""
    known = plugins()
    for plugin in ours:
        for schema in {plugin.protocol, plugin.secure_protocol} - {None}:
            if schema not in known:
                known.add(plugin, schemas=schema)
