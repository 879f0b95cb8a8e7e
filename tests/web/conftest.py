"""A server for the tests of pages."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.web.serving import served
from tests.world import World


@pytest.fixture
def web(lite: World) -> Iterator[httpx.Client]:
    """A client of the web server of ``lite``."""
    with served(lite) as client:
        yield client
