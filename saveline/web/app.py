"""The web server's application: what it answers, and what stands before every answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import APIRouter, FastAPI

from saveline.runtime import Runtime
from saveline.web import api, health, own, pages, pulse, refused, slack, static, too_old
from saveline.web.safety import AccessLog, BodyLimit, Headers, LastResort, SameSite
from saveline.web.visit import TooOld

DOORS: Final[Sequence[Callable[[Runtime], APIRouter]]] = (
    health.router,
    static.router,
    pages.router,
    own.router,
    pulse.router,
    api.router,
    slack.router,
)
"""Everything that is served: a function from the runtime to its routes, a line each."""


def create_app(runtime: Runtime) -> FastAPI:
    """The application for one workspace; it reads its files again when they have changed.

    Handlers are plain functions, which run in threads: the database's driver blocks. The middleware added last comes
    first: the log sees every answer, and nothing reads a body that is too long.
    """
    app = FastAPI(title="Saveline", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    refused.install(app)
    app.add_exception_handler(TooOld, too_old.answered)
    for door in DOORS:
        app.include_router(door(runtime))
    app.add_middleware(LastResort)
    app.add_middleware(BodyLimit)
    app.add_middleware(SameSite, url=runtime.settings.url)
    app.add_middleware(Headers, url=runtime.settings.url)
    app.add_middleware(AccessLog)
    return app
