"""Calls over kept connections, to a server that answers as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.gateway.rasa import Rasa, RasaGone, RasaUnavailable
from bot.gateway.upstream import Broken, NotHttp, Upstream

pytestmark = pytest.mark.anyio

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
CUT = b""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def answer(body: bytes, status: str = "200 OK", *, more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s" % (
        status.encode(),
        len(body),
        more,
        body,
    )


class Server:
    """Gives the next of its answers to each request, in parts; CUT closes the connection. Before
    each answer it waits until it `may` go on."""

    def __init__(self, *answers: list[bytes]) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.may = asyncio.Event()
        self.may.set()
        self.asked = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            self.requests.append(head + await reader.readexactly(length))
            self.asked.set()
            await self.may.wait()
            for part in self.answers.pop(0):
                if part is CUT:
                    writer.close()
                    return
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)


@asynccontextmanager
async def upstream(server: Server, path: str = "") -> AsyncIterator[Upstream]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    asked = Upstream(f"http://127.0.0.1:{port}{path}")
    try:
        yield asked
    finally:
        asked.close()
        for writer in server.writers:
            writer.close()
        listening.close()


async def until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110  # neither side tells
        await asyncio.sleep(0)


async def test_calls_one_after_another_share_a_connection() -> None:
    whole = answer('["你好"]'.encode())
    server = Server([whole], [whole[:20], whole[20:45], whole[45:]], [CHUNKED])
    async with upstream(server, "/rasa/") as rasa:
        assert await rasa.ask("POST", "/a", b"body", {"X-Y": "z"}) == (200, '["你好"]'.encode())
        assert await rasa.ask("GET", "/b") == (200, '["你好"]'.encode())
        assert await rasa.ask("GET", "/c") == (200, b"[1,2]")
    assert server.connections == 1
    first = server.requests[0]
    assert first.startswith(b"POST /rasa/a HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"X-Y: z\r\n" in first
    assert first.endswith(b"\r\n\r\nbody")


async def test_calls_at_once_have_connections_of_their_own() -> None:
    server = Server(*([answer(b"%d" % n)] for n in range(3)))
    server.may.clear()
    async with upstream(server) as rasa:
        calls = [asyncio.create_task(rasa.ask("GET", "/")) for _ in range(3)]
        await until(lambda: len(server.requests) == 3)
        server.may.set()
        assert sorted(body for _, body in await asyncio.gather(*calls)) == [b"0", b"1", b"2"]
    assert server.connections == 3


@pytest.mark.parametrize("goodbye", [b"", b"Connection: close\r\n"])
async def test_a_connection_that_was_closed_meanwhile_is_not_used(goodbye: bytes) -> None:
    server = Server([answer(b"1", more=goodbye)], [answer(b"2")])
    async with upstream(server) as rasa:
        assert await rasa.ask("GET", "/") == (200, b"1")
        server.writers[0].close()
        await server.writers[0].wait_closed()
        await until(lambda: not rasa._kept)
        assert await rasa.ask("GET", "/") == (200, b"2")
    assert server.connections == 2


@pytest.mark.parametrize("part", [b"", answer(b"a long answer")[:9], answer(b"a long answer")[:-3]])
async def test_an_answer_that_breaks_off_is_none(part: bytes) -> None:
    async with upstream(Server([part, CUT] if part else [CUT], [answer(b"2")])) as rasa:
        with pytest.raises(Broken):
            await rasa.ask("GET", "/")
        assert await rasa.ask("GET", "/") == (200, b"2")


async def test_nobody_gets_the_answer_to_a_call_that_was_given_up() -> None:
    server = Server([answer(b"late")], [answer(b"2")])
    server.may.clear()
    async with upstream(server) as rasa:
        call = asyncio.create_task(rasa.ask("GET", "/"))
        await server.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        server.may.set()
        assert await rasa.ask("GET", "/") == (200, b"2")
    assert server.connections == 2


async def test_what_comes_unasked_ends_the_connection() -> None:
    server = Server([answer(b"1")], [answer(b"2")])
    async with upstream(server) as rasa:
        await rasa.ask("GET", "/")
        server.writers[0].write(answer(b"never asked for"))
        await until(lambda: not rasa._kept)
        assert await rasa.ask("GET", "/") == (200, b"2")


async def test_what_is_no_http_is_said_to_be_none() -> None:
    async with upstream(Server([b"SSH-2.0-OpenSSH_9.9\r\n"])) as rasa:
        with pytest.raises(NotHttp):
            await rasa.ask("GET", "/")


async def test_nobody_there_is_a_rasa_that_is_gone() -> None:
    rasa = Rasa("http://127.0.0.1:1", timeout_s=60)
    with pytest.raises(RasaGone):
        await rasa.say("s", "hello", turn_id="t", language=None)
    assert not await rasa.ready()
    await rasa.close()


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([answer(b"oh", "500 Internal Server Error")], "HTTP 500"),
        ([answer(b"<html>")], "no JSON"),
        ([answer(b'[{"custom": {"message": 1}}]')], "unknown shape"),
    ],
)
async def test_an_answer_that_is_none_of_rasa_s_is_no_reason_to_ask_again(
    parts: list[bytes], reason: str
) -> None:
    async with upstream(Server(parts)) as server:
        rasa = Rasa(server.url, timeout_s=60)
        with pytest.raises(RasaUnavailable, match=reason) as refused:
            await rasa.say("s", "hello", turn_id="t", language=None)
        assert not isinstance(refused.value, RasaGone)
        await rasa.close()


async def test_silence_is_no_reason_to_ask_again() -> None:
    server = Server()
    server.may.clear()
    async with upstream(server) as silent:
        rasa = Rasa(silent.url, timeout_s=0.01)
        with pytest.raises(RasaUnavailable, match="timeout") as refused:
            await rasa.say("s", "hello", turn_id="t", language=None)
        assert not isinstance(refused.value, RasaGone)
        await rasa.close()
