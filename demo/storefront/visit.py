"""One request to the shop: who asks, in which language, and the page that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jinja2
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.dialogue.services import Services
from bot.settings import Settings
from bot.wording import formats
from data.models import Category, Product
from data.rules import ShopRules
from demo import DEMO_CUSTOMERS, DemoCustomer
from demo.storefront.cookies import Cart, Cookies
from demo.storefront.files import File
from demo.storefront.help import HelpPages
from demo.storefront.pictures import Pictures
from demo.storefront.words import word, word_or
from retrieval.types import Language

_FOLDER = Path(__file__).parent
_MOST_FORM_BYTES = 10_000
_DEMO = {customer.email: customer for customer in DEMO_CUSTOMERS}


@dataclass(frozen=True)
class Storefront:
    """What all requests share."""

    settings: Settings
    services: Services
    categories: list[Category]
    cookies: Cookies
    help: HelpPages
    pictures: Pictures
    files: Mapping[str, File]
    templates: jinja2.Environment


def templates() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["money"] = formats.money
    return env


class Visit:
    """`language` is the visitor's, unless the page has one of its own (the help pages)."""

    def __init__(self, request: Request, language: Language | None = None) -> None:
        self.request = request
        self.shop: Storefront = request.app.state.storefront
        self.language: Language = language or self.shop.cookies.language(request)

    @cached_property
    def customer(self) -> DemoCustomer | None:
        """Who is signed in: one of the demo customers or nobody."""
        return _DEMO.get(self.shop.cookies.customer(self.request) or "")

    @property
    def tier(self) -> str | None:
        return self.customer.tier if self.customer else None

    def tier_name(self, tier: str) -> str:
        found = self.rules.membership.tier(tier) if self.rules.membership else None
        return found.name[self.language] if found else ""

    @cached_property
    def cart(self) -> Cart:
        return self.shop.cookies.cart(self.request)

    @property
    def services(self) -> Services:
        return self.shop.services

    @property
    def rules(self) -> ShopRules:
        return self.shop.services.rules

    def word(self, key: str, **facts: object) -> str:
        return word(key, self.language, **facts)

    def word_or(self, key: str, otherwise: str) -> str:
        return word_or(key, self.language, otherwise)

    def phrase(self, key: str, **facts: object) -> str:
        """One of the assistant's own sentences, where the page says the same."""
        return self.services.phrases.say(key, self.language, **facts)

    def name_of(self, product: Product) -> str:
        return product.name[self.language]

    @property
    def today(self) -> date:
        return self.rules.today(self.services.clock())

    def day(self, when: date | datetime) -> str:
        """A date, or the local date of a moment: 11月21日, 21 November."""
        day = self.rules.today(when) if isinstance(when, datetime) else when
        return formats.short_day(day, self.language, today=self.today)

    def page(self, template: str, status: int = 200, **facts: Any) -> Response:
        html = self.shop.templates.get_template(template).render(
            visit=self,
            shop_name=self.rules.name[self.language],
            language=self.language,
            t=self.word,
            phrase=self.phrase,
            day=self.day,
            marks={name: file.mark for name, file in self.shop.files.items()},
            **facts,
        )
        return HTMLResponse(html, status)

    @property
    def here(self) -> str:
        """The page's own address within the shop, without the language that was asked for."""
        url = URL(scope=self.request.scope).remove_query_params("language")
        return url.path + (f"?{url.query}" if url.query else "")

    def here_in(self, language: Language) -> str:
        """Where the switch of languages leads."""
        parts = urlsplit(self.here)
        path = parts.path
        if path.startswith("/help/"):
            path = path.replace(f"/{self.language}", f"/{language}", 1)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        return f"{path}?{urlencode({**query, 'language': language})}"


async def form(request: Request) -> dict[str, str]:
    """The fields of a posted form. Refuses (403) a form that another site's page sent: a browser
    says with every POST where it comes from, and cookies say nothing about that."""
    origin = urlsplit(request.headers.get("origin", ""))
    if not origin.netloc or origin.netloc != request.headers.get("host"):
        raise HTTPException(403)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_FORM_BYTES:
            raise HTTPException(413)
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=50)
    return {name: values[-1] for name, values in fields.items()}


def back_to(target: str) -> RedirectResponse:
    """A page of this shop, whatever address a form was sent with."""
    local = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return RedirectResponse(target if local else "/", 303)
