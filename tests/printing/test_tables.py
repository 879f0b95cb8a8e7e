"""The report's figures as a table, read with other programs than wrote them.

Planted bugs that turned these tests red: formulas written as they are, cents in the column of money, a number as text.
"""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import msgspec
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # it has no types

from saveline.core.figures import figures
from saveline.core.report import StageReport
from saveline.printing.tables import COLUMNS, csv_text, parquet
from tests.reported import HOSTILE, page, report

SCHEMA = Path(__file__).parents[2] / "docs" / "report.schema.json"


def test_a_csv_is_the_figures_and_runs_nothing() -> None:
    text = csv_text(page())
    assert text.count("\r\n") == text.count("\n") == len(list(figures(page()))) + 1
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert tuple(lines[0]) == COLUMNS
    by = {(line["section"], line["line"], line["figure"]): line for line in lines}
    assert by["bridge", "lost", "arr"] == {
        "section": "bridge", "line": "lost", "figure": "arr", "unit": "USD", "value": "-97000.00"
    }  # fmt: skip
    assert by["overdue", "17.3", "account"]["value"] == f"'{HOSTILE}"
    risky = [v for line in lines for v in line.values() if v.startswith(("=", "+", "-", "@", "\t", "\r", "|"))]
    assert all(float(v) < 0 for v in risky), "only numbers below nothing begin so"


def test_parquet_is_the_same_with_numbers_as_numbers() -> None:
    table = pq.read_table(io.BytesIO(parquet(page())))
    assert table.column_names == [*COLUMNS, "number"]
    found = [(f.section, f.line, f.figure, f.unit, f.value, f.number) for f in figures(page())]
    assert [tuple(row.values()) for row in table.to_pylist()] == found


def test_the_value_follows_its_schema() -> None:
    """docs/report.schema.json is what ``saveline report --json`` prints; ``make golden`` writes it anew."""
    schema = msgspec.json.schema(StageReport)
    text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("SAVELINE_GOLDEN") == "write":
        SCHEMA.write_text(text)
    assert SCHEMA.read_text() == text, "docs/report.schema.json says something else; `make golden` takes the new text"
    jsonschema.validate(json.loads(msgspec.json.encode(report())), json.loads(SCHEMA.read_text()))
