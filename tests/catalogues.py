"""The sentences that the code and the templates say, found in their source.

``python -m tests.catalogues de`` prints what a catalogue lacks, ready to be put into it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[1]
LANGUAGES = ROOT / "saveline" / "languages"
ONE, COUNTING = {"say", "sentence"}, {"counted", "plural"}
Sentence: TypeAlias = "str | tuple[str, str]"


def sentences() -> dict[Sentence, str]:
    """Every sentence, or its two forms where it counts → the first place that says it."""
    found: dict[Sentence, str] = {}
    places = [*_code(), *_templates()]
    for sentence, place in places:
        found.setdefault(sentence, place)
    return found


def _code() -> Iterator[tuple[Sentence, str]]:
    for path in sorted((ROOT / "saveline").rglob("*.py")):
        if "cli" in path.parts:
            continue  # its say() prints
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                yield from _said(name, texts, f"{path.relative_to(ROOT)}")


def _templates() -> Iterator[tuple[Sentence, str]]:
    for path in sorted((ROOT / "templates").rglob("*.*")):
        if path.parent.name in ("web", "standins"):
            continue  # pages are in English so far
        for node in Environment(extensions=["jinja2.ext.do"]).parse(path.read_text()).find_all(nodes.Call):
            name = node.node.name if isinstance(node.node, nodes.Name) else ""
            texts = [a.value for a in node.args if isinstance(a, nodes.Const) and isinstance(a.value, str)]
            yield from _said(name, texts, f"{path.relative_to(ROOT)}")


def _said(name: str, texts: list[str], place: str) -> Iterator[tuple[Sentence, str]]:
    if name in ONE and texts:
        yield texts[0], place
    if name in COUNTING and len(texts) == 2:
        yield (texts[0], texts[1]), place


def catalogue(code: str) -> dict[Sentence, Message]:
    """What the language's catalogue says, by sentence."""
    with (LANGUAGES / f"{code}.po").open("rb") as file:
        return {m.id if isinstance(m.id, str) else (m.id[0], m.id[1]): m for m in read_po(file) if m.id}


def missing(code: str) -> Catalog:
    """The sentences that the catalogue does not have yet."""
    known, lacks = catalogue(code), Catalog(locale=code)
    for sentence, place in sentences().items():
        if sentence not in known:
            lacks.add(sentence, locations=[(place, 1)])
    return lacks


if __name__ == "__main__":
    write_po(sys.stdout.buffer, missing(sys.argv[1]), omit_header=True, width=110)
