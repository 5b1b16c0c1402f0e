"""What is in stock, by colour and size, as the database has it now."""

from __future__ import annotations

from collections.abc import Sequence

from bot import formats, reading
from bot.actions import mentions, search, views
from bot.actions.answer import Answer, asks_for_length
from bot.actions.colours import COLOURS, ENGLISH
from bot.actions.skill import Skill, Turn
from data.models import Product, Variant

_MOST_LISTED = 12


class Stock(Skill):
    action = "action_stock"

    def act(self, turn: Turn) -> None:
        if asks_for_length(turn.text) and Answer(self.services).answered(turn):
            return
        product_id = mentions.product_in_question(turn)
        if product_id is None:
            # "有 42 码的徒步鞋吗" names a kind, not a product: that is a search.
            search.find(turn, self.services)
            return
        with self.services.unit_of_work() as uow:
            product = mentions.current(uow, product_id)
        if product is None:
            turn.say(turn.phrase("product.which"))
            return
        turn.notes |= {"product": product.id, "shown": [product.id]}
        wanted = asked_variants(turn, product)
        turn.say(
            self._asked(turn, product, wanted) if wanted is not None else self._all(turn, product),
            cards=[views.product_card(turn, product)],
        )

    def _asked(self, turn: Turn, product: Product, wanted: Sequence[Variant]) -> str:
        name = turn.name_of(product)
        if not wanted:
            return turn.phrase(
                "stock.no_such", name=name, wanted=asked_text(turn, product),
                options=self._available(turn, product.variants),
            )  # fmt: skip
        pieces = sum(variant.stock for variant in wanted)
        options = asked_text(turn, product)
        if pieces == 0:
            others = [v for v in product.variants if v.stock > 0]
            key = "stock.none_but" if others else "stock.none"
            return turn.phrase(
                key, name=name, options=options, others=self._available(turn, others)
            )
        key = "stock.few" if pieces <= views.LOW_STOCK else "stock.some"
        detail = self._available(turn, [v for v in wanted if v.stock > 0])
        return turn.phrase(key, name=name, options=options, pieces=pieces, detail=detail)

    def _all(self, turn: Turn, product: Product) -> str:
        there = [variant for variant in product.variants if variant.stock > 0]
        name = turn.name_of(product)
        if not there:
            return turn.phrase("stock.none", name=name, options="")
        if len(product.variants) == 1 or not there[0].options:
            pieces = sum(v.stock for v in there)
            key = "stock.few" if pieces <= views.LOW_STOCK else "stock.some"
            return turn.phrase(key, name=name, options="", pieces=pieces, detail="")
        return turn.phrase("stock.listed", name=name, options=self._available(turn, there))

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
        joint = "、" if turn.language == "zh" else ", "
        parts = [f"{head} {joint.join(items)}".strip() for head, items in groups.items()]
        return ("；" if turn.language == "zh" else "; ").join(parts[:_MOST_LISTED])


def asked_variants(turn: Turn, product: Product) -> list[Variant] | None:
    """The variants of the colour or size named in the utterance; None when it names neither."""
    size, colours = reading.size(turn.text), _colours(turn, product)
    if size is None and not colours and not _odd_colour(turn, product):
        return None
    return [
        variant
        for variant in product.variants
        if (size is None or _has_size(variant, size))
        and (not (colours or _odd_colour(turn, product)) or _colour(variant) in colours)
    ]


def asked_text(turn: Turn, product: Product) -> str:
    """沙色 42 码: what was asked for, as the answer repeats it."""
    size = reading.size(turn.text)
    colours = [
        next(v.options["color"][turn.language] for v in product.variants if _colour(v) == colour)
        for colour in sorted(_colours(turn, product))
    ] or list(_odd_colour(turn, product))
    parts = [*colours, *([turn.phrase("stock.size", size=size)] if size else [])]
    return " ".join(parts)


def _colour(variant: Variant) -> str:
    return variant.options.get("color", {}).get("en", "")


def _has_size(variant: Variant, size: str) -> bool:
    return any(size.lower() == value["en"].lower() for value in variant.options.values())


def _colours(turn: Turn, product: Product) -> set[str]:
    """The product's colours that the utterance names, by their English names. "绿色" finds 松绿."""
    text = turn.text.lower()
    found: set[str] = set()
    for variant in product.variants:
        colour = variant.options.get("color")
        if colour is None:
            continue
        base = COLOURS.get(colour["zh"][-1:], ())
        words = {colour["zh"], colour["zh"].removesuffix("色"), colour["en"].lower(), *base}
        words |= {part for part in colour["en"].lower().split() if part in ENGLISH}
        if any(word and word in text for word in words):
            found.add(colour["en"])
    return found


def _odd_colour(turn: Turn, product: Product) -> tuple[str, ...]:
    """A colour that is named but that this product does not come in: ("紫色",)."""
    if _colours(turn, product):
        return ()
    text = f" {turn.text.lower()} "
    for words in COLOURS.values():
        for word in words:
            hit = f" {word} " in text or f" {word}?" in text if word.isascii() else word in text
            if hit:
                return (word,)
    return ()
