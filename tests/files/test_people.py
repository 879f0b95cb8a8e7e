"""people.yaml is the truth: a CSV changes the lines it speaks of and no other."""

from __future__ import annotations

from typing import Any

import pytest

from saveline.core.errors import Invalid
from saveline.files.people import EMPTY, merge

TEXT = """# Who does the tasks.
people:
  # the managers
  - {email: Bob@x.example, name: "Bob, the boss", hours: "mon-fri 9-13, 14-18"}   # back in May

  - email: ana@x.example
    name: Ana Ruiz      # from Lisbon
    manager: bob@x.example
    away:
      - {from: 2026-12-21, to: 2026-12-31, substitute: bob@x.example}
  # the end
"""
DEPARTMENTS = ("support", "sales")


def merged(text: str = TEXT, *rows: dict[str, Any]) -> str:
    return merge(text, rows, DEPARTMENTS).text


def test_a_new_person_comes_after_the_last_and_before_what_ends_the_file() -> None:
    row = {
        "email": "zoe@x.example",
        "name": "Zoë: the #1",
        "department": "sales",
        "capacity": 0,
        "active": False,
        "zone": None,
    }
    entry = '  - {email: zoe@x.example, name: "Zoë: the #1", department: sales, capacity: 0, active: false}\n'
    assert merged(TEXT, row) == TEXT.replace("  # the end\n", f"{entry}  # the end\n")


def test_a_change_touches_its_entry_only_and_keeps_what_the_row_leaves_empty() -> None:
    found = merge(
        TEXT, [{"email": "ana@x.example", "name": "Ana Ruiz", "manager": None, "zone": "Europe/Paris"}], DEPARTMENTS
    )
    before = TEXT[: TEXT.index("  - email: ana")]
    assert found.text == (
        f"{before}  - {{email: ana@x.example, name: Ana Ruiz, manager: bob@x.example, away: [{{from: 2026-12-21, "
        "to: 2026-12-31, substitute: bob@x.example}], zone: Europe/Paris}\n  # the end\n"
    ).replace("from: 2026-12-21", 'from: "2026-12-21"').replace("to: 2026-12-31", 'to: "2026-12-31"')
    assert found.changed == ("ana@x.example (zone)",)
    ana = next(e for e in found.entries if e.email == "ana@x.example")
    assert (ana.zone, ana.away[0].substitute) == ("Europe/Paris", "bob@x.example")


def test_nothing_new_leaves_every_byte() -> None:
    found = merge(TEXT, [{"email": "bob@x.example", "name": "Bob, the boss", "zone": None}], DEPARTMENTS)
    assert (found.text, found.added, found.changed) == (TEXT, (), ())


@pytest.mark.parametrize(
    "name", ["NO", "null", "12", "1e3", "- x", "a: b", "a #b", "'", '"', "{x}", "yes", "é, ü", "2026-11-30", " x\ty"]
)
def test_any_name_is_read_back_as_it_was(name: str) -> None:
    found = merge(EMPTY, [{"email": "a@x.example", "name": name}], DEPARTMENTS)
    assert [e.name for e in found.entries] == [name.strip()]


def test_the_first_person_of_all() -> None:
    assert merged(EMPTY, {"email": "a@x.example", "name": "A"}) == (
        "# Who does the tasks: an address is enough.\npeople:\n  - {email: a@x.example, name: A}\n"
    )


def test_a_file_without_line_end_and_without_indent() -> None:
    text = "people:\n- {email: a@x.example, name: A}"
    assert merged(text, {"email": "b@x.example", "name": "B"}) == f"{text}\n- {{email: b@x.example, name: B}}\n"


def test_a_file_in_another_form_is_refused_and_not_rewritten() -> None:
    text = "people: [{email: a@x.example, name: A}, {email: b@x.example, name: B}]\n"
    with pytest.raises(Invalid, match=r"people\.yaml does not have each person after a '- ' on a line of their own"):
        merged(text, {"email": "c@x.example", "name": "C"})


def test_a_file_that_is_not_in_order_is_refused() -> None:
    with pytest.raises(Invalid, match=r"people\.yaml:1:"):
        merged("people: 7\n", {"email": "c@x.example", "name": "C"})
