"""Calls to platforms: one pool of connections, a time limit, and what a failure means."""

from __future__ import annotations

from typing import Any

import httpx

from bot.channels.errors import TryAgain

_ANSWER_S = 10.0


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

    async def _ask(self, method: str, url: str, **content: Any) -> httpx.Response:
        try:
            answer = await self._client.request(method, url, **content)
        except httpx.HTTPError as error:
            raise TryAgain(type(error).__name__) from None  # its text may hold a token
        if answer.status_code == 429 or answer.status_code >= 500:
            raise TryAgain(f"HTTP {answer.status_code}", _seconds(answer))
        return answer

    async def close(self) -> None:
        await self._client.aclose()


def object_of(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that a platform answered; empty when it is none."""
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(answer: httpx.Response) -> float | None:
    """How long the platform asks to wait: by the usual header, or Telegram's `retry_after`."""
    named: Any = answer.headers.get("retry-after") or (
        (object_of(answer).get("parameters") or {}).get("retry_after")
    )
    try:
        return float(named)
    except (TypeError, ValueError):
        return None
