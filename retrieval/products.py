"""Products by their names and by what is asked of them."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

import numpy as np

from data.models import Category, Product
from retrieval.embedder import Vectors
from retrieval.retriever import MAX_CHARACTERS, Retriever
from retrieval.text import HAN, singular, tokenize
from retrieval.types import Filters, Hit

_HITS = 60
# A named product goes before all others; a named kind before what only sounds alike.
_NAMED, _OF_CATEGORY, _OF_KIND, _MADE_SO = 1.0, 0.05, 0.06, 0.08


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    owner: str
    kind: Literal["product", "category"]


# "a …", "a light …", before the name of a kind; and words for what was talked of before.
_ANY = re.compile(r"\b(?:an?|any)\s+(?:[\w-]+\s+){0,2}$", re.I)
_WHICH_BEFORE = re.compile(
    r"(?:什么|哪[种款]|啥)(?:样的)?\s*$|\b(?:which|what)\s+(?:[\w-]+\s+){0,2}$", re.I
)
_WHICH_AFTER = re.compile(
    r"\s*(?:比较)?(?:好|合适|适合|$|[？?。！!吗呢啊])"
    r"|\s*(?:should|shall|do|would|is best|to|for)\b",
    re.I,
)
_PRONOUN = re.compile(r"\b(?:it|its|this|that|these|those|they|them|one|ones)\b", re.I)


class ProductSearch:
    """Names and aliases are taken from the catalogue; passages from the retriever's index.

    `vectors` holds one vector of length 1 a product: the mean over its passages in the index.
    """

    def __init__(
        self, retriever: Retriever, products: Sequence[Product], categories: Iterable[Category]
    ) -> None:
        self._retriever = retriever
        categories = list(categories)
        self._order = {product.id: i for i, product in enumerate(products)}
        self._category_of = {product.id: product.category_id for product in products}
        self._forms: dict[str, tuple[str, Literal["product", "category"]]] = {}
        for category in categories:
            for form in _forms(category):
                self._forms[form] = (category.id, "category")
        for product in products:
            for form in _forms(product):
                self._forms.setdefault(form, (product.id, "product"))
        self._names = {
            product.id: [_squash(name)[0] for name in (product.name.zh, product.name.en)]
            for product in products
        }
        self._words = {product.id: set(product.name.en.lower().split()) for product in products}
        wide = {_squash(category.name.zh)[0] for category in categories}
        self._narrow = {
            form
            for form, (_, kind) in self._forms.items()
            if kind == "category"
            and form not in wide
            and any(zh.endswith(form) for zh, _ in self._names.values())
        }
        self._called = {product.id: _forms(product) for product in products}
        self._heads = _distinctive(products, self._forms, retriever)
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
        found: list[tuple[int, str]] = []
        for item in exact:
            word = _squash(text[item.start : item.end])[0]
            if item.kind == "product" and word not in self._heads:
                found.append((item.start, item.owner))
        taken = [(item.start, item.end) for item in exact]
        for word, start, end in self._first_words_in(text):
            whole = (start, end) in taken
            if whole or all(end <= s or start >= e for s, e in taken):
                found += [(start, product_id) for product_id in self._meant(word, text)]
        first: dict[str, int] = {}
        for place, product_id in sorted(found, key=lambda item: item[0]):
            first.setdefault(product_id, place)
        return first

    def category(self, text: str) -> str | None:
        """Id of the category that a text asks for: named itself, else that of a named product.

        What the wanted thing is for ("insoles for my boots", "洗羽绒服的") is not asked for itself.
        """
        text = text[:MAX_CHARACTERS]
        found = self._named(text)
        asked = [item for item in found if item.kind == "category" and not _is_purpose(text, item)]
        if asked:
            return max(asked, key=lambda item: item.end - item.start).owner
        products = [item for item in found if item.kind == "product"]
        return self._category_of[products[0].owner] if products else None

    def kinds(self, text: str) -> list[str]:
        """The words of a text that name kinds of goods, in the order of their mention: "tarp",
        "tents"."""
        found = self._kinds_in(text[:MAX_CHARACTERS])
        return [text[item.start : item.end] for item in sorted(found, key=lambda i: i.start)]

    def may_mean(self, text: str, product_id: str) -> bool:
        """Whether a text that names no product may be about this one: it names no kind of goods,
        or one that the product is of. "Which batteries do headlamps take?" is not about the
        sleeping bag that was talked of before, nor "How do I wash a down jacket?" about the jacket:
        an article tells that any of the kind is meant, unless a pronoun tells of one."""
        text = text[:MAX_CHARACTERS]
        kinds = self._kinds_in(text)
        if not kinds:
            return True
        if not _PRONOUN.search(text) and any(_ANY.search(text[: item.start]) for item in kinds):
            return False
        category = self._category_of.get(product_id)
        own = [item for item in kinds if item.owner == category]
        # Within a category only a product that plainly is of another kind is left aside: a bag
        # when pads are named; a trail runner is called neither shoe nor boot.
        named = [text[item.start : item.end] for item in own]
        if any(self._is_a(product_id, kind) for kind in named):
            return True
        others = (
            form
            for form, owner in self._forms.items()
            if owner == (category, "category") and form.isascii() == named[0].isascii()
        )
        return bool(own) and not any(self._is_a(product_id, form) for form in others)

    def asks_which(self, text: str) -> bool:
        """Whether a text asks which product of a kind to take: "高原上用什么炉头", "what stove
        should I take"; not "which stove is it for"."""
        text = text[:MAX_CHARACTERS]
        return not _PRONOUN.search(text) and any(
            _WHICH_BEFORE.search(text[: item.start]) and _WHICH_AFTER.match(text[item.end :])
            for item in self._kinds_in(text)
        )

    def of_category(self, category_id: str) -> frozenset[str]:
        """Ids of the category's products."""
        return frozenset(i for i, category in self._category_of.items() if category == category_id)

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
        filters = Filters(kind="product", sources=frozenset(candidates))
        scores: dict[str, float] = defaultdict(float)
        for product_id, hits in _by_source(self._retriever.search(query, filters=filters, k=_HITS)):
            # The best passage decides; a second one that fits adds a little.
            ranked = sorted((hit.score for hit in hits), reverse=True)
            scores[product_id] = ranked[0] + 0.25 * sum(ranked[1:2])
        vector = self._retriever.embed(query)
        for product_id in candidates & set(self.vectors):
            scores[product_id] += 0.01 * float(self.vectors[product_id] @ vector)
        for product_id in self.match(query):
            if product_id in candidates:
                scores[product_id] += _NAMED
        category = self.category(query)
        named = self._kinds_in(query)
        kinds = [query[item.start : item.end] for item in named]
        # "down jackets": what has the word before the kind in its name goes before what has not.
        before = [re.search(r"([a-z]{3,})[ -]$", query[: item.start].lower()) for item in named]
        made = {word[1] for word in before if word}
        for product_id in candidates:
            if self._category_of[product_id] == category:
                scores[product_id] += _OF_CATEGORY
                scores[product_id] += _MADE_SO * bool(made & self._words[product_id])
            if any(self._is_a(product_id, kind) for kind in kinds):
                scores[product_id] += _OF_KIND
        best = sorted(candidates, key=lambda i: (-scores[i], self._order[i]))[:k]
        return [(product_id, scores[product_id]) for product_id in best]

    def of_kind(self, query: str) -> frozenset[str] | None:
        """Ids of the products that are themselves what the query names ("tents": no footprint;
        "冲锋衣": no 雨衣); None when it names no kind or nothing is called so."""
        kinds = [
            query[i.start : i.end]
            for i in self._named(query[:MAX_CHARACTERS])
            if i.kind == "category" and not _is_purpose(query, i)
        ]
        found = {i for i in self._order if any(self._is_a(i, kind) for kind in kinds)}
        if not found:
            return None
        return frozenset(
            found | {i for i in self._order if any(self._is_called(i, kind) for kind in kinds)}
        )

    def _kinds_in(self, text: str) -> list[_Found]:
        return [item for item in self._named(text) if item.kind == "category"]

    def _named(self, text: str) -> list[_Found]:
        """Whole names and aliases in the text, the longest first where they overlap."""
        squashed, places = _squash(text)
        spans = [
            (place, place + len(form), owner, kind)
            for form, (owner, kind) in self._forms.items()
            for place in _occurrences(squashed, form)
            if _bounded(text, places, place, place + len(form))
        ]
        spans.sort(key=lambda span: (span[0] - span[1], span[0], span[3] == "category"))
        chosen: list[_Found] = []
        taken = np.zeros(len(squashed), bool)
        for start, end, owner, kind in spans:
            if not taken[start:end].any():
                taken[start:end] = True
                chosen.append(_Found(places[start], places[end - 1] + 1, owner, kind))
        return chosen

    def _meant(self, word: str, text: str) -> list[str]:
        """Which of the products that share a first word a text is about."""
        family = self._heads[word]
        fits = {product_id: self._further_words(product_id, text) for product_id in family}
        best = [product_id for product_id in family if fits[product_id] == max(fits.values())]
        short = self._forms.get(word, ("", ""))[0]
        if short in best:
            return [short]
        if short in family:
            # "the 3 person ridgeline": like the one called so for short, hence the tent.
            like = {i: len(set(i.split("-")) & set(short.split("-"))) for i in best}
            best = [i for i in best if like[i] == max(like.values())]
        return best

    def _first_words_in(self, text: str) -> Iterator[tuple[str, int, int]]:
        for word in self._heads:
            if not word.isascii():
                for start in _occurrences(text, word):
                    yield word, start, start + len(word)
        known = self._retriever.index.lexical.known_terms
        for token in tokenize(text):
            written = token.text.lower()
            if written in self._heads:
                yield written, token.start, token.end
            elif len(written) >= 5 and written.isascii() and not known(written):
                limit = 1 if len(written) < 8 else 2
                near = [w for w in self._heads if w.isascii() and within(w, written, limit)]
                if near:
                    yield near[0], token.start, token.end

    def _is_a(self, product_id: str, kind: str) -> bool:
        """Whether a name ends as the kind does: a rain cover is none of the backpacks, though it
        stands among them."""
        whole = _squash(kind)[0]
        last = singular(_squash(kind.split()[-1])[0])
        zh, en = self._names[product_id]
        if last.isascii():
            # "backpack" is also what is called a pack.
            return en.endswith(last[-4:] if len(last) > 6 else last)
        # Where names end in the whole word, only those are of the kind (雨衣 is no 冲锋衣), unless
        # it is what the whole category is called; else its last character tells: 三季帐 is a 帐篷.
        return zh.endswith(whole) if whole in self._narrow else zh[-1] in last

    def _is_called(self, product_id: str, kind: str) -> bool:
        """Whether one of its other names ends so: the Northwall Down Parka is a "northwall
        jacket"."""
        last = singular(_squash(kind)[0])
        endings = (last, last.removesuffix("子"))  # 登山炉 is a 炉子
        return any(each.endswith(endings) for each in self._called[product_id])

    def _further_words(self, product_id: str, text: str) -> int:
        """How much of the product's name stands in the text: words of the English one, pairs of
        characters of the Chinese one after its first two."""
        squashed, _ = _squash(text)
        zh, _ = self._names[product_id]
        words = set(re.findall(r"[a-z]+|\d+", text.lower()))
        english = product_id.split("-")
        pairs = sum(zh[i : i + 2] in squashed for i in range(2, len(zh) - 1))
        return pairs + sum(word in words for word in english)


