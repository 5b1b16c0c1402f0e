"""What delivery costs this customer, and when the parcel comes: decided by the shop's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bot.actions import orders
from bot.actions.answer import Answer
from bot.actions.price import Price
from bot.actions.returns import Returns, exchanges
from bot.actions.skill import Skill
from bot.dialogue import references
from bot.dialogue.turn import Turn, tier_of
from bot.understanding import delivering, giving_back, quantities
from bot.understanding.named import named, words_of
from bot.wording import formats, replies, views
from bot.wording.delivery_sentences import DeliverySentences
from data import access
from data.capabilities import Capability
from data.models import OrderStatus
from data.places import Place
from data.rules import delivery
from data.rules.shop import Delivery as DeliveryRules

_TO_BE_SENT = (OrderStatus.PAID, OrderStatus.PACKED)


@dataclass(frozen=True)
class _Asked:
    """`method` is None where none is named; `limited` to some methods, because of the goods."""

    place: Place | None
    method: str | None
    limited: bool


class Delivery(Skill):
    action = "action_delivery"

    def act(self, turn: Turn) -> None:
        rules = self.services.rules.delivery
        # What sending something back costs is another matter, the returns'.
        about_sending_back = turn.intent == "delivery_cost" and giving_back.sends_back(turn.text)
        if turn.intent == "delivery_cost" and exchanges(turn):
            Returns(self.services).act(turn)
            return
        if about_sending_back and self.services.rules.returns is not None:
            Returns(self.services).act(turn)
            return
        if rules is None or about_sending_back:
            Answer(self.services).act(turn)
            return
        asked = self._asked(turn, rules)
        sentences = DeliverySentences(turn, rules)
        beside, said = self._not_served_beside(turn, asked), len(turn.messages)
        both = delivering.asks_cost(turn.text) and delivering.asks_time(turn.text)
        if not self._served(asked.place):
            turn.say_with_sources(sentences.not_served(asked.place), "delivery.not_served")
        elif asked.place is not None and asked.place.country is None:
            turn.say_with_sources(sentences.abroad(), "delivery.not_served")
        elif turn.intent == "delivery_cost" and len(references.named_products(turn)) > 1:
            Price(self.services).act(turn)  # "with delivery": what they come to, counted
        else:
            # "How much and how long" is read as either.
            if both or turn.intent == "delivery_cost":
                self._cost(turn, rules, sentences, asked)
            if both or turn.intent != "delivery_cost":
                self._time(turn, rules, sentences, asked)
        for place in beside:
            turn.say_with_sources(sentences.not_served(place), "delivery.not_served")
        if len(turn.messages) > said:
            turn.messages[said:] = [replies.as_one(turn.messages[said:])]

    def _asked(self, turn: Turn, rules: DeliveryRules) -> _Asked:
        known = {
            name: words_of(method.name, method.words) for name, method in rules.methods.items()
        }
        method = next(iter(named(turn.text, known)), None)
        limited = rules.ground_only is not None and self._by_ground_only(turn)
        if limited and rules.ground_only and method not in rules.ground_only.methods:
            method = rules.ground_only.methods[0]
        places = self.services.rules.places
        place = places.find(turn.text)
        if not self._served(place):
            # What is asked of a place that is served is answered, whatever is named beside it.
            served = (each for each in places.all(turn.text) if self._served(each))
            place = next((each for each in served if each.country is not None), place)
        place = place or self._own_place(turn)
        return _Asked(place, method, limited)

    def _served(self, place: Place | None) -> bool:
        return delivery.reach(self.services.rules, place).served

    def _not_served_beside(self, turn: Turn, asked: _Asked) -> list[Place]:
        """Places named beside the one that is served to which the shop does not deliver."""
        if asked.place is None or not self._served(asked.place):
            return []
        named = self.services.rules.places.all(turn.text)
        return [each for each in named if not self._served(each)]

    def _cost(
        self, turn: Turn, rules: DeliveryRules, sentences: DeliverySentences, asked: _Asked
    ) -> None:
        with self.services.unit_of_work() as uow:
            tier = tier_of(turn.customer(uow, Capability.OWN_TERMS))
            value = self._order_value(turn, rules, tier)
            if value is None and (goods := references.named_products(turn)):
                product = references.current(uow, goods[0])
                value = views.cheapest_price(product) if product else None
        first = asked.method or rules.default
        names = [first]
        if asked.method is None and value is None:
            names += [name for name in rules.methods if name != first]
        lines = [sentences.ground_only()] if asked.limited else []
        for name in names:
            fee = delivery.fee(self.services.rules, value or Decimal(0), tier, name, asked.place)
            lines.append(sentences.cost(fee, value, tier, asked.place))
        self._say(turn, lines, "delivery.cost", asked)

    def _order_value(self, turn: Turn, rules: DeliveryRules, tier: str | None) -> Decimal | None:
        # "98 元够 99 包邮吗": the shop's own threshold is no order value.
        free = {
            delivery.fee(self.services.rules, Decimal(0), tier, m).free_from for m in rules.methods
        }
        sums = quantities.amounts(self.services.rules.places.without_postcode(turn.text))
        return next((value for value in sums if value not in free or len(sums) == 1), None)

    def _time(
        self, turn: Turn, rules: DeliveryRules, sentences: DeliverySentences, asked: _Asked
    ) -> None:
        now = self.services.rules.local(self.services.clock())
        done = bool(turn.request.said("order"))
        ordered_at = quantities.past_moment(turn.text, now, done=done)
        if (done or ordered_at) and self._of_order(turn, ordered_at):
            return
        paid_at = ordered_at or quantities.moment(turn.text, now) or now
        first = asked.method or rules.default
        if rules.methods[first].days is None:
            Answer(self.services).act(turn)  # no time is promised; the shop's pages may say more
            return
        promise = self._promise(paid_at, first, asked.place)
        others = [
            self._promise(paid_at, name, asked.place)
            for name in rules.methods
            if name != first and asked.method is None
        ]
        lines = [sentences.ground_only()] if asked.limited else []
        if due := quantities.due(turn.text, now.date()):
            lines.append(sentences.in_time([promise, *others], due))
        if ordered_at is not None:
            lines.append(self._no_order_then(turn, ordered_at))
        lines.append(sentences.dispatch(promise, paid_at, ordered=ordered_at is not None))
        lines.append(sentences.arrival(promise, asked.place))
        lines += [sentences.other(other) for other in others if other.earliest is not None]
        if promise.zone is None and isinstance(rules.methods[first].days, dict):
            lines.append(sentences.where(promise))
        self._say(turn, lines, "delivery.time", asked)

    def _of_order(self, turn: Turn, ordered_at: datetime | None) -> bool:
        """Tell of the order that was placed then, or waits to be sent; False, and nothing said,
        where this customer has none."""
        with self.services.unit_of_work() as uow:
            now = self.services.clock()
            placed = access.orders_for_session(uow, turn.session_id, now=now)
        order = orders.placed_then(turn, placed, ordered_at) if ordered_at else None
        if ordered_at is None:
            order = next((each for each in placed if each.status in _TO_BE_SENT), None)
        if order is not None:
            orders.show_status(turn, order.number)
        return order is not None

    def _no_order_then(self, turn: Turn, ordered_at: datetime) -> str:
        """For a customer who is known."""
        with self.services.unit_of_work() as uow:
            if turn.customer(uow, Capability.READ_ORDERS) is None:
                return ""
        day = formats.day(ordered_at.date(), turn.language, today=turn.today)
        return turn.phrase("order.none_on", day=day)

    def _promise(self, paid_at: datetime, method: str, place: Place | None) -> delivery.Promise:
        return delivery.promise(self.services.rules, paid_at, method, place)

    def _say(self, turn: Turn, lines: list[str], decision: str, asked: _Asked) -> None:
        decisions = [decision]
        if asked.limited:
            decisions.insert(0, "delivery.ground_only")
        elif asked.method is not None:
            decisions.insert(0, f"delivery.method.{asked.method}")
        turn.say_with_sources(formats.together(lines, turn.language), *decisions)

    def _by_ground_only(self, turn: Turn) -> bool:
        """Whether all goods that the utterance names go by some methods only."""
        services = self.services
        goods = references.named_products(turn) or services.products.of_kind(turn.text) or ()
        return bool(goods) and all(
            delivery.by_ground_only(services.rules, services.catalogue[i].tags) for i in goods
        )

    def _own_place(self, turn: Turn) -> Place | None:
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.OWN_TERMS)
            addresses = customer.addresses if customer else []
            own = next((a for a in addresses if a.is_default), None)
            if own is None:
                return None
            places = self.services.rules.places
            return places.of_address(
                own.country, own.province or "", own.city or "", own.postcode or ""
            )
