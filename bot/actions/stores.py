"""A store that the shop does not have: said before the question about it is answered."""

from __future__ import annotations

from bot.actions.answer import Answer
from bot.dialogue import references
from bot.dialogue.turn import Turn
from bot.understanding import stores
from bot.wording import formats, replies
from data.places import Place

_ASKING = frozenset({"policy_question", "product_question", "out_of_scope", "nlu_fallback"})
_OF_GOODS = frozenset({"stock_check", "product_search"})  # "have you got a …", and no goods


def answered(turn: Turn) -> bool:
    """Correct that there is a store where there is none, and answer the rest; False, and nothing
    said, for anything else, and where the shop does not say where its stores are."""
    if turn.intent not in _ASKING | _OF_GOODS or (ours := turn.rules.shop.stores) is None:
        return False
    of_goods = references.named_products(turn) or turn.services.products.of_kind(turn.text)
    if turn.intent in _OF_GOODS and of_goods:
        return False
    find = turn.rules.places.find
    named = ((words, find(words)) for words in stores.where(turn.text, turn.request.said("place")))
    said, place = next((each for each in named if each[1] is not None), ("", None))
    if place is None:
        return False
    names = [each[turn.language] for each in ours]
    home = Place(turn.rules.shop.country)
    if any(_may_be_in(place, find(name) or home) for name in names):
        return False
    key = "elsewhere" if names else "none"
    before = len(turn.messages)
    towns = formats.listed(names, turn.language)
    turn.say(
        turn.phrase(f"stores.{key}", place=said.title() if said.islower() else said, stores=towns)
    )
    Answer(turn.services).answered(turn)
    turn.messages[before:] = [replies.as_one(turn.messages[before:])]
    return True


def _may_be_in(place: Place, store: Place) -> bool:
    """Whether a place may be that of a store: towns of one region are not told apart."""
    if place.country != store.country:
        return False
    return None in (place.region, store.region) or place.region == store.region
