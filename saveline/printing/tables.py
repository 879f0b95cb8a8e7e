"""A report's figures as one long table: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import csv
import io
from typing import Final

from saveline.core import cells
from saveline.core.blocks import Page
from saveline.core.figures import figures

COLUMNS: Final = ("section", "line", "figure", "unit", "value")


def csv_text(page: Page) -> str:
    """Lines ended by CR LF, as RFC 4180 has them; a text that a spreadsheet would run begins with an apostrophe."""
    made = io.StringIO()
    lines = csv.writer(made, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for f in figures(page):
        value = f.value if f.number is not None else cells.safe(f.value)
        lines.writerow((cells.safe(f.section), cells.safe(f.line), cells.safe(f.figure), cells.safe(f.unit), value))
    return made.getvalue()


def parquet(page: Page) -> bytes:
    """The same columns as texts, and ``number``, which is empty where the value is none."""
    import pyarrow as pa  # type: ignore[import-untyped]  # 60 MB that only this needs; it has no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above

    found, made = list(figures(page)), io.BytesIO()
    columns = {name: pa.array([getattr(f, name) for f in found], pa.string()) for name in COLUMNS}
    pq.write_table(pa.table({**columns, "number": pa.array([f.number for f in found], pa.float64())}), made)
    return made.getvalue()
