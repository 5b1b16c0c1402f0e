"""Two or three products side by side, from their records."""

from __future__ import annotations

from bot.actions import mentions, views
from bot.actions.skill import Skill, Turn
from bot.messages import Table
from data.models import Product

_MOST = 3


class Compare(Skill):
    action = "action_compare"

    def act(self, turn: Turn) -> None:
        named = mentions.named_products(turn)
        shown = mentions.recently_shown(turn)
        picked = mentions.picked_by_place(turn.text, shown)
        if len({*named, *picked}) > 1:
            shown = picked
        shown = [i for i in shown if i not in named]
        if len(named) == 1 and (before := turn.noted("product", within=4)) not in (None, *named):
            shown.insert(0, before)
        wanted = named if len(named) > 1 else list(dict.fromkeys([*named, *shown]))
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
        lines = [turn.phrase("compare.here")]
        cheapest = min(products, key=views.cheapest_price)
        if len({views.cheapest_price(p) for p in products}) > 1:
            lines.append(turn.phrase("compare.cheapest", name=turn.name_of(cheapest)))
        weights = {
            p.id: next((a["number"] for a in p.attributes if a["key"] == "weight"), None)
            for p in products
        }
        known = {product_id: w for product_id, w in weights.items() if w is not None}
        if len(known) == len(products) and len(set(known.values())) > 1:
            lightest = min(products, key=lambda p: known[p.id])
            lines.append(turn.phrase("compare.lightest", name=turn.name_of(lightest)))
        return (" " if turn.language == "en" else "").join(lines)
