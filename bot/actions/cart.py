"""What is in the cart of the shop's page, as the page says and at the catalogue's prices."""

from __future__ import annotations

from decimal import Decimal

from bot.dialogue.page import CartLine
from bot.dialogue.turn import Turn
from bot.messages import Table
from bot.understanding import cart
from bot.wording import formats, views
from data.models import Product, Variant


def answered(turn: Turn) -> bool:
    """Tell the cart where the utterance asks for it; False, and nothing said, for any other."""
    if not cart.asked(turn.text):
        return False
    lines = turn.page.cart if turn.page else None
    if lines is None:
        turn.say(turn.phrase("cart.unseen"))
        return True
    unknown = turn.page.unknown if turn.page else 0
    with turn.services.unit_of_work() as uow:
        found = {each.id: each for each in uow.products.get_many({line.product for line in lines})}
    told = [(line, found[line.product]) for line in lines if line.product in found]
    unknown += len(lines) - len(told)
    left_out = [turn.phrase("cart.unknown", count=unknown)] if unknown else []
    if not told:
        turn.say(formats.together([turn.phrase("cart.empty"), *left_out], turn.language))
        return True
    _tell(turn, told, left_out)
    return True


def _tell(turn: Turn, told: list[tuple[CartLine, Product]], left_out: list[str]) -> None:
    currency, language = turn.rules.shop.currency, turn.language
    rows, total, open_kinds = [], Decimal(0), False
    for line, product in told:
        variant = _variant(product, line)
        name = turn.name_of(product)
        if variant is None:
            # Which of several kinds it is the page does not say, so neither do we what it costs.
            open_kinds = True
            price, cost = views.price_text(product, language), "—"
        else:
            options = views.options_text(turn, variant) if line.sku else ""
            name += formats.bracketed(options, language) if options else ""
            total += variant.price * line.quantity
            price = formats.money(variant.price, currency, language)
            cost = formats.money(variant.price * line.quantity, currency, language)
        rows.append([name, price, str(line.quantity), cost])
    names = tuple(dict.fromkeys(product.id for _, product in told))
    turn.note(shown=names, product=names[0] if len(names) == 1 else None)
    key = ("cart.from" if total else "cart.open") if open_kinds else "cart.here"
    pieces = sum(line.quantity for line, _ in told)
    facts = {"pieces": pieces, "total": formats.money(total, currency, language)}
    lines = [turn.phrase(key, **facts), *left_out]
    header = [turn.phrase(f"cart.{column}") for column in ("name", "price", "count", "cost")]
    turn.say(formats.together(lines, language), table=Table(header=header, rows=rows))


def _variant(product: Product, line: CartLine) -> Variant | None:
    """The one that is meant; None where several differ in price and the page does not say."""
    by_sku = next((each for each in product.variants if each.sku == line.sku), None)
    if by_sku is not None or len({each.price for each in product.variants}) > 1:
        return by_sku
    return product.variants[0]
