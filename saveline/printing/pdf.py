"""A report as a PDF for people and for their screen readers: A4, tagged, after PDF/UA-1.

The typesetter gets the page as data, so what anybody wrote stays text. Its clock is the report's own: the same report
gives the same bytes.
"""

from __future__ import annotations

import json
from typing import Final

from saveline import font
from saveline.core.blocks import Page, plain
from saveline.files import shipped
from saveline.notify.languages import tongue
from saveline.notify.message import cleaned

STANDARD: Final = "ua-1"
"""What the typesetter holds itself to, and refuses what would break it."""


def pdf(page: Page) -> bytes:
    """The page as a PDF. Raises RuntimeError, with what the typesetter says, where it cannot be set."""
    import typst  # 30 MB that only this needs

    return typst.compile(
        _template(),
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=_inputs(page),
        pdf_standards=STANDARD,
        timestamp=int(page.as_of.timestamp()),
    )


def sheets(page: Page, *, dots: float = 144) -> list[bytes]:
    """The same sheets as PNG pictures, to be looked at; ``dots`` to the inch."""
    import typst

    made: bytes | list[bytes] = typst.compile(
        _template(), format="png", ppi=dots, font_paths=_fonts(), ignore_system_fonts=True, sys_inputs=_inputs(page)
    )
    return [made] if isinstance(made, bytes) else made


def _template() -> str:
    return str(shipped.folder("templates") / "stage_report" / "page.typ")


def _fonts() -> list[str]:
    found = font.folder()
    return [str(found)] if found else []


def _inputs(page: Page) -> dict[str, str]:
    """What the template is told: texts, and the charts as SVG."""
    from saveline.charts.report import svg  # loads what draws

    words = {"reading": tongue(page.language).say("How to read it")}
    charts = {f"chart-{chart.key}": svg(chart) for _, chart in page.charts}
    told = json.dumps(cleaned(plain(page)), default=str)
    return {"page": told, "words": json.dumps(words), "font": font.FONT, **charts}
