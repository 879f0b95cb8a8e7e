"""Answers to what cannot be had: a page for a browser, JSON for a program, and never a secret in either."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import Scope

from saveline.core.errors import HasLeft, Invalid, NotAllowed, Refusal, UnknownDeal, UnknownPerson, UnknownTask
from saveline.web import problems
from saveline.web.drawn import draw

RETRY_SECONDS: Final = 5
BUSY: Final = "The database is busy. Nothing was changed; try again in a few seconds."
_WORDS: Final[Mapping[int, str]] = {
    400: "This request cannot be understood. Nothing was changed.",
    404: "There is no such page.",
    405: "This cannot be done here. Nothing was changed.",
}
_STATUS: Final[Mapping[type[Refusal], int]] = {
    HasLeft: 403,
    NotAllowed: 403,
    UnknownDeal: 404,
    UnknownTask: 404,
    UnknownPerson: 404,
}

_log = logging.getLogger("saveline.web")


def install(app: FastAPI) -> None:
    """Every exception that can reach the server becomes an answer."""
    app.add_exception_handler(HTTPException, _of_http)
    app.add_exception_handler(RequestValidationError, _of_form)
    app.add_exception_handler(Refusal, _of_refusal)
    app.add_exception_handler(Invalid, _of_files)
    for busy in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(busy, _of_database)


def status_of(refusal: Refusal) -> int:
    """403 for who may not, 404 for what is not there, 409 for what cannot be as things are."""
    return next((status for kind, status in _STATUS.items() if isinstance(refusal, kind)), 409)


def answer(scope: Scope, status: int, words: str, headers: Mapping[str, str] | None = None) -> Response:
    """``words`` as a page, as ``{"error": …}`` for whoever asks for JSON, or as a problem of the API."""
    if scope["path"].startswith("/api/"):
        return problems.response(problems.Refused(status, words, headers=headers))
    if wants_json(scope):
        return JSONResponse({"error": words}, status, headers)
    title = HTTPStatus(status).phrase
    page = draw("refused.html", scope, title=title, words=words, company="", reader="", initials="")
    return HTMLResponse(page, status, headers)


def wants_json(scope: Scope) -> bool:
    """By its Accept; the API always, whatever it accepts."""
    if scope["path"].startswith(("/api/", "/slack/", "/healthz")):
        return True
    accept = next((v for k, v in scope["headers"] if k == b"accept"), b"").decode("latin-1")
    return "json" in accept and "html" not in accept


async def _of_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    known = _WORDS.get(error.status_code, HTTPStatus(error.status_code).phrase)
    # Starlette's own detail is the phrase of the status: our words say more.
    own = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
    return answer(request.scope, error.status_code, own or known, error.headers)


async def _of_form(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = ", ".join(str(e["loc"][-1]) for e in error.errors())
    return answer(request.scope, 422, f"This cannot be used: {fields}. Nothing was changed.")


async def _of_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    return answer(request.scope, status_of(error), str(error))


async def _of_files(request: Request, _error: Exception) -> Response:
    _log.error("the workspace's files cannot be used: run `saveline doctor`")
    words = "Saveline's settings are being changed and cannot be read at the moment. Nothing was changed; try again."
    return answer(request.scope, 503, words, {"Retry-After": "60"})


async def _of_database(request: Request, error: Exception) -> Response:
    _log.error("the database did not answer: %s", _kind(error))
    return answer(request.scope, 503, BUSY, {"Retry-After": str(RETRY_SECONDS)})


def _kind(error: Any) -> str:
    return type(getattr(error, "orig", None) or error).__name__
