"""Asking for another price of the same thing. "Something cheaper" asks for another thing."""

from __future__ import annotations

import re

from bot.actions import views
from bot.actions.skill import Turn

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
    views.say_with_sources(turn, turn.phrase("price.fixed"), "sale-items", "coupons")
    return True
