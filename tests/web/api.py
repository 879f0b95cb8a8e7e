"""Calling the API in stories: a world with a token, or a signing helpdesk."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import httpx
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook

import models
from saveline.actions import tokens
from saveline.core.scopes import SCOPES
from saveline.store.rows import table
from tests.world import World

SECRET: Final = "whsec_c2F2ZWxpbmUtdGVzdHMtaGF2ZS1vbmUtc2VjcmV0LTE="
OTHER: Final = "whsec_YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3RzLTAwMDAy"
LEFT: Final = {"account": "acme", "kind": "champion_left", "at": "2026-11-20T08:00:00Z", "key": "t-1"}


class System:
    """Another system with a token of its own."""

    def __init__(self, world: World, client: httpx.Client, name: str = "helpdesk", *scopes: str) -> None:
        self.client = client
        self.token = tokens.create(world.desk, name, scopes or SCOPES)

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> httpx.Response:
        given = {"Authorization": f"Bearer {self.token}", **headers}
        if key is not None:
            given["Idempotency-Key"] = key
        return self.client.post(f"/api/v1/{path}", json=body, headers=given)


def signed(
    client: httpx.Client, body: Any, at: datetime, *, id: str = "msg_1", secret: str = SECRET, path: str = "signals"
) -> httpx.Response:
    """A call as a system that follows Standard Webhooks makes it: signed by their own library."""
    text = json.dumps(body)
    headers = {
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, at, text),
        "content-type": "application/json",
    }
    return client.post(f"/api/v1/{path}", content=text, headers=headers)


def count(world: World, model: type[Any]) -> int:
    """The rows of a table."""
    with world.desk.reading() as conn:
        found: int = conn.execute(sa.select(sa.func.count()).select_from(table(model))).scalar_one()
        return found


def signals(world: World) -> int:
    return count(world, models.Signal)


def deals(world: World) -> int:
    return count(world, models.Deal)
