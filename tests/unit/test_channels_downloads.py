"""What customers sent is fetched from where the platform leads to, and from nowhere inside."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable

import httpx
import pytest

from bot.channels.errors import Undeliverable
from bot.channels.http import Download, Http

pytestmark = pytest.mark.anyio

START = "https://api.platform.example/file"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def fetch(
    answer: Callable[[httpx.Request], httpx.Response], most: int = 1000
) -> tuple[Download, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    client = Http(httpx.AsyncClient(transport=httpx.MockTransport(take)))
    try:
        got = await client.download(START, most, headers={"Authorization": "Bearer key"})
    finally:
        await client.close()
    return got, asked


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Addresses by name, in the place of the internet's."""
    known = {"cdn.example": "8.8.8.8", "files.example": "2606:4700::1111"}

    async def found(self: object, host: str, port: int, **_: object) -> list[object]:
        address = known.get(host, host)
        return [(0, 0, 0, "", (address, port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", found)
    return known


def named(request: httpx.Request) -> str:
    """The address as the server of that name sees it, whichever number it was reached at."""
    return str(request.url.copy_with(netloc=request.headers["host"].encode()))


def leading(*places: str) -> Callable[[httpx.Request], httpx.Response]:
    """A platform that leads from one place to the next."""
    path = dict(zip((START, *places), places, strict=False))

    def answer(request: httpx.Request) -> httpx.Response:
        here = named(request)
        if here in path:
            return httpx.Response(302, headers={"Location": path[here]})
        return httpx.Response(200, content=b"picture", headers={"Content-Type": "image/png"})

    return answer


async def test_a_redirect_to_the_platforms_storage_is_followed(names: dict[str, str]) -> None:
    got, asked = await fetch(leading("https://cdn.example/1", "https://files.example/2"))
    assert (got.body, got.media_type) == (b"picture", "image/png")
    assert [request.headers.get("authorization") for request in asked] == ["Bearer key", None, None]
    assert {request.headers["accept-encoding"] for request in asked} == {"identity"}


async def test_a_name_is_reached_at_the_number_that_was_looked_at(names: dict[str, str]) -> None:
    """Whoever answers for the name may give another number to who asks again."""
    _, asked = await fetch(leading("https://cdn.example:8443/1"))
    last = asked[-1]
    assert last.url.host == "8.8.8.8"
    assert last.headers["host"] == "cdn.example:8443"
    assert last.extensions["sni_hostname"] == "cdn.example"  # and its certificate is that name's


@pytest.mark.parametrize(
    "inside",
    [
        "https://127.0.0.1:8080/secret",
        "https://10.0.0.5/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fd00::1]/",
        "https://inner.example/",
        "http://cdn.example/plain",
    ],
)
@pytest.mark.parametrize("before", [(), ("https://cdn.example/1",)])
async def test_nothing_inside_is_asked(
    names: dict[str, str], inside: str, before: tuple[str, ...]
) -> None:
    names["inner.example"] = "10.1.2.3"  # a public name of a private address
    asked: list[str] = []
    lead = leading(*before, inside)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(named(request))
        return lead(request)

    with pytest.raises(Undeliverable, match="it leads"):
        await fetch(answer)
    assert asked == [START, *before]


async def test_a_circle_ends(names: dict[str, str]) -> None:
    with pytest.raises(Undeliverable, match="without end"):
        await fetch(lambda _: httpx.Response(302, headers={"Location": START}))


async def test_what_is_packed_is_not_unpacked(names: dict[str, str]) -> None:
    packed = gzip.compress(b"0" * 10_000_000)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"})

    with pytest.raises(Undeliverable, match="packed"):
        await fetch(answer, most=20_000_000)
