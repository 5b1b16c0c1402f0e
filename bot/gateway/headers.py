"""What every answer tells the browser not to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_DATA = "default-src 'none'; frame-ancestors 'none'"
_PAGE = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)


class SecurityHeaders:
    """Pages may load from their own origin only, data nothing at all. An answer that sets one of
    these headers itself, such as a widget file for other sites, keeps its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        def needed(headers: MutableHeaders) -> Mapping[str, str]:
            page = headers.get("content-type", "").startswith("text/html")
            return _ALWAYS | {"Content-Security-Policy": _PAGE if page else _DATA}

        await self._app(scope, receive, adding(needed, send))


def adding(needed: Callable[[MutableHeaders], Mapping[str, str]], send: Send) -> Send:
    """`send`, with what is needed and an answer does not set itself; `needed` is told what it
    sets."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in needed(headers).items():
                headers.setdefault(name, value)
        await send(message)

    return with_headers
