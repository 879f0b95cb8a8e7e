"""Files that are sent to do harm are refused in words, at once, and cost no good line; nothing they bring is a formula.

Planted bugs that turned these red: only the first character of a cell looked at; the full-width twins left out; a link
in the inbox followed; rejected lines written through the link that lies in their place. Three were there: a bare return
was written without quotes, so that what came after it was a row of its own, and a formula; 100,000 headings were
compared with each other for four minutes; and a pattern took 2^n steps for n letters after a quote left open.
"""

from __future__ import annotations

import csv
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from saveline.actions.inbox import read_inbox
from saveline.actions.intake import import_files
from saveline.core.cells import formula
from saveline.core.errors import Invalid, Problem
from saveline.files.inbox import FOLDER
from saveline.files.sources import Wanted
from tests.files.hostile import GOOD, HARMLESS, HEAD, HOSTILE, Hostile
from tests.servers import Mailserver, Slack
from tests.world import World

PATIENCE = 30.0
"""Seconds after which a file counts as hanging."""
LARGE = 250_000
MEMORY = 60_000_000
"""Bytes that reading a file of 3 MB may take."""


def names(world: World) -> list[str]:
    with world.desk.reading() as conn:
        return list(conn.execute(sa.text("SELECT name FROM account ORDER BY key")).scalars())


def imported(world: World, path: Path) -> tuple[tuple[Problem, ...], bool]:
    """What was said of the file, and whether it was refused as a whole."""
    try:
        return import_files(world.desk, world.settings.workspace, Wanted((path,), kind="accounts")).problems, False
    except Invalid as error:
        return error.problems, True


def taken(world: World, folder: Path, hostile: Hostile) -> str:
    """The file imported alone: what was said of it, in lines."""
    folder.mkdir()
    path = folder / "accounts.csv"
    path.write_bytes(hostile.data)
    with world.desk.writing() as conn:
        conn.execute(sa.text("DELETE FROM account"))
    large = len(hostile.data) > LARGE
    if large:  # counting each piece of memory takes its time
        tracemalloc.start()
    began = time.monotonic()
    problems, whole = imported(world, path)
    seconds, most = time.monotonic() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (whole, names(world)) == (hostile.whole, [] if hostile.whole else ["Good Corp"]), hostile.title
    assert seconds < PATIENCE, hostile.title
    assert most < MEMORY, (hostile.title, most)
    assert any(not p.warning for p in problems), hostile.title
    check_rejected(folder, hostile)
    return f"{hostile.title}\n" + "".join(f"  {str(p).removeprefix(f'{folder}/')}\n" for p in problems[:3])


def check_rejected(folder: Path, hostile: Hostile) -> None:
    """What is written beside the file can be opened in any spreadsheet, and is short."""
    rejected = folder / "accounts.csv.rejected.csv"
    assert rejected.is_file() != hostile.whole, hostile.title
    if rejected.is_file():
        assert rejected.stat().st_size < 1_000_000
        with rejected.open(newline="", encoding="utf-8") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not [c for c in cells if formula(c)], hostile.title
        assert "\0" not in "".join(cells)
        rejected.unlink()


