"""Puts the shop's pages together as one ASGI application."""

from __future__ import annotations

from pathlib import Path

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.dialogue.services import Services
from bot.gateway.headers import adding
from bot.settings import Settings
from data.errors import DataError
from demo.storefront import account, cart, catalogue
from demo.storefront.cookies import Cookies
from demo.storefront.files import File
from demo.storefront.help import HelpPages
from demo.storefront.pictures import Pictures
from demo.storefront.visit import Storefront, Visit, back_to, templates
from demo.storefront.words import LANGUAGES

log = structlog.get_logger("storefront")

_ASSETS = Path(__file__).parent / "assets"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    # Forms of our own pages must say where they come from, which "no-referrer" would forbid.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "private, no-store",  # pages tell one visitor's cart and name
}


def create_site(services: Services, settings: Settings) -> ASGIApp:
    """Raises nothing of its own: a document that cannot be read is shown as far as it can."""
    with services.unit_of_work() as uow:
        categories = list(uow.products.categories())
    app = Starlette(
        routes=[
            Route("/", catalogue.home),
            Route("/search", catalogue.search),
            Route("/categories/{category_id}", catalogue.category),
            Route("/products/{product_id}", catalogue.product),
            Route("/pictures/{product_id}.svg", picture),
            Route("/cart", cart.show),
            Route("/cart/add", cart.add, methods=["POST"]),
            Route("/cart/change", cart.change, methods=["POST"]),
            Route("/account", account.account),
            Route("/account/sign-in", account.sign_in_page),
            Route("/account/sign-in", account.sign_in, methods=["POST"]),
            Route("/account/sign-out", account.sign_out, methods=["POST"]),
            Route("/account/identity", account.identity),
            Route("/help", help_in_own_language),
            Route("/help/{language}", help_index),
            Route("/help/{language}/{source}", help_page),
            Route("/assets/{name}", asset),
            Route("/favicon.ico", asset),
        ],
        middleware=[Middleware(_Shop), Middleware(GZipMiddleware, minimum_size=1000)],
        exception_handlers={HTTPException: refused, DataError: unavailable, Exception: unavailable},
    )
    app.state.storefront = Storefront(
        settings=settings,
        services=services,
        categories=categories,
        cookies=Cookies(settings.session_key),
        help=HelpPages(settings.shop / "documents", lambda: services.retriever.index.passages),
        pictures=Pictures(),
        files={
            path.name: File(path.read_bytes(), _MEDIA_TYPES[path.suffix])
            for path in sorted(_ASSETS.iterdir())
        },
        templates=templates(),
    )
    return app


def help_in_own_language(request: Request) -> Response:
    return RedirectResponse(f"/help/{Visit(request).language}", 303)


def help_index(request: Request) -> Response:
    visit = _in_language_of_path(request)
    topics = visit.shop.help.by_topic(visit.language)
    return visit.page(
        "help_index.html",
        # A shop's own documents may have topics that nobody has translated.
        topics=[(visit.word_or(f"topic.{name}", name), pages) for name, pages in topics.items()],
    )


def help_page(request: Request) -> Response:
    visit = _in_language_of_path(request)
    found = visit.shop.help.get(visit.language, request.path_params["source"])
    if found is None:
        raise HTTPException(404)
    beside = visit.shop.help.by_topic(visit.language).get(found.topic, [])
    return visit.page("help_page.html", page=found, beside=beside)


def _in_language_of_path(request: Request) -> Visit:
    found = next((known for known in LANGUAGES if known == request.path_params["language"]), None)
    if found is None:
        raise HTTPException(404)
    return Visit(request, found)


def picture(request: Request) -> Response:
    visit = Visit(request)
    found = visit.services.catalogue.get(request.path_params["product_id"])
    if found is None:
        raise HTTPException(404)
    drawn = visit.shop.pictures.of(found, request.query_params.get("colour"))
    return drawn.respond(request)


def asset(request: Request) -> Response:
    name = request.path_params.get("name", "favicon.svg")
    found = Visit(request).shop.files.get(name)
    if found is None:
        raise HTTPException(404)
    return found.respond(request)


async def refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return Visit(request).page("error.html", status, kind=_KINDS.get(status, "refused"))


async def unavailable(request: Request, error: Exception) -> Response:
    log.error("page failed", path=request.url.path, error=type(error).__name__, cause=str(error))
    return Visit(request).page("error.html", 503, kind="unavailable")


_KINDS = {404: "not_found", 403: "refused", 405: "refused", 413: "refused"}


class _Shop:
    """Every answer's headers, and the switch of languages: an address with ?language= in it leads
    to the same page without, in that language from then on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        send = adding(lambda _: _HEADERS, send)
        request = Request(scope, receive)
        chosen = request.query_params.get("language")
        language = next((known for known in LANGUAGES if known == chosen), None)
        if language is None or request.method != "GET":
            await self._app(scope, receive, send)
            return
        visit = Visit(request)
        response = back_to(visit.here)
        visit.shop.cookies.keep_language(request, response, language)
        await response(scope, receive, send)
