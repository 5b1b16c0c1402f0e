"""Recommendations: for this customer, for somebody else, or to go with a product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from bot import impressions, reading
from bot.actions import mentions, search, views
from bot.actions.reasons import reason
from bot.actions.skill import Skill, Turn
from bot.impressions import POPULAR, Surface
from bot.taste import Taste
from data.models import Product
from data.repositories import Purchase
from data.unit_of_work import UnitOfWork
from retrieval.recommend import Recommendation

log = structlog.get_logger("action")

_ITEMS = 3
_TALKED = 5  # products of a conversation that say what it is about
_NOBODY = 0  # no customer's id


class Recommend(Skill):
    action = "action_recommend"

    def act(self, turn: Turn) -> None:
        if turn.intent == "recommend_gift":
            self._gift(turn)
            return
        surface: Surface = "recommend"
        arm = ""
        bought: dict[str, datetime] = {}
        with self.services.unit_of_work() as uow:
            taste = turn.taste(uow)
            product_id = mentions.product_in_question(turn)
            if turn.intent == "recommend_companion" and product_id is not None:
                surface = "companion"
                found = _or_nothing(lambda: self._companions(turn, uow, taste, product_id))
                headline = turn.phrase(
                    "recommend.goes_with",
                    name=turn.name_of(self.services.catalogue[product_id]),
                )
            else:
                arm = impressions.arm_of(self.services, taste.customer, turn.session_id)
                popular = arm == POPULAR
                found = _or_nothing(lambda: self._for_me(turn, uow, taste, popular=popular))
                bought = {purchase.product_id: purchase.placed_at for purchase in taste.purchases}
                headline = self._headline(turn, taste, found)
            products = uow.products.get_many(item.product_id for item in found)
        refs = impressions.keep(
            self.services,
            [(item.product_id, item.kind) for item in found],
            surface=surface,
            customer=taste.customer,
            session_id=turn.session_id,
            arm=arm,
        )
        self._show(turn, headline, found, products, bought, refs)

    def _for_me(
        self, turn: Turn, uow: UnitOfWork, taste: Taste, *, popular: bool
    ) -> list[Recommendation]:
        """From this customer's purchases, or from what was talked of where those may not be looked
        at; without either, and for whoever is shown what is `popular`, what sells."""
        signs: Sequence[Purchase] = taste.purchases if taste.personal else self._talked_of(turn)
        shown = self._shown_before(turn) | taste.unwanted
        return self.services.recommender.for_customer(
            () if popular else signs,
            exclude=shown | taste.owned if popular else shown,
            allowed=self._allowed(turn, uow),
            now=self.services.clock(),
            k=_ITEMS,
        )

    def _talked_of(self, turn: Turn) -> list[Purchase]:
        """The products of this conversation, as if somebody had just bought them."""
        now = self.services.clock()
        talked = [notes["product"] for _, notes in turn.earlier() if notes.get("product")]
        return [
            Purchase(_NOBODY, product_id, now, 1)
            for product_id in list(dict.fromkeys(talked))[:_TALKED]
            if product_id in self.services.catalogue
        ]

    def _companions(
        self, turn: Turn, uow: UnitOfWork, taste: Taste, product_id: str
    ) -> list[Recommendation]:
        return self.services.recommender.goes_with(
            product_id,
            exclude=taste.owned | taste.unwanted | {product_id},
            allowed=self._allowed(turn, uow, category=False),
            now=self.services.clock(),
            k=_ITEMS,
        )

    def _allowed(self, turn: Turn, uow: UnitOfWork, *, category: bool = True) -> frozenset[str]:
        """In stock, within the prices and the category that the sentence names."""
        limits = reading.price_range(turn.text)
        named = self.services.products.category(turn.text) if category else None
        allowed = uow.products.matching(
            in_stock=True,
            category_id=named,
            min_price=limits.least if limits else None,
            max_price=limits.most if limits else None,
        )
        return frozenset(i for i in allowed if self.services.catalogue[i].min_age is None)

    def _shown_before(self, turn: Turn) -> set[str]:
        return {i for _, notes in turn.earlier() for i in notes.get("recommended", ())}

    def _headline(self, turn: Turn, taste: Taste, found: list[Recommendation]) -> str:
        customer = taste.customer
        own = any(item.kind != "popular" for item in found)
        if customer is None:
            return turn.phrase("recommend.talked_of" if own else "recommend.visitor")
        if not customer.personalised:
            return turn.phrase("recommend.switched_off")
        key = "own" if own else "popular" if taste.purchases else "new"
        return turn.phrase(f"recommend.{key}", name=customer.name)

    def _show(
        self,
        turn: Turn,
        headline: str,
        found: list[Recommendation],
        products: list[Product],
        bought: dict[str, datetime],
        refs: dict[str, str],
    ) -> None:
        if not products:
            turn.say(turn.phrase("recommend.nothing"), buttons=[turn.button("human")])
            return
        by_id = {item.product_id: item for item in found}
        reasons = {p.id: reason(turn, by_id[p.id], bought) for p in products}
        turn.notes |= {
            "shown": [product.id for product in products],
            "recommended": [product.id for product in products],
            "reasons": reasons,
        }
        turn.say(
            headline,
            cards=[views.product_card(turn, p, reasons[p.id], refs.get(p.id)) for p in products],
            buttons=[turn.button("why"), turn.button("others")],
        )

    def _gift(self, turn: Turn) -> None:
        """For somebody whose purchases we do not know: what the sentence says of them decides."""
        limits = reading.price_range(turn.text)
        if limits is None and (sums := reading.amounts(turn.text)):
            limits = reading.PriceRange(most=max(sums))  # "预算500", "I have 500 for a gift"
        most = limits.most if limits else None
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow)
            unwanted = uow.behaviour.disliked(None, turn.session_id)
            allowed = {
                i
                for i in uow.products.matching(
                    in_stock=True,
                    category_id=self.services.products.category(turn.text),
                    min_price=limits.least if limits else None,
                    max_price=most,
                )
                if self._is_gift(self.services.catalogue[i])
            } - (self._shown_before(turn) | unwanted)
            # What the shop itself calls a good present, where that leaves any.
            presents = {i for i in allowed if "gift" in self.services.catalogue[i].tags}
            ranked = self.services.products.search(turn.text, presents or allowed, 20)
            products = uow.products.get_many(i for i, _ in _varied(ranked, self.services.catalogue))
        if not products:
            turn.say(turn.phrase("recommend.nothing"), buttons=[turn.button("human")])
            return
        reasons = {p.id: self._gift_reason(turn, p, most) for p in products}
        refs = impressions.keep(
            self.services,
            [(product.id, "gift") for product in products],
            surface="gift",
            customer=customer,
            session_id=turn.session_id,
        )
        turn.notes |= {
            "shown": [product.id for product in products],
            "recommended": [product.id for product in products],
            "reasons": reasons,
            "query": search.noted_query(turn, most),
        }
        turn.say(
            turn.phrase("recommend.gift"),
            cards=[views.product_card(turn, p, reasons[p.id], refs.get(p.id)) for p in products],
            buttons=[turn.button("cheaper"), turn.button("others")],
        )

    def _is_gift(self, product: Product) -> bool:
        return product.min_age is None and not product.rebuy_days

    def _gift_reason(self, turn: Turn, product: Product, most: Decimal | None) -> str:
        key = "reason.gift_budget" if most is not None else "reason.gift"
        return turn.phrase(key, summary=product.summary[turn.language])


def _or_nothing(recommend: Callable[[], list[Recommendation]]) -> list[Recommendation]:
    """What is recommended; a recommender that fails has nothing to recommend."""
    try:
        return recommend()
    except Exception as error:
        log.exception("recommending failed", error=type(error).__name__)
        return []


def _varied(
    ranked: list[tuple[str, float]], catalogue: dict[str, Product]
) -> list[tuple[str, float]]:
    """The first of each category, so that three gifts are three ideas; then the next ones."""
    seen: set[str] = set()
    first: list[tuple[str, float]] = []
    rest: list[tuple[str, float]] = []
    for product_id, score in ranked:
        category = catalogue[product_id].category_id
        (rest if category in seen else first).append((product_id, score))
        seen.add(category)
    return (first + rest)[:_ITEMS]


class Why(Skill):
    """The reasons of what was recommended last."""

    action = "action_why"

    def act(self, turn: Turn) -> None:
        reasons: dict[str, str] = turn.noted("reasons", within=6) or {}
        named = [i for i in mentions.named_products(turn) if i in reasons]
        told = {i: reasons[i] for i in named or reasons if i in self.services.catalogue}
        if not told:
            turn.say(turn.phrase("why.nothing"))
            return
        colon = "：" if turn.language == "zh" else ": "
        lines = [
            f"· {turn.name_of(self.services.catalogue[i])}{colon}{text}" for i, text in told.items()
        ]
        turn.say("\n".join([turn.phrase("why.here"), *lines]))
