"""The report as a PDF, looked at with another program than the one that wrote it.

What is checked: that it is tagged, with a language, a title that is shown, marked content, alternative texts, table
headers, fonts that are in the file, and that it says that it follows PDF/UA-1; that every figure can be read out of it;
that the same report is the same file. What is not: the whole of PDF/UA, for which there is no checker on PyPI; the
typesetter holds itself to it and refuses what breaks it.

Planted bugs that turned these tests red: a clock of its own, no ``alt`` at a chart (which is refused), the typesetter's
own font, and a table without its header.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from saveline.core.blocks import Chart
from saveline.printing.pdf import pdf
from tests.reported import HOSTILE, page


@pytest.fixture(scope="module")
def read() -> PdfReader:
    return PdfReader(io.BytesIO(pdf(page())))


def root(read: PdfReader) -> Any:
    """The catalogue; the library's own types know only that everything is an object."""
    return read.trailer["/Root"]


def tags(node: Any) -> Iterator[Any]:
    """Every element of the structure, from the root down."""
    node = node.get_object()
    if isinstance(node, ArrayObject):
        for each in node:
            yield from tags(each)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from tags(node["/K"])


def test_it_is_tagged_and_says_what_it_is(read: PdfReader) -> None:
    top = root(read)
    assert top["/MarkInfo"]["/Marked"].value is True
    assert top["/Lang"] == "en"
    assert top["/ViewerPreferences"]["/DisplayDocTitle"].value is True
    assert read.metadata is not None
    assert read.metadata.title == "Northwind Software: Week 47, 16–22 November 2026"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in top["/Metadata"].get_data()


def test_its_structure_is_that_of_the_page(read: PdfReader) -> None:
    found = list(tags(root(read)["/StructTreeRoot"]))
    kinds = [str(tag["/S"]) for tag in found]
    assert [str(tag["/Alt"]) for tag in found if str(tag["/S"]) == "/Figure"] == [c.alt for _, c in page().charts]
    assert kinds.count("/Table") == len(page().tables)
    assert kinds.count("/TH") == sum(len(table.columns) for _, table in page().tables)
    assert kinds.count("/TD") == sum(len(t.columns) * len(t.rows) for _, t in page().tables)
    below = sum(bool(s.chapter) for s in page().sections)
    assert kinds.count("/H2") == below
    assert kinds.count("/H1") == len(page().sections) - below + len(page().chapters)


def test_its_fonts_are_in_it_and_are_ours(read: PdfReader) -> None:
    sheets: list[Any] = list(read.pages)
    fonts = [font.get_object() for sheet in sheets for font in sheet["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        assert "SourceSansPro" in str(inner["/BaseFont"]).replace("-", "").replace(" ", "")
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(inner["/FontDescriptor"].get_object())


def test_every_figure_can_be_read_out_of_it(read: PdfReader) -> None:
    text = squeezed("".join(sheet.extract_text() for sheet in read.pages))
    told = [cell.text for _, table in page().tables for row in table.rows for cell in row.cells]
    told += [n.text for n in page().numbers.numbers] + list(page().findings) + [s.title for s in page().sections]
    told += page().chapters
    told += [b.finding for s in page().sections for b in s.blocks if isinstance(b, Chart)]
    assert [t for t in told if squeezed(t) not in text] == []
    assert squeezed(HOSTILE) in text


def squeezed(text: str) -> str:
    """Without spaces and the hyphens of broken lines, which a PDF does not keep."""
    return "".join(text.replace("\u00ad", "").split()).replace("-", "").replace("‐", "")


def test_the_same_report_is_the_same_file_and_another_is_another() -> None:
    made, german = pdf(page()), PdfReader(io.BytesIO(pdf(page("de"))))
    assert pdf(page()) == made != pdf(replace(page(), title="Week 48"))
    assert root(german)["/Lang"] == "de"
    assert german.metadata is not None
    assert german.metadata.creation_date == page().as_of
