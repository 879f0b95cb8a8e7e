"""The report as a page in a real browser: light and dark, wide and on a phone, on paper, and asking nobody.

Planted bugs that turned these tests red: a picture from elsewhere, muted text in a lighter grey, a table without its
caption, ``| safe`` behind a name, and columns that stay on a phone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it does not say that it has types
from playwright.sync_api import Browser, Page

from saveline.printing.html import html
from tests.reported import HOSTILE, page
from tests.web.browsing import chromium, window


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("page") / "report.html"
    made.write_text(html(page()), encoding="utf-8")
    return made


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_asks_nobody(browser: Browser, file: Path, scheme: str) -> None:
    for width in (1440, 390):
        with window(browser, width=width, scheme=scheme) as shown:
            asked: list[str] = []
            shown.on("request", lambda request: asked.append(request.url))  # noqa: B023 - read before the next one
            shown.goto(file.as_uri())
            assert asked == [file.as_uri()]
            found = Axe().run(shown)
            assert found.violations_count == 0, f"{scheme} {width}\n{found.generate_report()}"
            wide = shown.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0


def test_every_table_has_its_caption_and_every_chart_its_table(browser: Browser, file: Path) -> None:
    with window(browser, script=False) as shown:
        shown.goto(file.as_uri())
        tables = shown.locator("table")
        assert tables.count() == len(page().tables)
        for table in tables.all():
            assert table.locator("caption").inner_text()
            rows, names = table.locator("tbody tr").count(), table.locator("tbody th[scope=row]").count()
            assert rows == names > 0
            assert (
                table.locator("thead th[scope=col]").count() == table.locator("tbody tr").first.locator("> *").count()
            )
        figures = shown.locator("figure[role=img]")
        assert [f.get_attribute("aria-label") for f in figures.all()] == [c.alt for _, c in page().charts]
        assert shown.locator("figure + details table").count() == figures.count()
        assert headings(shown) == ["H1", *(f"H{level}" for level in page_levels())]


def page_levels() -> list[int]:
    """Of a page's headings below its title: a chapter's, and in it those of its sections."""
    levels, chapter = list[int](), ""
    for section in page().sections:
        levels += [2] if section.chapter != chapter else []
        chapter = section.chapter
        levels.append(3 if chapter else 2)
    return levels


def headings(shown: Page) -> list[str]:
    found: list[str] = shown.locator("h1, h2, h3").evaluate_all("all => all.map(h => h.tagName)")
    return found


def test_what_somebody_wrote_is_text(browser: Browser, file: Path) -> None:
    with window(browser) as shown:
        shown.goto(file.as_uri())
        assert shown.get_by_text(HOSTILE).count() >= 1
        assert shown.locator("td b, td a").count() == 0


def test_on_a_phone_a_line_has_two_columns_and_nothing_is_left_out(browser: Browser, file: Path) -> None:
    with window(browser, width=390) as shown:
        shown.goto(file.as_uri())
        decided = shown.locator("section[aria-labelledby=decisions] tbody tr").first
        assert decided.locator("> :visible").count() == 2
        said = "Umbra Bank Renewal decision · Ana Ruiz · deal 12 $771k 21 Nov 2026 (late)"
        assert " ".join(decided.inner_text().split()) == said


def test_the_dark_page_is_printed_in_the_light_with_all_its_numbers(browser: Browser, file: Path) -> None:
    with window(browser, scheme="dark") as shown:
        shown.goto(file.as_uri())
        shown.emulate_media(media="print")
        assert shown.evaluate("getComputedStyle(document.body).color") == "rgb(25, 28, 39)"
        assert all(table.is_visible() for table in shown.locator("table").all())


def test_the_same_report_is_the_same_page() -> None:
    assert html(page("de")) == html(page("de"))
    assert '<html lang="de">' in html(page("de"))
