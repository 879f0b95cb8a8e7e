"""The key that signs links, where the environment names none: made once, for this installation alone."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def own_key(state: Path) -> str:
    """The key in ``state``/key; made, readable by its owner only, where there is none."""
    path = state / "key"
    if not path.is_file():
        state.mkdir(parents=True, exist_ok=True)
        part = state / f"key.{os.getpid()}"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(32))
        # A link, not a rename: of two processes that make one at once, both go on with the first.
        with suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return path.read_text().strip()
