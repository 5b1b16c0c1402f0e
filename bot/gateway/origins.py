"""Which websites' pages may talk to the assistant: a browser says whose page it is."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from bot.gateway.errors import Refusal, respond

_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


class Origins:
    """The interface answers pages of its own origin and of `allowed` ones, by HTTP (CORS) and by
    WebSocket, and programs, which name no origin. There are no cookies: the token is the key."""

    def __init__(self, app: ASGIApp, allowed: list[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed)
        self._shared = CORSMiddleware(
            app,
            allow_origins=allowed,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-File-Name"],
            expose_headers=["Retry-After"],
            max_age=3600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not scope["path"].startswith("/api/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or _same(origin, headers.get("host", "")):
            await self._app(scope, receive, send)
        elif origin in self._allowed:
            await self._shared(scope, receive, send)
        else:
            refused = respond(Refusal(403, "origin_refused"))
            answer = WebSocketClose() if scope["type"] == "websocket" else refused
            await answer(scope, receive, send)


def _same(origin: str, host: str) -> bool:
    """Whether the page came from the host that it asks, whoever ends the TLS before us."""
    scheme, _, place = origin.partition("://")
    usual = f":{_PORTS.get(scheme)}"
    return bool(place) and place.removesuffix(usual) == host.removesuffix(usual)
