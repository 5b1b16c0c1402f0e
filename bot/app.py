"""The public ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.ports import Answering, Declined
from bot.gateway import errors, reference, routes, unsubscribe, widget
from bot.gateway.gateway import Gateway
from bot.gateway.headers import SecurityHeaders
from bot.gateway.origins import Origins
from bot.gateway.shapes import NewMessage
from bot.gateway.sockets import socket_api
from bot.settings import listed

_ABOUT = """\
A page opens a session, sends messages and gets answers as a stream of events. The session's token
is the only key to it. The shop's own page may name its signed-in customer by a JWT.

A repeated `message_id` never says anything twice: it brings the same answer again. Every error has
one shape, a code for programs and a sentence in each language for people.

**WebSocket** `/api/v1/chat`: JSON text frames, the same events both ways on one connection, to all
open tabs of a session. The client begins with `{"type": "hello", "token": …, "after": LINE_ID}` and
then sends `message` {message_id, text, language, page, files}, `identify` {identity} and `ping`.
The server sends `ready` {session_id, customer, handoff} (and again when the customer signs in),
the lines behind `after` as `line`, and for each turn `accepted`, `delta` {message_id, seq, text},
`message`
{message_id, reply_to, body} and `done` {message_id, unanswered: true after an apology, which is
message 0 and no line of the history}; `renewed` {token, expires_at} to whoever proved who the
customer is: earlier tokens open nothing then, and other sockets are closed; `handoff` when a person
comes in or a place in the queue changes, `read` {message_id} when one of them has read the
customer's lines up to that one, `error` {code, message, message_id, retry_after}, `pong`,
and `closing` {retry_ms} before a restart. Close codes: 4401 bad, expired or replaced token, 4408 no
hello in time or silent too long, 4413 frame too big, 4429 too many, 1012 restart.
"""
_TAGS = [
    {"name": "conversation", "description": "Sessions, messages and feedback."},
    {"name": "operations", "description": "For whoever runs it; keep /metrics to yourself."},
]
_MOST_BYTES = 256 * 1024  # a body; the longest message in JSON escapes is far below
_OF_FILES = "/api/v1/sessions/current/files"  # which are larger, by a setting


def create_app(
    gateway: Gateway,
    *,
    routers: Sequence[APIRouter] = (),
    link_codes: routes.LinkCodes | None = None,
    site: ASGIApp | None = None,
) -> FastAPI:
    """`routers` are what else is let in here (bot.channels.webhooks), open between the gateway's
    beginning and its end. `site` answers every path that is not the assistant's: a shop's pages."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gateway.open()
        yield
        await gateway.close()

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
    app.state.gateway = gateway
    app.state.link_codes = link_codes
    app.include_router(routes.api)
    app.include_router(routes.operations)
    app.include_router(socket_api)
    for router in routers:
        app.include_router(router)
    errors.install(app)
    reference.install(app)
    unsubscribe.install(app)
    widget.install(app)
    if site is not None:
        app.router.default = _Elsewhere(site, app.router.default)
    app.add_middleware(_Bounded, of_files=gateway.settings.keep_file_mb * 1_000_000)
    app.add_middleware(Origins, allowed=listed(gateway.settings.allowed_origins))
    app.add_middleware(SecurityHeaders)
    return app


class AssistantForChannels:
    """The gateway as platforms need it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def say(self, session_id: str, address: str, message_id: str, text: str) -> Answering:
        """Raises `Declined`."""
        message = NewMessage(text=text, message_id=message_id)
        try:
            return await self._gateway.say(session_id, address, message)
        except errors.Refusal as refusal:
            wait = float((refusal.headers or {}).get("Retry-After", "1"))
            raise Declined(refusal.code, refusal.sentences(), wait) from None


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

    def __init__(self, app: ASGIApp, *, of_files: int) -> None:
        self._app = app
        self._of_files = of_files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # The route of files says itself how large one may be, byte by byte.
        most = max(_MOST_BYTES, self._of_files + 1) if scope["path"] == _OF_FILES else _MOST_BYTES
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise errors.Refusal(413, "too_large")
            return message

        await self._app(scope, bounded, send)
