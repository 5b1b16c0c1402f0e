"""What the shop calls the tiers of its members."""

from __future__ import annotations

from decimal import Decimal

from bot.wording.voice import Voice
from data.rules import membership


def tier_name(voice: Voice, tier: str | None) -> str:
    """What the shop calls the tier; for None the one that everybody begins with, "" where the shop
    has none such."""
    rules = voice.rules
    if rules.membership is None:
        return ""
    found = rules.membership.tier(tier or membership.of(rules, Decimal(0)))
    return found.name[voice.language] if found else ""
