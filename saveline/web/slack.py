"""Slack by signed HTTP: buttons and modals, ``/saveline``, and events. Socket Mode needs none of this."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, PlainTextResponse

from saveline.notify import slack_payloads
from saveline.runtime import Runtime
from saveline.web.slack_door import Reply, SlackDoor
from saveline.web.slack_signature import Once, genuine

NOT_SLACK: Final = "This is not a request of Slack, or an old one. Nothing was changed."


def router(runtime: Runtime) -> APIRouter:
    """The three addresses of the app's settings at Slack."""
    routes = APIRouter(prefix="/slack")
    door, once = SlackDoor(runtime), Once()

    def is_slack(request: Request, body: bytes) -> bool:
        secret, now = runtime.settings.slack_signing_secret, runtime.clock().timestamp()
        stamp, signature = (request.headers.get(f"x-slack-{n}", "") for n in ("request-timestamp", "signature"))
        known = secret.get_secret_value() if secret is not None else ""
        return genuine(known, stamp, signature, body, now) and once.first(signature, now)

    async def answered(request: Request, work: Callable[[bytes], Reply]) -> Response:
        body = await request.body()
        if not is_slack(request, body):
            return PlainTextResponse(NOT_SLACK, 401)
        reply = await run_in_threadpool(work, body)
        return Response() if reply.body is None else JSONResponse(reply.body)

    @routes.post("/interact")
    async def interact(request: Request) -> Response:
        """A button was pushed, or a modal sent."""
        return await answered(request, lambda body: door.interaction(slack_payloads.form(body).get("payload", "")))

    @routes.post("/command")
    async def command(request: Request) -> Response:
        """``/saveline`` was typed."""
        return await answered(request, lambda body: door.command(slack_payloads.form(body)))

    @routes.post("/events")
    async def events(request: Request) -> Response:
        """Something happened: a Home was opened, or Slack checks the address."""
        return await answered(request, door.event)

    return routes
