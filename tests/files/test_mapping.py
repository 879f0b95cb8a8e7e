"""Mappings: what each word does, and what a wrong one is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from saveline.core.derive import Derivation
from saveline.core.errors import Invalid
from saveline.core.kinds import kinds_of
from saveline.core.language.mapping import parse_map, parse_tables
from saveline.files import sources
from saveline.files.sources import Wanted
from saveline.files.yaml import parse
from saveline.sandbox import Expressions
from tests.goldens import golden
from tests.world import World

TODAY = date(2026, 11, 20)
HEADINGS = {
    "accounts": ("id", "name", "plan", "since", "seats"),
    "subs": ("sub", "id", "start", "ends", "arr", "yearly"),
    "usage": ("sub", "day", "count"),
}
TABLES = """
as_of: 2026-11-20
tables:
  accounts: {file: accounts.csv, key: id}
  subs: {file: subs.csv, key: sub, date: start}
  usage: {file: usage.csv, date: day, with: {subs: sub}}
"""


def derivation(text: str, headings: dict[str, tuple[str, ...]] = HEADINGS) -> Derivation:
    plan, _ = parse_map(parse(text, "m.yaml"), headings, kinds_of({"seats": "number"}), Expressions(), TODAY)
    return Derivation(plan, ZoneInfo("Europe/Lisbon"))


def rows(d: Derivation, lines: list[str], entry: int = 0) -> list[Any]:
    """What the lines of an entry's table become: rows, faults in words, or None where they are left out."""
    found: list[Any] = []
    for line in lines:
        made = d.row(d.plan.entries[entry], line.split(","))
        found.append(made.row if not made.faults else [f"{f.column}: {f.what}; {f.expected}" for f in made.faults])
    return found


def counted(d: Derivation, subs: list[str], usage: list[str] = []) -> list[str]:  # noqa: B006 - it is only read
    """Run the passes before the rows; gives the faults."""
    for lookup in d.plan.lookups.values():
        for line in subs:
            d.look_up(lookup, line.split(","))
    faults = []
    for name, lines in (("subs", subs), ("usage", usage)):
        for no, line in enumerate(lines, start=2):
            faults += [
                f"{no}:{f.column}: {f.what}; {f.expected}" for f in d.add_up(d.plan.tables[name], no, line.split(","))
            ]
    return faults


SUBS = [
    "s1,a,2025-01-10,,1000,True",
    "s2,a,2026-03-01,,500.50,yes",
    "s3,a,2025-05-01,2026-06-30,7000,false",
    "s4,b,2026-11-20,,20,",
    "s5,b,2026-11-21,,900,True",
    "s6,c,2024-02-29,,,true",
]


def account(how: str, lines: list[str] = SUBS, field: str = "arr") -> list[Any]:
    """What ``field`` of accounts a, b, c and d is, as a total."""
    d = derivation(f"{TABLES}accounts:\n  from: accounts\n  key: id\n  name: name\n  {field}: {how}\n")
    assert counted(d, lines) == []
    return [r[field] for r in rows(d, [f"{k},{k},,," for k in "abcd"])]


def test_a_sum_counts_live_rows_of_the_day() -> None:
    """Also: the row of tomorrow is not seen, an empty cell adds nothing, no row is 0."""
    live = "{sum: subs.arr, where: ends is none or ends > as_of}"
    assert account(live) == [150_050, 2_000, 0, 0]


@pytest.mark.parametrize(
    ("how", "field", "wanted"),
    [
        ("{count: subs}", "health", [3, 1, 1, 0]),
        ("{count: subs, where: yearly}", "health", [2, 0, 1, 0]),
        ("{count: subs, where: not yearly}", "health", [1, 1, 0, 0]),
        ("{count: subs, last: 1 day}", "health", [0, 1, 0, 0]),
        ("{count: subs, last: 300 days}", "health", [1, 1, 0, 0]),
        ("{average: subs.arr, where: arr < 1000}", "arr", [50_050, 2_000, None, None]),
        ("{min: subs.arr}", "arr", [50_050, 2_000, None, None]),
        ("{max: subs.arr}", "arr", [700_000, 2_000, None, None]),
        ("{max: subs.start}", "renewal", [date(2026, 3, 1), date(2026, 11, 20), date(2024, 2, 29), None]),
        ("{latest: subs.sub}", "segment", ["s2", "s4", "s6", None]),
        (
            "{latest: subs.start, renews: yearly}",
            "renewal",
            [date(2027, 3, 1), date(2027, 11, 20), date(2027, 2, 28), None],
        ),
        (
            "{min: subs.start, renews: monthly}",
            "renewal",
            [date(2026, 12, 10), date(2026, 12, 20), date(2026, 11, 29), None],
        ),
        ("{sum: subs.arr, times: 12}", "arr", [10_200_600, 24_000, 0, 0]),
    ],
)
def test_totals(how: str, field: str, wanted: list[Any]) -> None:
    assert account(how, field=field) == wanted


