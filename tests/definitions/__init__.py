"""Worked examples of docs/definitions.md: each is worked out by what makes the reports.

A figure is a heading ``## Name`` in docs/definitions.md with a block of TOML under it, ``[given]`` and ``[gives]``, and
a function here under ``@worked("Name")``, in any module of this package, from the given values to the ones it gives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Values: TypeAlias = Mapping[str, Any]
Working: TypeAlias = Callable[[Values], Values]

WORKINGS: Final[dict[str, Working]] = {}


def worked(name: str) -> Callable[[Working], Working]:
    """Registers how the example under the heading ``name`` is worked out. Raises ValueError for a second one."""

    def register(working: Working) -> Working:
        if name in WORKINGS:
            raise ValueError(f"“{name}” is worked out twice")
        WORKINGS[name] = working
        return working

    return register
