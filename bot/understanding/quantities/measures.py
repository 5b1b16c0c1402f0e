"""The figures that a wanted product must meet, in the units of the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.understanding.quantities import units as known
from bot.understanding.quantities.grammar import UNDATED, read
from bot.understanding.quantities.quantity import LOWER, UPPER, Quantity
from data.models import Product
from data.shop import Lexicon

_NEAR = Decimal("0.25")  # a plain figure reaches so far either way, as a part of it
# °C up to which a bare figure is the weather, which goods must bear, not a wash or a brew.
_WEATHER = 15
_FEW = 4  # people, from whom on two more may have room
# Hours, days and centimetres mean waiting times and bodies more often than goods.
_UNREAD = frozenset({"time", "length"})
_INCHES = frozenset({"inch"})
_FOR = re.compile(r"\bfor\s*$", re.I)
_OF_US = re.compile(r"\s*(?:of us|under|below|with|that|and|$|[?.!,])", re.I)
_WE = re.compile(r"(?:\bwe(?:['’]re| are)|\bthere(?:['’]s| are)|我们|咱们)\s*$", re.I)
_BELOW_ZERO = re.compile(r"\s*(?:以下|below(?: zero| freezing)?)", re.I)


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that a product must meet: the catalogue's unit, its attribute where the unit alone
    does not tell (None: any), and the bounds, both included."""

    unit: str
    key: str | None
    least: Decimal | None
    most: Decimal | None

    def distance(self, figure: Decimal) -> Decimal:
        """How far a figure is outside the bounds; 0 within them."""
        if self.least is not None and figure < self.least:
            return self.least - figure
        if self.most is not None and figure > self.most:
            return figure - self.most
        return Decimal(0)


@dataclass(frozen=True)
class Units:
    """The units that the catalogue's figures have, each with the attributes in it, and the shop's
    word on which of them a bare figure means."""

    attributes: Mapping[str, frozenset[str]]
    lexicon: Lexicon

    @classmethod
    def of(cls, products: Iterable[Product], lexicon: Lexicon) -> Units:
        found: dict[str, set[str]] = {}
        for product in products:
            for attribute in product.attributes:
                if "number" in attribute and attribute.get("unit"):
                    found.setdefault(attribute["unit"], set()).add(attribute["key"])
        return cls({unit: frozenset(keys) for unit, keys in found.items()}, lexicon)

    def meant(self, unit: str, text: str) -> str | None:
        """The attribute that a bare figure in the unit means; None: any."""
        keys = sorted(self.attributes.get(unit, ()))
        said = next((key for key in keys if self.lexicon.meant(key, text)), None)
        if said is None and self._measuring(unit) == set(keys[:1]) and self._unsaid(*keys[:1]):
            return keys[0]
        return said

    def _measuring(self, unit: str) -> set[str]:
        """The attributes that measure the same as the unit, in whichever units they do."""
        same = known.of(unit)
        return {
            key
            for each, keys in self.attributes.items()
            if each == unit or (same and (other := known.of(each)) and other.what == same.what)
            for key in keys
        }

    def _unsaid(self, *keys: str) -> bool:
        """Whether there is one, and the shop leaves open when a bare figure means it."""
        return len(keys) == 1 and keys[0] not in self.lexicon.attributes

    def nearest(self, said: str, text: str) -> str | None:
        """The catalogue's unit for a figure in the one that is said: of those that measure the same
        thing, one whose attribute is meant, else the very one, else any."""
        what = known.UNITS[said].what
        same = [u for u in sorted(self.attributes) if (it := known.of(u)) and it.what == what]
        same.sort(
            key=lambda unit: (self.meant(unit, text) is None, known.of(unit) != known.UNITS[said])
        )
        return next(iter(same), None)


def measures(text: str, units: Units) -> list[Measure]:
    """The figures that a wanted product must meet, in the catalogue's units: "双人", "under 2 kg",
    "30升", "零下10度".

    A plain figure reaches a quarter either way; people mean at least so many and at most one more;
    a temperature must be bearable, so the product's own figure may be lower.
    """
    found = [_measure(quantity, text, units) for quantity in read(text, UNDATED)]
    return [measure for measure in found if measure is not None]


def people(text: str) -> Quantity | None:
    """For how many people something is wanted: "for two", 三个人; None where nothing tells."""
    said = (each for each in read(text, UNDATED) if each.role in ("count", None))
    return next((each for each in said if each.value and _is_of_people(each, text)), None)


def _measure(said: Quantity, text: str, units: Units) -> Measure | None:
    if not isinstance(said.value, Decimal):
        return None
    if said.role in ("count", None) and _is_of_people(said, text):
        if "people" not in units.attributes:
            return None
        room = 1 if said.value < _FEW else 2
        upper = said.to if isinstance(said.to, Decimal) else said.value
        return Measure("people", None, said.value, upper + room)
    if said.role != "measure" or said.unit is None:
        return None
    unit = known.UNITS.get(said.unit)
    if unit is None or (unit.what in _UNREAD and unit.name not in _INCHES):
        return None
    catalogues = units.nearest(said.unit, text)
    if catalogues is None:
        return None
    key = units.meant(catalogues, text)
    if unit.what == "temperature":
        below = said.value > 0 and _BELOW_ZERO.match(text, said.end)
        degrees = -said.value if below else said.value
        weather = key is not None or degrees <= _WEATHER
        return Measure(catalogues, key, None, degrees) if weather else None
    holds = known.of(catalogues)
    if holds is None:
        return None
    scale = unit.holds / holds.holds
    to = said.to * scale if isinstance(said.to, Decimal) else None
    return _bounded(catalogues, key, said, said.value * scale, to)


def _is_of_people(said: Quantity, text: str) -> bool:
    """ "for two" stands for people too."""
    if said.unit == "people" or text[said.end : said.end + 1] == "人":  # 两个人
        return True
    before = text[: said.start]
    return bool(
        said.unit is None and said.bound == "exact"
        and (_FOR.search(before) or _WE.search(before)) and _OF_US.match(text, said.end)
    )  # fmt: skip


def _bounded(
    unit: str, key: str | None, said: Quantity, figure: Decimal, to: Decimal | None
) -> Measure:
    if said.bound in UPPER:
        return Measure(unit, key, None, figure)
    if said.bound in LOWER:
        return Measure(unit, key, figure, None)
    if to is not None:
        return Measure(unit, key, figure, to)
    return Measure(unit, key, figure * (1 - _NEAR), figure * (1 + _NEAR))
