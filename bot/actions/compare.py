"""Two or three products side by side, from their records."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from bot import reading
from bot.actions import membership, mentions, search, views
from bot.actions.answer import Answer
from bot.actions.criteria import Criteria
from bot.actions.skill import Skill, Turn
from bot.messages import Table
from data.models import Product

_MOST = 3
# Points to what was shown; "is your down goose or duck?" does not.
_REFERS = re.compile(
    r"[这那哪它]|两|前|上面|刚才|对比|比一比|比较|区别"
    r"|\b(?:these|those|them|they|both|which|two|three|first|last|compare|difference)\b",
    re.IGNORECASE,
)


class _Keys(NamedTuple):
    """The phrases for the one that costs least, weighs least, or both."""

    cheapest: str
    lightest: str
    both: str


_OF_TWO = _Keys("cheaper", "lighter", "cheaper_and_lighter")
_OF_MORE = _Keys("cheapest", "lightest", "both")


class Compare(Skill):
    action = "action_compare"

    def act(self, turn: Turn) -> None:
        if membership.about_tiers(turn.text) and not mentions.named_products(turn):
            membership.Membership(self.services).act(turn)
            return
        wanted = self._wanted(turn)
        if not wanted and Answer(self.services).answered(turn):
            return
        with self.services.unit_of_work() as uow:
            products = uow.products.get_many(wanted[:_MOST])
        if len(products) < 2:
            turn.say(turn.phrase("compare.which"))
            return
        turn.notes["shown"] = [product.id for product in products]
        turn.say(
            self._summary(turn, products),
            table=self._table(turn, products),
            cards=[views.product_card(turn, product) for product in products],
        )

    def _wanted(self, turn: Turn) -> list[str]:
        """Ids of what is to be compared: what is named; beside one that is named, the other that is
        described ("… and a pack of about 50 litres") or was talked of before; one of each kind that
        is named ("a raincoat or a shell?"); else what was shown last."""
        named = mentions.named_products(turn)
        if len(named) > 1:
            return named
        shown = mentions.recently_shown(turn)
        picked = mentions.picked_by_place(turn.text, shown)
        if len({*named, *picked}) > 1:
            return list(dict.fromkeys([*named, *picked]))
        if named and (described := self._described(turn, named[0])):
            return [*named, described]
        kinds = [] if named else list(dict.fromkeys(self.services.products.kinds(turn.text)))
        if len(kinds) > 1:
            return list(dict.fromkeys(i for kind in kinds for i in self._of_kind(turn, kind)))
        if not named and not _REFERS.search(turn.text):
            return []
        if kinds and not any(self.services.products.may_mean(turn.text, i) for i in shown):
            return []  # "which tent is best for two?" while stoves are shown
        before = turn.noted("product", within=4) if named else None
        return list(dict.fromkeys([*named, *([before] if before else []), *shown]))

    def _described(self, turn: Turn, named: str) -> str | None:
        """The product that comes nearest to the figures given beside the named one."""
        if not reading.measures(turn.text):
            return None
        category = self.services.catalogue[named].category_id
        criteria = Criteria(text=turn.text, category=category, seen=(named,))
        found = search.results(self.services, criteria)
        return found[0].id if found else None

    def _of_kind(self, turn: Turn, kind: str) -> list[str]:
        criteria = Criteria(text=kind, category=self.services.products.category(kind))
        return [product.id for product in search.results(self.services, criteria)[:1]]

    def _table(self, turn: Turn, products: list[Product]) -> Table:
        values = [
            {a["key"]: a["value"][turn.language] for a in product.attributes}
            for product in products
        ]
        names = {
            a["key"]: a["name"][turn.language] for product in products for a in product.attributes
        }
        shared = [key for key in names if sum(key in row for row in values) > 1]
        rows = [[turn.phrase("compare.price"), *(views.price_text(p) for p in products)]]
        rows += [[names[key], *(row.get(key, "—") for row in values)] for key in shared]
        rows.append(
            [turn.phrase("compare.stock"), *(views.stock_text(turn, p.variants) for p in products)]
        )
        return Table(header=["", *(turn.name_of(p) for p in products)], rows=rows)

    def _summary(self, turn: Turn, products: list[Product]) -> str:
        """What the figures say: the lightest, the cheapest."""
        prices = {p.id: views.cheapest_price(p) for p in products}
        weights = {
            p.id: next((a["number"] for a in p.attributes if a["key"] == "weight"), None)
            for p in products
        }
        cheapest, lightest = _least(products, prices), _least(products, weights)
        keys = _OF_TWO if len(products) == 2 else _OF_MORE
        facts = [
            turn.phrase(f"compare.{key}", name=turn.name_of(least))
            for key, least in (
                [(keys.both, cheapest)]
                if cheapest is lightest
                else [(keys.cheapest, cheapest), (keys.lightest, lightest)]
            )
            if least is not None
        ]
        asked = turn.text
        for product in products:  # 双人帐 asks for nothing
            asked = mentions.without_name(asked, product)
        measures = reading.measures(asked)
        fitting = [p for p in products if search.meets(p, measures)]
        if measures and 0 < len(fitting) < len(products):
            facts += [turn.phrase("compare.fits", name=turn.name_of(p)) for p in fitting]
        here = turn.phrase("compare.here")
        if not facts:
            return here
        if turn.language == "zh":
            return f"{here}{'，'.join(facts)}。"
        return f"{here} {', '.join(facts)}."


def _least(products: list[Product], figures: Mapping[str, Any]) -> Product | None:
    """The product with the least figure, when all have one and no two have the least."""
    known = sorted(value for value in figures.values() if value is not None)
    if len(known) < len(products) or known[0] == known[1]:
        return None
    return min(products, key=lambda product: figures[product.id])
