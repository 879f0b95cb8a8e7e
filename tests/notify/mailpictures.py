"""Writes the pictures of mails into docs/pictures: ``python -m tests.notify.mailpictures``."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from playwright.sync_api import Page

from tests.goldens import FOLDER
from tests.web.browsing import chromium, window

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SCHEMES = ("light", "dark")
WIDTHS = (700, 375)
SHOWN = ("assigned", "escalation_decide", "digest", "saved", "stage_report")
IN_GERMAN = ("assigned", "digest")


def look(page: Page, name: str, language: str = "") -> None:
    """Open a mail as its golden file has it."""
    page.goto((FOLDER / f"messages{language and '_'}{language}" / name / "email.html").as_uri())


def write() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, language in (*((n, "") for n in SHOWN), *((n, "de") for n in IN_GERMAN)):
            for scheme, width in product(SCHEMES, WIDTHS):
                with window(browser, width=width, scheme=scheme) as page:
                    page.set_viewport_size({"width": width, "height": 200})
                    look(page, name, language)
                    told = f"mail-{name}{language and '-'}{language}-{scheme}-{width}.png"
                    page.screenshot(path=PICTURES / told, full_page=True)


if __name__ == "__main__":
    write()
