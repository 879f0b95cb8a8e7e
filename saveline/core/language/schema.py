"""The JSON Schemas of plays and of their test cases, for editors that check and complete YAML while it is written.

They are written for the YAML extension of VS Code (its yaml-language-server): a comment in the file names the schema,
descriptions and examples are shown at the key, and names of the workspace are offered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from saveline.core.language.case_shapes import CaseShape
from saveline.core.language.examples import EXAMPLES
from saveline.core.language.lint_ids import ERRORS, MEND, NOT_FOUND
from saveline.core.language.names import Names
from saveline.core.language.shapes import PlayShape, RungShape
from saveline.core.moments import Duration

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""What the YAML extension of VS Code understands; nothing newer is used."""


class _Generate(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """A default as it would be written in YAML."""
        return str(dft) if isinstance(dft, Duration) else super().encode_default(dft)


def play_schema(names: Names | None = None) -> dict[str, Any]:
    """The schema; with ``names`` it offers the roles, departments, stages, causes and policies of a workspace."""
    schema = PlayShape.model_json_schema(by_alias=True, schema_generator=_Generate)
    schema["$defs"]["RungShape"] = RungShape.model_json_schema(by_alias=True, schema_generator=_Generate)
    for name, part in (("PlayShape", schema), *schema["$defs"].items()):
        for key, examples in EXAMPLES.get(name, {}).items():
            part["properties"][key]["examples"] = list(examples)
    known = _words(names) if names is not None else {}
    known["warnings"] = [i for i in MEND if i not in ERRORS and i != NOT_FOUND]
    filled: dict[str, Any] = _filled(schema, known)
    return {"$schema": DIALECT, "title": "Saveline playbook", **filled}


def case_schema(names: Names | None = None) -> dict[str, Any]:
    """The schema of a file of test cases."""
    schema = TypeAdapter(list[CaseShape]).json_schema(by_alias=True, schema_generator=_Generate)
    filled: dict[str, Any] = _filled(schema, _words(names) if names is not None else {})
    return {"$schema": DIALECT, "title": "Test cases of a Saveline playbook", **filled}


def _words(names: Names) -> dict[str, list[str]]:
    people = [*names.roles, "owner", "lead", *(f"{d}.lead" for d in names.departments), "owner.manager"]
    return {
        "people": people,
        "departments": list(names.departments),
        "emails": list(names.emails),
        "stages": list(names.stages),
        "causes": list(names.causes),
        "policies": list(names.policies),
        "plays": list(names.plays),
        "severities": list(names.severities),
        "concessions": list(names.concessions),
    }


def _filled(node: Any, known: Mapping[str, list[str]]) -> Any:
    """``node`` with the marks replaced: a fixed list of names where any other is wrong, examples for people."""
    if isinstance(node, list):
        return [_filled(part, known) for part in node]
    if not isinstance(node, dict):
        return node
    if "x-rung" in node:
        return {"$ref": "#/$defs/RungShape"}
    plain = {k: _filled(v, known) for k, v in node.items() if k not in ("x-names", "x-keys")}
    if isinstance(plain.get("title"), str):
        del plain["title"]  # pydantic's, which only says the key's own name again
    words = known.get(node.get("x-names", ""))
    if words:
        plain |= {"examples": words} if node["x-names"] == "people" else {"enum": words}
    keys = known.get(node.get("x-keys", ""))
    if keys:
        plain["propertyNames"] = {"enum": keys}
    return plain
