"""What a shop knows of a product, in one language, ready to be told: each attribute as a point,
each sentence of its texts, and all of it as the sources that a text is checked against."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from llm.checks import denies
from retrieval.claims import says
from retrieval.facts import option_name, options_of, product_passages, words
from retrieval.text import sentences
from retrieval.types import Language

# A sentence that leans on the one before it is told only behind that one.
_LEANS = re.compile(
    r"^(?:但|而|它|也|还|因此|所以|不过|另外|同时|其中)"
    r"|^(?:but|and|so|it|its|they|their|this|that|these|those|both|also|then|otherwise)\b",
    re.IGNORECASE,
)
# Values by which a record says that something is not so: no reason to buy, and never turned round.
_LACKS = re.compile(r"^(?:否|无|不|没有|no\b|none\b|not\b|without\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Point:
    """One attribute. `flag`: its value only says that it is so ("vegan: yes")."""

    name: str
    value: str
    flag: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """One of the shop's own. `leans`: it needs the one before it. `denies`: it says what the
    product is not, which a description tells and an advertisement has no room for."""

    text: str
    leans: bool
    denies: bool


@dataclass(frozen=True, slots=True)
class Record:
    """`price` as customers read it, where it is to be told. `topics` are words for hashtags, each
    of which the record proves."""

    id: str
    language: Language
    name: str
    brand: str
    kind: str
    summary: str
    sentences: tuple[Sentence, ...]
    advice: tuple[Sentence, ...]  # on sizes, fit and care
    points: tuple[Point, ...]
    options: tuple[str, ...]
    warranty: int | None
    price: str
    topics: tuple[str, ...]
    sources: tuple[str, ...]

    @classmethod
    def of(
        cls,
        product: Any,
        language: Language,
        *,
        price: str = "",
        topics: Iterable[str] = (),
        others: Sequence[str] = (),
    ) -> Record:
        """Of a product of the catalogue. `topics` are words that may fit, of which those stay that
        the record says; `others` the names of other products, whose sentences are not told here."""
        passages = product_passages([product], [language])
        name, kind = product.name[language], product.category.name[language]
        summary = (product.summary[language] if product.summary else "").strip().rstrip("。.")
        own = [name, kind, product.brand or "", summary, *(each.text for each in passages)]
        proven = [word for word in topics if says(own, word)]
        rivals = [
            each.casefold() for each in others if each and each.casefold() not in name.casefold()
        ]
        told = sentences(product.description[language], language)
        advice = [
            sentence
            for text in (product.sizing, product.care)
            if text is not None
            for sentence in sentences(text[language], language)
        ]
        return cls(
            id=product.id,
            language=language,
            name=name.strip(),
            brand=(product.brand or "").strip(),
            kind=kind.strip(),
            summary=summary,
            sentences=tuple(_own(told, rivals)),
            advice=tuple(_own(advice, rivals)),
            points=tuple(_points(product, language)),
            options=tuple(_options(product, language)),
            warranty=product.warranty_months,
            price=price,
            topics=tuple(dict.fromkeys(proven)),
            sources=tuple(each for each in (*own, price) if each),
        )


def _own(told: Sequence[str], rivals: Sequence[str]) -> Iterable[Sentence]:
    lost = False  # the sentence before was left out, and what leans on it goes with it
    for text in told:
        leans = _LEANS.search(text) is not None
        lost = (leans and lost) or any(name in text.casefold() for name in rivals)
        if not lost:
            yield Sentence(text.strip(), leans, denies(text))


def _points(product: Any, language: Language) -> Iterable[Point]:
    whether = words(language)["whether"]
    for attribute in product.attributes:
        name, value = attribute["name"][language].strip(), attribute["value"][language].strip()
        if name and value and not _LACKS.match(value):
            yield Point(name, value.rstrip("。."), value.casefold() in whether)


def _options(product: Any, language: Language) -> Iterable[str]:
    """Only where there is a choice."""
    marks = words(language)["marks"]
    for key, values in options_of(product.variants, language).items():
        if len(values) > 1:
            yield f"{option_name(key, language)}{marks['colon']}{marks['comma'].join(values)}"
