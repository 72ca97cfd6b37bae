"""What the tests of the platform's APIs share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.platform.clients import Client, serving


@pytest.fixture
def client() -> Iterator[Client]:
    with serving() as made:
        yield made
