"""What a system that calls us may be allowed to do: one word for each door."""

from __future__ import annotations

from typing import Final

ROWS: Final = ("signals", "accounts", "touchpoints")
"""To send rows of this kind."""
ACT: Final = "act"
"""To act on tasks for people of the directory, as far as these may themselves."""
SCOPES: Final = (*ROWS, ACT)
