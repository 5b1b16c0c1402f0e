"""What several test folders share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import System, running


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole assistant as customers meet it, started once for all tests that ask for it."""
    with running(tmp_path_factory.mktemp("system")) as started:
        yield started
