"""What all charts have in common: their colours and width; and marks, as Vega-Lite writes them down."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

TEXT: Final = "#191c27"
MUTED: Final = "#5a6071"
LINE: Final = "#e3e5eb"
ACCENT: Final = "#4a41dd"
GREY: Final = "#b9bec9"
BAD: Final = "#bd2138"
GOOD: Final = "#0b7a5c"
PALE: Final = "#8b86ea"
WIDTH: Final = 400
"""Units from edge to edge: a column of A4, a phone, a mail."""
VEGA_LITE: Final = "6.4"
"""The version that is written here and drawn by."""
Rows: TypeAlias = list[dict[str, Any]]
Spec: TypeAlias = dict[str, Any]
"""A specification in Vega-Lite, or a part of one."""


def mark(kind: str, encoding: Spec, **looks: Any) -> Spec:
    """A shape for each row, or one for some of them; ``encoding`` says what of a row its channels show."""
    return {"mark": {"type": kind, **looks}, "encoding": encoding}


def amount(field: str, scale: Spec | None = None) -> Spec:
    """A place by a number, without an axis; without a scale it is that of another mark."""
    return {"field": field, "type": "quantitative", "axis": None} | ({"scale": scale} if scale else {})


def words(field: str) -> Spec:
    return {"field": field, "type": "nominal"}


def toned(colours: dict[str, str]) -> Spec:
    """A colour by the row's tone."""
    scale = {"domain": list(colours), "range": list(colours.values())}
    return {"field": "tone", "type": "nominal", "legend": None, "scale": scale}
