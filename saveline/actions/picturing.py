"""The pictures that go with a message. They are an extra: what cannot be drawn is left out, and the message goes."""

from __future__ import annotations

import base64
import logging
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

from saveline.core.blocks import Page
from saveline.core.report_words import report_page
from saveline.notify.matter import Matter
from saveline.notify.message import Picture
from saveline.notify.render import Form
from saveline.notify.stories import cid

log = logging.getLogger(__name__)

MOST_BYTES: Final = 330_000
"""Of all pictures of a mail, so that it stays under half a megabyte; the tables say what is left out."""


def pictures_for(matter: Matter, forms: Collection[Form]) -> Sequence[Picture]:
    """Those of a report: the charts of its first chapter for a mail, and the first that is told in short for a post."""
    report = matter.report
    if report is None or not {"html", "slack"} & set(forms):
        return ()
    page = report_page(report, matter.workspace.zone, matter.tongue)
    try:
        return _drawn(page) if "html" in forms else _drawn(page, brief=True)[:1]
    except Exception:  # whatever a drawing library can raise
        log.exception("the pictures of %s could not be drawn; its messages go without", page.key)
        return ()


def within(html: str, pictures: Sequence[Picture]) -> str:
    """A mail's page with its pictures in it, to be looked at in a browser."""
    for picture in pictures:
        data = base64.b64encode(picture.png).decode()
        html = html.replace(f"cid:{picture.cid}", f"data:image/png;base64,{data}")
    return html


@lru_cache(maxsize=8)
def _drawn(page: Page, *, brief: bool = False) -> tuple[Picture, ...]:
    """Every reader of a report gets the same ones, drawn once."""
    from saveline.charts.report import png  # loads what draws

    found, size = list[Picture](), 0
    for section, chart in page.charts:
        if section.chapter or (brief and not section.brief):
            continue
        picture = Picture(cid(page, chart), f"{section.title}: {chart.finding}", chart.alt, png(chart))
        size += len(picture.png)
        if size > MOST_BYTES:
            break
        found.append(picture)
    return tuple(found)
