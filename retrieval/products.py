"""Products by their names and by what is asked of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from data.models import Category, Product
from retrieval import claims, reference
from retrieval.embedder import Vectors
from retrieval.fusion import SMOOTHING
from retrieval.kinds import Kinds
from retrieval.lexical import terms
from retrieval.lexicon import Lexicon, Mention, names_of, squash
from retrieval.names import FirstWords
from retrieval.retriever import MAX_CHARACTERS, Retriever
from retrieval.text import HAN, tokenize
from retrieval.types import Filters, Hit

_HITS = 60
# A hit's score is its share in the fusion, in which the first place of a ranking weighs this much.
# What the catalogue says is measured by it: to be of the named kind counts as a first place more,
# to stand in its category half of one, and so does a quality that stands in the name.
_FIRST_PLACE = 1 / (SMOOTHING + 1)
_OF_KIND, _OF_CATEGORY, _MADE_SO = _FIRST_PLACE, _FIRST_PLACE / 2, _FIRST_PLACE
# More than all the others together: a product that is named comes first.
_NAMED = 1.0
# Of a product's passages the best decides; a second one that fits too adds a quarter of its score.
_SECOND_PASSAGE = 0.25
# The shortest part of a name that may stand for it, in Chinese characters and in letters.
_LEAST_PART = {False: 2, True: 4}
# Orders those that hits do not order; less than one place of a ranking, whatever the cosine.
_CLOSENESS = 0.01


class ProductSearch:
    """Names and aliases are taken from the catalogue; passages from the retriever's index.

    `lexicon` finds the catalogue's words in a text, which is read once however many of the methods
    are asked about it. `vectors` holds one vector of length 1 a product: the mean over its passages
    in the index.
    """

    def __init__(
        self, retriever: Retriever, products: Sequence[Product], categories: Iterable[Category]
    ) -> None:
        categories = list(categories)
        self._retriever = retriever
        self._order = {product.id: i for i, product in enumerate(products)}
        self._category_of = {product.id: product.category_id for product in products}
        self._words = {product.id: set(product.name.en.lower().split()) for product in products}
        self._products = {product.id: product for product in products}
        self.lexicon = Lexicon.of(products, categories)
        self._kinds = Kinds(products, categories)
        self._first_words = FirstWords(products, self.lexicon, retriever)
        self.vectors = _product_vectors(retriever, self._order)

    def match(self, text: str) -> list[str]:
        """Ids of the products named in a text, in the order of their mention.

        Names and aliases count whole, the longest first, whatever their case, spaces and hyphens;
        else a name's own first word ("ridgeline", "花岗岩"), also with a typing error. A word that
        several products share names the one whose further words stand in the text too, else the
        one that is called so for short, else all of them. Words of a kind ("tent", "背包") name
        nothing.
        """
        return list(self.places(text))

    def places(self, text: str) -> dict[str, int]:
        """As `match`, each product with the place in the text where it is first named."""
        text = text[:MAX_CHARACTERS]
        exact = self._named(text)
        found = [
            (item.start, item.owner)
            for item in exact
            if item.kind == "product"
            and squash(text[item.start : item.end]) not in self._first_words
        ]
        taken = [(item.start, item.end) for item in exact]
        for word, start, end in self._first_words.find(text):
            whole = (start, end) in taken
            if whole or all(end <= s or start >= e for s, e in taken):
                found += [(start, product_id) for product_id in self._first_words.meant(word, text)]
        first: dict[str, int] = {}
        for place, product_id in sorted(found, key=lambda item: item[0]):
            first.setdefault(product_id, place)
        return first

    def partly_named(self, text: str) -> str | None:
        """Id of the only product that has a word of the text in one of its names: "红玫瑰" for
        长信红玫瑰花束; None where several or none have."""
        words = [w for w in terms(text[:MAX_CHARACTERS]) if len(w) >= _LEAST_PART[w.isascii()]]
        found = [
            {i for i, product in self._products.items() if _has_part(names_of(product), word)}
            for word in dict.fromkeys(words)
        ]
        alone = {next(iter(ids)) for ids in found if len(ids) == 1}
        return next(iter(alone)) if len(alone) == 1 else None

    def category(self, text: str) -> str | None:
        """Id of the category that a text asks for: named itself, else that of a named product.

        What the wanted thing is for ("insoles for my boots", "洗羽绒服的") is not asked for itself.
        """
        text = text[:MAX_CHARACTERS]
        asked = self._asked_kinds(text)
        if asked:
            return max(asked, key=lambda item: (item.end - item.start, -item.start)).owner
        products = [item for item in self._named(text) if item.kind == "product"]
        if not products:
            return None
        longest = max(products, key=lambda item: (item.end - item.start, -item.start))
        return self._category_of[longest.owner]

    def kinds(self, text: str) -> list[str]:
        """The words of a text that name kinds of goods, in the order of their mention: "tarp",
        "tents"."""
        text = text[:MAX_CHARACTERS]
        return [text[item.start : item.end] for item in self._kinds_in(text)]

    def may_mean(self, text: str, product_id: str) -> bool:
        """Whether a text that names no product may be about this one: it names no kind of goods,
        or one that the product is of. "Which batteries do headlamps take?" is not about the
        sleeping bag that was talked of before, nor "How do I wash a down jacket?" about the jacket:
        an article tells that any of the kind is meant, unless a pronoun tells of one."""
        text = text[:MAX_CHARACTERS]
        kinds = self._kinds_in(text)
        if not kinds:
            return True
        if not reference.points_back(text) and any(
            reference.means_any(text, item) for item in kinds
        ):
            return False
        category = self._category_of.get(product_id)
        own = [text[item.start : item.end] for item in kinds if item.owner == category]
        if category is None or not own:
            return False
        return any(product_id in self._kinds.members(category, word) for word in own) or not any(
            self._kinds.is_plainly_another(product_id, category, word) for word in own
        )

    def asks_which(self, text: str) -> bool:
        """Whether a text asks which product of a kind to take: "高原上用什么炉头", "what stove
        should I take"; not "which stove is it for"."""
        text = text[:MAX_CHARACTERS]
        return not reference.points_back(text) and any(
            reference.asks_which(text, item) for item in self._kinds_in(text)
        )

    def of_category(self, category_id: str) -> frozenset[str]:
        """Ids of the category's products."""
        return frozenset(i for i, category in self._category_of.items() if category == category_id)

    def of_kind(self, text: str) -> frozenset[str] | None:
        """Ids of the products that are themselves what the text names ("tents": no footprint;
        "冲锋衣": no 雨衣), as retrieval.kinds tells; None when it names no kind or the shop has
        nothing of it."""
        text = text[:MAX_CHARACTERS]
        return self._members(text, self._asked_kinds(text)) or None

    def sold_as(self, goods: str) -> frozenset[str]:
        """Ids of the products that a customer may mean by `goods`, words for goods alone ("hiking
        boots", "抓绒帽"): those of the kind that they name, else those that are called so, else
        those whose attributes or options are so. Empty where the shop sells nothing of the kind: a
        text that tells what else one needs beside a thing is no offer of it."""
        goods = goods[:MAX_CHARACTERS]
        if kind := self._members(goods, self._kinds_in(goods)) or frozenset(self.match(goods)):
            return kind
        words = _content(goods)
        if not words:
            return frozenset()
        return self._that_say(words, names_and_tags) or self._that_say(words, _record)

    def _that_say(
        self, words: Sequence[str], texts: Callable[[Product], Iterable[str]]
    ) -> frozenset[str]:
        return frozenset(
            product_id
            for product_id, product in self._products.items()
            if all(claims.says(texts(product), word) for word in words)
        )

    def called(self, word: str) -> frozenset[str]:
        """Ids of the products whose names or aliases have the word as their head: "canister"."""
        return self._kinds.called(word)

    def search(
        self, query: str, allowed: AbstractSet[str] | None, k: int
    ) -> list[tuple[str, float]]:
        """The k best products with their scores, best first, among the allowed (None: all).

        Every allowed product can come: those whose passages are no hits follow by the closeness
        of their vectors.
        """
        candidates = set(self._order) if allowed is None else set(allowed) & set(self._order)
        if not candidates or not query.strip() or k <= 0:
            return []
        scores = self._by_passages(query, candidates)
        text = query[:MAX_CHARACTERS]
        named = self._kinds_in(text)
        category, members = self.category(text), self._members(text, named)
        made = _qualities(text, named)
        for product_id in candidates:
            if self._category_of[product_id] == category:
                scores[product_id] += _OF_CATEGORY
                scores[product_id] += _MADE_SO * bool(made & self._words[product_id])
            scores[product_id] += _OF_KIND * (product_id in members)
        for product_id in candidates.intersection(self.match(text)):
            scores[product_id] += _NAMED
        best = sorted(candidates, key=lambda i: (-scores[i], self._order[i]))[:k]
        return [(product_id, scores[product_id]) for product_id in best]

    def _by_passages(self, query: str, candidates: set[str]) -> dict[str, float]:
        filters = Filters(kind="product", sources=frozenset(candidates))
        scores: dict[str, float] = defaultdict(float)
        for product_id, hits in _by_source(self._retriever.search(query, filters=filters, k=_HITS)):
            ranked = sorted((hit.score for hit in hits), reverse=True)
            scores[product_id] = ranked[0] + _SECOND_PASSAGE * sum(ranked[1:2])
        vector = self._retriever.embed(query)
        for product_id in candidates & set(self.vectors):
            scores[product_id] += _CLOSENESS * float(self.vectors[product_id] @ vector)
        return scores

    def _named(self, text: str) -> list[Mention]:
        return self.lexicon.find(text, ("category", "product"))

    def _kinds_in(self, text: str) -> list[Mention]:
        return [item for item in self._named(text) if item.kind == "category"]

    def _asked_kinds(self, text: str) -> list[Mention]:
        return [item for item in self._kinds_in(text) if not reference.is_purpose(text, item)]

    def _members(self, text: str, kinds: Iterable[Mention]) -> frozenset[str]:
        found = (self._kinds.members(i.owner, text[i.start : i.end]) for i in kinds)
        return frozenset().union(*found)


