"""Two or three products side by side, from their records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import reduce
from typing import Any

from bot.actions import membership, search
from bot.actions.answer import Answer
from bot.actions.skill import Skill
from bot.dialogue import references
from bot.dialogue.criteria import Criteria
from bot.dialogue.turn import Turn
from bot.messages import Table
from bot.understanding import figures, plain_words, quantities, spans
from bot.understanding.names import without_names
from bot.wording import formats, views
from data.models import Product
from llm.types import Citation
from retrieval.retriever import holds_answer
from retrieval.types import Filters, Hit, Language

_MOST = 3
# Points to what was shown; "is your down goose or duck?" does not.
_REFERS = re.compile(
    r"[这那哪它]|两|前|上面|刚才|对比|比一比|比较|区别"
    r"|\b(?:these|those|them|they|both|which|two|three|first|last|compare|difference)\b",
    re.IGNORECASE,
)


class Compare(Skill):
    action = "action_compare"

    def act(self, turn: Turn) -> None:
        if membership.about_tiers(turn) and not references.named_products(turn):
            membership.Membership(self.services).act(turn)
            return
        if self._versions(turn):
            return
        wanted = self._wanted(turn)
        if not wanted and references.kind_of_page(turn) is not None:
            search.find(turn, self.services)  # "which is lightest?" of those on the page
            return
        if not wanted and Answer(self.services).answered(turn):
            return
        wanted = wanted or references.recently_shown(turn)
        with self.services.unit_of_work() as uow:
            products = uow.products.get_many(wanted[:_MOST])
        if len(products) < 2:
            turn.say(turn.phrase("compare.which"))
            return
        turn.note(shown=tuple(product.id for product in products))
        speaks, cited = self._speaks(turn, products)
        turn.say(
            "\n".join([self._summary(turn, products), *speaks]),
            table=self._table(turn, products),
            citations=[views.citation_view(citation) for citation in cited],
            cards=[views.product_card(turn, product) for product in products],
        )

    def _versions(self, turn: Turn) -> bool:
        """Compare the versions of one product that are named ("the 90 and the 125 cm one"); False,
        and nothing said, where not several are."""
        named = references.named_products(turn) or [references.product_before(turn) or ""]
        with self.services.unit_of_work() as uow:
            product = references.current(uow, named[0]) if len(named) == 1 else None
        if product is None:
            return False
        asked = references.options_asked(turn, product)
        key, values = next(((k, v) for k, v in asked.values.items() if len(v) > 1), ("", ()))
        versions = [
            (those[0].options[key][turn.language], those)
            for value in values[:_MOST]
            if (those := [v for v in product.variants if v.options.get(key, {}).get("en") == value])
        ]
        if len(versions) < 2:
            return False
        costs = [[views.cheapest_of(those)] for _, those in versions]
        rows = [
            [turn.phrase("compare.price"), *(formats.money(v.price, v.currency) for (v,) in costs)],
            [turn.phrase("compare.stock"), *(views.stock_text(turn, v) for _, v in versions)],
        ]
        for attribute in product.attributes:
            value = attribute["value"][turn.language]
            told = [figures.clause_of(value, name) for name, _ in versions]
            if any(told):
                rows.insert(-1, [attribute["name"][turn.language], *(each or "—" for each in told)])
        by_price = sorted(zip(costs, versions, strict=True), key=lambda each: each[0][0].price)
        text = turn.phrase("compare.here")
        if by_price[0][0][0].price < by_price[1][0][0].price:
            of_two = len(versions) == 2
            word = turn.phrase("compare.cheaper" if of_two else "compare.cheapest")
            kind = "compare.of_two" if of_two else "compare.of_more"
            best = turn.phrase(kind, name=by_price[0][1][0], what=word)
            text = formats.together([text, best + formats.stop(turn.language)], turn.language)
        turn.note(product=product.id, shown=(product.id,))
        turn.say(
            text,
            table=Table(header=["", *(name for name, _ in versions)], rows=rows),
            cards=[views.product_card(turn, product)],
        )
        return True

    def _wanted(self, turn: Turn) -> list[str]:
        """Ids of what is to be compared: what is named; beside one that is named, the other that is
        described ("… and a pack of about 50 litres") or was talked of before; one of each kind that
        is named ("a raincoat or a shell?"); else what was shown last."""
        named = references.named_products(turn)
        if len(named) > 1:
            return named
        said = spans.said(turn.request, "product", "goods", "option")
        alone = [each for words in said if len(each := references.called(turn, words)) == 1]
        if len(alone) > 1:
            return list(dict.fromkeys([*named, *(i for each in alone for i in each)]))
        shown = references.recently_shown(turn)
        picked = references.picked_by_place(turn.text, shown)
        if len({*named, *picked}) > 1:
            return list(dict.fromkeys([*named, *picked]))
        here = references.of_page(turn)
        meant = here is not None and references.product_before(turn) == here
        if here and meant and named and here not in named:
            return [here, *named]
        if named and (described := self._described(turn, named[0])):
            return [*named, described]
        kinds = [] if named else list(dict.fromkeys(self.services.products.kinds(turn.text)))
        if len(kinds) > 1:
            return list(dict.fromkeys(i for kind in kinds for i in self._of_kind(turn, kind)))
        if not named and not _REFERS.search(turn.text):
            return []
        if kinds and not any(self.services.products.may_mean(turn.text, i) for i in shown):
            return []  # "which tent is best for two?" while stoves are shown
        before = references.product_before(turn) if named else None
        return list(dict.fromkeys([*named, *([before] if before else []), *shown]))

    def _described(self, turn: Turn, named: str) -> str | None:
        """The product that comes nearest to the figures given beside the named one."""
        if not quantities.measures(turn.text, self.services.units):
            return None
        category = self.services.catalogue[named].category_id
        criteria = Criteria(text=turn.text, category=category, seen=(named,))
        found = search.results(self.services, criteria)
        return found[0].id if found else None

    def _of_kind(self, turn: Turn, kind: str) -> list[str]:
        criteria = Criteria(text=kind, category=self.services.products.category(kind))
        return [product.id for product in search.results(self.services, criteria)[:1]]

    def _speaks(self, turn: Turn, products: list[Product]) -> tuple[list[str], list[Citation]]:
        """Where a purpose is named ("I run at night") or it is asked what more money is worth: a
        line of each product's own texts that speaks to it, else the line that it is sold with."""
        purpose = " ".join(spans.said(turn.request, "need", "person"))
        if not purpose and not plain_words.asks_worth(turn.text):
            return [], []
        lines: list[str] = []
        cited: list[Citation] = []
        colon = formats.colon(turn.language)
        for product in products:
            name = turn.name_of(product)
            sold_with = product.summary[turn.language] if product.summary else ""
            quote = sold_with and sold_with + formats.stop(turn.language)
            own = Filters(sources=frozenset({product.id}))
            hits = self._answering(f"{name} {purpose}", own, turn.language) if purpose else []
            if holds_answer(hits):
                quote = hits[0].sentence
            if quote:
                cited.append(Citation(len(cited) + 1, name, product.id, quote, ""))
                told = formats.marked(quote, [len(cited)], turn.language)
                lines.append(f"{name}{colon}{told}")
        return lines, cited

    def _answering(self, question: str, filters: Filters, language: Language) -> list[Hit]:
        return self.services.retriever.answering(question, filters=filters, k=1, language=language)

    def _table(self, turn: Turn, products: list[Product]) -> Table:
        values = [
            {a["key"]: a["value"][turn.language] for a in product.attributes}
            for product in products
        ]
        names = {
            a["key"]: a["name"][turn.language] for product in products for a in product.attributes
        }
        shared = [key for key in names if sum(key in row for row in values) > 1]
        rows = [
            [turn.phrase("compare.price"), *(views.price_text(p, turn.language) for p in products)]
        ]
        rows += [[names[key], *(row.get(key, "—") for row in values)] for key in shared]
        rows.append(
            [turn.phrase("compare.stock"), *(views.stock_text(turn, p.variants) for p in products)]
        )
        return Table(header=["", *(turn.name_of(p) for p in products)], rows=rows)

    def _summary(self, turn: Turn, products: list[Product]) -> str:
        """What the figures say: the cheapest, and what else the shop compares by."""
        facts = self._best(turn, products)
        # 双人帐 asks for nothing.
        asked = without_names(turn.text, products)
        measures = quantities.measures(asked, self.services.units)
        fitting = [p for p in products if figures.meets(p, measures)]
        if measures and 0 < len(fitting) < len(products):
            facts += [turn.phrase("compare.fits", name=turn.name_of(p)) for p in fitting]
        here = turn.phrase("compare.here")
        if not facts:
            return here
        told = formats.joined(facts, turn.language) + formats.stop(turn.language)
        return formats.together([here, told], turn.language)

    def _best(self, turn: Turn, products: list[Product]) -> list[str]:
        """The X is cheaper and lighter, …: each product that is alone the best in something."""
        of_two = len(products) == 2
        words: dict[str, list[str]] = {}
        prices = {p.id: views.cheapest_price(p) for p in products}
        if cheapest := _least(products, prices):
            word = turn.phrase("compare.cheaper" if of_two else "compare.cheapest")
            words.setdefault(turn.name_of(cheapest), []).append(word)
        for key, attribute in self.services.shop.lexicon.compared().items():
            figures = {p.id: _figure(p, key) for p in products}
            sign = 1 if attribute.better == "least" else -1
            best = _least(products, {i: f and sign * f for i, f in figures.items()})
            word = attribute.best(turn.language, of_two=of_two) or ""
            if best and word:
                words.setdefault(turn.name_of(best), []).append(word)
        kind = "compare.of_two" if of_two else "compare.of_more"
        return [
            turn.phrase(kind, name=name, what=reduce(lambda a, b: _also(turn, a, b), of_it))
            for name, of_it in words.items()
        ]


def _also(turn: Turn, one: str, other: str) -> str:
    return turn.phrase("compare.also", one=one, other=other)


def _figure(product: Product, key: str) -> float | None:
    return next((a.get("number") for a in product.attributes if a["key"] == key), None)


def _least(products: list[Product], figures: Mapping[str, Any]) -> Product | None:
    """The product with the least figure, when all have one and no two have the least."""
    known = sorted(value for value in figures.values() if value is not None)
    if len(known) < len(products) or known[0] == known[1]:
        return None
    return min(products, key=lambda product: figures[product.id])
