"""A picture in a Slack post: uploaded first, then shown by a block of the post itself.

It is an extra. What fails before the post costs the picture and nothing else; and a post that Slack refuses because of
it was not made, so it is made without. What happens to the post is the post's own matter.
"""

from __future__ import annotations

from contextlib import suppress
from http.client import HTTPException
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

from slack_sdk.errors import SlackApiError, SlackClientError

from saveline.notify.channels.blocks import Block, plain_text
from saveline.notify.channels.slack_http import KeptClient
from saveline.notify.message import Picture

SECONDS: Final = 5.0
"""The longest that a picture may keep its post waiting."""
LONGEST_ALT: Final = 2_000
NO_SCOPE: Final = "missing_scope"


class Uploads:
    """The pictures of one bot. Without the scope files:write it has none, and asks only once."""

    def __init__(self, client: KeptClient) -> None:
        self._client, self._may = client, True

    def block(self, picture: Picture, deadline: float) -> Block | None:
        """A block that shows it; None where Slack did not take it in time."""
        if not self._may:
            return None
        self._client.until(min(deadline, monotonic() + SECONDS))
        try:
            return self._uploaded(picture)
        except SlackApiError as error:
            with suppress(AttributeError, KeyError, TypeError):  # an answer without a word of Slack's own
                self._may = error.response["error"] != NO_SCOPE
        except (SlackClientError, OSError, HTTPException, ValueError, KeyError):
            pass
        return None

    def _uploaded(self, picture: Picture) -> Block | None:
        """The three steps that Slack documents: an address, the bytes, and that they are all there."""
        name, client = f"{picture.cid.partition('@')[0]}.png", self._client
        place = client.files_getUploadURLExternal(filename=name, length=len(picture.png), alt_txt=picture.alt[:1000])
        address, file = str(place["upload_url"]), str(place["file_id"])
        ours = urlsplit(client.base_url)
        if urlsplit(address).scheme != ours.scheme or client.upload(address, picture.png) != 200:
            return None
        client.files_completeUploadExternal(files=[{"id": file, "title": picture.title[:255]}])
        return {
            "type": "image",
            "slack_file": {"id": file},
            "alt_text": picture.alt[:LONGEST_ALT],
            "title": plain_text(picture.title, LONGEST_ALT),
        }
