"""What things cost, alone or together, with delivery for this customer."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.actions import coupons, haggling, search, stock
from bot.actions.answer import RENT, Answer
from bot.actions.skill import Skill
from bot.dialogue import basket, gathered, references
from bot.dialogue.basket import Item
from bot.dialogue.criteria import Criteria
from bot.dialogue.notes import Gathered
from bot.dialogue.turn import Turn, tier_of
from bot.understanding import follow_ups, options, quantities
from bot.wording import formats, views
from data.capabilities import Capability
from data.models import Product, Variant
from data.rules import totals

_MOST_PRICES = 6  # more are a range
# Acts that a sum is taken for, which names no goods of its own.
_SUMS = frozenset({"price_question", "product_question", "product_search", "refine", "compare",
                   "recommend_companion", "out_of_scope", "policy_question",
                   "nlu_fallback"})  # fmt: skip


# Those of them that "the tent, and two mats with it" is taken for.
_ADDS = frozenset({"recommend_companion", "refine", "nlu_fallback"})


def summed(turn: Turn) -> bool:
    """Tell what all costs that was put together over the last turns, with what the utterance adds,
    or what several things cost that it counts; False, and nothing said, for all else."""
    if turn.request.act not in _SUMS:
        return False
    named = basket.mentioned(turn)
    if turn.request.act in _ADDS and named > 1 and basket.counts(turn):
        Price(turn.services).together(turn)
        return True
    those = gathered.before(turn)
    if named and turn.request.said("that"):  # "that and two bags of litter" is of one thing
        last = references.product_before(turn)
        those = [each for each in those if each.product == last] or those
    asks = turn.request.act == "price_question" or basket.budget(turn) is not None
    if not follow_ups.sums(turn.text) or not those or not asks or named > 1:
        return False
    Price(turn.services).together(turn, those)
    return True


class Price(Skill):
    action = "action_price"

    def act(self, turn: Turn) -> None:
        if coupons.answered(turn) or haggling.answered(turn):
            return
        if RENT.search(turn.text) and Answer(self.services).answered(turn):
            return
        if basket.mentioned(turn) > 1:
            self.together(turn)
            return
        named = references.named_products(turn)
        if len(named) == 1:
            named = [stock.beside(turn, named[0]) or named[0]]
        product_id = named[0] if named else references.product_in_question(turn)
        product_id = product_id or search.only_one(turn, self.services)
        if product_id is None:
            self._of_no_product(turn)
            return
        with self.services.unit_of_work() as uow:
            product = references.current(uow, product_id)
        if product is None:
            turn.say(turn.phrase("product.which"))
            return
        places = self.services.products.places(turn.text)
        count = (
            quantities.quantity_before(turn.text, places[product.id])
            if product.id in places
            else quantities.quantity(turn.text)
        )
        asked = references.options_asked(turn, product)
        variants = asked.of(product.variants) if asked else []
        chosen = references.chosen(variants, product)
        turn.note(product=product.id, shown=(product.id,), options=chosen)
        if count == 1:
            cards = [views.product_card(turn, product, variants=variants)]
            turn.say(self._one(turn, product, asked), cards=cards)
            return
        variant = views.cheapest_of(variants or product.variants)
        self._sum(turn, [Item(turn.name_of(product), count, (product, variant))])

    def _of_no_product(self, turn: Turn) -> None:
        """Of goods that are searched for ("the cheapest one?" of those shown before), or of
        something that is no goods: "how much does pickup cost" is told by the pages."""
        if not Criteria.read(turn).names_goods:
            of_list = turn.request.said("place_in_list")
            if of_list and search.narrowed(turn, self.services):
                return
            if told := Answer(self.services).of_pages(turn):
                text, citations = told
                turn.say(text, citations=citations)
                return
        search.find(turn, self.services)

    def together(self, turn: Turn, beside: Sequence[Gathered] = ()) -> None:
        """What several goods cost together, and whether that is within what they may cost; `beside`
        those that the utterance names what was put together before it."""
        with self.services.unit_of_work() as uow:
            named = basket.items(turn, uow)
            again = {item.found[0].id for item in named if item.found}
            kept = [each for each in beside if each.product not in again]
            items = [item for each in kept if (item := basket.item_of(turn, uow, each))]
        assumed = [
            turn.phrase("price.assumed", name=item.words)
            for item, each in zip(items, kept, strict=False)
            if not each.chosen and len(each.among) > 1
        ]
        self._sum(turn, [*items, *named], assumed)

    def of_set(self, turn: Turn, items: Sequence[Item], *, cheapest: bool) -> None:
        """What a set costs that was put together; `cheapest`: there is none for less."""
        told = turn.phrase("price.cheapest_set" if cheapest else "price.set")
        self._sum(turn, items, headline=told)

    def _one(self, turn: Turn, product: Product, asked: options.Named) -> str:
        name = turn.name_of(product)
        if asked and not asked.of(product.variants):
            said = options.words(asked, product.variants, turn.language)
            there = self._by_options(turn, product.variants) or views.price_text(product)
            return turn.phrase("stock.no_such", name=name, wanted=said, options=there)
        wanted = asked.of(product.variants)
        prices = {variant.price for variant in wanted}
        if asked and len(prices) == 1:
            said = options.words(asked, product.variants, turn.language)
            price = formats.money(wanted[0].price, wanted[0].currency)
            text = turn.phrase("price.variant", name=name, options=said, price=price)
        else:
            price = self._by_options(turn, wanted) or views.price_text(product)
            text = turn.phrase("price.one", name=name, price=price)
        if len({variant.list_price for variant in wanted}) == 1:
            text += self._reduced(turn, wanted[0])
        return text

    def _by_options(self, turn: Turn, variants: Sequence[Variant]) -> str:
        """1 fl oz $24; 2 fl oz $39: what decides on the price, with each. "" where all cost the
        same, or too many differ."""
        if len({variant.price for variant in variants}) < 2:
            return ""
        keys = list(variants[0].options)
        deciding = next((key for key in keys if _decides(key, variants)), None)
        costs: dict[str, str] = {}
        for variant in variants:
            shown = [deciding] if deciding else keys
            said = " ".join(variant.options[key][turn.language] for key in shown)
            costs[said] = formats.money(variant.price, variant.currency)
        if not 1 < len(costs) <= _MOST_PRICES:
            return ""
        return formats.clauses([f"{said} {price}" for said, price in costs.items()], turn.language)

    def _reduced(self, turn: Turn, variant: Variant) -> str:
        if variant.list_price is None:
            return ""
        joint = "" if turn.language == "zh" else " "
        return joint + turn.phrase(
            "price.reduced", list=formats.money(variant.list_price, variant.currency)
        )

    def _sum(
        self,
        turn: Turn,
        items: Sequence[Item],
        assumed: Sequence[str] = (),
        *,
        headline: str | None = None,
    ) -> None:
        bought = [(item.count, *item.found) for item in items if item.found]
        missing = [item.words for item in items if item.found is None]
        told = [turn.phrase("search.unsold", goods=words) for words in missing]
        if not bought:
            turn.say("\n".join(told), buttons=[turn.button("human")])
            return
        with self.services.unit_of_work() as uow:
            tier = tier_of(turn.customer(uow, Capability.OWN_TERMS))
        lines = [(variant, count) for count, _, variant in bought]
        total = totals.cart(self.services.rules, lines, tier)
        told += [headline] if headline else []
        told += [
            turn.phrase(
                "price.line",
                name=_called(turn, product, variant),
                count=line.quantity,
                each=formats.money(line.unit_price, total.currency),
                amount=formats.money(line.amount, total.currency),
            )
            for (_, product, variant), line in zip(bought, total.lines, strict=True)
        ]
        told += self._delivery(turn, total)
        told.append(turn.phrase("price.total", total=formats.money(total.total, total.currency)))
        told += [*self._verdict(turn, total), *assumed]
        told += [
            turn.phrase("price.short", stock=shortfall.stock, wanted=shortfall.wanted)
            for shortfall in total.shortfalls
        ]
        shown = {product.id: (product, variant) for _, product, variant in bought}
        turn.note(
            product=bought[0][1].id if len(shown) == 1 else None,
            shown=tuple(shown),
            gathered=tuple(
                Gathered(product.id, count, references.chosen([variant], product))
                for count, product, variant in bought
            ),
        )
        turn.say(
            "\n".join(told),
            cards=[
                views.product_card(turn, product, variants=[variant])
                for product, variant in shown.values()
            ],
        )

    def _verdict(self, turn: Turn, total: totals.CartTotal) -> list[str]:
        """Whether it is within what the customer names."""
        most = basket.budget(turn)
        if most is None:
            return []
        gap = formats.money(abs(most - total.total), total.currency)
        most_said = formats.money(most, total.currency)
        key = "price.within" if total.total <= most else "price.over"
        return [turn.phrase(key, most=most_said, gap=gap)]

    def _delivery(self, turn: Turn, total: totals.CartTotal) -> list[str]:
        fee = total.delivery
        if fee is None:
            return []
        if fee.free:
            return [turn.phrase("price.delivery_free")]
        cost = formats.money(fee.fee, total.currency)
        if fee.missing is None:  # no order value makes it free
            return [turn.phrase("price.delivery_paid", fee=cost)]
        missing = formats.money(fee.missing, total.currency)
        return [turn.phrase("price.delivery", fee=cost, missing=missing)]


def _decides(key: str, variants: Sequence[Variant]) -> bool:
    """Whether those with the same value of an option cost the same."""
    costs: dict[str, set[Decimal]] = {}
    for variant in variants:
        if key not in variant.options:
            return False
        costs.setdefault(variant.options[key]["en"], set()).add(variant.price)
    return all(len(prices) == 1 for prices in costs.values())


def _called(turn: Turn, product: Product, variant: Variant) -> str:
    """The product's name with the options that tell the variant from the others."""
    name = turn.name_of(product)
    said = views.options_text(turn, variant) if len(product.variants) > 1 else ""
    return name + (formats.bracketed(said, turn.language) if said else "")
