"""A text that was read before is not read again. Bugs planted to see it turn red: data that is handed out without a
copy, and a text that is known by its file alone.
"""

from __future__ import annotations

import pytest

from saveline.core.errors import Invalid
from saveline.files.yaml import parse

TEXT = "stages:\n  decide:\n    tasks: [{id: call}]\n"


def test_what_one_reader_changes_the_next_does_not_see() -> None:
    first = parse(TEXT, "play.yaml")
    first.data["stages"]["decide"]["tasks"].append("more")
    second = parse(TEXT, "play.yaml")
    assert second.data == {"stages": {"decide": {"tasks": [{"id": "call"}]}}}
    assert second.where(("stages", "decide", "tasks", 0, "id")) == (3, 18)


def test_a_file_that_has_changed_is_read_anew() -> None:
    assert parse("a: 1\n", "play.yaml").data == {"a": 1}
    assert parse("a: 2\n", "play.yaml").data == {"a": 2}


def test_what_is_refused_is_refused_again_and_under_the_name_it_has_now() -> None:
    for file in ("one.yaml", "one.yaml", "other.yaml"):
        with pytest.raises(Invalid) as refused:
            parse("a: 1\na: 2\n", file)
        (problem,) = refused.value.problems
        assert (problem.file, problem.line) == (file, 2)


def test_what_one_may_hold_another_may_not() -> None:
    assert parse(TEXT, "play.yaml").data
    with pytest.raises(Invalid):
        parse(TEXT, "play.yaml", most=3)
