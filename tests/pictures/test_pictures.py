"""Pictures of plays: what stands in them, that no text lies on another, and that they are what they were.

Planted bugs that turned these tests red: labels packed without their width, a label that runs over the right edge,
names of stages in one row whatever their length, a title put in without escaping, and columns of a terminal counted
without the names of the tasks.
"""

from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saveline.cli import output
from saveline.core.swimlanes import Swimlanes, outlined, readable, swimlanes
from saveline.files import shipped
from saveline.files.check import Checked, check
from saveline.pictures.letters import cut, width, wrap
from saveline.pictures.lines import ASCII, BLOCKS, drawn
from saveline.pictures.places import RIGHT, TEXT, WIDE, PlacedBar, places
from saveline.pictures.png import FONT, png
from saveline.pictures.svg import svg
from tests.cli.terminal import Terminal
from tests.world import World

SHIPPED = check(shipped.folder("playbooks").parent)
UGLY = Path(__file__).parent / "ugly"
Golden = Callable[[str, str], None]


def ugly() -> Checked:
    """Twelve tasks and more, long names, eight teams, in the shipped settings."""
    found = check(UGLY)
    assert [p.id for p in found.problems if not p.warning] == []
    return found


def picture(name: str, *, opened: date | None = None, renewal: date | None = None) -> Swimlanes:
    checked = ugly() if name == "ugly" else SHIPPED
    assert checked.workspace is not None
    found = outlined(checked.play(name), checked.workspace, opened=opened, renewal=renewal)
    return swimlanes(found, of_renewal=renewal is not None)


NAMES = [*(p.name for p in SHIPPED.plays), "ugly"]


def text_of(seen: Swimlanes, columns: int, *, plain: bool = False) -> str:
    lines = drawn(seen, columns, ASCII if plain else BLOCKS)
    return "\n".join("".join(part for part, _ in line) for line in lines) + "\n"


@pytest.mark.parametrize("name", ["champion-left", "ugly"])
def test_the_picture_is_what_it_was(name: str, golden: Golden) -> None:
    golden(f"pictures/{name}.svg", svg(picture(name)))
    golden(f"pictures/{name}-80.txt", text_of(picture(name), 80))
    golden(f"pictures/{name}-120.txt", text_of(picture(name), 120, plain=True))


def test_a_plan_that_is_too_long_shows_where(golden: Golden) -> None:
    late = picture("champion-left", opened=date(2026, 11, 20), renewal=date(2027, 1, 15))
    assert not late.fits
    golden("pictures/champion-left-late.svg", svg(late, theme="light"))
    golden("pictures/champion-left-late.txt", text_of(late, 100))


@pytest.mark.parametrize("name", NAMES)
def test_no_label_lies_on_another_or_runs_over_the_edge(name: str) -> None:
    at = places(picture(name))
    rows: dict[float, list[tuple[float, float]]] = {}
    for bar in at.bars:
        rows.setdefault(bar.y, []).append(extent(bar))
    for spans in rows.values():
        assert all(one[1] < other[0] for one, other in pairwise(sorted(spans)))
        assert all(begin >= MOST_LEFT and end <= WIDE for begin, end in spans)
    heads: dict[float, list[tuple[float, float]]] = {}
    for band in at.bands:
        wide = width(band.label, TEXT, heavy=True)
        begin = band.text_x - wide if band.ends_there else band.text_x
        heads.setdefault(band.text_y, []).append((begin, begin + wide))
    for spans in heads.values():
        assert all(one[1] < other[0] for one, other in pairwise(sorted(spans)))
    assert all(bar.y + 10 <= at.bottom for bar in at.bars)
    assert all(tick.x <= RIGHT for tick in at.ticks)


MOST_LEFT = 100.0
"""Where no label may begin: that is the place of the departments."""


def extent(bar: PlacedBar) -> tuple[float, float]:
    wide = width(bar.name, TEXT, heavy=True) + width(f"\u00a0{bar.label}", TEXT) * bool(bar.label)
    begin = bar.text_x - wide if bar.ends_there else bar.text_x
    return min(begin, bar.x), max(begin + wide, bar.right)


