"""What is said of the API is so: the handbook's calls are made, and the description is that of the code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from saveline.core.scopes import SCOPES
from saveline.core.wishes import WISHES
from saveline.web.apidoc import document
from tests.web.api import System
from tests.web.serving import served
from tests.world import World

DOCS = Path(__file__).parents[2] / "docs"
HANDBOOK = (DOCS / "api.md").read_text()


def described() -> dict[str, Any]:
    return document({}, "http://127.0.0.1:8700")


def test_the_description_is_that_of_the_code() -> None:
    """``SAVELINE_GOLDEN=write`` writes it anew."""
    text = json.dumps(described(), indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("SAVELINE_GOLDEN") == "write":
        (DOCS / "api.json").write_text(text)
    assert (DOCS / "api.json").read_text() == text, (
        "docs/api.json says something else; `make golden` takes the new text"
    )


def _examples(found: Any, schemas: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """``(schema, example)`` of everything that has a content."""
    if isinstance(found, dict):
        for kind in found.get("content", {}).values():
            examples = [e["value"] for e in kind.get("examples", {}).values()]
            for example in [*examples, *([kind["example"]] if "example" in kind else [])]:
                yield {**kind["schema"], "components": schemas}, example
        for held in found.values():
            yield from _examples(held, schemas)


def test_every_request_and_every_answer_has_an_example_of_its_shape() -> None:
    document_ = described()
    found = list(_examples(document_, document_["components"]))
    told = [path["post"]["responses"] for path in document_["paths"].values()]
    own = sum("$ref" not in answer for answers in told for answer in answers.values())
    assert len(found) >= len(told) + own + len(document_["components"]["responses"])
    for schema, example in found:
        Draft202012Validator(schema).validate(example)


def test_the_description_is_served(lite: World) -> None:
    with served(lite) as client:
        told = client.get("/api/v1/openapi.json")
    assert told.json() == document(lite.desk.workspace.account_fields, lite.settings.url)
    assert "trial_end" in told.json()["components"]["schemas"]["accounts"]["properties"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the handbook speaks of curl")
def test_the_calls_of_the_handbook_do_what_it_says(lite: World, tmp_path: Path) -> None:
    commands = re.findall(r"```sh\n(.*?)```", HANDBOOK, flags=re.DOTALL)
    with served(lite) as client:
        system = System(lite, client)
        environment = {**os.environ, "TOKEN": system.token, "SAVELINE_URL": str(client.base_url).rstrip("/")}
        answers = []
        for command in commands:
            text = command.replace("@example.com", "@x.example")
            done = subprocess.run(
                ["sh", "-c", text],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            answers.append(json.loads(done.stdout))
    assert len(answers) == 5
    assert [a["added"] for a in answers[:3]] == [1, 1, 1]
    assert [d["account"] for d in answers[1]["opened"]] == ["acme"]
    assert [a["events"] for a in answers[3:]] == [["task_seen"], ["commented"]]


def test_the_handbook_names_every_scope_every_act_and_every_status() -> None:
    for word in (*SCOPES, *WISHES):
        assert f"`{word}`" in HANDBOOK, word
    statuses = {status for path in described()["paths"].values() for status in path["post"]["responses"]}
    for status in statuses - {"405", "408"}:
        assert status in HANDBOOK, status