def within(a: str, b: str, limit: int) -> bool:
    """Whether two words are at most `limit` typing errors apart: a letter more, less, other, or
    two swapped."""
    if abs(len(a) - len(b)) > limit or a[0] != b[0]:
        return False
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        older, before, row = before, row, [i]
        for j, y in enumerate(b, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1] <= limit


def _forms(item: Product | Category) -> set[str]:
    """Names and aliases of both languages, squashed; one letter or character names nothing."""
    texts = [item.name.zh, item.name.en, *item.aliases.get("zh", []), *item.aliases.get("en", [])]
    return {form for form in (_squash(text)[0] for text in texts) if len(form) > 1}


def _squash(text: str) -> tuple[str, list[int]]:
    """Letters, digits and Han alone, in lower case, and where each stood in the text."""
    squashed, places = [], []
    for place, character in enumerate(text):
        for plain in unicodedata.normalize("NFKC", character).lower():
            if plain.isalnum():
                squashed.append(plain)
                places.append(place)
    return "".join(squashed), places


def _occurrences(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        yield start
        start = text.find(part, start + 1)


def _bounded(text: str, places: list[int], start: int, end: int) -> bool:
    """Whether Latin words at the ends of a span are whole there (a plural "s" or "'s" aside)."""
    first, last = places[start], places[end - 1]
    if _is_latin(text[first]) and first > 0 and _is_latin(text[first - 1]):
        return False
    if _is_latin(text[last]) and last + 1 < len(text):
        rest = re.match(r"(?:e?s)?(?![A-Za-z0-9])", text[last + 1 :])
        return rest is not None
    return True


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


_FOR = re.compile(
    # "looking for a tent" asks for the tent.
    r"(?<!looking )(?<!look )(?<!search )(?<!searching )(?<!shopping )(?<!hunting )"
    r"\b(?:for|with|under|inside|in|on|into)\s+(?:(?:my|the|a|an|our|his|her)\s+)?$"
)
_TO_TREAT = re.compile(
    r"(?:\b(?:wash|clean|repair|mend|proof|waterproof)(?:ing)?\s+(?:(?:my|the|a|an|our)\s+)?"
    r"(?:\w+\s+)?|[洗修补]|清洗|保养|修补|清洁)$"
)
_USED_WITH = re.compile(rf"^(?:用的|用什么|里用|里面用|配什么|清洗|怎么洗|保养|[{HAN}]{{0,2}}专用)")


def _is_purpose(text: str, item: _Found) -> bool:
    before, after = text[: item.start].lower(), text[item.end :]
    return bool(_FOR.search(before) or _TO_TREAT.search(before) or _USED_WITH.search(after))


def _distinctive(
    products: Sequence[Product], forms: Mapping[str, tuple[str, str]], retriever: Retriever
) -> Mapping[str, tuple[str, ...]]:
    """First words of names (two characters of Chinese ones) that name something by themselves,
    with the products whose names they begin.

    They are an alias of one of them, or shared by several and a name only: an English one is never
    written small in a text, a Chinese one never stands in a text outside a product's whole name.
    """
    families: dict[str, list[str]] = defaultdict(list)
    for product in products:
        for word in _first_words(product):
            families[word].append(product.id)
    names = re.compile("|".join(sorted((re.escape(p.name.zh) for p in products), key=len)[::-1]))
    common: set[str] = set()
    for passage in retriever.index.passages:
        rest = names.sub(" ", passage.text) if products else passage.text
        small = set(re.findall(r"\b[a-z]+", rest))
        common |= {w for w in families if (w in small if w.isascii() else w in rest)}
    return {
        word: tuple(family)
        for word, family in families.items()
        if forms.get(word, ("", ""))[0] in family or (len(family) > 1 and word not in common)
    }


def _first_words(product: Product) -> set[str]:
    english = re.match(r"[A-Za-z]{4,}", product.name.en)
    chinese = re.match(f"[{HAN}]{{2}}", product.name.zh)
    return {match.group().lower() for match in (english, chinese) if match}


def _by_source(hits: Iterable[Hit]) -> Iterator[tuple[str, list[Hit]]]:
    grouped: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        grouped[hit.passage.source].append(hit)
    yield from grouped.items()


def _product_vectors(retriever: Retriever, wanted: Mapping[str, int]) -> dict[str, Vectors]:
    """The mean of each product's passages over both languages, at length 1."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(retriever.index.passages):
        if passage.kind == "product" and passage.source in wanted:
            numbers[passage.source].append(number)
    found: dict[str, Vectors] = {}
    for product_id, rows in numbers.items():
        mean = retriever.index.vectors.vectors(np.array(rows, np.int64)).mean(axis=0)
        found[product_id] = (mean / np.linalg.norm(mean)).astype(np.float32)
    return found
