"""``/healthz``: what the auditor finds, for whatever watches the service."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from saveline.actions.audit import audit
from saveline.runtime import Runtime


def router(runtime: Runtime) -> APIRouter:
    routes = APIRouter()

    @routes.get("/healthz")
    def healthz() -> JSONResponse:
        """200 while everything that should happen is happening, 503 while something urgent is not."""
        found = audit(runtime.kept_desk(), repair=False)
        red = any(f.urgent for f in found)
        # What follows a colon quotes errors, which are not for everybody who can ask.
        said = [{"id": f.id, "words": f.words.partition(":")[0], "urgent": f.urgent} for f in found]
        return JSONResponse({"health": "red" if red else "green", "findings": said}, 503 if red else 200)

    return routes
