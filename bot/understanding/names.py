"""A question without the name of what it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable

from data.models import Product


def without_name(text: str, product: Product) -> str:
    """The question without the product's name, which says nothing about what is asked of it:
    "亮灯防水吗？" → "防水吗？", "Is the Glow Lamp waterproof?" → "Is it waterproof?".
    The text itself when nothing else is in it."""
    for name in sorted([product.name.zh, *product.aliases.get("zh", ())], key=len, reverse=True):
        if name in text:
            return text.replace(name, " ", 1).strip(" ，,的") or text
    english = sorted([product.name.en, *product.aliases.get("en", ())], key=len, reverse=True)
    # "the brook" may be the alias and "sleeping bag" the rest of the name.
    rest = "|".join(sorted({re.escape(word) for name in english for word in name.split()}))
    for name in english:
        named = rf"\b(?:the |your )?{re.escape(name)}(?:s\b)?(?: (?:{rest})s?\b)*(?P<its>['’]s\b)?"
        said = re.sub(named, _it, text, count=1, flags=re.IGNORECASE)
        if said != text:
            return text if said.strip(" ?？.!") == "it" else said
    return text


def without_names(text: str, products: Iterable[Product]) -> str:
    """The question without the names of all of them; of names that begin alike the longest goes
    first."""
    for product in sorted(products, key=lambda each: len(without_name(text, each))):
        text = without_name(text, product)
    return text


def _it(name: re.Match[str]) -> str:
    return "its" if name["its"] else "it"
