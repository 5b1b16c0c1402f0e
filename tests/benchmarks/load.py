"""Many customers at once: open WebSockets at the gateway and a steady stream of turns that code
alone answers, beside the same stream at Rasa's own REST channel in the same run; memory meanwhile.

A turn begins when its time has come, whether the turns before it have ended or not, and lasts until
the whole reply is there.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import psutil
import yaml
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bot.wording.phrases import phrase
from tests.benchmarks import _bench
from tests.running import System, running

SCRIPT = Path(__file__).with_name("turns.yaml")
SOCKETS = 200
MESSAGES_PER_S = 20
TURNS = 1200
_MOST_ADDED_MS = 10
_BLOCK = 60  # turns by WebSocket, then as many by REST, so that both see the same machine
_REST_BLOCKS = 20
_CONVERSATION = 20  # turns, then the customer leaves and another one comes
_PATIENCE_S = 15
_TROUBLE = (TimeoutError, httpx.HTTPError, ConnectionClosed, aiohttp.ClientError)
# The last one comes when somebody is handed over to a person.
_OF_A_TURN = ("accepted", "delta", "message", "done", "handoff")


@dataclass
class Measured:
    """Milliseconds of the turns of one kind of client, and what went wrong."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0
    busy_ms: float = 0.0
    """Processor time of the gateway's process, which runs the actions in both cases."""


class Shop:
    """The system as its customers find it."""

    def __init__(
        self, system: System, http: httpx.AsyncClient, rasa: aiohttp.ClientSession
    ) -> None:
        self.system = system
        self.http = http
        self.rasa = rasa
        script = yaml.safe_load(SCRIPT.read_text("utf-8"))
        self.customers: dict[str, str] = script["customer"]
        self.texts = {
            language: [texts[language] for texts in script["plain"].values()]
            for language in self.customers
        }
        self.apologies = {phrase("apology", language) for language in self.customers}

    async def session(self, language: str) -> dict[str, Any]:
        """A new session of a signed-in customer."""
        identity = self.system.identity(self.customers[language])
        opened = await self.http.post(
            f"{self.system.url}/api/v1/sessions", json={"identity": identity}
        )
        opened.raise_for_status()
        return dict(opened.json())


class Customer:
    """One customer after another in the same place; texts of all kinds in turn."""

    def __init__(self, shop: Shop, number: int) -> None:
        self.shop = shop
        self.language = ("zh", "en")[number % 2]
        # Not everyone says the same at the same time, nor leaves at the same time.
        self._turns = number % _CONVERSATION
        texts = shop.texts[self.language]
        self._texts = itertools.cycle(texts[number % len(texts) :] + texts[: number % len(texts)])

    async def turn(self, measured: Measured) -> None:
        text = next(self._texts)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                replies = await self.reply(text)
            measured.times.append(1000 * (time.perf_counter() - started))
            if not replies or self.shop.apologies & set(replies):
                measured.errors.append(f"no answer to: {text}")
            self._turns += 1
            if self._turns % _CONVERSATION == 0:
                await self.leave()
                await self.arrive()
        except (*_TROUBLE, RuntimeError) as error:
            measured.errors.append(f"{type(error).__name__} {error}")

    async def arrive(self) -> None:
        """Open a conversation."""
        raise NotImplementedError

    async def reply(self, text: str) -> list[str]:
        """The texts of the whole reply."""
        raise NotImplementedError

    async def leave(self) -> None:
        """End the conversation."""


class AtSocket(Customer):
    _socket: ClientConnection

    async def arrive(self) -> None:
        opened = await self.shop.session(self.language)
        address = self.shop.system.url.replace("http", "ws", 1)
        # A browser never pings by itself.
        self._socket = await connect(f"{address}/api/v1/chat", proxy=None, ping_interval=None)
        await self._send(type="hello", token=opened["token"], after=None)
        await self._receive("ready")

    async def reply(self, text: str) -> list[str]:
        await self._send(type="message", message_id=uuid.uuid4().hex, text=text)
        replies = []
        while (frame := await self._receive(*_OF_A_TURN))["type"] != "done":
            if frame["type"] == "message":
                replies.append(frame["body"]["text"])
        return replies

    async def leave(self) -> None:
        await self._socket.close()

    async def _send(self, **frame: object) -> None:
        await self._socket.send(json.dumps(frame, ensure_ascii=False))

    async def _receive(self, *expected: str) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(await self._socket.recv())
        if frame["type"] not in expected:
            raise RuntimeError(f"came instead of {', '.join(expected)}: {frame}")
        return frame


class AtRasa(Customer):
    """Talks to Rasa's REST channel, in a session that the gateway opened."""

    async def arrive(self) -> None:
        self._sender = (await self.shop.session(self.language))["session_id"]

    async def reply(self, text: str) -> list[str]:
        body = {
            "sender": self._sender,
            "message": text,
            "metadata": {"turn_id": uuid.uuid4().hex},
        }
        url = f"{self.shop.system.settings.rasa}/webhooks/rest/webhook"
        async with self.shop.rasa.post(url, json=body) as response:
            if response.status != 200:
                raise RuntimeError(f"HTTP {response.status}")
            answer = await response.read()
        return [item["text"] for item in json.loads(answer) if item.get("text")]


def measure(options: argparse.Namespace) -> _bench.Figures:
    with (
        tempfile.TemporaryDirectory(prefix="shopguide-bench-") as folder,
        running(Path(folder), traced=False, generator="off") as system,
    ):
        figures = asyncio.run(_load(system, options))
    _print(figures)
    return figures


