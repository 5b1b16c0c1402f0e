"""What a text asks for the most or the least of: among all goods, or among some that it knows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.understanding.quantities import units
from data.models import Product
from data.shop import Attribute, Direction, Lexicon
from retrieval.lexical import terms

_PRICE = [
    (
        r"最便宜|(?<!更)便宜的|最实惠|价格最低"
        r"|\bcheap(?:est)?\b|\bleast expensive\b|\blowest[- ]price",
        False,
    ),
    (r"最贵|\bmost expensive\b|\bpriciest\b", True),
]
# Of some that are known, a plain adjective tells them apart as well: "the small one", 哪个轻. What
# each is about, by what its attributes' units measure, the first that they have: how big a thing
# is, is told by what it holds before what it weighs.
_EXTENT = ("volume", "people", "charge", "energy", "length", "storage", "mass")
# What an attribute of the thing itself is called, where others of it have the same unit.
_PLAIN = dict.fromkeys(_EXTENT, frozenset[str]()) | {
    "mass": frozenset({"重量", "weight"}),
    "volume": frozenset({"容量", "volume", "capacity"}),
    "length": frozenset({"长度", "length", "尺寸", "size"}),
}
_ADJECTIVES: list[tuple[str, tuple[str, ...], bool]] = [
    (r"便宜|实惠|\bcheap(?:er|est)?\b|\bless expensive\b", ("price",), False),
    (r"[贵]|\bdear(?:er|est)?\b|\bpric(?:ier|iest|ey|y)\b|\bexpensive\b", ("price",), True),
    (r"轻(?!松|便)|\blight(?:er|est)?\b", ("mass",), False),
    (r"[重沉](?!要|新|复)|\bheav(?:y|ier|iest)\b", ("mass",), True),
    (r"大(?!概|约|家)|\b(?:big|large)(?:g?er|g?est|r|st)?\b", _EXTENT, True),
    (r"小(?!时|孩|朋)|\b(?:small(?:er|est)?|little)\b", _EXTENT, False),
]
# The degree of an attribute that the text names: "a longer run time", 容量大.
_MORE = r"[大高长多久宽厚强]|\b(?:more|most|\w+er|\w+est|best|better)\b"
_LESS = r"[小低短少窄薄弱]|\b(?:less|least|fewer|fewest|lower|lowest|shorter|shortest|smaller)\b"


def superlative(text: str, lexicon: Lexicon) -> Direction | None:
    """What a text asks for the most or the least of: of "price", or of an attribute that the shop
    has words for ("the lightest tent"); None without such a word."""
    for pattern, most in _PRICE:
        if re.search(pattern, text.lower()):
            return Direction(("price",), most)
    return lexicon.direction_in(text)


def of_those(text: str, products: Sequence[Product], lexicon: Lexicon) -> Direction | None:
    """What a text asks for more (or less) of than the others of these products have: "which is
    warmer", 那个小的, "the longer run time"; None where it names nothing that figures tell."""
    shared = _shared(products)
    lowered = text.lower()
    for most in (False, True):
        if keys := tuple(k for k in shared if _asked(lowered, lexicon.attributes.get(k), most)):
            return Direction(keys, most)
    for key, (names, _) in shared.items():
        if any(_named(name, lowered) for name in names):
            for pattern, most in ((_LESS, False), (_MORE, True)):
                if re.search(pattern, lowered):
                    return Direction((key,), most)
    for pattern, measured, most in _ADJECTIVES:
        if not re.search(pattern, lowered):
            continue
        if measured == ("price",):
            return Direction(("price",), most)
        for what in measured:
            alike = [key for key, (_, told) in shared.items() if told == what]
            # Of several, what it weighs itself before what it bears.
            alike.sort(key=lambda key: _PLAIN[what].isdisjoint(map(str.lower, shared[key][0])))
            if alike:
                return Direction((alike[0],), most)
    return None


def _shared(products: Sequence[Product]) -> dict[str, tuple[tuple[str, ...], str | None]]:
    """The attributes that all of the products have a figure of: their names, and what their unit
    measures."""
    found: dict[str, tuple[tuple[str, ...], str | None]] = {}
    for attribute in products[0].attributes if products else ():
        key = attribute["key"]
        if all(any(a["key"] == key and "number" in a for a in p.attributes) for p in products):
            unit = units.of(str(attribute.get("unit") or ""))
            found[key] = (tuple(attribute["name"].values()), unit.what if unit else None)
    return found


def _named(name: str, text: str) -> bool:
    """Whether a text names an attribute: by all words of its name, or in Chinese by its head."""
    words = terms(name)
    if not name.isascii():
        return name in text or (len(name) > 2 and name[-2:] in text)
    return bool(words) and set(words) <= set(terms(text))


def _asked(text: str, attribute: Attribute | None, most: bool) -> bool:
    """Whether a text has the shop's words for the most (or the least) of an attribute, or their
    stems alone: "warmer" and "warm" of "warmest", 暖 of 最暖."""
    if attribute is None:
        return False
    best, better = (attribute.most, attribute.more) if most else (attribute.least, attribute.less)
    return better.are_in(text) or any(re.search(_stem(word), text) for word in best.all())


def _stem(word: str) -> str:
    if word.startswith("最"):
        return re.escape(word.removeprefix("最"))
    if word.endswith("est") and word.isalpha():
        return rf"\b{word[:-3]}(?:e?r|est)?\b"
    return re.escape(word)