def test_a_cell_that_cannot_be_counted_is_named_and_the_others_are_counted() -> None:
    d = derivation(f"{TABLES}accounts: {{from: accounts, key: id, name: name, arr: {{sum: subs.arr}}}}\n")
    bad = ["s1,a,2026-01-01,,ten,", "s2,a,,,5,", "s3,a,2026-01-01,,7,"]
    assert counted(d, bad) == [
        "2:5: arr is 'ten'; a number like 1234.50, without currency or unit",
        "3:3: start is empty; a date like 2026-11-30",
    ]
    assert rows(d, ["a,A,,,"])[0]["arr"] == 700


def test_columns_words_and_texts() -> None:
    d = derivation(
        TABLES
        + """
accounts:
  from: accounts
  key: id
  name: {text: "{{ name }} ({{ seats }} seats)"}
  segment: {column: plan, values: {Basic: smb, Pro: enterprise}}
  vertical: {column: plan, values: {Basic: low}, otherwise: same}
  region: {value: EMEA}
  renewal: {column: since, renews: yearly}
  where: name != "Test"
"""
    )
    assert rows(d, ["a,Acme,Basic,2020-02-29,7", "t,Test,Pro,,", "b,B,Pro,,", "c,C,Probe,2026-11-21,"]) == [
        {
            "key": "a",
            "name": "Acme (7 seats)",
            "segment": "smb",
            "vertical": "low",
            "region": "EMEA",
            "renewal": date(2027, 2, 28),
        },
        None,
        {
            "key": "b",
            "name": "B ( seats)",
            "segment": "enterprise",
            "vertical": "Pro",
            "region": "EMEA",
            "renewal": None,
        },
        ["3: plan is 'Probe'; Basic or Pro"],
    ]


def test_how_a_file_writes_dates_and_numbers() -> None:
    d = derivation(
        """
as_of: 2026-11-20
tables:
  accounts: {file: a.csv, date_format: DD.MM.YYYY, numbers: "1.234,5"}
accounts: {from: accounts, key: id, name: name, renewal: since, arr: seats, where: as_of > since and seats > 1000}
"""
    )
    lines = ["a.1,A,,30.09.2025,1.234,50", "b,B,,30.09.2025,999", "c,C,,2025-09-30,12345,5"]
    cells = [[*line.split(",", 4)] for line in lines]
    made = [d.row(d.plan.entries[0], c).row for c in cells]
    assert [(r["key"], r["renewal"], r["arr"]) if r else None for r in made] == [
        ("a.1", date(2025, 9, 30), 123_450),
        None,
        ("c", date(2025, 9, 30), 1_234_550),
    ]


SIGNALS = """
accounts: {from: accounts, key: id, name: name, arr: {sum: subs.arr}}
signals:
  - kind: downgrade
    from: subs
    account: id
    at: start
    key: sub
    where: not yearly
    note: {text: "{{ arr }} a year"}
    only_if: account.arr > 100
  - kind: usage_drop
    watch: {sum: usage.count, by: subs.id, last: 30 days}
    drop: 50%
    at_least: 10
  - {kind: low_usage, watch: {sum: usage.count, by: subs.id, last: 30 days}, below: 5, only_if: account.arr > 100}
  - {kind: busy, watch: {count: usage, by: subs.id}, above: 2, every: day, note: More than usual}
"""


