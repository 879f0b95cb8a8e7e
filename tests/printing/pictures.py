"""Writes the pictures of the report into docs/pictures: ``python -m tests.printing.pictures``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from saveline.core.blocks import Page
from saveline.core.report_words import report_page
from saveline.printing.html import html
from saveline.printing.pdf import sheets
from tests.reported import ZONE, report
from tests.web.browsing import chromium, window

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
WAYS = (("light", 1440), ("dark", 1440), ("light", 390), ("dark", 390))
SHEETS = 2
TALLEST = 6_000
"""Units from the top that a picture shows: the page is longer."""


def write(folder: Path, page: Page) -> None:
    """The page as browsers show it, and the first sheets of the PDF."""
    folder.mkdir(parents=True, exist_ok=True)
    for i, sheet in enumerate(sheets(page)[:SHEETS], 1):
        (folder / f"report-pdf-{i}.png").write_bytes(sheet)
    with TemporaryDirectory() as made, chromium() as browser:
        file = Path(made) / "report.html"
        file.write_text(html(page), encoding="utf-8")
        for scheme, width in WAYS:
            with window(browser, width=width, scheme=scheme) as shown:
                shown.goto(file.as_uri())
                shown.screenshot(
                    path=folder / f"report-{scheme}-{width}.png",
                    full_page=True,
                    clip={"x": 0, "y": 0, "width": width, "height": TALLEST},
                )


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER, report_page(report("Copper Energy"), ZONE))
