"""Writes the pictures of mails into docs/pictures: ``python -m tests.notify.mailpictures``."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace
from playwright.sync_api import Page

from saveline.actions import reports, wording
from saveline.store import outbox
from tests.goldens import FOLDER
from tests.notify.looking import rows
from tests.reported import WEEK, report
from tests.web.browsing import chromium, window
from tests.world import world

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SCHEMES = ("light", "dark")
WIDTHS = (700, 375)
SHOWN = ("assigned", "escalation_decide", "digest", "saved", "pulse", "stage_report")
IN_GERMAN = ("assigned", "digest")


def full_report() -> str:
    """The report's mail with its pictures, of a week with something of everything."""
    with TemporaryDirectory() as made, world(Path(made) / "workspace", f"sqlite:///{made}/saveline.db") as lite:
        lite.open(lite.account())
        lite.pass_time(days=10)
        reports.publish(lite.desk, WEEK)
        sent = rows(lite, kind="stage_report")[0]
        with lite.desk.reading() as conn:
            notice = outbox.notice(conn, sent.id)
            matter = wording.Facts(lite.desk, conn, [notice]).matter(notice)
        return wording.looked_at(replace(matter, report=report("Copper Energy")), wording.FORMS, pictured=True).html


def look(page: Page, name: str, language: str = "") -> None:
    """Open a mail as its golden file has it; the report with its pictures."""
    if name == "stage_report" and not language:
        page.set_content(full_report())
        return
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
