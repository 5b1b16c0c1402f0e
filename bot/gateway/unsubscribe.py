"""The page behind the link at the end of a campaign's mail: no more of these.

Looking at it changes nothing, since mail programs look at links by themselves; the button, and a
mail program's own (RFC 8058), says no. The token names the customer and opens nothing else.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment

from bot.gateway.gateway import Gateway
from bot.gateway.tokens import TokenRefused, read_unsubscribe
from bot.wording.phrases import phrase
from data import consent
from data.models import Customer
from retrieval.types import Language

PATH = "/unsubscribe"
_PAGE = Environment(autoescape=True).from_string("""\
<!doctype html>
<html lang="{{ language }}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{{ title }}</title>
<h1>{{ title }}</h1>
<p>{{ text }}</p>
{% if button %}<form method="post"><button>{{ button }}</button></form>{% endif %}
</html>
""")


def install(app: FastAPI) -> None:
    @app.get(PATH, include_in_schema=False)
    async def ask(request: Request, token: str = "") -> HTMLResponse:
        return await _answered(request, token, says_no=False)

    @app.post(PATH, include_in_schema=False)
    async def say_no(request: Request, token: str = "") -> HTMLResponse:
        return await _answered(request, token, says_no=True)


async def _answered(request: Request, token: str, *, says_no: bool) -> HTMLResponse:
    gateway: Gateway = request.app.state.gateway
    try:
        customer_id = read_unsubscribe(token, gateway.settings.session_key)
    except (TokenRefused, ValueError):
        return _page(gateway, "en", "page_wrong", status=400)
    customer = await asyncio.to_thread(_customer, gateway, customer_id, says_no)
    if customer is None:  # erased meanwhile: nobody is written to
        return _page(gateway, "en", "page_done")
    language: Language = "zh" if customer.language == "zh" else "en"
    return _page(gateway, language, "page_done" if says_no else "page_ask", asks=not says_no)


def _customer(gateway: Gateway, customer_id: int, says_no: bool) -> Customer | None:
    with gateway.conversations.unit_of_work() as uow:
        customer = uow.customers.get(customer_id)
        if customer is not None and says_no:
            consent.say_campaigns(uow, customer, wanted=False, at=datetime.now(UTC))
            uow.commit()
    return customer


def _page(
    gateway: Gateway, language: Language, key: str, *, asks: bool = False, status: int = 200
) -> HTMLResponse:
    shop = gateway.conversations.shop_name(language)
    html = _PAGE.render(
        language=language,
        title=phrase("campaign.page_title", language, shop=shop),
        text=phrase(f"campaign.{key}", language, shop=shop),
        button=phrase("campaign.page_button", language) if asks else "",
    )
    return HTMLResponse(html, status, {"Referrer-Policy": "no-referrer"})
