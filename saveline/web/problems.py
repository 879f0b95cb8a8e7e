"""Refusals of the API as RFC 9457 writes them: ``application/problem+json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from starlette.responses import JSONResponse

KIND: Final = "application/problem+json"


class Refused(Exception):
    """A call that is not answered as it wished; ``errors`` are its faults one by one."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, tuple(errors), dict(headers or {})


def response(refused: Refused) -> JSONResponse:
    """The problem as an answer. ``type`` is about:blank: the status says what kind of problem it is."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(refused.status).phrase,
        "status": refused.status,
        "detail": refused.detail,
    }
    if refused.errors:
        body["errors"] = list(refused.errors)
    headers = {"Cache-Control": "no-store", **refused.headers}
    return JSONResponse(body, refused.status, headers, media_type=KIND)
