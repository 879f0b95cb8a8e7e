"""A report as one HTML page that needs nothing else: its style and its pictures are in it, and it asks nobody."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from saveline.core.blocks import Page, plain
from saveline.files import shipped
from saveline.notify.languages import tongue
from saveline.notify.message import cleaned

# What a drawing library says of its own shapes to a reader of screens; the page says what the picture shows instead.
_SPOKEN: Final = re.compile(r' (?:role|aria-[a-z]+|class)="[^"]*"')


def html(page: Page) -> str:
    """The page, for a screen of any width, light and dark, and for paper."""
    from saveline.charts.report import svg  # loads what draws

    charts = {chart.key: Markup(_SPOKEN.sub("", svg(chart))) for _, chart in page.charts}
    return _template().render(report=cleaned(plain(page)), charts=charts, say=tongue(page.language).say)


@lru_cache(maxsize=1)
def _template() -> Template:
    folder = FileSystemLoader(shipped.folder("templates"))
    environment = Environment(
        loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("stage_report/page.html")
