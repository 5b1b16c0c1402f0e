"""Calls to platforms: one pool of connections, a time limit, and what a failure means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.channels.errors import TryAgain, Undeliverable

_ANSWER_S = 10.0


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

    def __init__(self, client: httpx.AsyncClient | None = None) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20)
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
        """At most so many bytes, wherever the platform leads to. Raises `TryAgain` as `post`, and
        `Undeliverable` when there are more."""
        try:
            async with self._client.stream("GET", url, follow_redirects=True, **content) as answer:
                _calm(answer)
                body = bytearray()
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > most:
                        raise Undeliverable(f"it is larger than {most} bytes")
        except httpx.HTTPError as error:
            raise TryAgain(type(error).__name__) from None
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        return Download(answer.status_code, media_type, bytes(body))

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
