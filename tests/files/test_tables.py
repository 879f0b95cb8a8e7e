"""Reading CSV: real line numbers, limits, and no bad line that spoils another."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saveline.core.errors import Invalid
from saveline.files import tables
from saveline.files.tables import LONGEST_FIELD, LONGEST_RECORD, Table


def read(path: Path, content: str | bytes) -> list[tuple[int, list[str], str]]:
    """``(line, cells, what is wrong)`` of every line."""
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    table = Table(path, path.name)
    try:
        return [(x.no, list(x.cells), x.fault.what if x.fault else "") for x in table.lines()]
    finally:
        table.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "t.csv"


def refusal(path: Path, content: str | bytes) -> str:
    with pytest.raises(Invalid) as caught:
        read(path, content)
    return str(caught.value)


def test_a_note_of_several_lines_does_not_shift_the_numbers_of_those_after_it(file: Path) -> None:
    text = 'key,note\na,"one\ntwo\n\nfour"\nb,x\n\n,\nc,"say ""hi"", they said"\n'
    assert read(file, text) == [
        (2, ["a", "one\ntwo\n\nfour"], ""),
        (6, ["b", "x"], ""),
        (9, ["c", 'say "hi", they said'], ""),
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_a_bom_other_line_ends_and_a_missing_last_one_make_no_difference(file: Path, ending: str) -> None:
    assert read(file, "\ufeff" + ending.join(["key,note", "a,1", '"b","2"'])) == [
        (2, ["a", "1"], ""),
        (3, ["b", "2"], ""),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_between_the_headings(file: Path, delimiter: str) -> None:
    text = delimiter.join(["key", "note"]) + "\n" + delimiter.join(["a", "x, y; z" if delimiter == "\t" else "x"])
    assert [cells[0] for _, cells, _ in read(file, text)] == ["a"]


def test_bytes_that_are_not_utf8_spoil_their_line_only(file: Path) -> None:
    assert read(file, b"key,name\na,ok\nb,Caf\xe9\nc,Caf\xc3\xa9\n") == [
        (2, ["a", "ok"], ""),
        (3, ["b", "Caf\udce9"], "name: byte 0xe9 is not UTF-8"),
        (4, ["c", "Café"], ""),
    ]


def test_a_quote_that_is_never_closed_takes_its_own_line_only(file: Path) -> None:
    """Planted: without giving lines back, everything after the quote was gone."""
    good = "".join(f"k{i},plain\n" for i in range(5000))
    found = read(file, f'key,note\nbad,"opened\n{good}')
    assert found[0] == (2, ["bad", '"opened'], "note: a quote is opened and not closed")
    assert [(no, what) for no, _, what in found[1:]] == [(i, "") for i in range(3, 5003)]


def test_quotes_in_the_wrong_place_take_their_own_line_only(file: Path) -> None:
    found = read(file, 'key,note\na,"x"y\nb,"z"\nc,5" pipe\nd,"open\ne,"w"\n')
    assert [(no, what) for no, _, what in found] == [
        (2, "note: a quote stands where no field begins or ends"),
        (3, ""),
        (4, ""),
        (5, "note: a quote is opened and not closed"),
        (6, ""),
    ]
    assert found[2][1] == ["c", '5" pipe']


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("size", [LONGEST_FIELD + 1, 200_000, 10 * LONGEST_RECORD])
def test_a_field_that_is_too_long_is_named_and_the_next_line_read(file: Path, size: int, quote: str) -> None:
    found = read(file, f"key,note,z\na,{quote}{'x' * size}{quote},1\nb,y,2\n")
    assert [(no, what) for no, _, what in found] == [(2, "note has more than 65,536 characters"), (3, "")]


def test_ten_megabytes_in_one_field_are_never_all_held(file: Path) -> None:
    found = read(file, f"key,note\na,{'x' * 10 * LONGEST_RECORD}\nb,y\n")
    assert len(found[0][1][1]) < LONGEST_RECORD


def test_a_field_as_long_as_allowed_is_read(file: Path) -> None:
    assert read(file, f"key,note\na,{'x' * LONGEST_FIELD}\n")[0][2] == ""


def test_lines_with_too_few_or_too_many_fields_say_which(file: Path) -> None:
    assert [(no, what) for no, _, what in read(file, "key,name,arr\na,b\na\na,b,c,d\n")] == [
        (2, "2 fields, the first that is missing is arr"),
        (3, "1 field, the first that is missing is name"),
        (4, "4 fields"),
    ]


def test_control_characters_are_refused(file: Path) -> None:
    found = read(file, "key,note\na,x\x00y\nb,x\x07\nc,tab\there\n")
    assert [what for _, _, what in found] == [
        "note: the control character 0x00",
        "note: the control character 0x07",
        "",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the file is empty"),
        ("key,name,Key\n", "the heading 'Key' is there twice, first as column 1"),
        ("key,name\n".encode("utf-16"), "is it UTF-16?"),
        ("key,name\ra,b\r", "lines end with a carriage return alone"),
        (",".join(f"c{i}" for i in range(201)), "too many columns; expected at most 200"),
        (b"key,na\xefme\n", "byte 0xef is not UTF-8"),
        ('key,"name\n', "a quote is opened and not closed"),
    ],
)
def test_a_file_without_usable_headings_is_refused_whole(file: Path, content: str | bytes, reason: str) -> None:
    assert reason in refusal(file, content)
    assert refusal(file, content).startswith("t.csv:1:")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="cannot be read: No such file"):
        Table(tmp_path / "gone.csv", "gone.csv")


def test_the_number_of_lines_is_bounded(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_LINES", 3)
    assert "the file is too long; expected at most 3 lines" in refusal(file, "key\n1\n2\n3\n4\n")


def test_progress_counts_every_byte_once(file: Path) -> None:
    file.write_text("key,note\n" + 'k,"a\nb"\n' * 2500)
    table = Table(file, "t.csv")
    told: list[int] = []
    assert sum(1 for _ in table.lines(told.append)) == 2500
    assert sum(told) == file.stat().st_size
    assert len(told) > 1
    table.close()


cells = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from('\n",;'), max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(cells, min_size=3, max_size=3), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_what_a_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], end: str
) -> None:
    """Law: of a file in order nothing is lost, added or changed."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([["a", "b", "c"], *rows])
    found = read(tmp_path_factory.mktemp("t") / "t.csv", text.getvalue())
    assert [c for _, c, _ in found] == [r for r in rows if any(c and not c.isspace() for c in r)]
    assert not [what for _, _, what in found if what]


