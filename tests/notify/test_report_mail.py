"""The report by mail, through a real server: with pictures, whole without them, and small.

Planted bugs that turned these tests red: pictures beside the HTML and not with it (``mixed``), an address of a picture
that is not in the mail, a drawing that fails and takes the notice with it, and pictures drawn for each reader anew.
"""

from __future__ import annotations

import re

import pytest

from saveline.actions import picturing, reports
from saveline.charts import report as charts
from saveline.core import periods
from saveline.core.blocks import Chart
from tests.notify.looking import only_mail
from tests.reported import page
from tests.servers import Mail, Mailserver
from tests.world import World


@pytest.fixture(autouse=True)
def by_mail(lite: World) -> None:
    only_mail(lite)


def published(world: World) -> None:
    world.open(world.account(arr=80_000))
    world.pass_time(days=10)
    reports.publish(world.desk, periods.parse("2026-W47", world.desk.workspace.zone))


def report_of(world: World, mail: Mailserver) -> Mail:
    world.deliver()
    return next(m for m in mail.to("chris") if "at risk" in m.subject)


def test_it_brings_its_pictures(lite: World, mail: Mailserver) -> None:
    published(lite)
    got = report_of(lite, mail)
    kinds = [part.get_content_type() for part in got.message.walk()]
    assert kinds[:5] == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    pictures = {str(p["Content-ID"]).strip("<>"): p for p in got.message.walk() if p.get_content_type() == "image/png"}
    page = got.text("html")
    assert set(re.findall(r'src="cid:([^"]+)"', page)) == set(pictures)
    assert len(pictures) == 2, "nothing was closed"
    assert all(p.get_payload(decode=True).startswith(b"\x89PNG") for p in pictures.values())  # type: ignore[union-attr]  # of a part that is no message
    assert len(re.findall(r'<img [^>]*alt="[^"]{20,}"', page)) == len(pictures)
    assert len(got.message.as_bytes()) < 500_000


def test_only_what_a_mail_tells_is_drawn_for_it() -> None:
    """Planted: the charts of all chapters."""
    drawn, charts = picturing._drawn(page()), page().charts
    assert [p.alt for p in drawn] == [chart.alt for section, chart in charts if not section.chapter]
    assert len(drawn) < len(charts)


def test_it_is_whole_without_them(lite: World, mail: Mailserver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that cannot be drawn is no reason for a notice not to arrive."""

    def broken(_chart: object) -> bytes:
        raise ValueError("Vega-Lite to PNG conversion failed")

    monkeypatch.setattr(charts, "png", broken)
    picturing._drawn.cache_clear()
    published(lite)
    got = report_of(lite, mail)
    assert [p.get_content_type() for p in got.message.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "<img" not in got.text("html")
    assert "$80,000" in got.text("html")


def test_every_reader_gets_the_same_ones_drawn_once(
    lite: World, mail: Mailserver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lite.setting(
        "saveline.yaml", "report_to: [leadership.lead]", "report_to: [leadership.lead, {person: dora@x.example}]"
    )
    drawn, png = list[str](), charts.png

    def counted(chart: Chart) -> bytes:
        drawn.append(chart.key)
        return png(chart)

    monkeypatch.setattr(charts, "png", counted)
    picturing._drawn.cache_clear()
    published(lite)
    lite.deliver()
    assert drawn == ["bridge", "stages"]


def test_too_many_pictures_are_left_out(lite: World, mail: Mailserver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picturing, "MOST_BYTES", 20_000)
    picturing._drawn.cache_clear()
    published(lite)
    page = report_of(lite, mail).text("html")
    assert page.count("<img") == 1
    picturing._drawn.cache_clear()
