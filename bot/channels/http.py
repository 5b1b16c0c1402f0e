"""Calls to platforms: one pool of connections, a time limit, and what a failure means."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.channels.errors import TryAgain, Undeliverable

_ANSWER_S = 10.0  # who is slower than this has an outage, and is asked again later
_MOST_HOPS = 5  # from a platform's address to its storage it takes one or two


@dataclass(frozen=True)
class Download:
    """What a platform gave out, or said instead. `media_type` is in lower case and without
    parameters."""

    status: int
    media_type: str
    body: bytes

    def object(self) -> dict[str, Any]:
        """The JSON object that was said instead; empty when it is none."""
        try:
            said = json.loads(self.body) if self.body[:1] == b"{" else {}
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    def file(self) -> Download:
        """Itself. Raises `TryAgain` when it is not ready or the token is refused, `Undeliverable`
        for whatever else is no file."""
        if self.status == 202:
            raise TryAgain("the platform has not prepared it yet")
        if self.status == 401:  # mend it, and what waits is fetched
            raise TryAgain("the platform refuses the token", 60)
        if not 200 <= self.status < 300:
            raise Undeliverable(f"HTTP {self.status}")
        if not self.body:
            raise Undeliverable("it is empty")
        return self


class Http:
    """`post` and `get` return what the platform answered, once it is neither busy nor broken."""

    def __init__(
        self,
        client: httpx.AsyncClient | None = None,
        *,
        check: Callable[[httpx.URL], Awaitable[str | None]] | None = None,
    ) -> None:
        """`check` says at which number of the internet an address is to be reached that a download
        leads to (None: whichever its name has), and raises `Undeliverable` for one that it must not
        lead to: by default for all but those on the public internet."""
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        self._check = check or check_public
        self._client = client or httpx.AsyncClient(timeout=_ANSWER_S, limits=limits)

    async def post(self, url: str, **content: Any) -> httpx.Response:
        """`content`: httpx's json, data, headers, params, auth. Raises `TryAgain` for 429, 5xx and
        a platform that does not answer; every other answer is the caller's to read."""
        return await self._ask("POST", url, **content)

    async def get(self, url: str, **content: Any) -> httpx.Response:
        """Raises `TryAgain`, as `post`."""
        return await self._ask("GET", url, **content)

    async def patch(self, url: str, **content: Any) -> httpx.Response:
        """Raises `TryAgain`, as `post`."""
        return await self._ask("PATCH", url, **content)

    async def download(self, url: str, most: int, **content: Any) -> Download:
        """At most so many bytes, wherever the platform leads to on the public internet. Raises
        `TryAgain` as `post`, and `Undeliverable` when there are more, or it leads elsewhere."""
        begun = httpx.URL(url)
        here, number = begun, None
        try:
            for _ in range(_MOST_HOPS):
                # What proves who we are is for the platform alone.
                more = content if _origin(here) == _origin(begun) else {}
                headers = {**(more.get("headers") or {}), "Accept-Encoding": "identity"}
                there = here
                if number is not None:
                    # A name that has another number now than when it was looked at leads nowhere.
                    there = here.copy_with(host=number)
                    headers["Host"] = here.netloc.decode("ascii")
                    more = {**more, "extensions": {"sni_hostname": here.host}}
                async with self._client.stream("GET", there, **{**more, "headers": headers}) as got:
                    if not got.has_redirect_location:
                        return await _whole(got, most)
                    here = here.join(got.headers["location"])
                number = await self._check(here) if _origin(here) != _origin(begun) else None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TryAgain(type(error).__name__) from None
        raise Undeliverable("it leads from one address to the next without end")

    async def file(self, url: str, most: int, **content: Any) -> Download:
        """The same, if it is a file. Raises what `download` and `Download.file` raise."""
        return (await self.download(url, most, **content)).file()

    async def _ask(self, method: str, url: str, **content: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, url, **content)
        except httpx.HTTPError as error:
            raise TryAgain(type(error).__name__) from None  # its text may hold a token
        _calm(answer)
        return answer

    async def close(self) -> None:
        await self._client.aclose()


async def _whole(answer: httpx.Response, most: int) -> Download:
    _calm(answer)
    if answer.headers.get("content-encoding", "identity").lower() != "identity":
        raise Undeliverable("it is packed, though we asked for it as it is")  # to any size
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > most:
            raise Undeliverable(f"it is larger than {most} bytes")
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Download(answer.status_code, media_type, bytes(body))


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


async def check_public(url: httpx.URL) -> str:
    """The number at which it is reached, which was looked at: a redirect must not fetch from the
    shop's own network. Raises `Undeliverable` for what is not reached by HTTPS on the public
    internet."""
    if url.scheme != "https":
        raise Undeliverable("it leads to an address that is not encrypted")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host, url.port or 443, type=socket.SOCK_STREAM
        )
    except OSError:
        raise TryAgain("an address that it leads to is not known") from None
    numbers = [str(place[0]).partition("%")[0] for *_, place in found]
    if not numbers or not all(ipaddress.ip_address(number).is_global for number in numbers):
        raise Undeliverable("it leads into a private network")
    return numbers[0]


def _calm(answer: httpx.Response) -> None:
    """Raises `TryAgain` while the platform is busy or broken."""
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TryAgain(f"HTTP {answer.status_code}", _seconds(answer))


def trusted(url: str, api: str, *domains: str) -> str:
    """An address that a platform named, if it is the platform's: at its interface `api`, or by
    HTTPS in one of its domains. Raises `Undeliverable`."""
    if url.startswith(f"{api}/"):
        return url
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        raise Undeliverable("the address is none") from None
    if parts.scheme == "https" and any(f".{host}".endswith(f".{name}") for name in domains):
        return url
    raise Undeliverable("the address is not the platform's")


def object_of(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that a platform answered; empty when it is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(answer: httpx.Response) -> float | None:
    """How long the platform asks to wait: by the usual header, or Telegram's `retry_after`."""
    named: Any = answer.headers.get("retry-after")
    if named is None and answer.is_closed:  # a download's words are not read
        named = (object_of(answer).get("parameters") or {}).get("retry_after")
    try:
        return float(named)
    except (TypeError, ValueError):
        return None
