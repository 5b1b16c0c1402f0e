"""The shop's own words that change what a promise means, for `llm.concepts`: its tiers, its ways of
delivery, the regions that its rules name, the values of its goods' options."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from data.models import Localized, Product
from data.rules import ShopRules

# Each is looked for in each clause of an answer and its sources, in 0.01 ms.
_MOST_VALUES = 100


def meanings(rules: ShopRules, catalogue: Iterable[Product]) -> list[frozenset[str]]:
    """All words of one meaning together, in every language: {"Goldstufe", "gold"}. Of the values
    of options the most frequent; those with a digit are amounts, which are compared as such."""
    values = Counter(
        frozenset(texts)
        for product in catalogue
        for variant in product.variants
        for texts in (tuple(value.values()) for value in variant.options.values())
        if not any(character.isdigit() for text in texts for character in text)
    )
    return _joined([*_of_rules(rules), *(value for value, _ in values.most_common(_MOST_VALUES))])


def _of_rules(rules: ShopRules) -> Iterator[frozenset[str]]:
    if rules.membership:
        for tier in rules.membership.tiers:
            yield frozenset({*_texts(tier.name), *tier.words})
    if rules.delivery:
        for method in rules.delivery.methods.values():
            yield frozenset({*_texts(method.name), *method.words})
        for _, area in rules.delivery.areas():
            for region in rules.regions_of(area):
                yield frozenset(rules.places.region_name(region, tongue) for tongue in ("zh", "en"))


def _texts(text: Localized) -> tuple[str, str]:
    return text.zh, text.en


def _joined(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """Groups that share a word are one meaning: 藏青 and 深蓝 when both are "navy"."""
    joined: list[frozenset[str]] = []
    for group in groups:
        sharing = [other for other in joined if other & group]
        joined = [other for other in joined if not other & group]
        joined.append(group.union(*sharing))
    return joined