BAD = ['x,"open,1', 'x,"a"b,1', b"x,\xff,1", "x,1", "x,1,2,3", "x,\x00,1", "x," + "y" * 70_000 + ",1", 'x,"']


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(BAD) | st.integers(0, 99).map(lambda i: f'k{i},"n {i}",{i}'), max_size=30))
def test_bad_lines_cost_no_good_one(tmp_path_factory: pytest.TempPathFactory, lines: list[str | bytes]) -> None:
    """Law: every good line is read as it stands, whatever stands around it, and every bad one is named with its number.

    Planted: reading the rest of a record that could not be read along with it; not giving back lines that were taken.
    """
    raw = b"".join((x if isinstance(x, bytes) else x.encode()) + b"\n" for x in ["a,b,c", *lines])
    found = {no: (c, what) for no, c, what in read(tmp_path_factory.mktemp("t") / "t.csv", raw)}
    for no, line in enumerate(lines, start=2):
        if line in BAD:
            assert found[no][1]
        else:
            assert isinstance(line, str)
            assert found[no] == (next(csv.reader([line])), "")


def test_a_file_of_nothing_but_quotes_takes_no_longer(file: Path) -> None:
    """Planted: looking at the record again after each line took minutes for this one."""
    for line in ('""', '"', 'x"', 'x",', '5",",x'):
        assert len(read(file, 'key\n"open\n' + f"{line}\n" * 30_000)) > 0
