"""Templates → pages."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.types import Scope

from saveline.files import shipped
from saveline.web.static import address


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(shipped.folder("templates") / "web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals["static"] = address
    return made


def draw(template: str, scope: Scope, **values: Any) -> str:
    """The page, with the nonce that its own script needs to run."""
    return _environment().get_template(template).render(nonce=scope.get("nonce", ""), **values)
