"""Which products are of a kind: a category, or a narrower kind that one of its aliases names.

The catalogue decides, never the spelling of a product's name alone:
- A category's name means the whole category. Only where at least half of its products are called
  so ("… Tent", "…帐篷") are the others, which stand among them, left out (a footprint).
- An alias means those of the category's products that are called so ("socks" among base layers),
  if any is; else it is another word for the category.
- An alias that ends in the name ("smartphone", "降噪耳机") is the name with a quality, and is read
  as the name is: whoever does not repeat the quality in a product's name may sell it all the same.
A product is called so when one of its names or aliases has the word as its head: at the end, or
before figures, brackets and what hangs on with a preposition.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from retrieval.lexicon import names_of, squash
from retrieval.text import HAN, singular

if TYPE_CHECKING:
    from data.models import Category, Product

# The name of a category stands for a part of it only when most of its products say so.
_MOST = 0.5
# What follows the head of a name: brackets, commas, dashes, figures, and what it is for or with.
_TAIL = re.compile(r"[(（\[【,，/|:：]|\s[-–—]\s|\s(?:for|with|in|from|of|by|to)\s", re.I)
# A model, a size, a content: "750", "50 ml".
_MODEL = re.compile(r"(?:\d[A-Za-z0-9.+-]*)?(?:\s+(?=\S*\d)\S+(?:\s+[A-Za-z]{1,3}\b)?)*$")


class Kinds:
    """Answers from the catalogue alone. Words are compared without plurals and case."""

    def __init__(self, products: Iterable[Product], categories: Sequence[Category]) -> None:
        self._products: dict[str, list[str]] = defaultdict(list)
        self._heads: dict[str, frozenset[str]] = {}  # what a product is called, each with its head
        self._named: dict[str, frozenset[str]] = {}  # the same of its names alone
        for product in products:
            self._products[product.category_id].append(product.id)
            self._heads[product.id] = _heads(names_of(product))
            self._named[product.id] = _heads([product.name.zh, product.name.en])
        self._members: dict[tuple[str, str], frozenset[str]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        for category in categories:
            self._add(category)

    def members(self, category_id: str, word: str) -> frozenset[str]:
        """Ids of the category's products that are what the word names."""
        found = self._members.get((category_id, squash(normal(word))))
        return frozenset(self._products[category_id]) if found is None else found

    def called(self, word: str) -> frozenset[str]:
        """Ids of the products of any category that are called so."""
        plain = normal(word)
        return frozenset(i for i, heads in self._heads.items() if _called(heads, plain))

    def is_plainly_another(self, product_id: str, category_id: str, word: str) -> bool:
        """Whether the product's own name says a kind of the category other than this one, in the
        word's script: a sleeping bag is no pad; a trail runner is called neither shoe nor boot."""
        names, latin = self._named[product_id], word.isascii()
        return not _called(names, normal(word)) and any(
            other.isascii() == latin and _called(names, other)
            for other in self._words.get(category_id, ())
        )

    def _add(self, category: Category) -> None:
        names = tuple(dict.fromkeys(map(normal, (category.name.zh, category.name.en))))
        words = tuple(dict.fromkeys([*names, *map(normal, names_of(category))]))
        everything = frozenset(self._products[category.id])
        called = {word: self._called_so(category.id, [word]) for word in words}
        # Both languages' names are one kind: a tent by its English name is a 帐篷.
        own = self._called_so(category.id, names)
        whole = own if len(own) >= _MOST * len(everything) else everything
        for word in words:
            of_name = any(word.endswith(name) for name in names)
            narrow = called[word] or self._called_so(category.id, [_last_word(word)])
            self._members[category.id, squash(word)] = whole if of_name or not narrow else narrow
        self._words[category.id] = words

    def _called_so(self, category_id: str, words: Iterable[str]) -> frozenset[str]:
        return frozenset(
            product_id
            for product_id in self._products[category_id]
            if any(_called(self._heads[product_id], word) for word in words if word)
        )


def normal(word: str) -> str:
    """Lower case, single spaces, no plural; Chinese also without the 子 that names leave out
    (炉子, 便携炉)."""
    word = singular(re.sub(r"[\s_-]+", " ", word.strip().lower()))
    return word[:-1] if len(word) > 1 and re.search(f"[{HAN}]子$", word) else word


def _last_word(word: str) -> str:
    """The head of a kind in several words: a "sleeping mat" is a mat, whatever is put before."""
    return word.rpartition(" ")[2] if " " in word else ""


def _heads(names: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        part = _TAIL.split(name, maxsplit=1)[0].strip() or name
        found |= {normal(part), normal(_MODEL.sub("", part) or part)}
    return frozenset(found)


def _called(heads: Iterable[str], word: str) -> bool:
    if not word:
        return False
    if re.search(f"[{HAN}]", word):
        return any(head.endswith(word) for head in heads)
    return any(head == word or head.endswith(" " + word) for head in heads)
