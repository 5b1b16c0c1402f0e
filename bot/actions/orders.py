"""The customer's orders, shown only to the customer whom the session is bound to.

The checks are in data/access.py: another customer's order and one that does not exist get the same
words, and the e-mail and postcode are counted there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rasa_sdk.events import SlotSet

from bot import formats
from bot.actions import mentions, offers, views
from bot.actions.skill import Skill, Turn
from data import access
from data.access import Identification
from data.models import Order, OrderStatus

_LISTED = 5
_UNDER_WAY = (
    OrderStatus.PENDING_PAYMENT,
    OrderStatus.PAID,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_POSTCODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


class OrderStatusSkill(Skill):
    action = "action_order_status"

    def act(self, turn: Turn) -> None:
        number = mentions.order_number(turn)
        odd = None if number else mentions.odd_order_number(turn)
        if odd:
            turn.say(turn.phrase("order.odd_number", number=odd))
            return
        show_status(turn, number)


class OrderHistory(Skill):
    action = "action_order_history"

    def act(self, turn: Turn) -> None:
        show_history(turn)


class Identify(Skill):
    """E-mail and postcode, together or one after the other."""

    action = "action_identify"

    def act(self, turn: Turn) -> None:
        email = _first(_EMAIL, turn.text) or turn.noted("given_email", within=3)
        postcode = _first(_POSTCODE, turn.text) or turn.noted("given_postcode", within=3)
        pending = turn.noted("pending", within=6) or {}
        if not email or not postcode:
            turn.notes |= {"pending": pending}
            if email:
                turn.notes["given_email"] = email
                turn.say(turn.phrase("identify.postcode"))
            elif postcode:
                turn.notes["given_postcode"] = postcode
                turn.say(turn.phrase("identify.email"))
            else:
                turn.say(turn.phrase("order.identify"))
            return
        # What proves who somebody is need not stay in the tracker.
        turn.events += [SlotSet("email", None), SlotSet("postcode", None)]
        with self.services.unit_of_work() as uow:
            outcome = access.identify(
                uow, turn.session_id, email, postcode, now=self.services.clock()
            )
        if outcome is Identification.MATCHED:
            self._go_on(turn, pending)
        else:
            turn.notes["pending"] = pending
            turn.say(
                turn.phrase(f"identify.{outcome.value}"),
                buttons=[turn.button("human")],
            )

    def _go_on(self, turn: Turn, pending: dict[str, str]) -> None:
        """Do what was asked before the customer was known."""
        turn.say(turn.phrase("identify.matched"))
        if pending.get("intent") == "order_history":
            show_history(turn)
        else:
            show_status(turn, pending.get("number"))


def show_status(turn: Turn, number: str | None) -> None:
    """One order by its number, else those under way, else the latest."""
    services = turn.services
    with services.unit_of_work() as uow:
        customer = turn.customer(uow)
        if customer is None:
            ask_identity(turn, "order_status", number)
            return
        if number:
            order = access.order_for_session(uow, turn.session_id, number, now=services.clock())
            orders: Sequence[Order] = [order] if order else []
        else:
            recent = access.orders_for_session(uow, turn.session_id, 10, now=services.clock())
            orders = [o for o in recent if o.status in _UNDER_WAY][:3] or list(recent[:1])
    if not orders:
        key = "order.not_found" if number else "order.none"
        turn.say(turn.phrase(key, number=number))
        return
    turn.notes["order"] = orders[0].number
    text = "\n".join(_sentence(turn, order) for order in orders)
    turn.say(text, cards=[views.order_card(turn, order) for order in orders])
    if orders[0].status is OrderStatus.DELIVERED:
        offers.goes_with(turn, *(line.variant.product_id for line in orders[0].lines))


def show_history(turn: Turn) -> None:
    with turn.services.unit_of_work() as uow:
        if turn.customer(uow) is None:
            ask_identity(turn, "order_history", None)
            return
        orders = list(access.orders_for_session(uow, turn.session_id, now=turn.services.clock()))
    if not orders:
        turn.say(turn.phrase("order.none", number=""))
        return
    turn.say(
        turn.phrase("order.history", count=len(orders), shown=min(_LISTED, len(orders))),
        cards=[views.order_card(turn, order, with_events=False) for order in orders[:_LISTED]],
    )


def ask_identity(turn: Turn, intent: str, number: str | None) -> None:
    turn.notes["pending"] = {"intent": intent, **({"number": number} if number else {})}
    turn.say(turn.phrase("order.identify"))


def _sentence(turn: Turn, order: Order) -> str:
    """What the customer wants to know first: where it is and when it comes."""
    shipment = order.shipments[-1] if order.shipments else None
    rules = turn.services.rules
    facts: dict[str, object] = {
        "number": order.number,
        "placed": views.local_day(turn, order),
        "items": formats.listed(
            [turn.name_of(line.variant.product) for line in order.lines], turn.language
        ),
        "email": rules.shop.email,
        "minutes": rules.payment.pay_within_minutes,
        "refund_days": rules.returns.refund_working_days,
    }
    if shipment is not None:
        facts["carrier"] = shipment.carrier[turn.language]
        facts["tracking"] = shipment.tracking_number
        facts["expected"] = formats.day(shipment.expected_on, turn.language, today=turn.today)
        if shipment.events:
            last = shipment.events[-1]
            facts["event"] = views.event_text(turn, last).rstrip("。.")
            facts["event_at"] = formats.moment(
                rules.local(last.at), turn.language, today=turn.today
            )
    arrived = views.delivered_on(turn, order)
    if arrived is not None:
        facts["delivered"] = formats.day(arrived, turn.language, today=turn.today)
    key = f"order.{order.status.value}"
    if order.status is OrderStatus.SHIPPED and "event" not in facts:
        key = "order.shipped_unseen"
    return turn.phrase(key, **facts)


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    return match[0] if match else None
