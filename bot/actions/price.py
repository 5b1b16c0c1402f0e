"""What things cost, alone or together, with delivery for this customer."""

from __future__ import annotations

from bot import formats, reading
from bot.actions import haggling, mentions, search, stock, views
from bot.actions.answer import RENT, Answer
from bot.actions.skill import Skill, Turn, tier_of
from data.models import Product, Tier, Variant
from data.rules import totals


class Price(Skill):
    action = "action_price"

    def act(self, turn: Turn) -> None:
        if haggling.answered(turn):
            return
        if RENT.search(turn.text) and Answer(self.services).answered(turn):
            return
        named = mentions.named_products(turn)
        if not named:
            remembered = mentions.product_in_question(turn)
            if remembered is None:
                search.find(turn, self.services)
                return
            named = [remembered]
        with self.services.unit_of_work() as uow:
            products = uow.products.get_many(named)
            tier = tier_of(turn.customer(uow))
        if not products:
            turn.say(turn.phrase("product.which"))
            return
        places = self.services.products.places(turn.text)
        counts = [
            reading.quantity_before(turn.text, places[product.id])
            if product.id in places
            else reading.quantity(turn.text)
            for product in products
        ]
        turn.notes |= {"product": products[0].id, "shown": [p.id for p in products]}
        cards = [views.product_card(turn, product) for product in products]
        if len(products) == 1 and counts == [1]:
            turn.say(self._one(turn, products[0]), cards=cards)
        else:
            turn.say(self._together(turn, products, counts, tier), cards=cards)

    def _one(self, turn: Turn, product: Product) -> str:
        wanted = stock.asked_variants(turn, product)
        if wanted:
            variant = _pick(wanted)
            return turn.phrase(
                "price.variant",
                name=turn.name_of(product),
                options=views.options_text(turn, variant),
                price=formats.money(variant.price, variant.currency),
            ) + self._reduced(turn, variant)
        text = turn.phrase("price.one", name=turn.name_of(product), price=views.price_text(product))
        return text + self._reduced(turn, _pick(product.variants))

    def _reduced(self, turn: Turn, variant: Variant) -> str:
        if variant.list_price is None:
            return ""
        joint = "" if turn.language == "zh" else " "
        return joint + turn.phrase(
            "price.reduced", list=formats.money(variant.list_price, variant.currency)
        )

    def _together(self, turn: Turn, products: list[Product], counts: list[int], tier: Tier) -> str:
        variants = [_pick(stock.asked_variants(turn, p) or p.variants) for p in products]
        total = totals.cart(self.services.rules, zip(variants, counts, strict=True), tier)
        lines = [
            turn.phrase(
                "price.line",
                name=turn.name_of(product),
                count=line.quantity,
                each=formats.money(line.unit_price, total.currency),
                amount=formats.money(line.amount, total.currency),
            )
            for product, line in zip(products, total.lines, strict=True)
        ]
        fee = total.delivery
        delivery = (
            turn.phrase("price.delivery_free")
            if fee.free
            else turn.phrase(
                "price.delivery",
                fee=formats.money(fee.fee, total.currency),
                missing=formats.money(fee.missing or fee.fee, total.currency),
            )
        )
        short = [
            turn.phrase("price.short", stock=shortfall.stock, wanted=shortfall.wanted)
            for shortfall in total.shortfalls
        ]
        summed = turn.phrase("price.total", total=formats.money(total.total, total.currency))
        return "\n".join([*lines, delivery, summed, *short])


def _pick(variants: list[Variant]) -> Variant:
    """The cheapest that can be bought, else the cheapest."""
    return min(variants, key=lambda variant: (variant.stock == 0, variant.price))
