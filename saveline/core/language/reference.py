"""The reference of the language, from its schemas: every key with what it means, an example and its default."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from saveline.core.language.attention import AttentionShape
from saveline.core.language.schema import case_schema, play_schema

_HEAD: Final = """# Every key of a play and of its test cases

Generated from the schema that editors use (`saveline playbook schema`), and held to it by a test.
[playbooks.md](playbooks.md) explains how the parts work together; the keys of saveline.yaml are in
[settings.md](settings.md), and those of its `attention`, which [attention.md](attention.md) explains, also at the end.
"""
_PARTS: Final = (
    ("", "A playbook"),
    ("AppliesShape", "`applies`: the accounts it is made for"),
    ("RangeShape", "`arr` and `health`: bounds"),
    ("RunwayShape", "`runway`: the time left until renewal"),
    ("StageShape", "A stage"),
    ("TaskShape", "A task"),
    ("SeverityTaskShape", "`severity` of a task"),
    ("BranchShape", "`on` of a task: what an outcome leads to"),
    ("RungShape", "A rung of a ladder"),
)
_CASE_PARTS: Final = (
    ("CaseShape", "A test case"),
    ("CaseAccountShape", "`account` of a case"),
    ("CaseAwayShape", "`away` of a case"),
    ("StepShape", "`do`: a step"),
    ("ExpectShape", "`expect`: what has to come true"),
)


def reference() -> str:
    """The whole reference as Markdown."""
    play, cases = play_schema(), case_schema()
    lines = [_HEAD]
    for name, title in _PARTS:
        lines += _part(title, play["$defs"][name] if name else play)
    for name, title in _CASE_PARTS:
        lines += _part(title, cases["$defs"][name])
    lines += _part("`attention` in saveline.yaml", AttentionShape.model_json_schema())
    return "\n".join(lines) + "\n"


def _part(title: str, shape: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {title}\n"
    if shape.get("description"):
        yield f"{shape['description'].replace('``', '`')}\n"
    yield "| key | what it means | for example | without it |"
    yield "|---|---|---|---|"
    for key, field in shape["properties"].items():
        needed = key in shape.get("required", ())
        meaning = _cell(field.get("description", ""))
        yield f"| `{key}` | {meaning} | {_examples(field)} | {'needed' if needed else _default(field)} |"
    yield ""


def _examples(field: Mapping[str, Any]) -> str:
    """The first example that there is, of the key itself or of one of the forms it can have."""
    forms = [field, *field.get("anyOf", ())]
    found = next((form["examples"][0] for form in forms if form.get("examples")), None)
    choices = next((form["enum"] for form in forms if form.get("enum")), None)
    if found is None and choices is not None:
        return " ".join(f"`{word}`" for word in choices)
    return "" if found is None else f"`{_cell(_flow(found))}`"


def _default(field: Mapping[str, Any]) -> str:
    default = field.get("default")
    return "" if default in (None, [], {}, "") or isinstance(default, dict) else f"`{_cell(_flow(default))}`"


def _flow(value: Any) -> str:
    """A value as it stands in one line of YAML."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {_flow(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
