"""The command line as somebody types it, in this process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from saveline.cli import output
from saveline.cli.main import main
from tests.world import World


class Terminal:
    """Commands in a world's workspace. Each answers with its exit status, its output and its errors."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        settings = world.settings
        monkeypatch.setenv("SAVELINE_WORKSPACE", str(settings.workspace))
        monkeypatch.setenv("SAVELINE_DATABASE_URL", settings.database)
        monkeypatch.setenv("SAVELINE_CLOCK", str(settings.clock))
        monkeypatch.setattr(output.out, "_width", 160)  # its setter could not be undone
        self._capsys = capsys

    def type(self, *words: str) -> tuple[int, str, str]:
        status = main(list(words))
        printed = self._capsys.readouterr()
        return status, printed.out, printed.err

    def done(self, *words: str) -> str:
        """A command that must succeed; its output."""
        status, out, err = self.type(*words)
        assert status == 0, out + err
        return out

    def refused(self, *words: str, status: int = output.REFUSED) -> str:
        """A command that must not; what it complained of."""
        found, out, err = self.type(*words)
        assert found == status, out + err
        return err

    def json(self, *words: str) -> Any:
        return json.loads(self.done(*words, "--json"))