def texts_of(product: Product) -> list[str]:
    """All that the catalogue says of a product, in all its languages; its options, which may differ
    from one variant to the next, are told apart."""
    localized = [product.summary, product.description, product.sizing, product.care]
    texts = [text for each in localized if each is not None for text in (each.zh, each.en)]
    return [*names_and_tags(product), *texts, *attributes_of(product)]


def attributes_of(product: Product) -> list[str]:
    """ "Weight 1.85 kg": names and values of the attributes, in all languages."""
    return [
        f"{attribute['name'][language]} {attribute['value'][language]}"
        for attribute in product.attributes
        for language in attribute["value"]
    ]


def options_of(product: Product) -> list[str]:
    """The values of the options that a product comes in, each once."""
    values = (value for variant in product.variants for value in variant.options.values())
    return list(dict.fromkeys(text for value in values for text in value.values()))


def names_and_tags(product: Product) -> list[str]:
    return [*names_of(product), product.brand or "", *product.tags]


def _has_part(names: Iterable[str], word: str) -> bool:
    return any(word in terms(name) for name in names)


def _record(product: Product) -> list[str]:
    return [*names_and_tags(product), *attributes_of(product), *options_of(product)]


def _content(goods: str) -> list[str]:
    """The words by which goods are told from others."""
    if re.search(f"[{HAN}]", goods):
        return [token.text for token in tokenize(goods) if terms(token.text)]
    return terms(goods)


def _qualities(text: str, kinds: Iterable[Mention]) -> set[str]:
    """ "down jackets": the word before each kind, which a product may have in its name."""
    before = [re.search(r"([a-z]{3,})[ -]$", text[: item.start].lower()) for item in kinds]
    return {word[1] for word in before if word}


def _by_source(hits: Iterable[Hit]) -> Iterator[tuple[str, list[Hit]]]:
    grouped: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        grouped[hit.passage.source].append(hit)
    yield from grouped.items()


def _product_vectors(retriever: Retriever, wanted: Mapping[str, int]) -> dict[str, Vectors]:
    """The mean of each product's passages over its languages, at length 1."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(retriever.index.passages):
        if passage.kind == "product" and passage.source in wanted:
            numbers[passage.source].append(number)
    found: dict[str, Vectors] = {}
    for product_id, rows in numbers.items():
        mean = retriever.index.vectors.vectors(np.array(rows, np.int64)).mean(axis=0)
        found[product_id] = (mean / np.linalg.norm(mean)).astype(np.float32)
    return found
