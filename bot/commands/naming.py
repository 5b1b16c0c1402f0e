"""What people may call a product on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.models import Product


def names_of(product: Product) -> set[str]:
    """Its ids, names and aliases and those of its kind, in lower case."""
    category = product.category
    names = [product.id, category.id]
    for of in (product, category):
        names += [of.name.zh, of.name.en]
        names += [alias for aliases in of.aliases.values() for alias in aliases]
    return {each.casefold() for each in names}


def meant(word: str, products: Sequence[Product]) -> list[Product]:
    """By the whole name of something; else by a part of a product's."""
    wanted = word.strip().casefold()
    whole = [each for each in products if wanted in names_of(each)]
    if whole or not wanted:
        return whole
    return [
        each
        for each in products
        if any(wanted in name.casefold() for name in (each.name.zh, each.name.en))
    ]