def test_signals_from_rows_and_from_figures() -> None:
    """Usage reaches its account by way of the subscription. Windows are half open: day 30 is in the period before."""
    d = derivation(TABLES + SIGNALS)
    usage = ["s1,2026-11-20,3", "s2,2026-10-22,3", "s3,2026-10-21,10", "s3,2026-09-22,9", "s1,2026-09-21,1000"]
    usage += ["s4,2026-10-01,4", "s9,2026-11-01,4", "s1,2026-11-21,1000"]
    assert counted(d, SUBS, usage) == ["8:1: 's9' is not in subs; a key of subs"]
    for row in rows(d, [f"{k},{k},,," for k in "abc"]):
        d.accounts[row["key"]] = {**row, "arr": (row["arr"] or 0) / 100}
    made = rows(d, SUBS, entry=1)
    assert [(r["account"], r["key"], r["note"]) if r else None for r in made] == [
        None,
        None,
        ("a", "s3", "7000 a year"),
        None,  # b has 20 a year
        None,  # tomorrow
        None,
    ]
    found = [[d.signal(watch, key) for key in "abcd"] for watch in d.plan.watches]
    at = datetime(2026, 11, 20, tzinfo=UTC)
    assert found[0] == [
        {
            "account": "a",
            "kind": "usage_drop",
            "at": at,
            "value": 68.4,
            "note": "sum of count in 30 days: 6, 19 in the 30 days before",
            "key": "2026-11",
        },
        None,  # 4 before is below at_least
        None,
        None,
    ]
    assert [s and (s["value"], s["note"]) for s in found[1]] == [None, None, None, None], (
        "6 is not below 5; c and d pay 0"
    )
    assert [s and (s["value"], s["note"], s["key"]) for s in found[2]] == [
        (5, "More than usual", "2026-11-20"),
        None,
        None,
        None,
    ]


def test_rows_that_no_account_owns_are_told() -> None:
    d = derivation(f"{TABLES}accounts: {{from: accounts, key: id, name: name, arr: {{sum: subs.arr}}}}\n")
    counted(d, SUBS)
    assert list(d.strangers({"a"})) == [("subs", "b", 5, 2)]


# ~ stands for an account as it should be: from: accounts, key: id, name: name.
FAULTS = {
    "an unknown key": "acounts: {from: accounts}",
    "an unknown field": "accounts: {~, segmnt: plan}",
    "an unknown table": "accounts: {from: acounts, key: id, name: name}",
    "an unknown column": "accounts: {from: accounts, key: id, name: nmae}",
    "a column of a table that is not joined": "team: {from: usage, account: accounts.id, role: csm, person: sub}",
    "a joined column that there is not": "team: {from: usage, account: subs.idd, role: csm, person: sub}",
    "a missing field": "signals: [{from: usage, kind: low_usage, account: sub}]",
    "a field that is a list": "accounts: {from: accounts, key: [id], name: name}",
    "two sources": "accounts: {from: accounts, key: id, name: {column: name, value: x}}",
    "no source": "accounts: {from: accounts, key: id, name: {values: {a: b}}}",
    "by beside a column": "accounts: {from: accounts, key: id, name: {column: name, by: id}}",
    "otherwise alone": "accounts: {from: accounts, key: id, name: {column: name, otherwise: x}}",
    "a sum without a column": "accounts: {~, arr: {sum: subs}}",
    "a count of a column": "accounts: {~, arr: {count: subs.arr}}",
    "a sum over no table": "accounts: {~, arr: {sum: sub.arr}}",
    "a total by nothing": "accounts: {~, arr: {count: usage}}",
    "the latest of a table without dates": "accounts: {from: accounts, key: id, name: {latest: accounts.name}}",
    "the last days of a table without dates": "accounts: {~, arr: {count: accounts, last: 3 days}}",
    "the last hours": "accounts: {from: accounts, key: id, name: {count: subs, last: 3 hours}}",
    "a wrong unit": "accounts: {from: accounts, key: id, name: {count: subs, last: 3 moons}}",
    "a factor in words": "accounts: {~, arr: {column: seats, times: twelve}}",
    "a rhythm that there is not": "accounts: {~, renewal: {column: since, renews: weekly}}",
    "a wrong name in a condition": "accounts: {~, where: paln == 'x'}",
    "a condition that is none": "accounts: {~, where: plan =}",
    "a call in a condition": "accounts: {~, where: plan.upper()}",
    "a condition that is a number": "accounts: {~, where: 7}",
    "a wrong name in a text": "accounts: {from: accounts, key: id, name: {text: 'Dear {{ nme }}'}}",
    "only_if without accounts": "signals: {from: subs, kind: a, account: id, at: start, only_if: account.arr > 1}",
    "a wrong only_if": "accounts: {~}\nsignals: {from: subs, kind: a, account: id, at: ends, only_if: account.x}",
    "a kind in two words": "signals: {from: subs, kind: Low usage, account: id, at: start}",
    "a watch without bounds": "signals: {kind: a, watch: {count: usage, by: subs.id}}",
    "a watch with two bounds": "signals: {kind: a, watch: {count: usage, by: subs.id}, below: 1, above: 2}",
    "a watch of text": "signals: {kind: a, watch: {latest: usage.count, by: subs.id}, below: 1}",
    "a drop in words": "signals: {kind: a, watch: {count: usage, by: subs.id, last: 3 days}, drop: half}",
    "a drop without period": "signals: {kind: a, watch: {count: usage, by: subs.id}, drop: 50%}",
    "an unknown rhythm": "signals: {kind: a, watch: {count: usage, by: subs.id}, below: 1, every: year}",
    "nothing at all": "people: []",
}
TABLE_FAULTS = {
    "a day in words": "as_of: yesterday\ntables: {a: {file: a.csv}}",
    "a file that is missing": "tables: {a: {key: id}}",
    "a key that there is not": "tables: {accounts: {file: a.csv, key: idd}}\naccounts: {~}",
    "a join without key": "tables: {accounts: {file: a.csv}, usage: {file: u.csv, with: {accounts: sub}}}\npeople: []",
    "a join of an unknown table": "tables: {usage: {file: u.csv, with: {subs: sub}}}\npeople: []",
    "a date format without a year": "tables: {accounts: {file: a.csv, date_format: DD.MM}}\naccounts: {~}",
    "numbers in no known way": "tables: {a: {file: a.csv, numbers: 12'3}}",
    "not a mapping": "- a\n- b",
    "an anchor": "tables: &x {a: {file: a.csv}}",
    "a key twice": "tables: {a: {file: a.csv}}\ntables: {}",
}


