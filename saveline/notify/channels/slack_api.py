"""Calls of Slack's API that belong to no notice: modals, Homes, words that one person sees."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from saveline.core.workspace import Workspace
from saveline.notify.channels.base import host_of

SECONDS: Final = 5
_SILENT = logging.Logger("saveline.slack.api", level=logging.CRITICAL + 1)
WANTED: Final[Mapping[str, str]] = {
    "chat:write": "post and change messages",
    "chat:write.public": "post to channels to which it was not invited",
    "im:write": "write to people",
    "im:history": "look whether a message to a person has arrived",
    "channels:history": "look whether a message to a channel has arrived",
    "channels:read": "find a channel by its name",
    "commands": "answer /saveline",
    "users:read": "greet people who are not in people.yaml",
    "users:read.email": "find people by their e-mail address",
    "files:write": "show the report's chart",
}
"""The scopes of the bot, and what each is for."""


class SlackRefuses(Exception):
    """Slack does not take a call, or cannot be reached. ``str()`` is its word for why, and never holds a token."""


class SlackApi:
    """One token's calls. Each is made once: nothing here is worth a repeat that could come twice."""

    def __init__(self, token: str, base_url: str = "") -> None:
        self._client = WebClient(token, logger=_SILENT, retry_handlers=[], timeout=SECONDS)
        if base_url:
            self._client.base_url = base_url.rstrip("/") + "/"

    @property
    def client(self) -> WebClient:
        return self._client

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:
        """What Slack answers. Raises SlackRefuses."""
        return self._ask(method, arguments)[0]

    def scopes(self) -> frozenset[str]:
        """What the bot may. Raises SlackRefuses."""
        headers = self._ask("auth.test", {})[1]
        found = next((v for k, v in headers.items() if k.lower() == "x-oauth-scopes"), "")
        text = found[0] if isinstance(found, list) else found
        return frozenset(scope.strip() for scope in str(text).split(",") if scope.strip())

    def _ask(self, method: str, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
        try:
            answer = (
                self._client.api_call(method, json=dict(arguments))
                if _by_json(method)
                else self._client.api_call(method, params=dict(arguments))
            )
        except SlackApiError as error:
            data: Any = error.response.data if not isinstance(error.response, dict) else error.response.get("body")
            raise SlackRefuses(str(data.get("error", "no JSON") if isinstance(data, dict) else "no JSON")) from None
        except (SlackClientError, OSError, HTTPException, ValueError) as error:
            raise SlackRefuses(type(error).__name__) from None
        return (answer.data if isinstance(answer.data, dict) else {}), answer.headers


def _by_json(method: str) -> bool:
    """Slack reads JSON where something is written, and a form where something is asked."""
    return not method.startswith("users.")


def bot_url(workspace: Workspace) -> str:
    """The URL of the workspace's Slack bot, as it stands in the settings; '' where there is none."""
    return next((c.url for c in workspace.channels.values() if c.url.startswith("sslack:")), "")


def api_of(url: str) -> SlackApi:
    """From a channel's URL ``sslack://TOKEN/?api=…``, its variables filled in."""
    parts = urlsplit(url)
    return SlackApi(host_of(parts), dict(parse_qsl(parts.query)).get("api", ""))
