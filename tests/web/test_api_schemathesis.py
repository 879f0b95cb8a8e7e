"""Schemathesis reads what the API says of itself, and tries all that it allows and much that it does not.

Nothing is answered with 500 or more, or in a way that is not described: status, content type, headers and shape.
Nothing that the description forbids is taken, and nothing without a token. (Whether all that it allows is taken cannot
be asked: an account that is not there is refused, however well it is written.) Planted bugs that turned this red: 422
left out of the description, and a fault without its field. (That unknown fields are refused it cannot see, because
their accounts are refused as well: a story of the API sees it.)
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.api import LEFT, System
from tests.web.serving import served
from tests.world import World

_CHECKS = ("positive_data_acceptance", "use_after_free", "ensure_resource_availability", "object_level_authorization")


def tried(world: World, folder: Path, *options: str) -> None:
    """A run of the tool against a real server."""
    with served(world) as client:
        world.account()
        system = System(world, client)
        system.post("signals", LEFT)
        address = str(client.base_url).rstrip("/")
        command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/api/v1/openapi.json"]
        command += ["--url", address, "-H", f"Authorization: Bearer {system.token}", "--no-color", "--seed", "4"]
        command += ["--exclude-checks", ",".join(_CHECKS), "--warnings", "off", "--request-timeout", "20", *options]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_every_answer_is_as_described(lite: World, tmp_path: Path) -> None:
    tried(lite, tmp_path, "--phases", "examples,fuzzing", "-n", "8", "--generation-deterministic")


@pytest.mark.slow
def test_every_answer_is_as_described_at_length(on_both: World, tmp_path: Path) -> None:
    tried(on_both, tmp_path, "-n", "400")
