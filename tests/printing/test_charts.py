"""The report's charts: what they say is in them, and the same chart is the same picture.

Planted bugs that turned these tests red: a note that is not drawn, a system's font, a colour that the dark page does
not know.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from altair import LayerChart

from saveline.charts.report import _spec, png, svg
from saveline.core.blocks import Bars, Bridge, Chart, Flow, Interval, Intervals, Table
from saveline.files import shipped
from tests.reported import page

CHARTS = {chart.key: chart for _, chart in page().charts}
WORKS = Chart(
    "works",
    "Executive rescue keeps most.",
    "Save rate by play: Executive rescue keeps most.",
    Intervals(
        (
            Interval("Executive rescue", 0.76, 0.61, 0.87, "76%", "31/41"),
            Interval("Price defence", 0.41, 0.28, 0.56, "41%", "19/46", "bad"),
        ),
        whole=0.61,
    ),
    CHARTS["stages"].numbers,
)


@pytest.mark.parametrize("chart", [*CHARTS.values(), WORKS], ids=lambda chart: chart.key)
def test_everything_is_said_at_its_mark(chart: Chart) -> None:
    drawn = svg(chart)
    texts = [t.text for t in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text") if t.text]
    match chart.drawing:
        case Bars(bars=bars):
            said = [w for b in bars for w in (b.label, b.text, b.note)]
        case Bridge(steps=steps):
            said = [w for s in steps for w in (s.label, s.text)]
        case Intervals(intervals=intervals):
            said = [w for v in intervals for w in (v.label, f"{v.text}  {v.note}")]
        case Flow(columns=columns):
            nodes = [n for column in columns for n in column if n.label]
            said = [w for n in nodes for w in (n.label, f"{n.text} · {n.note}")]
    assert sorted(texts) == sorted(w for w in said if w)
    assert set(re.findall(r'font-family="([^"]*)"', drawn)) == {"Source Sans Pro"}
    assert 'width="400"' in drawn, "as wide as all others, whatever its words"


@pytest.mark.parametrize("chart", [*CHARTS.values(), WORKS], ids=lambda chart: chart.key)
def test_what_is_written_is_vega_lite(chart: Chart) -> None:
    """What draws leaves out a word that it does not know, and says nothing. Bug: ``strokeDashed``."""
    LayerChart.from_dict(_spec(chart.drawing, ground=None)).to_dict()


def test_the_same_chart_is_the_same_picture_and_fits_a_mail() -> None:
    for chart in CHARTS.values():
        assert svg(chart) == svg(chart)
    drawn = {key: png(chart) for key, chart in CHARTS.items()}
    assert png(CHARTS["stages"]) == drawn["stages"]
    assert all(picture.startswith(b"\x89PNG") for picture in drawn.values())
    assert sum(map(len, drawn.values())) < 300_000


def test_the_page_knows_every_colour_that_is_drawn() -> None:
    """In the dark each is another; one that the page does not know would stay as it is."""
    template = (shipped.folder("templates") / "stage_report" / "page.html").read_text()
    drawn = "".join(svg(chart) for chart in (*CHARTS.values(), WORKS))
    used = set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', drawn))
    assert used
    assert {colour for colour in used if f'"{colour}"]' not in template} == set()


def test_one_thing_in_red_at_most() -> None:
    for chart in CHARTS.values():
        assert isinstance(chart.numbers, Table)
        shapes = re.findall(r'<path[^>]*fill="#bd2138"', svg(chart))
        assert len(shapes) <= (2 if isinstance(chart.drawing, Intervals) else 1), "a band has a point"
