"""Products by their own first word ("ridgeline", "花岗岩"), also with a typing slip.

Few people write a whole name. A first word names something by itself when it is somebody's alias,
or when several names share it and nothing else in the shop is called so; brands and words of kinds
never do.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rapidfuzz.distance import OSA

from retrieval.lexicon import Lexicon, squash, without_brand
from retrieval.text import HAN, tokenize

if TYPE_CHECKING:
    from data.models import Product
    from retrieval.retriever import Retriever

# Words shorter than this are near too many others; from twice as long on two slips are allowed.
_FUZZY_FROM = 5
_TWO_SLIPS_FROM = 8


class FirstWords:
    """Finds in a text the first words of products' names, and tells which product is meant."""

    def __init__(self, products: Sequence[Product], lexicon: Lexicon, retriever: Retriever) -> None:
        self._lexicon = lexicon
        self._known: Callable[[str], list[str]] = retriever.index.lexical.known_terms
        self._names = {product.id: _names(product) for product in products}
        self._families = _distinctive(products, lexicon, retriever)
        self._latin = [word for word in self._families if word.isascii()]
        self._han = [word for word in self._families if not word.isascii()]

    def __contains__(self, word: str) -> bool:
        return word in self._families

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """First words in the text with their places; slips only of words that the shop's texts do
        not know."""
        for word in self._han:
            for match in re.finditer(re.escape(word), text):
                yield word, match.start(), match.end()
        for token in tokenize(text):
            written = token.text.lower()
            if written in self._families:
                yield written, token.start, token.end
            elif meant := self._slip_of(written):
                yield meant, token.start, token.end

    def meant(self, word: str, text: str) -> list[str]:
        """Which of the products that share a first word a text is about: those of which most
        further words stand in it; else the one that is called so for short; else all."""
        family = self._families[word]
        fits = {product_id: self._further_words(product_id, text) for product_id in family}
        best = [product_id for product_id in family if fits[product_id] == max(fits.values())]
        short = self._lexicon.owner(word, "product")
        if short in best:
            return [short]
        if short in family:
            # "the 3 person ridgeline": like the one called so for short, hence the tent.
            like = {i: self._alike(i, short) for i in best}
            best = [i for i in best if like[i] == max(like.values())]
        return best

    def _slip_of(self, written: str) -> str | None:
        if len(written) < _FUZZY_FROM or not written.isascii() or self._known(written):
            return None
        limit = 1 if len(written) < _TWO_SLIPS_FROM else 2
        # A slip in the first letter is rare, and makes another word of it more often than not.
        near = (w for w in self._latin if w[0] == written[0] and slips(w, written, limit) <= limit)
        return next(near, None)

    def _further_words(self, product_id: str, text: str) -> int:
        """How much of the product's name stands in the text: words of the Latin one, pairs of
        characters of the Chinese one after its first two."""
        plain = squash(text)
        words = set(re.findall(r"[a-z]+|\d+", text.lower()))
        han, latin = self._names[product_id]
        pairs = sum(han[i : i + 2] in plain for i in range(2, len(han) - 1))
        return pairs + sum(word in words for word in latin)

    def _alike(self, one: str, other: str) -> int:
        return len(self._names[one][1] & self._names[other][1])


def slips(a: str, b: str, limit: int) -> int:
    """How many typing slips two words are apart (a letter more, less, other, or two neighbours
    swapped), or more than `limit`."""
    return int(OSA.distance(a, b, score_cutoff=limit))


def _names(product: Product) -> tuple[str, frozenset[str]]:
    name = squash(product.name.zh)
    return name, frozenset(re.findall(r"[a-z]+|\d+", product.name.en.lower()))


def _first_words(product: Product) -> set[str]:
    """Four Latin letters, or two Chinese characters, at least, behind the brand."""
    brand = product.brand or ""
    names = [without_brand(name, brand) for name in (product.name.zh, product.name.en)]
    found = [re.match(rf"[A-Za-z]{{4,}}|[{HAN}]{{2}}", name) for name in names]
    return {match.group().lower() for match in found if match}


def _distinctive(
    products: Sequence[Product], lexicon: Lexicon, retriever: Retriever
) -> Mapping[str, tuple[str, ...]]:
    """First words that name something by themselves, with the products whose names they begin.

    Of those that are nobody's alias a Latin one must never be written small in a text, a Chinese
    one never stand in a text outside a product's whole name.
    """
    families: dict[str, list[str]] = defaultdict(list)
    for product in products:
        for word in _first_words(product):
            if not any(lexicon.owner(word, kind) for kind in ("category", "brand", "option")):
                families[word].append(product.id)
    common = _common(families, products, retriever)
    return {
        word: tuple(family)
        for word, family in families.items()
        if lexicon.owner(word, "product") in family or (len(family) > 1 and word not in common)
    }


def _common(
    words: Mapping[str, list[str]], products: Sequence[Product], retriever: Retriever
) -> set[str]:
    if not products:
        return set()
    names = re.compile("|".join(sorted((re.escape(p.name.zh) for p in products), key=len)[::-1]))
    found: set[str] = set()
    for passage in retriever.index.passages:
        rest = names.sub(" ", passage.text)
        small = set(re.findall(r"\b[a-z]+", rest))
        found |= {w for w in words if (w in small if w.isascii() else w in rest)}
    return found
