"""The server against clients that take their time: each is cut, and the others are served."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fake_gateway import FakeGateway, listening, make_gateway
from prometheus_client import REGISTRY

from bot.messages import BotMessage
from bot.terminal.client import Client


@pytest.fixture
def gateway(tmp_path: Path) -> FakeGateway:
    return make_gateway(tmp_path, request_timeout_s=1.0, send_timeout_s=1.0)


@pytest.fixture
def url(gateway: FakeGateway) -> Iterator[str]:
    with listening(gateway) as url:
        yield url


def dial(url: str) -> socket.socket:
    place = urlsplit(url)
    return socket.create_connection((place.hostname, place.port), timeout=5)


def seconds_until_cut(line: socket.socket, drip: bytes = b"") -> float:
    """How long the other side goes on, while a byte is sent now and then."""
    started = time.monotonic()
    line.settimeout(0.1)
    while time.monotonic() - started < 60:
        try:
            if drip:
                line.send(drip)
            if not line.recv(1024):
                return time.monotonic() - started
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - started
    raise AssertionError("the connection is still open")


def refused(reason: str) -> float:
    return REGISTRY.get_sample_value("shopguide_refused_total", {"reason": reason}) or 0


def served(url: str) -> bool:
    with Client(url) as client:
        client.open_session()
        return [event.name for event in client.say("hello")][-1] == "done"


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"GET /",
        b"GET /healthz HTTP/1.1\r\nHost: shop\r\nX-Slow: ",
        b"POST /api/v1/sessions HTTP/1.1\r\nHost: shop\r\nContent-Length: 1000\r\n\r\n{",
    ],
)
def test_a_request_that_arrives_byte_by_byte_is_cut(url: str, beginning: bytes) -> None:
    before = refused("slow_request")
    with dial(url) as line:
        line.sendall(beginning)
        drip = b"x" if beginning else b""
        assert seconds_until_cut(line, drip) > 0.8
    assert refused("slow_request") == before + 1
    assert served(url)


def test_a_second_request_on_the_line_has_no_more_time(url: str) -> None:
    with dial(url) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: shop\r\n\r\n")
        answer = b""
        while b"alive" not in answer:  # it may come in parts
            answer += line.recv(4096) or pytest.fail(f"cut after {answer!r}")
        line.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        assert seconds_until_cut(line, b"x") > 0.8


def test_many_slow_requests_keep_nobody_out(url: str) -> None:
    lines = [dial(url) for _ in range(100)]
    try:
        for line in lines:
            line.sendall(b"GET /healthz HTTP/1.1\r\nX-Slow: ")
        assert served(url)
    finally:
        for line in lines:
            line.close()


def test_a_long_answer_is_not_cut_while_it_is_awaited(gateway: FakeGateway, url: str) -> None:
    """The limits are on what arrives and on what is taken, not on thinking."""
    gateway.fake.gate = asyncio.Event()
    gateway.loop.call_soon_threadsafe(gateway.loop.call_later, 2.2, gateway.fake.gate.set)
    assert served(url)


def test_who_does_not_read_their_answer_is_cut(gateway: FakeGateway, url: str) -> None:
    before = refused("slow_reader")
    gateway.fake.play = lambda session_id, text: [BotMessage(text="x" * 8_000_000)]
    with Client(url) as client:
        token = client.open_session().token
    body = json.dumps({"text": "hello", "message_id": "m1"}).encode()
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        place = urlsplit(url)
        line.connect((place.hostname, place.port))
        line.sendall(
            b"POST /api/v1/messages HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
            % (token.encode(), len(body), body)
        )
        until = time.monotonic() + 60
        while refused("slow_reader") == before:
            assert time.monotonic() < until, "it was not cut"
            time.sleep(0.05)
        line.settimeout(5)
        taken = 0
        try:
            while chunk := line.recv(65536):
                taken += len(chunk)
        except ConnectionResetError:
            pass
        assert taken < 8_000_000
    gateway.fake.play = lambda session_id, text: [BotMessage(text="short")]
    assert served(url)


def test_only_a_trusted_proxy_says_who_asks(tmp_path: Path) -> None:
    """Two sessions a minute and address: the header decides only where it is believed."""
    for trusted, outcomes in (("", [201, 201, 429, 429]), ("127.0.0.0/8", [201] * 4)):
        gateway = make_gateway(tmp_path / (trusted[:3] or "none"), sessions_per_minute=2,
                         trusted_proxies=trusted)  # fmt: skip
        with listening(gateway) as url:
            got = []
            for n in range(4):
                with dial(url) as line:
                    line.sendall(
                        b"POST /api/v1/sessions HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n"
                        b"Content-Type: application/json\r\n"
                        b"X-Forwarded-For: 9.9.9.9, 10.0.0.%d\r\n\r\n{}" % n
                    )
                    got.append(int(line.recv(4096).split()[1]))
        assert got == outcomes
