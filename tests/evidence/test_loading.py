"""A command that makes no report waits for no statistics library."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import pkgutil, sys
import saveline.cli.main, saveline.core.certainty, saveline.evidence
for module in pkgutil.iter_modules(saveline.evidence.__path__, "saveline.evidence."):
    __import__(module.name)
print(*sorted({"numpy", "scipy", "pandas", "statsmodels", "lifelines", "matplotlib"} & set(sys.modules)))
"""


def test_importing_the_evidence_loads_no_library() -> None:
    """Planted: ``import numpy`` at the head of one module."""
    told = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == ""
