"""The style and the script of all pages: two files of our own, kept in memory, each under a name of its content."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from saveline.runtime import Runtime

_FOLDER: Final = Path(__file__).parent / "static"
_KINDS: Final = {"pages.css": "text/css; charset=utf-8", "pages.js": "text/javascript; charset=utf-8"}
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@cache
def _content(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


@cache
def address(name: str) -> str:
    """Where a page finds the file; another address whenever its content is another."""
    return f"/static/{sha256(_content(name)).hexdigest()[:12]}/{name}"


def router(_runtime: Runtime) -> APIRouter:
    routes = APIRouter()

    @routes.api_route("/static/{version}/{name}", methods=["GET", "HEAD"])
    def static(version: str, name: str) -> Response:
        """Any version: a page that was loaded before an update asks for the old one."""
        if name not in _KINDS:
            raise HTTPException(404)
        return Response(_content(name), media_type=_KINDS[name], headers=_FOREVER)

    return routes
