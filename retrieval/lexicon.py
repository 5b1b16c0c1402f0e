"""The shop's own words in a text: names of products, kinds, brands and options.

One automaton over all forms, made from the catalogue, finds them in a single pass; nothing here
knows any shop's goods. Runs in Rasa's Python 3.10 too: imports only the standard library,
pyahocorasick and retrieval.text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

import ahocorasick

from retrieval.text import HAN, singular

if TYPE_CHECKING:
    from data.models import Category, Product

MentionKind = Literal["category", "product", "brand", "option"]
# What a word means that several things are called by: what comes first here.
KINDS: tuple[MentionKind, ...] = ("category", "product", "brand", "option")
# A turn reads its text, the wanted part of it and a few words of it several times.
_REMEMBERED = 64
# Taken from one text, as many as a customer could mean; "tent tent tent …" names more.
_MOST_MENTIONS = 50
_MOST_SCANNED = 500  # before those that overlap are dropped
# A name does not go on behind the end of a sentence.
_STOP = "\n"
_ENDS = frozenset("。！？；!?;\n")
_PLURAL_END = re.compile(r"(?:e?s)?(?![^\W_])")
_NOT_HAN = re.compile(f"(?![{HAN}])[^\\W_]")


@dataclass(frozen=True, slots=True)
class Mention:
    """`text[start:end]` names something: `owner` is a category's or product's id, a brand as the
    catalogue writes it, or the key of an option ("color") one of whose values is named."""

    start: int
    end: int
    kind: MentionKind
    owner: str


@dataclass(frozen=True, slots=True)
class Form:
    """One way to call something. Case, spaces, hyphens and width do not count."""

    text: str
    kind: MentionKind
    owner: str
    singular: bool = True  # whether a plural names in the singular too


class Lexicon:
    """Finds forms in texts. One instance serves all threads."""

    def __init__(self, forms: Iterable[Form]) -> None:
        derived: dict[str, dict[MentionKind, str]] = {}
        self._written: dict[str, dict[MentionKind, str]] = {}
        for form in forms:
            plain = squash(form.text)
            if len(plain) < 2:  # one letter or character names nothing
                continue
            # The first of a kind keeps a form that several are called by.
            self._written.setdefault(plain, {}).setdefault(form.kind, form.owner)
            for spelling in _spellings(plain, form.singular):
                derived.setdefault(spelling, {}).setdefault(form.kind, form.owner)
        # What somebody wrote down goes before what was made of it: "gas canister" is a product's
        # alias, though a category is called "gas canisters".
        meanings = derived | self._written
        self._automaton = ahocorasick.Automaton()
        for plain, owners in meanings.items():
            self._automaton.add_word(plain, (len(plain), tuple(owners.items())))
        if meanings:
            self._automaton.make_automaton()
        self._empty = not meanings
        self._found: OrderedDict[str, tuple[Mention, ...]] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def of(cls, products: Iterable[Product], categories: Iterable[Category]) -> Lexicon:
        """All that a catalogue calls by a name, in all its languages."""
        found = []
        for category in categories:
            own = (category.name.zh, category.name.en)
            # Of a lone word among the aliases the singular may be another word: lights, light.
            found += [
                Form(text, "category", category.id, singular=text in own or " " in text.strip())
                for text in names_of(category)
            ]
        for product in products:
            brand = product.brand or ""
            called = names_of(product)
            called += [rest for name in called if (rest := without_brand(name, brand)) != name]
            found += [Form(text, "product", product.id) for text in called]
            found += [Form(brand, "brand", brand)] if brand else []
            for variant in product.variants:
                for key, value in variant.options.items():
                    found += [Form(text, "option", key) for text in value.values()]
        return cls(found)

    def find(self, text: str, kinds: Sequence[MentionKind] = KINDS) -> list[Mention]:
        """What the text names of these kinds, the longest first where forms overlap, in the order
        of the text. Of very many the first count. A text that was read before is not read again."""
        chosen: list[Mention] = []
        taken = bytearray(len(text))
        for mention in self._all(text):
            if mention.kind in kinds and not any(taken[mention.start : mention.end]):
                taken[mention.start : mention.end] = b"\1" * (mention.end - mention.start)
                chosen.append(mention)
        return sorted(chosen, key=lambda mention: mention.start)[:_MOST_MENTIONS]

    def owner(self, form: str, kind: MentionKind) -> str | None:
        """Whose form this is, if exactly so is anything of that kind called."""
        return self._written.get(squash(form), {}).get(kind)

    def _all(self, text: str) -> tuple[Mention, ...]:
        """All occurrences, overlapping ones too: longest first, then by place and kind."""
        with self._lock:
            if text in self._found:
                self._found.move_to_end(text)
                return self._found[text]
        found = self._scan(text)
        with self._lock:
            self._found[text] = found
            while len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
        return found

    def _scan(self, text: str) -> tuple[Mention, ...]:
        if self._empty:
            return ()
        plain, places = _placed(text)
        spans: list[tuple[int, int, Any]] = []
        for last, (length, owners) in self._automaton.iter(plain):
            start, end = places[last - length + 1], places[last] + 1
            if _bounded(text, start, end):
                spans.append((start, end, owners))
                if len(spans) == _MOST_SCANNED:
                    break
        # The longest form as it is kept, not as the text spaces it.
        spans.sort(key=lambda span: (span[0] - span[1], span[0]))
        return tuple(
            Mention(start, end, kind, owner)
            for start, end, owners in spans
            for kind, owner in sorted(owners, key=lambda item: KINDS.index(item[0]))
        )


def names_of(item: Product | Category) -> list[str]:
    """Names and aliases in all languages, each once."""
    texts = [item.name.zh, item.name.en]
    for aliases in item.aliases.values():
        texts += aliases
    return list(dict.fromkeys(texts))


def without_brand(name: str, brand: str) -> str:
    """A name without the brand that it begins with; the name itself when nothing would be left."""
    if brand and name.casefold().startswith(brand.casefold()):
        rest = name[len(brand) :]
        cut_in_word = _NOT_HAN.match(brand[-1:]) and _NOT_HAN.match(rest[:1])
        if rest.strip(" -–—·|,，") and not cut_in_word:
            return rest.strip(" -–—·|,，")
    return name


def squash(text: str) -> str:
    """Letters and digits alone, in lower case, of usual width."""
    return _placed(text)[0].replace(_STOP, "")


def _placed(text: str) -> tuple[str, list[int]]:
    """A text squashed, with ends of sentences kept as line breaks, and where each stood."""
    plain: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character in _ENDS or (character == "." and text[place + 1 : place + 2].isspace()):
            plain.append(_STOP)
            places.append(place)
            continue
        for small in unicodedata.normalize("NFKC", character).lower():
            if small.isalnum():
                plain.append(small)
                places.append(place)
    return "".join(plain), places


def _spellings(plain: str, also_singular: bool) -> set[str]:
    """The form, its singular, and a plural in -ies; an added "s" is read from the text."""
    found = {plain, singular(plain)} if also_singular else {plain}
    if re.search(r"[a-z][b-df-hj-np-tv-z]y$", plain):
        found.add(plain[:-1] + "ies")
    return found


def _bounded(text: str, start: int, end: int) -> bool:
    """Whether words that need spaces around them are whole at the ends of a span, a plural "s" or
    "'s" aside. Chinese stands without spaces."""
    if _NOT_HAN.match(text[start]) and start > 0 and _NOT_HAN.match(text[start - 1]):
        return False
    if _NOT_HAN.match(text[end - 1]) and end < len(text) and _NOT_HAN.match(text[end]):
        rest = _PLURAL_END.match(text, end)
        # "12" is not the plural of "1": only letters take an s.
        return rest is not None and rest.end() > end and text[end - 1].isalpha()
    return True
