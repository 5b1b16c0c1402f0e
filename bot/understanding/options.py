"""Which of a product's variants a text names, by the options that the product itself comes in:
colours, sizes, shades, memory, weights, whatever its owner calls them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.understanding import quantities
from bot.understanding.colours import COLOURS
from bot.understanding.quantities.units import UNITS
from data.models import Variant

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[a-z]+|[\u4e00-\u9fff]+")
_NUMBER = r"(?<![\d.a-z])\d+(?:\.\d+)?"
# 12+256, 80 x 60: one value, of which each number must be there.
_GROUP = re.compile(rf"{_NUMBER}(?:\s*[+x×*]\s*\d+(?:\.\d+)?)+")
_MEASURE = re.compile(rf"({_NUMBER})\s*-?\s*([a-z]+|[\u4e00-\u9fff]+)?")
_SPACE = r"[\s\-+/x×*()（）]*"
_SHORTEST_WORD = 3  # of letters: shorter ones are articles, or units
_ONE = re.compile(r"([\u4e00-\u9fff])(?=[的号款码]|那[个款])")
_LETTERED = re.compile(r"\b\d?X{0,4}[SML]\b")  # sizes of clothes


@dataclass(frozen=True, slots=True)
class Named:
    """`values` holds, by the key of an option, those of the product's values that are named;
    `lacking` what is named and none of them."""

    values: dict[str, tuple[str, ...]]
    lacking: tuple[str, ...] = ()
    of_these: frozenset[str] = frozenset()  # the keys of the options that are lacking

    def __bool__(self) -> bool:
        return bool(self.values or self.lacking)

    def beside(self, chosen: Mapping[str, str]) -> Named:
        """With what was chosen before, where nothing else is named of an option."""
        earlier = {key: (value,) for key, value in chosen.items() if key not in self.of_these}
        return Named({**earlier, **self.values}, self.lacking, self.of_these)

    def of(self, variants: Iterable[Variant]) -> list[Variant]:
        """The variants that are named: by all options together."""
        if self.lacking:
            return []
        return [
            variant
            for variant in variants
            if all(_written(variant, key) in named for key, named in self.values.items())
        ]


def named(
    text: str,
    variants: Sequence[Variant],
    others: Iterable[tuple[str, str]] = (),
    *,
    bare_numbers: bool = True,
) -> Named:
    """What a text, without the product's name, names of its options. `others` are values that the
    text names of other goods' options, by their keys: what the product has in none of its own.
    Without `bare_numbers` a number needs its unit: 512 GB, no 512."""
    keys = list(dict.fromkeys(key for variant in variants for key in variant.options))
    values: dict[str, tuple[str, ...]] = {}
    for key in keys:
        forms = {
            _written(v, key): tuple(v.options[key].values()) for v in variants if key in v.options
        }
        if found := _best(text, forms, bare_numbers):
            values[key] = found
    lacking = {
        key: list(_lacking(text, key, variants, others)) for key in keys if key not in values
    }
    words = dict.fromkeys(word for found in lacking.values() for word in found)
    return Named(values, tuple(words), frozenset(key for key, found in lacking.items() if found))


def lacks_size(word: str, variants: Sequence[Variant]) -> bool:
    """Whether a size is none of those that the product comes in, which it has by number: 30 of
    shoes from 36 on."""
    if not word.isdigit():
        return False
    keys = {key for variant in variants for key in variant.options}
    forms = [{_written(variant, key) for variant in variants} for key in keys]
    return any(all(form.isdigit() for form in each) and word not in each for each in forms)


def words(named: Named, variants: Sequence[Variant], language: str) -> str:
    """沙色 42 码: what was asked for, as the answer repeats it."""
    said = {_written(v, key): v.options[key][language] for v in variants for key in v.options}
    parts = [said[value] for found in named.values.values() for value in found]
    return " ".join([*parts, *named.lacking])


def _written(variant: Variant, key: str) -> str:
    return variant.options[key]["en"] if key in variant.options else ""


def _best(text: str, forms: dict[str, tuple[str, ...]], bare: bool) -> tuple[str, ...]:
    """The values that most of what the text says is in: whole ones before parts of them."""
    folded = text.lower()
    whole = [value for value, spelled in forms.items() if any(_holds(text, s) for s in spelled)]
    if whole:  # "X5 Pro" is no "X5"
        return tuple(v for v in whole if not any(v != w and v in w for w in whole))
    said = _figures(text)
    if same := [v for v, spelled in forms.items() if any(said & _figures(s) for s in spelled)]:
        return tuple(same)  # a litre is 1000 ml
    parts = {
        value: _parts(folded, spelled, bare) | _lettered(text, spelled)
        for value, spelled in forms.items()
    }
    common = set.intersection(*parts.values()) if len(parts) > 1 else set()
    most = max(len(found - common) for found in parts.values())
    return tuple(v for v, found in parts.items() if most and len(found - common) == most)


def _holds(text: str, value: str) -> bool:
    tokens = _TOKEN.findall(value.lower())
    if not tokens:
        return False
    if len("".join(tokens)) == 1:  # M, S: a letter is a size when it is written as one
        return value in _LETTERED.findall(text) or value == quantities.size(text)
    pattern = rf"(?<![a-z\d.]){_SPACE.join(map(re.escape, tokens))}(?![a-z\d])"
    if not tokens[0].isascii():
        pattern = _SPACE.join(map(re.escape, tokens))
    return re.search(pattern, text.lower()) is not None


def _figures(text: str) -> set[tuple[str, Decimal]]:
    """The exact measures that a text says, each as what it measures and how much of its smallest
    unit."""
    return {
        (unit.what, said.value * unit.holds)
        for said in quantities.read(text, quantities.UNDATED)
        if said.bound == "exact" and isinstance(said.value, Decimal)
        if (unit := UNITS.get(said.unit or "")) is not None
    }


def _parts(text: str, spelled: Sequence[str], bare: bool) -> set[str]:
    """The words, numbers and plain colours of a value that stand in the text."""
    own = {token for form in spelled for token in _TOKEN.findall(form.lower())}
    said = set(_TOKEN.findall(text))
    found = {t for t in own & said if t.isascii() and t.isalpha() and len(t) >= _SHORTEST_WORD}
    found |= {t for t in own if not t.isascii() and len(t) > 1 and t in text}
    found |= {t for t in _lone(text) if any(form.startswith(t) for form in spelled)}
    for group in _GROUP.findall(text):
        numbers = set(re.findall(r"\d+(?:\.\d+)?", group))
        found |= numbers if numbers <= own else set()
    for number, unit in _MEASURE.findall(_GROUP.sub(" ", text)):
        if number in own and ((bare and len(number) > 1) or _is_unit(unit, own)):
            found.add(number)
    return found | (_colours(" ".join(spelled), ending=True) & _colours(text))


def _lone(text: str) -> set[str]:
    """Chinese words of one character that stand for a version: 大 of 大的 and 大号, not of 大概."""
    return set(_ONE.findall(text))


def _lettered(text: str, spelled: Sequence[str]) -> set[str]:
    """XL of "XL (120 x 90 cm)"."""
    size = quantities.size(text)
    return {found for form in spelled for found in _LETTERED.findall(form) if found == size}


def _is_unit(word: str, own: Iterable[str]) -> bool:
    return bool(word) and any(each.startswith(word) for each in own if not each.isdigit())


def _colours(text: str, *, ending: bool = False) -> set[str]:
    """The plain colours that a text names; with `ending` those that a value's own name ends in:
    曜石黑, sand grey."""
    folded = text.lower()
    said = set(re.findall(r"[a-z]+", folded))
    return {
        key
        for key, plain in COLOURS.items()
        if any(word in said if word.isascii() else word in folded for word in plain)
        or (ending and re.search(rf"{key}色?(?![\u4e00-\u9fff])", folded))
    }


def _lacking(
    text: str, key: str, variants: Sequence[Variant], others: Iterable[tuple[str, str]]
) -> Iterable[str]:
    """What the text names of an option of which it names none of the product's own values."""
    folded = text.lower()
    forms = [form for v in variants if key in v.options for form in v.options[key].values()]
    if any(_colours(form, ending=True) for form in forms):
        for colour in _colours(text):
            yield next(word for word in COLOURS[colour] if word in folded)
    tokens = set.intersection(*({*_TOKEN.findall(form.lower())} for form in forms))
    if any(_GROUP.search(form.lower()) for form in forms):
        yield from (group for group in _GROUP.findall(folded))
    for number, unit in _MEASURE.findall(_GROUP.sub(" ", folded)):
        if unit in tokens:
            yield f"{number} {unit}"
    size = quantities.size(text)
    if size is not None and any(_LETTERED.search(form) or form.isdigit() for form in forms):
        yield size
    yield from (word for other, word in others if other == key)
