"""The public ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.gateway import errors, routes
from bot.gateway.door import Door

_MOST_BYTES = 256 * 1024  # a body; the longest message in JSON escapes is far below


def create_app(door: Door) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await door.close()

    app = FastAPI(
        title="Shopguide",
        version="1",
        description="A shop's customer-service assistant in Chinese and English.",
        lifespan=lifespan,
    )
    app.state.door = door
    app.include_router(routes.api)
    app.include_router(routes.operations)
    errors.install(app)
    app.add_middleware(_Bounded)
    return app


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