@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_in_the_picture_once_and_is_told_in_words(name: str) -> None:
    seen = picture(name)
    drawing = ET.fromstring(svg(seen))
    space = "{http://www.w3.org/2000/svg}"
    tips = [t.text or "" for t in drawing.iterfind(f".//{space}g/{space}title")]
    for bar in seen.bars:
        assert len([t for t in tips if f"\n{bar.task}: " in t]) == 1
    told = drawing.findtext(f"{space}desc") or ""
    assert all(words in told for words in (seen.finding, seen.decided, *(b.task.replace("_", " ") for b in seen.bars)))
    assert drawing.get("role") == "img"
    assert (drawing.get("aria-labelledby") or "").split() == [
        drawing[0].get("id"),
        drawing[1].get("id"),
    ]


def test_what_people_wrote_stays_text() -> None:
    drawing = svg(picture("ugly"))
    assert "Ask finance &amp; legal &lt;what&gt; we" in drawing
    assert "<what>" not in drawing


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_wider_than_the_terminal_and_plain_is_ascii(name: str, columns: int) -> None:
    for plain in (False, True):
        shown = text_of(picture(name), columns, plain=plain)
        assert max(map(len, shown.splitlines())) <= columns
        assert not plain or shown.isascii()
        for bar in picture(name).bars:
            assert bar.task.replace("_", " ")[:16] in shown


def test_titles_are_shown_without_what_is_filled_in() -> None:
    assert readable("Call {{ account.name }} now") == "Call the customer now"
    assert (
        readable("Show {{ answers.plan.metric | default('a figure') }} at {{account.name}}") == "Show … at the customer"
    )


def test_a_png_is_as_big_as_it_says_and_the_same_twice() -> None:
    drawing = svg(picture("champion-left"), theme="light", fonts=FONT)
    made = png(drawing)
    assert made[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", made[16:24])
    assert (wide, high) == (1920, round(places(picture("champion-left")).height) * 2)
    assert png(drawing) == made


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), room=st.floats(0, 300))
def test_what_is_cut_fits(text: str, room: float) -> None:
    assert width(cut(text, 12, room), 12) <= room or cut(text, 12, room) == ""
    assert all(width(line, 12) <= room for line in wrap(text, 12, room, most=3))
    assert len(wrap(text, 12, room, most=3)) <= 3


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture
def terminal(lite: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(lite, monkeypatch, capsys)


def test_the_commands_print_write_and_refuse(terminal: Terminal, tmp_path: Path) -> None:
    shown = terminal.done("playbook", "show", "champion-left")
    assert "Critical path: diagnosis → new champion → offer." in shown
    assert "Ladder urgent" in shown
    files = tmp_path / "it.svg", tmp_path / "it.png"
    told = terminal.done("playbook", "show", "champion-left", "--svg", str(files[0]), "--png", str(files[1]))
    assert told == f"Written: {files[0]}\nWritten: {files[1]}\n"
    assert files[0].read_text().startswith("<svg ")
    assert files[1].read_bytes()[1:4] == b"PNG"
    page = terminal.json("playbook", "show", "champion-left")
    assert page["picture"]["path"] == ["diagnosis", "new_champion", "offer"]
    assert page["stages"][0]["key"] == "triage"
    assert terminal.done("playbook", "show", "champion-left", "--plain").splitlines()[5].isascii()
    said = terminal.refused("playbook", "show", "champion-lef")
    assert "Did you mean 'champion-left'" in said
    assert "2026-13-01" in terminal.refused(
        "playbook", "runway", "champion-left", "--opened", "2026-13-01", status=output.USAGE
    )


def test_the_runway_of_a_play_with_dates_and_without(terminal: Terminal, golden: Golden) -> None:
    days = terminal.done("playbook", "runway", "champion-left")
    dated = terminal.done("playbook", "runway", "champion-left", "--opened", "2026-11-20", "--renewal", "2026-12-25")
    both = f"{days}{dated}"
    golden("pictures/runway.txt", "\n".join(line.rstrip() for line in both.splitlines()) + "\n")
    found = json.loads(terminal.done("playbook", "runway", "champion-left", "--renewal", "2026-06-20", "--json"))
    assert found["fits"] is False
    assert found["runway"]["too_long"] == "new_champion"
