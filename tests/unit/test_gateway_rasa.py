"""What the gateway makes of Rasa's answers, of their absence and of their ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from bot.gateway.rasa import Rasa, RasaGone, RasaUnavailable

pytestmark = pytest.mark.anyio

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n"
CUT = b""
ONE = b'[{"text": "1"}]'


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
async def asking(server: Server, path: str = "", timeout_s: float = 60) -> AsyncIterator[Rasa]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    rasa = Rasa(f"http://127.0.0.1:{port}{path}", timeout_s=timeout_s)
    try:
        yield rasa
    finally:
        await rasa.close()
        for writer in server.writers:
            writer.close()
        listening.close()


async def until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110  # neither side tells
        await asyncio.sleep(0)


async def said(rasa: Rasa) -> list[str]:
    reply = await rasa.say("s", "hello", turn_id="t", message_id="m", language=None)
    return [message.text for message in reply.messages]


async def test_calls_one_after_another_share_a_connection() -> None:
    whole = answer('[{"text": "你好"}]'.encode())
    server = Server([whole], [whole[:20], whole[20:45], whole[45:]], [CHUNKED])
    async with asking(server, "/rasa/") as rasa:
        assert await said(rasa) == ["你好"]
        assert await said(rasa) == ["你好"]
        assert await rasa.tracker("s") == [1, 2]
    assert server.connections == 1
    first = server.requests[0]
    assert first.startswith(b"POST /rasa/webhooks/rest/webhook HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"Content-Type: application/json\r\n" in first


async def test_calls_at_once_have_connections_of_their_own() -> None:
    server = Server(*([answer(b'[{"text": "%d"}]' % n)] for n in range(3)))
    server.may.clear()
    async with asking(server) as rasa:
        calls = [asyncio.create_task(said(rasa)) for _ in range(3)]
        await until(lambda: len(server.requests) == 3)
        server.may.set()
        assert sorted(await asyncio.gather(*calls)) == [["0"], ["1"], ["2"]]
    assert server.connections == 3


async def test_a_connection_that_rasa_closes_is_not_used_again() -> None:
    server = Server([answer(ONE, more=b"Connection: close\r\n")], [answer(ONE)])
    async with asking(server) as rasa:
        assert await said(rasa) == ["1"]
        assert await said(rasa) == ["1"]
    assert server.connections == 2


@pytest.mark.parametrize("part", [b"", answer(b"a long answer")[:9], answer(b"a long answer")[:-3]])
async def test_an_answer_that_breaks_off_may_be_asked_for_again(part: bytes) -> None:
    async with asking(Server([part, CUT] if part else [CUT], [answer(ONE)])) as rasa:
        with pytest.raises(RasaGone):
            await said(rasa)
        assert await said(rasa) == ["1"]


async def test_nobody_gets_the_answer_to_a_call_that_was_given_up() -> None:
    server = Server([answer(b'[{"text": "late"}]')], [answer(ONE)])
    server.may.clear()
    async with asking(server) as rasa:
        call = asyncio.create_task(said(rasa))
        await server.asked.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        server.may.set()
        assert await said(rasa) == ["1"]
    assert server.connections == 2


async def test_nobody_there_is_a_rasa_that_is_gone() -> None:
    rasa = Rasa("http://127.0.0.1:1", timeout_s=60)
    with pytest.raises(RasaGone):
        await said(rasa)
    assert not await rasa.ready()
    await rasa.close()


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([answer(b"oh", "500 Internal Server Error")], "HTTP 500"),
        ([answer(b"<html>")], "no JSON"),
        ([answer(b'[{"custom": {"message": 1}}]')], "unknown shape"),
        ([b"SSH-2.0-OpenSSH_9.9\r\n\r\n"], "ClientResponseError"),
        ([answer(b" " * (16 * 1024 * 1024 + 1))], "endless"),
    ],
)
async def test_an_answer_that_is_none_of_rasa_s_is_no_reason_to_ask_again(
    parts: list[bytes], reason: str
) -> None:
    async with asking(Server(parts)) as rasa:
        with pytest.raises(RasaUnavailable, match=reason) as refused:
            await said(rasa)
        assert not isinstance(refused.value, RasaGone)


async def test_silence_is_no_reason_to_ask_again() -> None:
    server = Server()
    server.may.clear()
    async with asking(server, timeout_s=0.01) as rasa:
        with pytest.raises(RasaUnavailable, match="timeout") as refused:
            await said(rasa)
        assert not isinstance(refused.value, RasaGone)