def test_every_hostile_file_is_refused_in_words(
    lite: World, tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    assert len(HOSTILE) >= 30
    told = [taken(lite, tmp_path / str(i), hostile) for i, hostile in enumerate(HOSTILE)]
    golden("hostile/csv.txt", "\n".join(told))
    assert max(len(line) for text in told for line in text.splitlines()) < 500


def test_an_address_of_many_dots_takes_no_longer_than_another(lite: World, tmp_path: Path) -> None:
    """Planted: its length looked at after the pattern, which goes over 60,000 dots once for each of them."""
    path = tmp_path / "team.csv"
    path.write_text("account,role,person\nacme,csm,a@" + "." * 60_000 + "@\n")
    lite.account()
    began = time.monotonic()
    result = import_files(lite.desk, lite.settings.workspace, Wanted((path,)))
    assert "expected an e-mail address" in str(result.problems[0])
    assert time.monotonic() - began < PATIENCE / 10


def test_text_that_looks_dangerous_is_text(lite: World, tmp_path: Path, mail: Mailserver, slack: Slack) -> None:
    """It opens deals like any other, and is said in messages as what it is."""
    file, signals = tmp_path / "accounts.csv", tmp_path / "signals.csv"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("key", "name", "renewal"))
        writer.writerows((f"k{i}", name, "2027-03-20") for i, name in enumerate(HARMLESS))
    lines = [f"k{i},champion_left,2026-11-20,," for i in range(len(HARMLESS))]
    signals.write_text("account,kind,at,value,note\n" + "\n".join(lines) + "\n")
    result = import_files(lite.desk, lite.settings.workspace, Wanted((file, signals)))
    assert (result.in_order, names(lite), len(result.opened)) == (True, list(HARMLESS), len(HARMLESS))
    lite.deliver()
    posts = "".join(p.text + "".join(_marked_up(p.blocks)) for p in slack.posts)
    mails = "".join(m.text("html") for m in mail.mails)
    for live in ("<script>", "<!channel>", "<@U1>", "<https://x.example|", "uid=0", "xxxxxxxxx"):
        assert live not in posts + mails, live
    for shown in ("{{ 7 * 7 }}", "DROP TABLE account;--", "&lt;script&gt;", "$(id) `id`"):
        assert shown in posts, shown
        assert shown in mails, shown


def _marked_up(value: Any) -> Iterator[str]:
    """The texts in which Slack looks for markup. A ``plain_text`` is shown as it is, so nothing in it is escaped."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            yield value["text"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _marked_up(part)


@pytest.mark.parametrize("kind", ["a file", "a folder", "a table of a mapping", "a table in a linked folder"])
def test_links_in_the_inbox_lead_nowhere(lite: World, tmp_path: Path, kind: str) -> None:
    """Whoever may drop files is not the one who may read everything: nothing elsewhere is read, moved or named."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    secret = elsewhere / "accounts.csv"
    secret.write_bytes(HEAD + GOOD)
    mapping = "tables: {a: {file: FILE}}\naccounts: {from: a, key: key, name: name}\n"
    (elsewhere / "mapping.yaml").write_text(mapping.replace("FILE", "accounts.csv"))
    inbox = lite.settings.workspace / FOLDER
    inbox.mkdir()
    if kind == "a file":
        (inbox / "accounts.csv").symlink_to(secret)
    elif kind == "a folder":
        (inbox / "drop").symlink_to(elsewhere)
    else:
        (inbox / "drop").mkdir()
        link = kind == "a table of a mapping"
        (inbox / "drop" / ("x.csv" if link else "data")).symlink_to(secret if link else elsewhere)
        name = "x.csv" if link else "data/accounts.csv"
        (inbox / "drop" / "mapping.yaml").write_text(mapping.replace("FILE", name))
    read = read_inbox(lite.desk, lite.settings.workspace).reads
    assert names(lite) == []
    assert sorted(p.name for p in elsewhere.iterdir()) == ["accounts.csv", "mapping.yaml"]
    assert all("there is no file" in r.refused for r in read)
    assert bool(read) == kind.startswith("a table")


def test_a_name_in_a_mapping_does_not_lead_out_of_its_folder(lite: World, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(HEAD + GOOD)
    folder = tmp_path / "drop"
    folder.mkdir()
    for name in ("../secret.csv", f"{tmp_path}/secret.csv", "x/../../secret.csv"):
        text = f"tables: {{a: {{file: '{name}'}}}}\naccounts: {{from: a, key: key, name: name}}\n"
        (folder / "mapping.yaml").write_text(text)
        with pytest.raises(Invalid, match="there is no file"):
            import_files(lite.desk, lite.settings.workspace, Wanted(mapping=folder / "mapping.yaml"))
    assert names(lite) == []


def test_rejected_lines_are_not_written_through_a_link(lite: World, tmp_path: Path) -> None:
    """Neither through the file's own name nor through that of its part, which can be guessed."""
    import os

    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "accounts.csv").write_bytes(HEAD + b"evil,=1,,,,\n")
    (folder / "accounts.csv.rejected.csv").symlink_to(precious)
    (folder / f".accounts.csv.rejected.csv.{os.getpid()}").symlink_to(precious)
    import_files(lite.desk, lite.settings.workspace, Wanted((folder / "accounts.csv",)))
    assert precious.read_text() == "precious"
    assert (folder / "accounts.csv.rejected.csv").read_text().startswith("key,name")
