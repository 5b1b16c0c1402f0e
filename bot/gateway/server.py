"""The server under the public application: how long it waits for slow clients, and how it stops.

uvicorn bounds an idle connection between requests, but neither a request that arrives a byte at a
time nor a reader that stops reading. A proxy in front should do the same again for its own
connections (nginx: client_header_timeout, client_body_timeout, send_timeout; proxy_read_timeout
above SHOPGUIDE_SOCKET_IDLE_S for the WebSocket) and pass X-Forwarded-For, for which it has to be
named in SHOPGUIDE_TRUSTED_PROXIES.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from bot.runtime.metrics import REFUSED
from bot.settings import Settings

Retire = Callable[[], Awaitable[None]]

_FRAME_BYTES = 256 * 1024  # more is not even taken in; sockets.MOST_BYTES refuses with a reason


class _Timer:
    """Cuts the connection, and counts it as refused for `reason`, unless it is stopped in time."""

    def __init__(self, seconds: float, reason: str) -> None:
        self._seconds = seconds
        self._reason = reason
        self._handle: asyncio.TimerHandle | None = None

    def start(self, transport: asyncio.BaseTransport) -> None:
        if self._handle is None:
            loop = asyncio.get_running_loop()
            self._handle = loop.call_later(self._seconds, self._cut, transport)

    def _cut(self, transport: asyncio.BaseTransport) -> None:
        REFUSED.labels(reason=self._reason).inc()
        # Not closed, which would wait until the reader has taken what is left.
        transport.abort()  # type: ignore[attr-defined]

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


def create_server(app: ASGIApp, settings: Settings, retire: Retire | None = None) -> Server:
    """`retire` is called when nobody new gets in any more, before connections are closed."""
    return Server(_config(app, settings), retire)


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    class Http(HttpToolsProtocol):
        """A request has to arrive in time, and an answer has to be taken in time."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._arriving = _Timer(settings.request_timeout_s, "slow_request")
            self._leaving = _Timer(settings.send_timeout_s, "slow_reader")

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            _give_up_on_the_dead(transport, settings.send_timeout_s)
            self._arriving.start(transport)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._arriving.start(self.transport)

        def on_message_complete(self) -> None:
            super().on_message_complete()
            self._arriving.stop()

        def handle_websocket_upgrade(self) -> None:
            self._arriving.stop()
            super().handle_websocket_upgrade()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._leaving.start(self.transport)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._leaving.stop()

        def connection_lost(self, exc: Exception | None) -> None:
            self._arriving.stop()
            self._leaving.stop()
            super().connection_lost(exc)

    class Socket(WebSocketsSansIOProtocol):
        """A frame has to be taken in time."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._leaving = _Timer(settings.send_timeout_s, "slow_reader")

        def pause_writing(self) -> None:
            super().pause_writing()
            self._leaving.start(self.transport)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._leaving.stop()

        def connection_lost(self, exc: Exception | None) -> None:
            self._leaving.stop()
            super().connection_lost(exc)

    return uvicorn.Config(
        app,
        http=Http,
        ws=Socket,
        ws_max_size=_FRAME_BYTES,
        ws_per_message_deflate=False,  # memory for each connection, to save little of short texts
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=round(settings.turn_timeout_s) + 3,
    )


def _give_up_on_the_dead(transport: asyncio.Transport, seconds: float) -> None:
    """Also when what is left to send is little and the connection was closed: the system cuts it
    when nothing has been acknowledged for so long (on Linux)."""
    held: socket.socket | None = transport.get_extra_info("socket")
    if held is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        held.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(seconds * 1000))


class Server(uvicorn.Server):
    """A uvicorn server that leaves signals to whoever runs it."""

    def __init__(self, config: uvicorn.Config, retire: Retire | None = None) -> None:
        super().__init__(config)
        self._retire = retire

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if self._retire is not None:
            await self._retire()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
