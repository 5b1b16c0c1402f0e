"""What several test folders share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import System, running


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The whole assistant with the small generator, started once for all tests that ask for it."""
    with running(tmp_path_factory.mktemp("system"), generator="qwen2.5-0.5b") as started:
        yield started
