"""A real browser: the system's Chromium. Where there is none, what needs it is skipped, and fails in CI."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, sync_playwright


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        complaint = "there is no chromium here: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(complaint)
        pytest.skip(complaint)
    with sync_playwright() as playwright:
        # Without its sandbox, which it cannot have as root in a container: it opens nothing but our own pages.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def window(
    browser: Browser,
    *,
    width: int = 1440,
    scheme: str = "light",
    script: bool = True,
    complaints: tuple[str, ...] = ("the server responded with a status of",),
) -> Iterator[Page]:
    """A window of its own, in which every complaint of the browser is a failure but for those named."""
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        java_script_enabled=script,
    )
    heard: list[str] = []
    page = context.new_page()

    def dialog(opened: Dialog) -> None:
        heard.append(f"a dialog: {opened.message}")
        opened.dismiss()

    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: heard.append(str(e)))
    page.on("dialog", dialog)
    try:
        yield page
        said = [c for c in heard if not any(known in c for known in complaints)]
        assert said == [], said
    finally:
        context.close()
