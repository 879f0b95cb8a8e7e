"""Where a web hook may be sent: out into the world, and inside the house only to hosts that saveline.yaml names.

Whatever library makes the connection, Python asks its audit hooks before each one, with the address that a name was
resolved to: so nothing can be changed between looking and connecting, and a redirect is seen like a first call.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import gaierror, getaddrinfo
from typing import Any, Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
LOCAL_SCHEMAS: Final = frozenset(
    {"blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "mailto", "mailtos", "qt", "syslog", "windows"}
)
"""What Apprise can do on the machine itself, and mail, which ``smail`` sends with what is promised."""
_TRANSLATED: Final = ip_network("64:ff9b::/96")


class Guard:
    """What one message may connect to. ``refused`` names, in words, what it was kept from."""

    def __init__(self, internal: Iterable[str]) -> None:
        self._names = tuple(internal)
        self._named: frozenset[Address] | None = None
        self.refused = ""

    def check(self, host: object) -> None:
        """Raises OSError for an address inside the house that nobody has named."""
        for address in _resolved(host):
            if not _outside(address) and address not in self._allowed():
                self.refused = f"{address} lies inside the network: name the host under internal in saveline.yaml"
                raise PermissionError(self.refused)

    def _allowed(self) -> frozenset[Address]:
        if self._named is None:
            self._named = frozenset(a for name in self._names for a in _resolved(name))
        return self._named


_guard: ContextVar[Guard | None] = ContextVar("guard", default=None)


@contextmanager
def guarded(internal: Iterable[str]) -> Iterator[Guard]:
    """Within this, and in this thread, connections lead outside or to the hosts ``internal``."""
    _install()
    guard = Guard(internal)
    before = _guard.set(guard)
    try:
        yield guard
    finally:
        _guard.reset(before)


@cache
def _install() -> None:
    """Once a process: an audit hook cannot be taken away again."""
    sys.addaudithook(_asked)


def _asked(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        guard = _guard.get()
        if guard is not None:
            to = arguments[-1]
            guard.check(to[0] if isinstance(to, tuple) else None)


def _resolved(host: object) -> list[Address]:
    """The addresses of a host; of what is none, like a socket in the file system, one that is never outside."""
    if not isinstance(host, str):
        return [IPv4Address("0.0.0.0")]
    try:
        return [ip_address(host.partition("%")[0])]
    except ValueError:
        pass
    try:
        return [ip_address(str(found[4][0]).partition("%")[0]) for found in getaddrinfo(host, None)]
    except (gaierror, UnicodeError):
        return []


def _outside(address: Address) -> bool:
    """Whether it is an address of the world, also where it stands inside of another."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _outside(inner)
    return address.is_global and not address.is_multicast
