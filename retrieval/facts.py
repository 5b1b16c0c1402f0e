"""Product records to passages: one each for description, specifications, advice on sizes, and care.

The parts of a product are numbered alike in all languages, so that they can be told to say the
same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from data.models import Localized, Product, Variant
from retrieval.ingest import LANGUAGES, packed
from retrieval.sections import Unit
from retrieval.text import sentences
from retrieval.types import Language, Passage

_WORDS = Path(__file__).parent / "words"
# Lists of options tell which there are, not which go together. With this many options few of the
# combinations exist, and so each version is written out; beyond so many versions nobody reads on.
_OPTIONS_WRITTEN_OUT = 3
_MOST_VERSIONS = 24


def product_passages(
    products: Iterable[Product], languages: Sequence[Language] = LANGUAGES
) -> list[Passage]:
    """Passages of each product in the shop's languages. Prices and stock are not in them: they
    change, and callers ask the database."""
    return [
        passage
        for product in products
        for language in languages
        for passage in _one_product(product, language)
    ]


@cache
def words(language: Language) -> Any:
    """How facts are worded: words/<language>.yaml."""
    return yaml.safe_load((_WORDS / f"{language}.yaml").read_text("utf-8"))


def _one_product(product: Product, language: Language) -> list[Passage]:
    parts = {
        "description": _prose(product.summary, language) + _prose(product.description, language),
        "attributes": [Unit(line, line=True) for line in _specifications(product, language)],
        "sizing": _prose(product.sizing, language),
        "care": _prose(product.care, language),
    }
    passages: list[Passage] = []
    # Numbered over all parts, so that a part has its number whichever others are empty.
    for number, (part, units) in enumerate(parts.items(), start=1):
        if units:
            passages += packed(
                product.id,
                number,
                units,
                kind="product",
                language=language,
                title=product.name[language],
                heading=words(language)["headings"][part],
                url=product.page_url or f"/products/{product.id}",
            )
    return passages


def _prose(text: Localized | None, language: Language) -> list[Unit]:
    found = sentences(text[language], language) if text is not None else []
    stop = words(language)["marks"]["stop"]
    # A summary is a line without its full stop; in running text it needs one.
    closed = [s if re.search(r"[.!?。！？…；;:：”’」）)]$", s) else s + stop for s in found]
    return [Unit(sentence, line=i == 0) for i, sentence in enumerate(closed)]


def _specifications(product: Product, language: Language) -> list[str]:
    known = words(language)
    facts, marks = known["facts"], known["marks"]
    rows = [(a["name"][language], a["value"][language]) for a in product.attributes]
    if product.brand:
        rows.append((facts["brand"], product.brand))
    options = options_of(product.variants, language)
    whether = {key for key, values in options.items() if _says_whether(values, known)}
    for key, values in options.items():
        if key not in whether:
            rows.append((option_name(key, language), marks["comma"].join(values)))
    if whether or len(options) >= _OPTIONS_WRITTEN_OUT:
        versions = _versions(product.variants, list(options), language)
        rows += [(facts["version"], version) for version in versions[:_MOST_VERSIONS]]
    if product.warranty_months:
        rows.append((facts["warranty"], facts["months"].format(months=product.warranty_months)))
    if product.min_age:
        rows.append((facts["age"], facts["least_age"].format(age=product.min_age)))
    stop = marks["stop"]
    return [f"{name}{marks['colon']}{v}{'' if v.endswith(stop) else stop}" for name, v in rows]


def option_name(key: str, language: Language) -> str:
    """What customers read for the key of an option: a usual one in the language, else the name
    that the catalogue gives it ("water_resistance": Water resistance)."""
    usual: str | None = words(language)["options"].get(key.lower())
    if usual is None and language == "zh" and key.isascii():
        return str(words(language)["facts"]["choice"])
    given = key.replace("_", " ").strip()
    return usual or given[:1].upper() + given[1:]


def options_of(variants: Iterable[Variant], language: Language) -> dict[str, list[str]]:
    """What the product comes in, each value once, in the order of the variants."""
    values: dict[str, list[str]] = {}
    for variant in variants:
        for key, value in variant.options.items():
            seen = values.setdefault(key, [])
            if value[language] not in seen:
                seen.append(value[language])
    return values


def _says_whether(values: Iterable[str], known: Any) -> bool:
    return all(value.lower() in known["whether"] for value in values)


def _versions(variants: Iterable[Variant], keys: Sequence[str], language: Language) -> list[str]:
    """Each variant in a line: "black, 10 hours, water resistance yes"."""
    known = words(language)
    lines: dict[str, None] = {}
    for variant in variants:
        parts = []
        for key in keys:
            value = variant.options.get(key, {}).get(language)
            if value is None:
                continue
            name = option_name(key, language).lower() if _says_whether([value], known) else ""
            parts.append(f"{name} {value}".strip())
        lines[known["marks"]["pause"].join(parts)] = None
    return list(lines)
