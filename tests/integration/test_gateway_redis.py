"""What several gateways share, on a Redis of the test's own that can be stopped and started."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.gateway.limits import Allowance, Limits, RateLimit
from bot.runtime.bus import Bus, announce
from bot.runtime.processes import free_port
from bot.runtime.redis_link import RedisLink, RedisUnavailable

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Server:
    """A Redis without a memory of its restarts, like the one that is shipped."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port("127.0.0.1", 0)
        self._folder = folder
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--save", "",
             "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with redis.Redis.from_url(self.url) as client:
            for _ in range(100):
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    time.sleep(0.05)
        raise AssertionError("redis-server does not start")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    server = Server(tmp_path)
    yield server
    server.stop()


@asynccontextmanager
async def gateways(server: Server, count: int = 2) -> AsyncIterator[list[RedisLink]]:
    """The connections of so many gateways."""
    made = [RedisLink(server.url) for _ in range(count)]
    yield made
    for redis_link in made:
        await redis_link.close()


async def until(holds: object) -> None:
    async with asyncio.timeout(8):
        while not holds():  # type: ignore[operator]  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def redis_up() -> float | None:
    return REGISTRY.get_sample_value("shopguide_redis_up")


# Limits


async def test_gateways_count_together(server: Server) -> None:
    allowance = Allowance("test", per_minute=60, burst=4)
    async with gateways(server) as made:
        limits = [Limits(redis_link) for redis_link in made]
        waits = [await limits[n % 2].take(allowance, "a") for n in range(8)]
        assert waits[:4] == [0, 0, 0, 0]
        assert all(wait == 1 for wait in waits[4:])
        assert await limits[0].take(allowance, "b") == 0
        await asyncio.sleep(1.05)
        assert await limits[1].take(allowance, "a") == 0
        assert await limits[0].take(allowance, "a") == 1


async def test_both_kinds_of_buckets_say_the_same(server: Server) -> None:
    """Redis counts by its own clock, so only whole waits after a burst are compared."""
    async with gateways(server, 1) as (redis_link,):
        for per_minute, burst in ((30, 10), (6, 2), (600, 200), (1, 1)):
            here = RateLimit(per_minute, burst, clock=lambda: 0.0)
            there = Limits(redis_link)
            allowance = Allowance(f"{per_minute}", per_minute, burst)
            for _ in range(burst + 2):
                assert await there.take(allowance, "k") == here.take("k")


async def test_a_full_bucket_is_forgotten(server: Server) -> None:
    async with gateways(server, 1) as (redis_link,):
        await Limits(redis_link).take(Allowance("short", per_minute=600, burst=1), "k")
        with redis.Redis.from_url(server.url) as client:
            assert 0 < client.ttl("shopguide:limit:short:k") <= 2


async def test_a_redis_that_goes_refuses_nobody_and_is_used_again(server: Server) -> None:
    allowance = Allowance("test", per_minute=60, burst=2)
    async with gateways(server, 1) as (redis_link,):
        limits = Limits(redis_link)
        assert await limits.take(allowance, "a") == 0
        server.stop()
        with capture_logs() as logs:
            started = time.monotonic()
            assert [await limits.take(allowance, "a") for _ in range(50)][:2] == [0, 0]
            assert time.monotonic() - started < 2
        assert [entry["log_level"] for entry in logs] == ["warning"]
        assert redis_up() == 0
        server.start()
        await asyncio.sleep(2.1)
        assert await limits.take(allowance, "b") == 0
        assert redis_up() == 1


# Events


async def test_events_reach_every_gateway_once_and_in_order(server: Server) -> None:
    async with gateways(server) as made:
        buses = [Bus(redis_link) for redis_link in made]
        heard: list[list[int]] = [[], []]
        with (
            buses[0].follow("session:s", lambda event: heard[0].append(event["n"])),
            buses[1].follow("session:s", lambda event: heard[1].append(event["n"])),
        ):
            for bus in buses:
                bus.open()
            await asyncio.sleep(0.3)
            for n in range(500):
                buses[n % 2].publish("session:other", {"n": -1})
                buses[0].publish("session:s", {"n": n})
            await until(lambda: len(heard[1]) == 500)
            await asyncio.sleep(0.1)
        assert heard == [list(range(500))] * 2
        for bus in buses:
            await bus.close()


async def test_a_command_is_heard_by_every_gateway(server: Server) -> None:
    async with gateways(server) as made:
        buses = [Bus(redis_link) for redis_link in made]
        heard: list[str] = []
        with (
            buses[0].follow("desk", lambda event: heard.append("0")),
            buses[1].follow("desk", lambda event: heard.append("1")),
        ):
            for bus in buses:
                bus.open()
            await asyncio.sleep(0.3)
            await asyncio.to_thread(announce, made[0], "desk", {})
            await until(lambda: sorted(heard) == ["0", "1"])
        for bus in buses:
            await bus.close()


async def test_events_flow_again_after_redis_was_away(server: Server) -> None:
    async with gateways(server) as made:
        buses = [Bus(redis_link) for redis_link in made]
        here: list[int] = []
        there: list[int] = []
        with (
            buses[0].follow("session:s", lambda event: here.append(event["n"])),
            buses[1].follow("session:s", lambda event: there.append(event["n"])),
        ):
            for bus in buses:
                bus.open()
            await asyncio.sleep(0.3)
            server.stop()
            buses[0].publish("session:s", {"n": 1})
            await until(lambda: here == [1])  # one's own tabs never depend on Redis
            server.start()
            await asyncio.sleep(3.5)
            buses[0].publish("session:s", {"n": 2})
            await until(lambda: there == [2])
        for bus in buses:
            await bus.close()


async def test_a_thread_that_publishes_without_redis_is_not_held_up(server: Server) -> None:
    server.stop()
    async with gateways(server, 1) as (redis_link,):
        started = time.monotonic()
        for _ in range(100):
            with pytest.raises(RedisUnavailable):
                await asyncio.to_thread(announce, redis_link, "desk", {})
        assert time.monotonic() - started < 2
    server.start()
