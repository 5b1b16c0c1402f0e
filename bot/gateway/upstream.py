"""HTTP/1.1 to one server on connections that are kept: as much of it as a turn needs.

Every turn makes one such call, and httpcore, on which httpx stands, took a quarter of this
process's time for it: it looks at each connection that it keeps before and after each call. Here
the event loop says when one was closed, and a parser in C reads the answers.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlsplit

import httptools

_MOST_KEPT = 50
_MOST_BYTES = 16 * 1024 * 1024  # of an answer


class Broken(Exception):
    """The connection could not be made or broke off before the whole answer was there."""


class NotHttp(Exception):
    """What came is no answer, or an endless one."""


class Upstream:
    """The server at `url` (http or https, with a path before all others if need be)."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._host = parts.hostname or "localhost"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._path = parts.path.rstrip("/")
        self._named = parts.netloc.rpartition("@")[2]
        self._kept: list[_Connection] = []

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer. Raises `Broken`, `NotHttp`. A caller who gives up is
        cancelled, which ends the connection: nobody gets the answer of somebody else's call."""
        lines = {"Host": self._named, "Content-Length": str(len(body)), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"{method} {self._path}{path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
        connection = self._kept.pop() if self._kept else await self._connect()
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.abort()
            raise
        if connection.may_stay and len(self._kept) < _MOST_KEPT:
            self._kept.append(connection)
        else:
            connection.abort()
        return answer

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(self._kept), self._host, self._port, ssl=self._tls
            )
        except OSError as error:
            raise Broken(type(error).__name__) from error
        return connection

    def close(self) -> None:
        for connection in list(self._kept):
            connection.abort()


class _Connection(asyncio.Protocol):
    """One call after another. The parser calls the methods `on_…`."""

    def __init__(self, kept: list[_Connection]) -> None:
        self._kept = kept
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self.may_stay = False

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        if self._transport is None or self._transport.is_closing():
            raise Broken("closed")
        self._parser = httptools.HttpResponseParser(self)
        self._body.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # From the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.abort()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(NotHttp(str(error)))

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self._kept:
            self._kept.remove(self)
        self._fail(Broken(type(exc).__name__ if exc else "closed"))

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.abort()

    # From the parser

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > _MOST_BYTES:
            self._fail(NotHttp("an endless answer"))

    def on_message_complete(self) -> None:
        self.may_stay = self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), bytes(self._body)))
