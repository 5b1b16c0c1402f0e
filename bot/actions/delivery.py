"""What delivery costs this customer, and when the parcel comes: decided by the shop's rules."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from bot import formats, reading
from bot.actions import mentions, views
from bot.actions.answer import Answer
from bot.actions.skill import Skill, Turn, tier_of
from data.models import Tier
from data.rules import delivery, provinces

_EXPRESS = re.compile(
    r"特快|加急|次日|隔天|顺丰|\bexpress\b|\bnext[- ]day\b|\bfast(?:er|est)?\b", re.I
)


# What sending something back costs is another matter, and stands in the shop's pages.
_BACK = re.compile(
    r"换货|退货|退换|换[尺鞋大小]?码|寄回|\bexchang|\bswap|\breturn(?:s|ed|ing)?\b|\bsend(?:ing)?\b.*\bback\b",
    re.I,
)


class Delivery(Skill):
    action = "action_delivery"

    def act(self, turn: Turn) -> None:
        if turn.intent == "delivery_cost" and _BACK.search(turn.text):
            Answer(self.services).act(turn)
            return
        place = provinces.find(turn.text)
        if place in self.services.rules.delivery.not_served:
            views.say_with_sources(turn, turn.phrase("delivery.not_served"), "delivery-areas")
            return
        if turn.intent == "delivery_cost":
            self._cost(turn)
        else:
            self._time(turn, place)

    def _cost(self, turn: Turn) -> None:
        with self.services.unit_of_work() as uow:
            tier = tier_of(turn.customer(uow))
            value = self._order_value(turn)
            if value is None and (named := mentions.named_products(turn)):
                product = mentions.current(uow, named[0])
                value = views.cheapest_price(product) if product else None
        lines = [self._cost_of(turn, value, tier)] if value is not None else []
        if value is None:
            lines.append(self._in_general(turn, tier))
        express = bool(_EXPRESS.search(turn.text))
        if self._by_ground_only(turn):
            self._say_ground_only(turn, lines)
            return
        if express or value is None:
            lines.append(self._express(turn, tier))
        text = formats.together(lines, turn.language)
        views.say_with_sources(turn, text, "express-delivery" if express else "delivery-cost")

    def _order_value(self, turn: Turn) -> Decimal | None:
        # "98 元够 99 包邮吗": the shop's own threshold is no order value.
        threshold = delivery.fee(self.services.rules, Decimal(0), Tier.STANDARD).free_from
        sums = reading.amounts(turn.text)
        return next((value for value in sums if value != threshold or len(sums) == 1), None)

    def _cost_of(self, turn: Turn, value: Decimal, tier: Tier) -> str:
        fee = delivery.fee(self.services.rules, value, tier)
        facts = {
            "value": self._money(value),
            "fee": self._money(fee.fee),
            "free_from": self._money(fee.free_from or Decimal(0)),
            "missing": self._money(fee.missing or Decimal(0)),
            "tier": turn.phrase(f"tier.{tier.value}"),
        }
        if fee.free_from == 0:
            return turn.phrase("delivery.always_free", **facts)
        return turn.phrase("delivery.enough" if fee.free else "delivery.not_enough", **facts)

    def _in_general(self, turn: Turn, tier: Tier) -> str:
        fee = delivery.fee(self.services.rules, Decimal(0), tier)
        facts = {
            "fee": self._money(self.services.rules.delivery.methods["standard"].fee),
            "free_from": self._money(fee.free_from or Decimal(0)),
            "tier": turn.phrase(f"tier.{tier.value}"),
        }
        key = "delivery.always_free" if fee.free else "delivery.general"
        return turn.phrase(key, **facts)

    def _express(self, turn: Turn, tier: Tier) -> str:
        fee = delivery.fee(self.services.rules, Decimal(0), tier, "express")
        key = "delivery.express_free" if fee.free else "delivery.express_fee"
        return turn.phrase(key, fee=self._money(fee.fee), tier=turn.phrase(f"tier.{tier.value}"))

    def _time(self, turn: Turn, place: str | None) -> None:
        rules = self.services.rules
        now = rules.local(self.services.clock())
        paid_at = reading.moment(turn.text, now) or now
        fast = bool(_EXPRESS.search(turn.text))
        if not place:
            place = self._own_province(turn)
        if self._by_ground_only(turn):
            lines = [self._promise(turn, paid_at, "standard", place, now)]
            self._say_ground_only(turn, lines)
            return
        lines = [self._promise(turn, paid_at, "express" if fast else "standard", place, now)]
        if not fast:
            lines.append(self._promise_short(turn, paid_at, "express", place))
        if not place:
            lines.append(turn.phrase("delivery.where"))
        text = formats.together(lines, turn.language)
        views.say_with_sources(turn, text, "express-delivery" if fast else "delivery-times")

    def _by_ground_only(self, turn: Turn) -> bool:
        """Whether all goods that the utterance names go by road only."""
        services = self.services
        named = mentions.named_products(turn) or services.products.of_kind(turn.text) or ()
        return bool(named) and all(
            delivery.by_ground_only(services.rules, services.catalogue[i].tags) for i in named
        )

    def _say_ground_only(self, turn: Turn, lines: list[str]) -> None:
        text = formats.together([turn.phrase("delivery.ground_only"), *lines], turn.language)
        views.say_with_sources(turn, text, "battery-and-shipping", "delivery-times")

    def _own_province(self, turn: Turn) -> str | None:
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow)
            addresses = customer.addresses if customer else []
            return next((a.province for a in addresses if a.is_default), None)

    def _promise(
        self, turn: Turn, paid_at: datetime, method: str, place: str | None, now: datetime
    ) -> str:
        rules = self.services.rules
        promise = delivery.promise(rules, paid_at, method, place)
        # Before the cut-off of a day on which nothing leaves, it is the day that is to blame.
        late = paid_at.time() >= rules.delivery.cutoff
        later = "leaves_after_cutoff" if late else "leaves_next_day"
        return turn.phrase(
            f"delivery.{'leaves_same_day' if promise.before_cutoff else later}",
            paid=formats.moment(paid_at, turn.language, today=now.date()),
            cutoff=formats.clock(rules.delivery.cutoff),
            dispatch=formats.day(promise.dispatch_on, turn.language, today=now.date()),
            method=turn.phrase(f"method.{method}"),
            arrival=_arrival(turn, promise, now.date()),
            place=turn.phrase("delivery.to", place=place_name(turn, place)) if place else "",
        )

    def _promise_short(self, turn: Turn, paid_at: datetime, method: str, place: str | None) -> str:
        promise = delivery.promise(self.services.rules, paid_at, method, place)
        return turn.phrase(
            "delivery.other_method",
            method=turn.phrase(f"method.{method}"),
            arrival=_arrival(turn, promise, paid_at.date()),
        )

    def _money(self, amount: Decimal) -> str:
        return formats.money(amount, self.services.rules.shop.currency)


def _arrival(turn: Turn, promise: delivery.Promise, today: date) -> str:
    """The span of days in which the parcel comes."""
    if promise.earliest is None or promise.latest is None:
        raise ValueError("A place that is not served has no day of arrival; say so before.")
    return formats.days(promise.earliest, promise.latest, turn.language, today=today)


def place_name(turn: Turn, province: str) -> str:
    """Provinces are kept by their Chinese name; English sentences say "your province"."""
    return province if turn.language == "zh" else turn.phrase("delivery.your_province")
