"""The public ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.service import Channels
from bot.channels.webhooks import webhooks
from bot.gateway import errors, reference, routes, widget
from bot.gateway.door import Door
from bot.gateway.headers import SecurityHeaders
from bot.gateway.origins import Origins
from bot.gateway.sockets import socket_api
from bot.settings import listed

_ABOUT = """\
A page opens a session, sends messages and gets answers as a stream of events. The session's token
is the only key to it. The shop's own page may name its signed-in customer by a JWT.

A repeated `message_id` never says anything twice: it brings the same answer again. Every error has
one shape, a code for programs and a sentence in each language for people.

**WebSocket** `/api/v1/chat`: JSON text frames, the same events both ways on one connection, to all
open tabs of a session. The client begins with `{"type": "hello", "token": …, "after": LINE_ID}` and
then sends `message` {message_id, text, language}, `identify` {identity} and `ping`. The server
sends `ready` {session_id, customer, handoff} (and again when the customer signs in), the lines
behind `after` as `line`, and for each turn `accepted`, `delta` {message_id, seq, text}, `message`
{message_id, reply_to, body} and `done` {message_id, unanswered: true after an apology, which is
message 0 and no line of the history}; `handoff` when a person comes in or a place in the queue
changes, `error` {code, message, message_id, retry_after}, `pong`, and `closing` {retry_ms} before a
restart. Close codes: 4401 bad or expired token, 4408 no hello in time or silent too long, 4413
frame too big, 4429 too many, 1012 restart.
"""
_TAGS = [
    {"name": "conversation", "description": "Sessions, messages and feedback."},
    {"name": "operations", "description": "For whoever runs it; keep /metrics to yourself."},
]
_MOST_BYTES = 256 * 1024  # a body; the longest message in JSON escapes is far below


def create_app(
    door: Door, *, site: ASGIApp | None = None, channels: Channels | None = None
) -> FastAPI:
    """`site` answers every path that is not the assistant's: a shop's pages. `channels` are the
    messaging platforms."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        door.open()
        if channels is not None:
            channels.open()
        yield
        if channels is not None:
            await channels.close()
        await door.close()

    app = FastAPI(
        title="Shopguide",
        version="1",
        summary="A shop's customer-service assistant in Chinese and English.",
        description=_ABOUT,
        openapi_tags=_TAGS,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.door = door
    app.state.channels = channels
    app.include_router(routes.api)
    app.include_router(routes.operations)
    app.include_router(socket_api)
    app.include_router(webhooks)
    errors.install(app)
    reference.install(app)
    widget.install(app)
    if site is not None:
        app.router.default = _Elsewhere(site, app.router.default)
    app.add_middleware(_Bounded)
    app.add_middleware(Origins, allowed=listed(door.settings.allowed_origins))
    app.add_middleware(SecurityHeaders)
    return app


class _Elsewhere:
    """What no route of ours has: pages of the site, but for the interface's own addresses, whose
    callers expect JSON."""

    def __init__(self, site: ASGIApp, own: ASGIApp) -> None:
        self._site = site
        self._own = own

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and not scope["path"].startswith("/api/")
        await (self._site if page else self._own)(scope, receive, send)


class _Bounded:
    """Refuse bodies over the limit, whether their length is announced or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > _MOST_BYTES:
                raise errors.Refusal(413, "too_large")
            return message

        await self._app(scope, bounded, send)
