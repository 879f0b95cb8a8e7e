"""Mails in a real browser: nothing is wider than a phone, everything can be read, in the light and in the dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it does not say that it has types
from playwright.sync_api import Browser

from tests.goldens import FOLDER
from tests.notify.mailpictures import SCHEMES, WIDTHS, look
from tests.web.browsing import chromium, window

KINDS = sorted(path.parent.name for path in (FOLDER / "messages").glob("*/email.html"))
CHECKED = ("digest", "escalation_decide", "news_empty_rung", "pulse", "stage_report")
_WIDER = """([mails, width]) => Promise.all(mails.map(mail => new Promise(done => {
    const frame = document.createElement("iframe");
    frame.width = width;
    frame.srcdoc = mail;
    frame.onload = () => {
        const page = frame.contentDocument.documentElement;
        done(page.scrollWidth - page.clientWidth);
        frame.remove();
    };
    document.body.append(frame);
})))"""
"""By how many pixels each of the mails is wider than a frame of that width."""
BLOCKED = ("ERR_UNKNOWN_URL_SCHEME",)
"""What a browser says of pictures that are in the mail and not in the page: it is looked at as if they were blocked."""
_OPTIONS = {"runOnly": ["color-contrast", "link-name", "link-in-text-block", "html-has-lang", "document-title"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def test_no_mail_is_wider_than_a_phone(browser: Browser) -> None:
    """Planted: a table of buttons in one row that cannot wrap."""
    mails = [(FOLDER / "messages" / name / "email.html").read_text() for name in KINDS]
    with window(browser, complaints=BLOCKED) as page:
        for width in (*WIDTHS, 320):
            wider = page.evaluate(_WIDER, [mails, width])
            assert {name: px for name, px in zip(KINDS, wider, strict=True) if px > 0} == {}, width


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_word_can_be_read(browser: Browser, scheme: str) -> None:
    """Contrast as WCAG AA asks for it, of text and of buttons. Planted: the light accent on links in the dark."""
    with window(browser, width=375, scheme=scheme, complaints=BLOCKED) as page:
        for name in CHECKED:
            look(page, name)
            found = Axe().run(page, options=_OPTIONS)
            assert found.violations_count == 0, f"{name} {scheme}\n{found.generate_report()}"


def test_buttons_are_large_enough_for_a_thumb_and_the_first_is_filled(browser: Browser) -> None:
    with window(browser, width=375) as page:
        look(page, "escalation_decide")
        boxes = [button.bounding_box() for button in page.locator(".face a").all()]
        assert len(boxes) == 3
        assert all(box is not None and box["height"] >= 32 and box["x"] + box["width"] <= 375 for box in boxes)
        tops = [box["y"] for box in boxes if box is not None]
        assert tops[0] == tops[1] < tops[2], "the third wraps to a second row"
        filled = page.locator(".face").evaluate_all("cells => cells.map(c => c.getAttribute('bgcolor'))")
        assert filled == ["#4a41dd", "#ffffff", "#ffffff"]
