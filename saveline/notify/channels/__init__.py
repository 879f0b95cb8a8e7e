"""Opening channels. Every channel is an Apprise URL; ours tell more than yes or no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from saveline.notify.channels import plain
from saveline.notify.channels.base import Channel, Misconfigured, Plugin, quiet_loggers
from saveline.notify.channels.mailbox import Smailbox
from saveline.notify.channels.plain import Plain
from saveline.notify.channels.slack import Sslack, Sslackhook
from saveline.notify.channels.smtp import Smail

OURS: Final[Mapping[str, type[Plugin]]] = {
    "smail": Smail,
    "smails": Smail,
    "smailbox": Smailbox,
    "sslack": Sslack,
    "sslackhook": Sslackhook,
}


def open_channel(url: str, *, folder: Path, to_persons: bool, internal: Iterable[str] = ()) -> Channel:
    """The channel at ``url``, its variables filled in. ``folder`` is the workspace's, ``to_persons`` whether its
    messages have addresses; ``internal`` are hosts inside the house that web hooks may be sent to. Raises
    Misconfigured, which never quotes the URL."""
    quiet_loggers()
    schema = url.partition(":")[0].lower()
    if schema not in OURS:
        return Plain(url, to_persons=to_persons, internal=internal)
    channel: Channel = OURS[schema].open(url)
    if isinstance(channel, Smailbox):
        channel.base = folder
    return channel


def register() -> None:
    """Make ``smail://`` and the others known to ``apprise.Apprise().add()``."""
    plain.register(*dict.fromkeys(OURS.values()))


__all__ = ["OURS", "Channel", "Misconfigured", "open_channel", "register"]
