"""What several test folders share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.running import System, running

# No test is timed. Where a change is judged the examples are the same each time; whoever develops
# gets new ones at every run.
settings.register_profile("shopguide", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("shopguide")

if TYPE_CHECKING:
    from tests.integration.channels.platform import FakePlatform


@pytest.fixture(scope="session")
def platforms() -> Iterator[dict[str, FakePlatform]]:
    """Every messaging platform's fake by its name, with its servers listening."""
    from tests.integration.channels.platforms import PLATFORMS

    with ExitStack() as serving:
        fakes = {kind.channel.name: kind() for kind in PLATFORMS}
        for fake in fakes.values():
            serving.enter_context(fake.serving())
        yield fakes


@pytest.fixture(scope="session")
def system(
    tmp_path_factory: pytest.TempPathFactory, platforms: dict[str, FakePlatform]
) -> Iterator[System]:
    """The whole assistant as customers meet it, on every platform too; started once for all tests
    that ask for it."""
    settings = {name: value for fake in platforms.values() for name, value in fake.environment()}
    with running(tmp_path_factory.mktemp("system"), **settings) as started:
        for fake in platforms.values():
            fake.public_url = started.url
        yield started
