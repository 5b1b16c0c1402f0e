"""Webhook events of a messaging platform, 500 a second: how soon each is acknowledged, and whether
each is answered once. The gateway is a process of its own with SQLite; Rasa's place is taken by an
echo, and the platform's by a server that counts.

Beside it the plain way: the same events at a handler that acknowledges without keeping anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.runtime.processes import bound
from tests.benchmarks import _bench
from tests.benchmarks._channels_gateway import SECRET

EVENTS_PER_S = 500
SECONDS = 10
_DRAIN_S = 240
_PEOPLE = 1000
_CONNECTIONS = 100


class Platform:
    """Counts what customers are shown, by its text."""

    def __init__(self) -> None:
        self.shown: Counter[str] = Counter()
        self._wanted = 0
        self._all = asyncio.Event()

    async def until(self, events: int) -> None:
        """Wait until so many different texts have been shown."""
        self._wanted = events
        if len(self.shown) < events:
            await self._all.wait()

    async def take(self, request: Request) -> JSONResponse:
        body = json.loads(await request.body())
        if request.url.path.endswith("/sendMessage"):
            self.shown[body["text"]] += 1
            if self._wanted and len(self.shown) >= self._wanted:
                self._all.set()
        return JSONResponse({"ok": True, "result": {"message_id": sum(self.shown.values())}})

    async def plain(self, request: Request) -> JSONResponse:
        json.loads(await request.body())
        return JSONResponse({})


@asynccontextmanager
async def served(platform: Platform) -> AsyncIterator[str]:
    app = Starlette(
        routes=[
            Route("/plain", platform.plain, methods=["POST"]),
            Route("/{path:path}", platform.take, methods=["POST"]),
        ]
    )
    held = bound("127.0.0.1", 0, "")
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    task = asyncio.create_task(server.serve([held]))
    try:
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


def update(n: int) -> dict[str, Any]:
    person = n % _PEOPLE + 1
    return {
        "update_id": n,
        "message": {
            "message_id": n,
            "date": 1,
            "chat": {"id": person, "type": "private"},
            "from": {"id": person, "is_bot": False, "first_name": "Li"},
            "text": f"question {n}",
        },
    }


class Connection:
    """One kept-alive connection of the platform: it costs the machine far less than a client
    library would, which the gateway under test has to share it with."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, content: bytes) -> int:
        """Returns the status."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        reader, writer = self._streams
        head = (
            f"POST {self._parts.path} HTTP/1.1\r\nHost: {self._parts.netloc}\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        answer = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1])
            for line in answer.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        await reader.readexactly(length)
        return int(answer.split(b" ", 2)[1])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


async def rush(url: str, events: int, per_s: int) -> tuple[list[float], int, float]:
    """Milliseconds from when an event was due to its acknowledgement, how many were refused, and
    events a second."""
    times: list[float] = []
    refused = 0
    free: asyncio.Queue[Connection] = asyncio.Queue()
    connections = [Connection(url) for _ in range(_CONNECTIONS)]
    for connection in connections:
        free.put_nowait(connection)

    async def one(n: int, due: float) -> None:
        nonlocal refused
        connection = await free.get()
        status = await connection.post(json.dumps(update(n)).encode())
        free.put_nowait(connection)
        times.append((time.perf_counter() - due) * 1000)
        refused += status != 200

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(events):
            due = began + n / per_s
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(one(n, due))
    reached = events / (time.perf_counter() - began)
    for connection in connections:
        connection.close()
    return times, refused, reached


@contextmanager
def _gateway(folder: str, api: str) -> Iterator[str]:
    log = Path(folder) / "gateway.log"
    with (
        log.open("w") as lines,
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks._channels_gateway", folder, api],
            cwd=_bench.ROOT,
            stdout=lines,
            stderr=subprocess.STDOUT,
        ) as gateway,
    ):
        try:
            while "http://" not in log.read_text():
                if gateway.poll() is not None:
                    raise SystemExit(f"The gateway ended:\n{log.read_text()}")
                time.sleep(0.1)
            url = next(word for word in log.read_text().split() if word.startswith("http://"))
            _until_it_answers(url)
            yield url
        finally:
            gateway.terminate()


def _until_it_answers(url: str) -> None:
    while True:
        with suppress(httpx.TransportError):
            httpx.get(f"{url}/healthz", timeout=10)
            return
        time.sleep(0.1)


async def measured(per_s: int, seconds: int) -> dict[str, Any]:
    events = per_s * seconds
    platform = Platform()
    with tempfile.TemporaryDirectory() as folder:
        async with served(platform) as api:
            plain, _, _ = await rush(f"{api}/plain", events // 2, per_s)
            with _gateway(folder, api) as url:
                times, refused, reached = await rush(f"{url}/channels/telegram", events, per_s)
                acknowledged = time.perf_counter()
                with suppress(TimeoutError):
                    async with asyncio.timeout(_DRAIN_S):
                        await platform.until(events)
                drained = time.perf_counter() - acknowledged
                await asyncio.sleep(1)  # for what might come twice
    wanted = {f"You said: question {n}" for n in range(events)}
    return {
        "events": events,
        "events_per_s": round(reached, 1),
        "p50_ms": _bench.percentile(times, 50),
        "p99_ms": _bench.percentile(times, 99),
        "refused": refused,
        "lost": len(wanted - platform.shown.keys()),
        "doubled": sum(count - 1 for count in platform.shown.values()),
        "answered_per_s": round(events / (seconds + drained), 1),
        "plain_p99_ms": _bench.percentile(plain, 99),
    }


def measure(chosen: argparse.Namespace) -> _bench.Figures:
    figures = asyncio.run(measured(chosen.per_second, chosen.seconds))
    rows = [(name.replace("_", " "), value) for name, value in figures.items()]
    _bench.show("webhook events", ("", "measured"), rows)
    ratio = figures["p99_ms"] / figures["plain_p99_ms"]
    _bench.say(f"Keeping each event takes {ratio:.1f} times as long as keeping none (p99).")
    return figures


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--per-second", type=int, default=EVENTS_PER_S, metavar="N")
    parser.add_argument("--seconds", type=int, default=SECONDS, metavar="N")


if __name__ == "__main__":
    sys.exit(_bench.run("channels", __doc__, measure, options=options))
