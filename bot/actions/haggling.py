"""Asking for another price of the same thing. "Something cheaper" asks for another thing."""

from __future__ import annotations

import re

from bot.actions import coupons
from bot.dialogue.turn import Turn
from bot.wording import formats

_HAGGLES = re.compile(
    r"能不能再?便宜|可以再?便宜|能再便宜|便宜点(?:吧|呗|嘛|吗|行|卖|可以)|打个?折|抹零|砍价|讲价|议价"
    r"|\b(?:give|get|have)\b.{0,12}\bdiscount|\bbetter price\b|\blower the price\b"
    r"|\bdiscount for me\b",
    re.IGNORECASE,
)


def answered(turn: Turn) -> bool:
    """Say that prices are as marked, and how to pay less; False, and nothing said, when nobody
    haggles."""
    if not _HAGGLES.search(turn.text):
        return False
    if coupons.beside_haggling(turn):
        return True
    turn.say_with_sources(_as_marked(turn), "price.fixed")
    return True


def _as_marked(turn: Turn) -> str:
    """That prices are fixed, and which ways this shop has to pay less."""
    lines = [turn.phrase("price.fixed")]
    variants = (v for product in turn.services.catalogue.values() for v in product.variants)
    if any(variant.list_price is not None for variant in variants):
        lines.append(turn.phrase("price.some_reduced"))
    membership = turn.services.rules.membership
    if membership is not None and membership.points is not None:
        lines.append(turn.phrase("price.with_points"))
    return formats.together(lines, turn.language)
