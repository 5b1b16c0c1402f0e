"""Kinds of customers: what they like, how often they come, and when in the year."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from data.models import Product

# How much a category is wanted in each month, January to December, whoever the customer is.
_CAMPING = (0.4, 0.6, 1.0, 1.5, 1.6, 1.2, 1.1, 1.1, 1.4, 1.5, 0.8, 0.4)
_COLD = (1.6, 1.2, 0.8, 0.5, 0.3, 0.2, 0.2, 0.3, 0.8, 1.5, 2.0, 1.9)
_WARM = (0.5, 0.6, 0.9, 1.1, 1.4, 1.6, 1.7, 1.6, 1.2, 1.0, 0.7, 0.5)
_EVEN = (1.0,) * 12
_SEASONS = {
    "tents": _CAMPING,
    "cooking": _CAMPING,
    "sleep": (0.9, 0.8, 1.0, 1.2, 1.2, 0.9, 0.9, 0.9, 1.2, 1.4, 1.2, 1.0),
    "jackets": _COLD,
    "layers": _COLD,
    "hydration": _WARM,
}

# The whole shop's year: spring and autumn outings, the sales of June and November.
SHOP_MONTHS = (0.75, 0.6, 0.95, 1.15, 1.2, 1.25, 0.95, 0.9, 1.15, 1.2, 1.5, 0.95)


@dataclass(frozen=True, slots=True)
class Persona:
    """`visits` is the number of orders a year that come from browsing; those that replace used-up
    things or complete an earlier purchase come on top. `basket` holds the weights of one, two,
    three … freely chosen products in an order."""

    name: str
    share: float
    likes: dict[str, float]  # by category id
    tags: frozenset[str]
    visits: float
    basket: tuple[float, ...]
    months: tuple[float, ...] = _EVEN
    gifts: float = 0.0  # share of products bought for somebody else


PERSONAS: tuple[Persona, ...] = (
    Persona(
        "weekend hiker",
        0.24,
        {
            "footwear": 3,
            "backpacks": 2.4,
            "jackets": 2,
            "layers": 2,
            "hydration": 2,
            "food": 2,
            "lighting": 1,
            "care": 1,
            "tents": 0.5,
            "sleep": 0.5,
            "cooking": 0.5,
        },
        frozenset({"hiking", "waterproof", "autumn"}),
        2.7,
        (6, 3, 1),
    ),
    Persona(
        "family camper",
        0.2,
        {
            "tents": 2.6,
            "sleep": 2.8,
            "cooking": 3,
            "lighting": 2.4,
            "hydration": 1.2,
            "food": 1.6,
            "care": 0.8,
            "backpacks": 0.4,
            "layers": 0.6,
            "jackets": 0.6,
            "footwear": 0.5,
        },
        frozenset({"family", "car-camping", "comfort", "kids", "beach"}),
        2.4,
        (4, 4, 2),
        (0.3, 0.5, 1.0, 1.6, 1.8, 1.3, 1.4, 1.3, 1.3, 1.6, 0.6, 0.3),
    ),
    Persona(
        "ultralight hiker",
        0.12,
        {
            "tents": 1.6,
            "sleep": 2,
            "backpacks": 2,
            "cooking": 1.6,
            "food": 2.4,
            "hydration": 1.6,
            "jackets": 1.4,
            "layers": 1.2,
            "lighting": 1,
            "care": 1,
            "footwear": 1.6,
        },
        frozenset({"lightweight", "ultralight", "solo", "hiking"}),
        2.6,
        (5, 3, 2),
    ),
    Persona(
        "trail runner",
        0.14,
        {
            "footwear": 4,
            "layers": 3,
            "food": 3.2,
            "hydration": 2.6,
            "jackets": 1.4,
            "lighting": 1,
            "backpacks": 1,
            "care": 0.6,
        },
        frozenset({"running", "ultralight", "summer"}),
        2.7,
        (6, 3, 1),
    ),
    Persona(
        "winter camper",
        0.1,
        {
            "sleep": 3,
            "jackets": 3,
            "layers": 2.6,
            "cooking": 2,
            "tents": 1.6,
            "lighting": 1.2,
            "food": 1,
            "footwear": 1,
            "care": 1.2,
            "hydration": 0.8,
        },
        frozenset({"winter", "mountaineering", "expedition"}),
        2.4,
        (5, 3, 2),
        (1.6, 1.2, 0.8, 0.4, 0.3, 0.3, 0.4, 0.5, 1.0, 1.6, 2.0, 1.9),
    ),
    Persona(
        "gift buyer",
        0.08,
        {
            "hydration": 2.6,
            "lighting": 2.4,
            "cooking": 1.6,
            "food": 1.2,
            "backpacks": 0.8,
            "layers": 0.8,
        },
        frozenset({"gift", "kids", "family"}),
        1.8,
        (7, 3),
        (1.8, 1.4, 0.7, 0.7, 1.3, 1.3, 0.6, 0.8, 1.2, 0.7, 1.2, 1.9),
        gifts=0.8,
    ),
    Persona(
        "commuter",
        0.12,
        {
            "jackets": 2.6,
            "backpacks": 2.4,
            "hydration": 2.4,
            "footwear": 1.6,
            "layers": 1.6,
            "care": 1.2,
            "lighting": 0.6,
        },
        frozenset({"everyday", "travel", "waterproof"}),
        2.0,
        (7, 3),
    ),
)


def appeal(persona: Persona, product: Product, month: int) -> float:
    """How much such a customer wants the product in this month; comparable within a persona."""
    liking = persona.likes.get(product.category_id, 0.15)
    liking *= _SEASONS.get(product.category_id, _EVEN)[month - 1]
    liking *= 1 + 1.2 * len(persona.tags.intersection(product.tags))
    if "winter" in product.tags:
        liking *= _COLD[month - 1]
    price = min(variant.price for variant in product.variants)
    # Dear things are bought less often, though not in proportion.
    return liking * math.pow(max(price, Decimal(20)) / 200, -0.3)