async def _load(system: System, options: argparse.Namespace) -> _bench.Figures:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=options.sockets)
    async with (
        httpx.AsyncClient(timeout=_PATIENCE_S, limits=limits, trust_env=False) as http,
        # As light as the WebSockets are: the customers run on the same cores.
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as rasa,
    ):
        shop = Shop(system, http, rasa)
        sockets: list[Customer] = [AtSocket(shop, number) for number in range(options.sockets)]
        rest: list[Customer] = [AtRasa(shop, number) for number in range(options.sockets)]
        for customer in (*sockets, *rest):
            await customer.arrive()
        turns_by_socket, turns_by_rest = itertools.cycle(sockets), itertools.cycle(rest)
        for turns in (turns_by_socket, turns_by_rest):  # what loads at first use loads now
            await _stream(turns, 2 * _BLOCK, options.rate, Measured())
        by_socket, by_rest = Measured(), Measured()
        gateway = psutil.Process(system.process.pid)
        memory = [_memory_mb(system)]

        async def block_of(turns: Iterator[Customer], measured: Measured) -> None:
            before = _busy_ms(gateway)
            await _stream(turns, _BLOCK, options.rate, measured)
            measured.busy_ms += _busy_ms(gateway) - before

        blocks = max(1, round(options.turns / _BLOCK))
        for block in range(blocks):
            await block_of(turns_by_socket, by_socket)
            if block < _REST_BLOCKS:
                await block_of(turns_by_rest, by_rest)
            memory.append(_memory_mb(system))
        for customer in sockets:
            await customer.leave()
    return _figures(options, by_socket, by_rest, memory)


async def _stream(
    customers: Iterator[Customer], turns: int, rate: float, measured: Measured
) -> None:
    """So many turns, each of the next customer, `rate` a second; returns when all have ended."""
    started = time.perf_counter()
    begun = []
    for number in range(turns):
        await asyncio.sleep(started + number / rate - time.perf_counter())
        begun.append(asyncio.create_task(next(customers).turn(measured)))
    await asyncio.gather(*begun)
    measured.seconds += time.perf_counter() - started


def _busy_ms(process: psutil.Process) -> float:
    times = process.cpu_times()
    return 1000.0 * (times.user + times.system)


def _memory_mb(system: System) -> dict[str, float]:
    """Of the gateway with the actions, and of Rasa."""
    gateway = psutil.Process(system.process.pid)
    rasa = gateway.children(recursive=True)
    return {
        "gateway": round(_bench.memory(gateway) / 1e6, 1),
        "rasa": round(sum(map(_bench.memory, rasa)) / 1e6, 1),
    }


def _figures(
    options: argparse.Namespace,
    by_socket: Measured,
    by_rest: Measured,
    memory: Sequence[dict[str, float]],
) -> _bench.Figures:
    # Caches fill in the first fifth.
    begin, end = memory[len(memory) // 5], memory[-1]
    errors = by_socket.errors + by_rest.errors
    return {
        "sockets": options.sockets,
        "turns": len(by_socket.times),
        "messages_per_s": round(len(by_socket.times) / by_socket.seconds, 2),
        "errors": len(errors),
        "p50_ms": round(statistics.median(by_socket.times), 1),
        "p95_ms": round(_bench.percentile(by_socket.times, 95), 1),
        "rasa_rest_p50_ms": round(statistics.median(by_rest.times), 1),
        "rasa_rest_p95_ms": round(_bench.percentile(by_rest.times, 95), 1),
        "gateway_busy_ms": round(by_socket.busy_ms / len(by_socket.times), 1),
        "rasa_rest_gateway_busy_ms": round(by_rest.busy_ms / len(by_rest.times), 1),
        "memory_growth_mb": round(sum(end.values()) - sum(begin.values()), 1),
        "memory_mb": list(memory),
        "what_went_wrong": sorted(set(errors))[:20],
    }


def _print(figures: _bench.Figures) -> None:
    added = figures["p50_ms"] - figures["rasa_rest_p50_ms"]
    begin, end = figures["memory_mb"][len(figures["memory_mb"]) // 5], figures["memory_mb"][-1]
    grown = ", ".join(f"{part} {end[part] - begin[part]:+.1f}" for part in end)
    _bench.show(
        f"{figures['turns']} turns by {figures['sockets']} open WebSockets",
        ["", "measured", "target at most"],
        [
            ["messages a second", figures["messages_per_s"], None],
            ["errors", figures["errors"], 0],
            ["a turn by WebSocket, p50 ms", figures["p50_ms"], None],
            ["the same, p95 ms", figures["p95_ms"], None],
            ["the same turns at Rasa's REST channel, p50 ms", figures["rasa_rest_p50_ms"], None],
            ["the same, p95 ms", figures["rasa_rest_p95_ms"], None],
            ["what the gateway adds, p50 ms", round(added, 1), _MOST_ADDED_MS],
            ["processor time of gateway and actions, ms a turn", figures["gateway_busy_ms"], None],
            ["the same for Rasa's REST channel", figures["rasa_rest_gateway_busy_ms"], None],
            [
                f"memory growth after the first fifth, MB ({grown})",
                figures["memory_growth_mb"],
                None,
            ],
        ],
    )
    for error in figures["what_went_wrong"]:
        _bench.say(error)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--turns", type=int, default=TURNS, help=f"by WebSocket; default: {TURNS}")
    parser.add_argument("--sockets", type=int, default=SOCKETS, help=f"default: {SOCKETS}")
    parser.add_argument(
        "--rate", type=float, default=MESSAGES_PER_S, help=f"a second; default: {MESSAGES_PER_S}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("load", __doc__, measure, arguments, options=_options)


if __name__ == "__main__":
    sys.exit(main())