def whole(text: str) -> str:
    return text.replace("~", "from: accounts, key: id, name: name")


def told(text: str) -> str:
    """What somebody is told of a mapping."""
    try:
        document = parse(text, "m.yaml")
        parse_tables(document)
        derivation(text)
    except Invalid as refused:
        return str(refused)
    return "nothing"


def test_every_fault_is_placed_and_worded() -> None:
    lines: list[str] = []
    for name, text in FAULTS.items():
        lines += [f"# {name}", told(f"{TABLES.strip()}\n{whole(text)}\n")]
    for name, text in TABLE_FAULTS.items():
        lines += [f"# {name}", told(f"{whole(text)}\n")]
    golden("intake/mapping_faults.txt", "\n".join(lines) + "\n")


def test_a_table_that_is_not_used_is_a_warning() -> None:
    text = f"{TABLES}accounts: {{from: accounts, key: id, name: name}}\n"
    _, warnings = parse_map(parse(text, "m.yaml"), HEADINGS, kinds_of({}), Expressions(), TODAY)
    assert [str(w) for w in warnings] == [
        "m.yaml:5:3: warning: the table 'subs' is not used",
        "m.yaml:6:3: warning: the table 'usage' is not used",
    ]


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "gone.csv", "acounts.csv"])
def test_a_mapping_reads_files_of_its_own_folder_only(lite: World, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "accounts.csv").write_text("id,name\na,A\n")
    (tmp_path / "secret.csv").write_text("id,name\na,A\n")
    (folder / "m.yaml").write_text(f"tables: {{a: {{file: {name}}}}}\naccounts: {{from: a, key: id, name: name}}\n")
    with pytest.raises(Invalid) as caught:
        sources.open_sources(Wanted((), folder / "m.yaml"), lite.desk.workspace, TODAY)
    assert f"m.yaml:1:20: there is no file {name!r} in {folder}" in str(caught.value)
    if name == "acounts.csv":
        assert str(caught.value).endswith("did you mean 'accounts.csv'?")


def test_rows_dated_later_than_the_day_are_not_seen() -> None:
    """Whatever they become: here an account, whose row has no moment of its own. A row without its date is bad."""
    d = derivation(
        "as_of: 2026-11-20\ntables: {accounts: {file: a.csv, date: since}}\n"
        "accounts: {from: accounts, key: id, name: name}\n"
    )
    found = rows(d, ["a,A,,2026-11-20,", "b,B,,2026-11-21 00:00,", "c,C,,,"])
    assert found == [{"key": "a", "name": "A"}, None, ["4: since is empty; a date like 2026-11-30"]]


def test_the_mapping_in_the_documentation_is_in_order() -> None:
    text = (Path(__file__).parents[2] / "docs" / "import.md").read_text()
    block = text.split("```yaml\n")[1].split("```")[0]
    headings = {
        "accounts": ("account_id", "account_name", "plan_tier"),
        "subscriptions": ("subscription_id", "account_id", "start_date", "end_date", "arr_amount", "billing_frequency"),
        "tickets": ("ticket_id", "account_id", "submitted_at", "priority", "escalation_flag"),
        "usage": ("subscription_id", "usage_date", "usage_count"),
    }
    plan, warnings = parse_map(parse(block, "docs.yaml"), headings, kinds_of({}), Expressions(), TODAY)
    assert warnings == ()
    assert (len(plan.entries), len(plan.watches), len(plan.totals), list(plan.lookups)) == (2, 1, 4, ["subscriptions"])
