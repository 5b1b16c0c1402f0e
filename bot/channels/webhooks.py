"""Where platforms call: /channels/NAME."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import APIRouter, HTTPException, Response
from fastapi import Request as HttpRequest

from bot.channels.channel import Channel, Request
from bot.channels.errors import Refused
from bot.channels.service import Channels

log = structlog.get_logger("channels")


def webhooks(channels: Channels) -> APIRouter:
    """The addresses that the platforms call. They open and close with the application."""

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        channels.open()
        yield
        await channels.close()

    router = APIRouter(prefix="/channels", include_in_schema=False, lifespan=lifespan)

    @router.api_route("/{name}", methods=["GET", "POST"])
    async def called(name: str, http: HttpRequest) -> Response:
        """Verify, store, acknowledge; the answer comes later, by a call of our own."""
        channel = channels.channels.get(name)
        if channel is None:
            raise HTTPException(404)
        request = await _request(channel, http)
        try:
            channel.verify(request)
            received = channel.events(request)
        except Refused as refused:
            log.warning("a webhook was refused", channel=name, reason=str(refused))
            raise HTTPException(401) from None
        answer = await channels.receive(channel, received, request)
        return Response(answer.body, answer.status, media_type=answer.media_type)

    return router


async def _request(channel: Channel, http: HttpRequest) -> Request:
    address = f"{http.url.path}?{http.url.query}" if http.url.query else http.url.path
    return Request(
        method=http.method,
        url=f"{channel.public_url}{address}" if channel.public_url else str(http.url),
        headers={key.lower(): value for key, value in http.headers.items()},
        query=dict(http.query_params),
        body=await http.body(),
    )
