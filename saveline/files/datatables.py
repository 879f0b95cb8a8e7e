"""Plain tables as Parquet or CSV files, written while their rows come in."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from saveline.core.cells import safe
from saveline.core.dataset import TABLES, Column, Row
from saveline.files.whole import sound, whole

Form: TypeAlias = Literal["parquet", "csv"]
Put: TypeAlias = Callable[[Iterable[Row]], None]
"""Takes further rows of one table."""

GROUP: Final = 20_000
"""Rows of a Parquet file that are kept until they are written together."""


@contextmanager
def table_files(folder: Path, form: Form) -> Iterator[Mapping[str, Put]]:
    """A file for each of the tables in ``folder``: what takes its rows, by its name. They take their places together
    when all is written; where something fails, what was there before stays. Raises CannotWrite."""
    opened = _parquet if form == "parquet" else _csv
    with ExitStack() as files:
        yield {
            name: files.enter_context(opened(files.enter_context(whole(folder / f"{name}.{form}")), columns))
            for name, columns in TABLES.items()
        }


@contextmanager
def _csv(path: Path, columns: Sequence[Column]) -> Iterator[Put]:
    with path.open("w", encoding="utf-8", newline="") as stream:
        # With both signs at the end of a line, cells that have either of them are put into quotes.
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow([column.name for column in columns])
        yield lambda rows: writer.writerows([_cell(value) for value in row] for row in rows)


def _cell(value: Any) -> Any:
    """As it may stand in a file that somebody opens in a spreadsheet: no text in it is a formula there."""
    if isinstance(value, str):
        return safe(sound(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


@contextmanager
def _parquet(path: Path, columns: Sequence[Column]) -> Iterator[Put]:
    # Loaded only where it is needed: it takes a third of a second.
    import pyarrow as pa  # type: ignore[import-untyped]  # it has no types
    from pyarrow import parquet

    types = {
        "integer": pa.int64(),
        "text": pa.string(),
        "moment": pa.timestamp("us", tz="UTC"),
        "day": pa.date32(),
        "yes_no": pa.bool_(),
    }
    schema = pa.schema([pa.field(c.name, types[c.type], metadata={"what": c.what}) for c in columns])
    waiting: list[Row] = []
    texts = [i for i, c in enumerate(columns) if c.type == "text"]

    def write() -> None:
        cells: list[Sequence[Any]] = list(zip(*waiting, strict=True)) or [()] * len(columns)
        for i in texts:
            cells[i] = [None if text is None else sound(text) for text in cells[i]]
        arrays = [pa.array(values, type=field.type) for values, field in zip(cells, schema, strict=True)]
        writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
        waiting.clear()

    def put(rows: Iterable[Row]) -> None:
        waiting.extend(rows)
        if len(waiting) >= GROUP:
            write()

    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        yield put
        write()
