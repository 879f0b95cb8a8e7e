"""Writes the pictures of the pages into docs/pictures: ``python -m tests.web.pictures``."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.web.browsing import chromium, window
from tests.web.scenes import scenes, too_old
from tests.web.serving import served
from tests.world import world

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN = {
    "task": [("light", 1440), ("dark", 390)],
    "task_said": [("light", 390)],
    "task_of_a_room": [("light", 1440)],
    "deal": [("dark", 1440), ("light", 390)],
    "mine": [("dark", 390)],
    "unsubscribe": [("light", 390)],
    "question": [("light", 390)],
}


def write(folder: Path) -> None:
    """Every page that is worth a look, as it is at the end of the story."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory() as made,
        world(Path(made) / "workspace", f"sqlite:///{made}/saveline.db") as built,
        served(built) as client,
        chromium() as browser,
    ):
        paths = scenes(built, client)
        for name, ways in SHOWN.items():
            for scheme, width in ways:
                with window(browser, width=width, scheme=scheme) as page:
                    page.goto(f"{client.base_url}{paths[name]}")
                    page.screenshot(path=folder / f"page-{name}-{scheme}-{width}.png")
        old = too_old(built)
        with window(browser, width=390) as page:
            page.goto(f"{client.base_url}{old}")
            page.screenshot(path=folder / "page-too_old-light-390.png")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
