"""The pages in a real browser: by keyboard, without script, on a phone, in the dark, and held against axe's rules."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it does not say that it has types
from playwright.sync_api import Browser, Page

from tests.web.browsing import chromium, window
from tests.web.scenes import scenes, too_old
from tests.web.serving import link, sent
from tests.world import World


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1440),
        ("dark", 390),
        pytest.param("dark", 1440, marks=pytest.mark.slow),
        pytest.param("light", 390, marks=pytest.mark.slow),
    ],
)
def test_every_page_is_accessible(lite: World, web: httpx.Client, browser: Browser, scheme: str, width: int) -> None:
    """Planted: muted text in a lighter grey, an input without a label, a page wider than a phone."""
    pages = scenes(lite, web)
    with window(browser, width=width, scheme=scheme) as page:
        for name, path in pages.items():
            page.goto(f"{web.base_url}{path}")
            check(page, name)
        page.goto(f"{web.base_url}{pages['task']}")
        for fold in page.locator("details").all():
            fold.locator("summary").click()
        page.get_by_role("button", name="Done", exact=True).click()
        page.get_by_text("Choose one.").wait_for()
        assert page.get_by_text("Choose one.").count() == 1
        check(page, "task with errors")
        page.goto(f"{web.base_url}{too_old(lite)}")
        check(page, "too old")


def check(page: Page, name: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{name}\n{found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px wider than its window"


def test_a_task_is_done_by_keyboard_alone(lite: World, web: httpx.Client, browser: Browser) -> None:
    lite.open()
    with window(browser) as page:
        page.goto(f"{web.base_url}{link(lite, 'ana')}?do=done")
        keys = page.keyboard
        assert page.evaluate("document.activeElement.name") == "a.root_cause", "the link leads to the first question"
        keys.press("Space")
        keys.press("ArrowDown")
        keys.press("Tab")
        keys.type("Nobody has shown them what it is worth.")
        keys.press("Tab")
        keys.press("Enter")
        page.get_by_text("is done, thanks to Ana Ruiz").wait_for()
    assert lite.task("diagnosis").answers["root_cause"] == "value_not_seen"


@pytest.mark.parametrize("script", [True, False])
def test_with_and_without_script(lite: World, web: httpx.Client, browser: Browser, script: bool) -> None:
    """Planted: questions of other outcomes hidden by the style, so that without script nobody could answer them."""
    lite.setting("playbooks/champion-left.yaml", "max: 20}}", "max: 20}, for: approved}")
    lite.open()
    lite.done("ana", "diagnosis", root_cause="price", summary="Too dear.")
    lite.done("chris", "new_champion", met=True)
    lite.done("ana", "open_tickets", pattern="none", product_change_needed=False)
    with window(browser, script=script) as page:
        page.goto(f"{web.base_url}{link(lite, 'dora', task='offer')}")
        discount = page.get_by_label("Discount")
        assert discount.is_visible() is not script
        page.get_by_label("Approved").check()
        discount.fill("40")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("Expected a percentage from 0 up to 20.").wait_for()
        assert discount.input_value() == "40", "what was typed is there"
        assert page.get_by_label("Approved").is_checked()
        discount.fill("12.5")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("was closed as approved by Dora Weiss").wait_for()
    assert lite.task("offer").answers == {"discount": 12.5}


def test_nothing_that_was_typed_runs(lite: World, web: httpx.Client, browser: Browser) -> None:
    """Planted: ``| safe`` behind a comment's body; the policy without its nonce let it run, too."""
    hostile = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
    lite.open(lite.account(name=f"Acme {hostile}"))
    page_of_task = link(lite, "ana")
    sent(web, page_of_task, "comment", body=hostile)
    sent(web, page_of_task, "done", a_root_cause="price", a_summary=hostile)
    with window(browser) as page:
        for path in (page_of_task, link(lite, "ana", "deal"), link(lite, "ana", "mine", task="")):
            page.goto(f"{web.base_url}{path}")
            assert page.locator("img").count() == 0
            assert "<img src=x" in page.inner_text("main")


def test_a_form_of_another_site_is_refused_in_a_browser(lite: World, web: httpx.Client, browser: Browser) -> None:
    """Planted: no look at Sec-Fetch-Site. The other site is a page of its own, with a form that sends itself."""
    lite.open()
    target = f"{web.base_url}{link(lite, 'ana')}"
    with window(browser) as page:
        form = f'<form method="post" action="{target}"><input name="do" value="seen"></form><p>other</p>'
        page.route("http://other.example/", lambda route: route.fulfill(content_type="text/html", body=form))
        page.goto("http://other.example/")
        with page.expect_navigation():
            page.evaluate("document.forms[0].submit()")
        assert "This form was sent from another site" in page.inner_text("main")
    assert "task_seen" not in lite.history()


def test_no_other_page_can_frame_ours(lite: World, web: httpx.Client, browser: Browser) -> None:
    """Planted: pages without ``frame-ancestors`` and ``X-Frame-Options``. The other site is a server of its own: what a
    test makes up in the browser may not frame this machine's pages anyway."""
    lite.open()
    ours = f"{web.base_url}{link(lite, 'ana')}"

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(f'<iframe src="{ours}"></iframe>'.encode())

        def log_message(self, *_args: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as other:
        thread = Thread(target=other.serve_forever)
        thread.start()
        with window(browser, complaints=("frame-ancestors",)) as page:
            page.goto(f"http://127.0.0.1:{other.server_port}/")
            framed = page.frames[1]
            framed.wait_for_load_state()
            assert framed.url == "chrome-error://chromewebdata/", "the browser shows an error of its own instead"
        other.shutdown()
        thread.join()
