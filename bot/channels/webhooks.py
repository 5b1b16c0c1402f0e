"""Where platforms call: /channels/NAME."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest

from bot.channels.base import Request
from bot.channels.errors import Refused
from bot.channels.service import Channels
from bot.gateway.errors import Refusal

log = structlog.get_logger("channels")

webhooks = APIRouter(prefix="/channels", include_in_schema=False)


@webhooks.api_route("/{name}", methods=["GET", "POST"])
async def called(name: str, http: HttpRequest) -> Response:
    """Verify, store, acknowledge; the answer comes later, by a call of our own."""
    channels: Channels | None = getattr(http.app.state, "channels", None)
    channel = channels.channels.get(name) if channels is not None else None
    if channels is None or channel is None:
        raise Refusal(404, "not_found")
    address = f"{http.url.path}?{http.url.query}" if http.url.query else http.url.path
    request = Request(
        method=http.method,
        url=f"{channel.public_url}{address}" if channel.public_url else str(http.url),
        headers={key.lower(): value for key, value in http.headers.items()},
        query=dict(http.query_params),
        body=await http.body(),
    )
    try:
        channel.verify(request)
        received = channel.events(request)
    except Refused as refused:
        log.warning("a webhook was refused", channel=name, reason=str(refused))
        raise Refusal(401, "unsigned") from None
    answer = await channels.receive(channel, received, request)
    return Response(answer.body, answer.status, media_type=answer.media_type)
