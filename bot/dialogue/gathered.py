"""What a customer puts together over several turns: a tent, then two sleeping bags, a stove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue import basket, references
from bot.dialogue.notes import Gathered
from bot.dialogue.turn import Turn
from bot.understanding import quantities

_ADD = frozenset({"product_search", "refine", "price_question", "stock_check", "product_question",
                  "compare", "nlu_fallback"})  # fmt: skip
_TURNS = 8  # after which it is another purchase
_MOST = 12  # things


def before(turn: Turn) -> Sequence[Gathered]:
    """What was put together so far, in the order in which it was spoken of."""
    return turn.noted(lambda notes: notes.gathered, within=_TURNS) or ()


def note(turn: Turn) -> None:
    """Note what the request that was served adds: the product that it was about, or the list out of
    which one will be taken."""
    own = turn.own
    if own.gathered is not None or turn.request.act not in _ADD:
        return
    shown = own.shown or ()
    named = references.named_products(turn)
    found = own.query is not None and not named  # by a search, be it the only one
    alone = own.product or (shown[0] if len(shown) == 1 else None)
    product = named[0] if len(named) == 1 else None if found else alone
    if product is None and (not shown or turn.request.act == "product_question"):
        return
    new = Gathered(
        product=product or shown[0],
        count=_count(turn, product),
        options=own.options,
        among=() if product else tuple(shown),
        goods=own.query.goods if own.query and not product else None,
        chosen=product is not None,
    )
    turn.note(gathered=tuple(_beside(turn, list(before(turn)), new)[-_MOST:]))


def _count(turn: Turn, product: str | None) -> int:
    """How many are wanted: of the product that is named, be it by its kind, of the only goods that
    are, or of what was talked of. How many people there are is none."""
    said = list(basket.mentions(turn))
    sold_as = turn.services.products.sold_as
    own = [m for m in said if product in (m.product_id, *sold_as(m.words))]
    own = own or (said if len(said) == 1 else [])
    counts = [quantities.quantity_before(turn.text, each.start) for each in own]
    if len(said) < 2:
        text = turn.text
        for people in turn.request.said("person"):
            text = text.replace(people, " ")
        counts.append(quantities.quantity(text))
    return max(counts, default=1)


def _beside(turn: Turn, those: list[Gathered], new: Gathered) -> list[Gathered]:
    """With another one: it takes the place of what it is one of, or of the list that it narrows."""
    for place, each in enumerate(those):
        instead = not each.chosen and _is_of_kind(turn, each, new)
        if new.chosen and (instead or new.product in (each.product, *each.among)):
            same = new.product == each.product
            those[place] = replace(
                new,
                count=new.count if new.count > 1 else each.count,
                options=new.options or (each.options if same else None),
                among=each.among,
                goods=each.goods,
            )
            return those
        if not new.chosen and {*new.among} & {each.product, *each.among}:
            kept = each.chosen and each.product in new.among
            those[place] = replace(
                new,
                product=each.product if kept else new.product,
                chosen=kept,
                count=new.count if new.count > 1 else each.count,
            )
            return those
    return [*those, new]


def _is_of_kind(turn: Turn, each: Gathered, new: Gathered) -> bool:
    """Whether the new one is what was asked for by the list."""
    return each.goods is not None and new.product in turn.services.products.sold_as(each.goods)
