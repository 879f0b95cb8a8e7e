"""The seeded history, built once for all the modules that compute its figures again."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.data.seeded import Seeded, seeded

DEALS = int(os.environ.get("SAVELINE_DEALS", "1000"))
"""`SAVELINE_DEALS=5000` is the whole of two years; that many take a minute."""


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    with seeded(tmp_path_factory.mktemp("seeded"), DEALS) as built:
        yield built
