"""What is in stock, by the options of a product, as the database has it now."""

from __future__ import annotations

from collections.abc import Sequence

from bot.actions import search
from bot.actions.answer import Answer, asks_for_length
from bot.actions.skill import Skill
from bot.dialogue import references
from bot.dialogue.turn import Turn
from bot.understanding import follow_ups, options
from bot.wording import formats, views
from data.models import Product, Variant

_MOST_LISTED = 12


class Stock(Skill):
    action = "action_stock"

    def act(self, turn: Turn) -> None:
        if asks_for_length(turn.text) and Answer(self.services).answered(turn):
            return
        product_id = beside(turn, references.product_in_question(turn))
        product_id = product_id or search.only_one(turn, self.services)
        if product_id is None:
            # "有 42 码的徒步鞋吗" names a kind, not a product: that is a search.
            search.find(turn, self.services)
            return
        with self.services.unit_of_work() as uow:
            product = references.current(uow, product_id)
        if product is None:
            turn.say(turn.phrase("product.which"))
            return
        wanted = references.options_asked(turn, product)
        variants = wanted.of(product.variants) if wanted else []
        turn.note(
            product=product.id,
            shown=(product.id,),
            options=references.chosen(variants, product),
        )
        if not (turn.alone or wanted or follow_ups.asks(turn.text)):
            return  # "I mean the small one": what is asked of it comes with the other requests
        turn.say(
            self.asked(turn, product, wanted) if wanted else self.listed(turn, product),
            cards=[views.product_card(turn, product, variants=variants)],
        )

    def asked(self, turn: Turn, product: Product, asked: options.Named) -> str:
        name = turn.name_of(product)
        wanted = asked.of(product.variants)
        said = options.words(asked, product.variants, turn.language)
        if not wanted:
            there = self._available(turn, self._there(product))
            return turn.phrase("stock.no_such", name=name, wanted=said, options=there)
        pieces = sum(variant.stock for variant in wanted)
        if pieces == 0:
            others = [v for v in product.variants if v.stock > 0]
            key = "stock.none_but" if others else "stock.none"
            return turn.phrase(key, name=name, options=said, others=self._available(turn, others))
        key = "stock.few" if pieces <= views.LOW_STOCK else "stock.some"
        detail = self._available(turn, [v for v in wanted if v.stock > 0])
        return turn.phrase(key, name=name, options=said, pieces=pieces, detail=detail)

    def listed(self, turn: Turn, product: Product) -> str:
        there = [variant for variant in product.variants if variant.stock > 0]
        name = turn.name_of(product)
        if not there:
            return turn.phrase("stock.none", name=name, options="")
        if len(product.variants) == 1 or not there[0].options:
            pieces = sum(v.stock for v in there)
            key = "stock.few" if pieces <= views.LOW_STOCK else "stock.some"
            return turn.phrase(key, name=name, options="", pieces=pieces, detail="")
        return turn.phrase("stock.listed", name=name, options=self._available(turn, there))

    def _there(self, product: Product) -> Sequence[Variant]:
        """What can be bought now; all that the product comes in where nothing can."""
        return [v for v in product.variants if v.stock > 0] or product.variants

    def _available(self, turn: Turn, variants: Sequence[Variant]) -> str:
        """松绿、沙色（仅剩 2 件）, the sizes of one colour together."""
        groups: dict[str, list[str]] = {}
        for variant in variants:
            options = [value[turn.language] for value in variant.options.values()]
            low = formats.bracketed(turn.phrase("stock.left", pieces=variant.stock), turn.language)
            last = options[-1] if options else turn.phrase("stock.one_kind")
            groups.setdefault(" ".join(options[:-1]), []).append(
                last + (low if 0 < variant.stock <= views.LOW_STOCK else "")
            )
        parts = [
            f"{head} {formats.enumerated(items, turn.language)}".strip()
            for head, items in groups.items()
        ]
        return formats.clauses(parts[:_MOST_LISTED], turn.language)


def beside(turn: Turn, product_id: str | None) -> str | None:
    """What is asked about: the product, or the only one of another kind that the utterance names
    with it: the case for the phone."""
    kind = turn.services.products.of_kind(turn.text) or frozenset()
    if product_id is None or product_id in kind or len(kind) != 1:
        return product_id
    return next(iter(kind))
