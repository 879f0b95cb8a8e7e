"""The tutorial, followed to the letter: each file is written as it says, each command prints what stands there.

What is to be done with a block stands in a comment above it, which readers do not see. A line ``…`` stands for any
lines, and ``…`` within a line for any words.

Planted bugs that turned this test red: a priority that counts for nothing, and a skipped task that holds up the next.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from saveline.cli import output
from saveline.cli.main import main
from saveline.files import shipped

DOCS = Path(__file__).parents[2] / "docs"
STEPS: list[tuple[str, str]] = re.findall(
    r"^<!-- (.+?) -->\n```\w*\n(.*?)^```", (DOCS / "tutorial.md").read_text(), flags=re.DOTALL | re.MULTILINE
)


def sessions(block: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each command of a block, with the lines that it prints."""
    for typed in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *printed = typed.splitlines()
        yield shlex.split(command), printed


def elided(lines: list[str], expected: list[str]) -> bool:
    """Whether ``lines`` are those expected, with anything in the place of each ``…``; how wide columns are is open."""
    lines, expected = ([re.sub(r"(?<=\S) {2,}", "  ", line) for line in some] for some in (lines, expected))
    words = ("(?:.*\n)*?" if line == "…" else f"{re.escape(line).replace('…', '.*')}\n" for line in expected)
    pattern = "".join(words)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in lines)) is not None


class Reader:
    """Somebody who does what the tutorial says, in a folder of their own."""

    def __init__(self, folder: Path, go_to: Callable[[Path], None], printed: Callable[[], str]) -> None:
        self.folder, self._go_to, self._printed = folder, go_to, printed

    def does(self, what: str, block: str) -> None:
        verb, *words = what.split()
        if verb == "run":
            self.types(block, int(words[0]) if words else 0)
        elif verb == "in":
            assert block in (self.folder / words[0]).read_text()
        elif verb == "file":
            (self.folder / words[0]).write_text(block)
        elif verb == "insert":
            file, after = self.folder / words[0], words[2]
            lines = file.read_text().splitlines(keepends=True)
            place = next(i for i, line in enumerate(lines) if line.startswith(f"{after}:"))
            file.write_text("".join([*lines[: place + 1], block, *lines[place + 1 :]]))
        elif verb == "delete":
            file = self.folder / words[0]
            before, after, rest = file.read_text().partition(" ".join(words[2:]))
            assert after
            assert block in rest
            file.write_text(before + after + rest.replace(block, "", 1))
        else:
            assert verb == "rehearse"

    def types(self, block: str, status: int = 0) -> None:
        """Type the commands of ``block``; the last one ends with ``status``."""
        typed = list(sessions(block))
        for i, (words, expected) in enumerate(typed):
            if words[0] == "cd":
                self.folder = self.folder / words[1]
                self._go_to(self.folder)
                continue
            found = main(words[1:])
            lines = [line.rstrip() for line in self._printed().splitlines()]
            assert elided(lines, expected), "\n".join([" ".join(words), *lines])
            assert found == (status if i == len(typed) - 1 else 0)


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Reader:
    for name in ("WORKSPACE", "DATABASE_URL", "CLOCK"):
        monkeypatch.delenv(f"SAVELINE_{name}", raising=False)
    monkeypatch.setattr(output.out, "_width", 160)  # its setter could not be undone
    monkeypatch.chdir(tmp_path)
    return Reader(tmp_path, monkeypatch.chdir, lambda: capsys.readouterr().out)


def test_every_block_of_the_tutorial_says_what_is_done_with_it() -> None:
    assert (DOCS / "tutorial.md").read_text().count("\n```") == 2 * len(STEPS)
    assert {what.split()[0] for what, _ in STEPS} == {"run", "in", "file", "insert", "delete", "rehearse"}


def test_every_file_and_every_command_of_the_tutorial(reader: Reader) -> None:
    for what, block in STEPS:
        reader.does(what, block)


def test_the_rehearsal_says_whether_finance_can_carry_it(reader: Reader, tmp_path: Path) -> None:
    if find_spec("saveline.cli.rehearse") is None:
        pytest.skip("there is no rehearsal yet")
    shutil.copytree(shipped.folder("examples/portfolio"), tmp_path / "examples" / "portfolio")
    for what, block in STEPS:
        if what != "rehearse":
            reader.does(what, block)
            continue
        reader.types(block)
