"""The figures of a product, and which of its variants has which.

An attribute holds for the whole product, unless its text tells one figure for each version ("light
0 °C, warm −10 °C"); an option may be a figure itself ("12 kg", "1.6 m").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.understanding.quantities import UNDATED, Measure, read
from bot.understanding.quantities import units as known
from data.models import Product, Variant

_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?")
_CLAUSE = re.compile(r"[,;，；、/]")
_FAR = Decimal("Infinity")


def meets(product: Product, measures: Iterable[Measure]) -> bool:
    """Whether the product's figures are what is asked for; products without them are not."""
    return all(distance(product, measure) == 0 for measure in measures)


def distance(product: Product, measure: Measure) -> Decimal:
    """How far the product's own figure is from what is asked for: 0 when it is met; products
    without such a figure are the farthest."""
    figures = [figure for each in _measured(product, measure) for figure in figures_of(each)]
    figures += [f for variant in product.variants for f in _of_options(variant, measure)]
    return min((measure.distance(figure) for figure in figures), default=_FAR)


def variants_meeting(product: Product, measures: Iterable[Measure]) -> list[Variant]:
    """The variants that have the figures asked for; all where the figures do not tell them apart,
    none where no variant has them."""
    kept = list(product.variants)
    for measure in measures:
        kept = [variant for variant in kept if _variant_meets(product, variant, measure)]
    return kept


def room(product: Product, measure: Measure) -> Decimal:
    """What a product has more than was asked for, where the very figure is meant: what is for two
    goes before what is for three."""
    if measure.unit != "people" or measure.least is None:
        return Decimal(0)
    return distance(product, replace(measure, most=measure.least))


def figures_of(attribute: Mapping[str, Any]) -> list[Decimal]:
    """The attribute's figure, and the others of its text when they are in the same unit: "light
    0 °C, warm −10 °C"."""
    if "number" not in attribute:
        return []
    figure = Decimal(str(attribute["number"]))
    told = _numbers(attribute["value"]["en"])
    return [figure, *told] if figure in told else [figure]


def holds_people(product: Product) -> int | None:
    """For how many people together a product is made: by its figure, else by its name (双人); None
    where neither tells."""
    told = [f for a in product.attributes if a.get("unit") == "people" for f in figures_of(a)]
    names = [product.name.zh, product.name.en, *product.aliases.get("zh", ())]
    told += [
        said.value
        for name in names
        for said in read(name, UNDATED)
        if said.unit == "people" and isinstance(said.value, Decimal)
    ]
    return int(told[0]) if told and told[0] >= 1 else None


def clause_of(value: str, version: str) -> str | None:
    """What an attribute's text tells of the version with this option: "regular 490 g" of "regular
    490 g, wide 640 g"; None where it does not name it."""
    head = re.split(r"[\s,，]", version, maxsplit=1)[0]
    clauses = [clause.strip() for clause in _CLAUSE.split(value)]
    if len(clauses) > 1:
        return next((clause for clause in clauses if head and head in clause), None)
    return value if version in value else None


def _measured(product: Product, measure: Measure) -> Iterable[Mapping[str, Any]]:
    return (
        attribute
        for attribute in product.attributes
        if attribute.get("unit") == measure.unit
        and (measure.key is None or attribute["key"] == measure.key)
    )


def _variant_meets(product: Product, variant: Variant, measure: Measure) -> bool:
    if own := _of_options(variant, measure):
        return any(measure.distance(figure) == 0 for figure in own)
    told = [
        figure
        for attribute in _measured(product, measure)
        for figure in _told_of(variant, attribute) or figures_of(attribute)
    ]
    return any(measure.distance(figure) == 0 for figure in told)


def _told_of(variant: Variant, attribute: Mapping[str, Any]) -> list[Decimal]:
    """The figures that the attribute's text tells of this variant alone, by its options' names."""
    text = attribute["value"]["en"]
    clauses: Sequence[str] = _CLAUSE.split(text.replace("−", "-"))
    if len(clauses) < 2:
        return []
    names = [option["en"].lower() for option in variant.options.values()]
    own = [clause for clause in clauses if any(name in clause.lower() for name in names)]
    return [figure for clause in own for figure in _numbers(clause)]


def _of_options(variant: Variant, measure: Measure) -> list[Decimal]:
    """The figures that the variant's options are, in the measure's unit."""
    wanted = known.of(measure.unit)
    if wanted is None:
        return []
    found = []
    for option in variant.options.values():
        for said in read(option["en"], UNDATED):
            unit = known.UNITS.get(said.unit) if said.unit else None
            if unit and unit.what == wanted.what and isinstance(said.value, Decimal):
                found.append(said.value * unit.holds / wanted.holds)
    return found


def _numbers(text: str) -> list[Decimal]:
    return [Decimal(each) for each in _NUMBER.findall(text.replace("−", "-").replace(",", ""))]
