"""Signing in as one of the four demo customers, their orders, and the word that the widget gets.

Nobody else can be signed in here, whatever a cookie or a form says: a real shop has its own door.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from bot.gateway.tokens import mint_identity
from bot.messages import OrderCard
from bot.wording import views
from data.models import Order
from data.rules import membership
from demo import DEMO_CUSTOMERS
from demo.storefront.tiles import picture_url
from demo.storefront.visit import Visit, back_to, form


def sign_in_page(request: Request) -> Response:
    visit = Visit(request)
    return visit.page(
        "sign_in.html",
        customers=DEMO_CUSTOMERS,
        target=request.query_params.get("next", "/account"),
    )


async def sign_in(request: Request) -> Response:
    """Fields: `email`, and `next`, where to go then."""
    fields = await form(request)
    visit = Visit(request)
    email = fields.get("email", "")
    if email not in {customer.email for customer in DEMO_CUSTOMERS}:
        raise HTTPException(403)
    response = back_to(fields.get("next", "/account"))
    visit.shop.cookies.keep_customer(request, response, email)
    return response


async def sign_out(request: Request) -> Response:
    await form(request)
    visit = Visit(request)
    response = back_to("/")
    visit.shop.cookies.keep_customer(request, response, None)
    return response


def identity(request: Request) -> Response:
    """What the shop's own server signs for the widget; 204 for a visitor."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403)
    visit = Visit(request)
    with visit.services.unit_of_work() as uow:
        known = visit.customer and uow.customers.by_email(visit.customer.email)
    if not visit.customer or not known:
        return Response(status_code=204)
    key = visit.shop.settings.storefront_key
    return JSONResponse({"identity": mint_identity(visit.customer.email, datetime.now(UTC), key)})


def account(request: Request) -> Response:
    visit = Visit(request)
    if visit.customer is None:
        return RedirectResponse("/account/sign-in", 303)
    with visit.services.unit_of_work() as uow:
        customer = uow.customers.by_email(visit.customer.email)
        if customer is None:  # the database is another shop's
            return RedirectResponse("/account/sign-in", 303)
        now = visit.services.clock()
        tiers = visit.rules.membership
        if tiers is None:  # the rules are another shop's
            return RedirectResponse("/", 303)
        since = now - timedelta(days=tiers.window_days)
        orders = [_order(visit, order) for order in uow.orders.of_customer(customer.id)]
        progress = membership.progress(visit.rules, uow.orders.spend(customer.id, since))
        following = tiers.tier(progress.next_tier)
    return visit.page(
        "account.html",
        customer=customer,
        story=visit.customer.story[visit.language],
        orders=orders,
        progress=progress,
        next_from=following.from_ if following else None,
        benefits=membership.benefits(visit.rules, customer.tier),
    )


@dataclass(frozen=True)
class Placed:
    """An order with what the assistant's card of it says, and pictures of its lines by address."""

    card: OrderCard
    lines: list[tuple[str, str, str]]
    city: str


def _order(visit: Visit, order: Order) -> Placed:
    return Placed(
        card=views.order_card(visit, order),
        lines=[
            (
                views.line_text(visit, line),
                views.product_url(line.variant.product_id),
                picture_url(line.variant.product, line.variant),
            )
            for line in order.lines
        ],
        city=order.address.city or "",
    )
