# ruff: noqa: E501 - a file is read as one line: what it is, and how it is planted
"""Files that nobody writes by mistake: bombs, traps and things that are no files, each planted into a workspace.

``tests/core/wrong.py`` has those that people write in good faith.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PLAY = "playbooks/save.yaml"
TASK = "      - {{id: {0}, assign: [ae, owner], due: 1 day after start{1}}}\n"


@dataclass(frozen=True)
class Hostile:
    """``plant(folder)`` puts it into a workspace that is in order."""

    title: str
    plant: Callable[[Path], None]


def swapped(title: str, old: str, new: str, file: str = PLAY) -> Hostile:
    """In ``file`` the text ``old`` becomes ``new``."""

    def plant(folder: Path) -> None:
        path = folder / file
        text = path.read_text()
        assert old in text, f"{title}: {old!r} is not in {file}"
        path.write_bytes(text.replace(old, new, 1).encode("utf-8", "surrogateescape"))

    return Hostile(title, plant)


def bytes_of(title: str, made: Callable[[bytes], bytes], file: str = PLAY) -> Hostile:
    """``file`` holds what ``made`` makes of it."""
    return Hostile(title, lambda folder: _rewrite(folder / file, made))


def placed(title: str, name: str, put: Callable[[Path], object]) -> Hostile:
    """``put`` makes something of ``name`` in the folder, where another thing may have been."""

    def plant(folder: Path) -> None:
        path = folder / name
        path.unlink(missing_ok=True)
        put(path)

    return Hostile(title, plant)


def condition(title: str, source: str) -> Hostile:
    """The condition of a task is ``source``."""
    return swapped(
        title, 'if: answers.diagnosis.root_cause == "product" and answers.diagnosis.sure is defined', f"if: '{source}'"
    )


def heading(title: str, text: str) -> Hostile:
    """The title of a task is ``text``, in single quotes."""
    return swapped(title, "title: Write the diagnosis for {{ account.name }}", f"title: '{text}'")


def _rewrite(path: Path, made: Callable[[bytes], bytes]) -> None:
    path.write_bytes(made(path.read_bytes()))


def _laughs(raw: bytes) -> bytes:
    rows = ["a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]" for a, b in zip("abcdefgh", "bcdefghi", strict=True)]
    return "\n".join(rows).encode()


def _many_tasks(rest: str) -> Callable[[bytes], bytes]:
    """A play of many tasks that all wait for all before them."""

    def made(raw: bytes) -> bytes:
        head = raw.split(b"stages:")[0].decode()
        tasks = (
            TASK.format(f"t{i}", rest.format(", ".join(f"t{j}" for j in range(max(0, i - 7), i)))) for i in range(300)
        )
        return (head + "stages:\n  triage:\n    tasks:\n" + "".join(tasks)).encode()

    return made


def _endless_gate(raw: bytes) -> bytes:
    """Forty questions whose answers all matter to a gate that is never reached: two to the fortieth ways to try."""
    asks = "".join(TASK.format(f"t{i}", ", form: {q: {yes_no: true}}") for i in range(40))
    away = TASK.format("z", ", form: {q: {yes_no: true}}, outcomes: [x], on: {x: {goto: decide}}")
    gate = " or ".join([f"answers.t{i}.q" for i in range(40)] + ["answers.z.q"])
    head = raw.split(b"stages:")[0].decode()
    return f"{head}stages:\n  triage:\n    exit: {gate}\n    tasks:\n{asks}{away}  decide: {{}}\n".encode()


HOSTILE = (
    # --- what unfolds
    bytes_of("billion laughs", _laughs),
    swapped("billion laughs in one line", "title: Save", "title: {a: &a [x, x], b: &b [*a, *a], c: &c [*b, *b], d: [*c, *c]}"),
    swapped("an anchor that nobody uses", "priority: 5", "priority: &p 5"),
    swapped("an alias of itself", "applies:", "applies: &a [*a]\nother:"),
    swapped("an anchor at a key", "priority: 5", "&k priority: 5"),
    swapped("a merge key", "priority: 5", "<<: {priority: 5}"),
    swapped("a merge key with an alias", "priority: 5", "<<: *base"),
    # --- tags, directives and documents
    swapped("a tag that builds an object", "priority: 5", "priority: !!python/object/apply:os.system [id]"),
    swapped("a tag of YAML itself", "priority: 5", "priority: !!binary aGk="),
    swapped("a tag without a name", "priority: 5", "priority: ! 5"),
    swapped("a tag at a mapping", "applies:", "applies: !x"),
    bytes_of("a directive for YAML 1.1", lambda raw: b"%YAML 1.1\n---\n" + raw),
    bytes_of("a directive for tags", lambda raw: b"%TAG ! tag:x.example,2026:\n---\n" + raw),
    bytes_of("a directive that nobody knows", lambda raw: b"%SAVELINE on\n---\n" + raw),
    bytes_of("a second document after three dots", lambda raw: raw + b"...\nplaybook: other\n"),
    # --- too much
    swapped("21 levels in brackets", "title: Save", "title: " + "[" * 21 + "]" * 21),
    swapped("21 levels of keys", "title: Save", "title: " + "{a: " * 21 + "x" + "}" * 21),
    swapped("100,000 opening brackets", "title: Save", "title: " + "[" * 100_000),
    swapped("20,000 keys", "title: Save", "title: {" + ", ".join(f"k{i}: 1" for i in range(20_000)) + "}"),
    bytes_of("257 KB of comments", lambda raw: raw + b"#" * 263_000),
    bytes_of("257 KB, cut inside of a letter", lambda raw: raw + b"# " + "é".encode() * 131_500),
    swapped("a text of 200 KB", "title: Save", "title: " + "x" * 200_000),
    swapped("a key of 5,000 letters", "title: Save", "x" * 5_000 + ": Save"),
    swapped("a duration of 9,000 blanks", "max: 2 business days", "max: '2" + " " * 9_000 + "x'"),
    swapped("a moment of 9,000 words", "due: 2 business days after fix done", "due: '" + "a after " * 1_200 + "'"),
    swapped("somebody's manager's manager, 900 times", "assign: finance.lead", "assign: owner" + ".manager" * 900),
    swapped("an address of 9,000 dots", "assign: finance.lead", "assign: {person: a@" + "." * 9_000 + "@}"),
    swapped("a list of 3,500 causes", "[champion_left, price_pressure]", "[" + ", ".join(f"cause_{i}" for i in range(3_500)) + "]"),
    swapped("1,700 keys that nobody knows", "priority: 5", "\n".join(f"key_{i}: 1" for i in range(1_700))),
    bytes_of("300 tasks that wait for each other", _many_tasks(", after: [{0}]")),
    bytes_of("a gate with more answers than can be tried", _endless_gate),
    # --- numbers
    swapped("a number of 5,000 digits", "priority: 5", "priority: " + "9" * 5_000),
    swapped("a number larger than a database holds", "priority: 5", "priority: 9999999999999999999"),
    swapped("a number beyond all numbers", "arr: {min: 1000}", "arr: {min: 1e999}"),
    swapped("a number that is none", "arr: {min: 1000}", "arr: {min: nan}"),
    swapped("an octal number", "priority: 5", "priority: 0o17"),
    swapped("a time where YAML 1.1 sees a number", "priority: 5", "priority: 22:00"),
    swapped("centuries", "watch: 90 days", "watch: 9999 weeks 9999 weeks 9999 weeks"),
    swapped("the end of the calendar", "on: 2026-11-23 09:00", "on: 9999-12-31 23:59", "playbooks/save.test.yaml"),
    # --- signs that cannot be seen
    bytes_of("a byte order mark in the middle", lambda raw: raw.replace(b"title: Save", b"title: Sa\xef\xbb\xbfve", 1)),
    bytes_of("UTF-16", lambda raw: raw.decode().encode("utf-16")),
    bytes_of("bytes that are no text", lambda raw: bytes(range(128, 256)) * 8),
    bytes_of("a NUL", lambda raw: raw.replace(b"Save", b"Sa\0ve", 1)),
    swapped("a NUL, escaped", "title: Save", 'title: "Sa\\0ve"'),
    swapped("an escape sequence of terminals", "title: Save", 'title: "\\e[2J\\e[31mSave"'),
    swapped("half a letter", "title: Save", 'title: "Sa\\ud800ve"'),
    swapped("text that turns its direction", "title: Save", "title: Save\u202eevaS"),
    swapped("a blank of no width in a name", "assign: [ae, owner]", "assign: [a\u200be, owner]"),
    swapped("a line that only YAML sees", "title: Save", "title: Save\u2028priority: 9"),
    bytes_of("returns without new lines", lambda raw: raw.replace(b"priority: 5\n", b"priority: 5\rpriority: 6\r\n", 1)),
    # --- templates
    heading("a loop in a title", "{% for x in range(9) %}{{ x }}{% endfor %}"),
    heading("the way into Python", '{{ "".__class__.__mro__ }}'),
    heading("a format that fills the memory", '{{ "%999999999s" | format(1) }}'),
    condition("a power of a power", "9 ** 9 ** 9 ** 9"),
    condition("a text times a billion", '"x" * 1000000000 == account.name'),
    condition("a call that counts for ever", "range(1000000000) | length > 1"),
    condition("900 brackets", "(" * 900 + "account.arr" + ")" * 900),
    condition("800 times not", "not " * 450 + "account.arr"),
    condition("300 sums", "account.arr" + " + 1" * 400 + " > 1"),
    condition("a condition that ends itself", "account.arr) }}{% raw %}{{ (account.arr"),
    condition("a condition of 9,000 letters", "account.arr > 1 and " * 450 + "true"),
    # --- names that lead elsewhere
    swapped("a name that is a path", "playbook: save", "playbook: ../save"),
    swapped("a short form that is a path", "watch: 90 days", "short: ../../etc/passwd"),
    placed("a file name that turns its direction", "playbooks/sa\u202eve.yaml", lambda p: p.write_text("playbook: x\n")),
    placed("a file name that clears the screen", "playbooks/\x1b[2J.yaml", lambda p: p.write_text("playbook: x\n")),
    placed("a file name that is no text", "playbooks/\udcff.yaml", lambda p: p.write_text("playbook: x\n")),
    placed("the same name in other letters", "playbooks/SAVE.yaml", lambda p: p.write_text("playbook: save\n")),
    # --- what is no file
    placed("a link out of the workspace", "playbooks/other.yaml", lambda p: p.symlink_to("/etc/passwd")),
    placed("a link to itself", "playbooks/other.yaml", lambda p: p.symlink_to(p)),
    placed("a folder", "playbooks/other.yaml", lambda p: p.mkdir()),
    placed("a pipe that nobody writes to", "playbooks/other.yaml", os.mkfifo),
    placed("a pipe in place of the people", "people.yaml", os.mkfifo),
    placed("a pipe in place of the settings", "saveline.yaml", os.mkfifo),
    placed("a pipe in place of the cases", "playbooks/save.test.yaml", os.mkfifo),
    placed("a file without an end", "people.yaml", lambda p: p.symlink_to("/dev/zero")),
    # --- half a file
    bytes_of("nothing but blanks", lambda raw: b" \n \n"),
    bytes_of("nothing but comments", lambda raw: b"# soon\n"),
    bytes_of("a file that is being written", lambda raw: raw[: raw.index(b"[csm, {pick") + 12]),
)  # fmt: skip
