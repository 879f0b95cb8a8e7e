"""Between rows and facts: which columns a fact is made of, in the order of its fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
import sqlalchemy as sa

import models
from saveline.core.facts import Clock, Deal, Task

decode_json = msgspec.json.Decoder().decode
_encoder = msgspec.json.Encoder()
_NOTHING: Final[Mapping[str, Any]] = {}


def encode_json(value: Any) -> str:
    return _encoder.encode(value).decode() if value else "{}"


def table(model: type[Any]) -> sa.Table:
    """A model's table: SQLModel types it as a plain attribute."""
    found: sa.Table = model.__table__
    return found


DEAL: Final = table(models.Deal)
TASK: Final = table(models.Task)
EVENT: Final = table(models.Event)
NOTICE: Final = table(models.Notice)
CAUSE: Final = table(models.DealCause)

DEAL_FIELDS: Final = Deal.__struct_fields__[:-2]
TASK_FIELDS: Final = Task.__struct_fields__[:-1]
CLOCK_FIELDS: Final = Clock.__struct_fields__
assert Deal.__struct_fields__[-2:] == ("causes", "tasks")
assert TASK_FIELDS[-1] == "answers"
assert Task.__struct_fields__[-1] == "clock"

deal_values: Final = attrgetter(*DEAL_FIELDS)
clock_values: Final = attrgetter(*CLOCK_FIELDS)
NO_CLOCK: Final = (None,) * 8 + (0,) * 4 + (None,) * 2
"""The clock columns of a task that has not started."""


def deal_fact(row: Sequence[Any], causes: Sequence[str], tasks: Sequence[Task]) -> Deal:
    """``row`` holds DEAL_FIELDS."""
    return Deal(*(*row, tuple(causes), tuple(tasks)))


def task_fact(row: Sequence[Any], clock: Clock | None) -> Task:
    """``row`` holds the deal's id and TASK_FIELDS."""
    answers = row[-1]
    return Task(*(*row[1:-1], _NOTHING if answers == "{}" else decode_json(answers), clock))
