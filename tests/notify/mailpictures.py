"""Writes the pictures of mails into docs/pictures: ``python -m tests.notify.mailpictures``."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.goldens import FOLDER
from tests.web.browsing import chromium, window

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SCHEMES = ("light", "dark")
WIDTHS = (700, 375)
SHOWN = ("assigned", "escalation_decide", "digest", "saved", "stage_report")


def look(page: Page, name: str) -> None:
    """Open a mail as its golden file has it."""
    page.goto((FOLDER / "messages" / name / "email.html").as_uri())


def write() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name in SHOWN:
            for scheme in SCHEMES:
                for width in WIDTHS:
                    with window(browser, width=width, scheme=scheme) as page:
                        page.set_viewport_size({"width": width, "height": 200})
                        look(page, name)
                        page.screenshot(path=PICTURES / f"mail-{name}-{scheme}-{width}.png", full_page=True)


if __name__ == "__main__":
    write()
