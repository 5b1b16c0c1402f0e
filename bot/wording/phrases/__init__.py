"""The assistant's sentences, one file a language, filled in with facts.

A shop lays its own wording over them in FOLDER/phrases/<language>.yaml, key by key. In a sentence
    {name}                  is a fact
    {days:day|days}         is the word that goes with the number `days`, without the number
A phrase may be a list of sentences: one of them is said.
"""

from __future__ import annotations

import functools
import re
import string
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from bot.wording import formats
from data.errors import ShopInvalid
from data.shop import ShopFolder, yaml_of

LANGUAGES = ("zh", "en")

_FOLDER = Path(__file__).parent
_Texts = Mapping[str, tuple[str, ...]]  # "section.name" → its wordings


@dataclass(frozen=True)
class Phrases:
    """All sentences, by language. `Phrases.load(shop)` reads them."""

    texts: Mapping[str, _Texts]

    @classmethod
    def load(cls, shop: ShopFolder | None = None) -> Self:
        """The default sentences under the shop's own. Raises `ShopInvalid`, whose text has one
        line for each key that is wrong."""
        texts = {language: dict(_defaults(language)) for language in LANGUAGES}
        folder = shop.phrases if shop is not None else None
        problems = []
        for path in sorted(folder.glob("*.y*ml")) if folder else ():
            try:
                texts[_language(path)] |= _laid_over(path)
            except ShopInvalid as error:
                problems.append(str(error))
        if problems:
            raise ShopInvalid("\n".join(problems))
        return cls(texts)

    def say(self, key: str, language: str, pick: str = "", /, **facts: object) -> str:
        """The sentence `key` in the language ("zh", else English) with its {facts}. Of several
        wordings `pick`, the turn's id or the like, chooses one: the same always the same.

        Raises KeyError for a key or fact that is missing: a mistake of ours, which tests find.
        """
        spoken = "zh" if language == "zh" else "en"
        wordings = self.texts[spoken][key]
        chosen = wordings[zlib.crc32(pick.encode()) % len(wordings) if pick else 0]
        filled = _Filled(spoken).vformat(chosen, (), facts).rstrip("\n")
        return _GAP.sub(" ", filled)


# Where a fact is empty: "the {name} {options} is in stock".
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")


class _Filled(string.Formatter):
    """Fills facts in; a choice of words after the colon goes by the number."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" not in format_spec:
            return str(super().format_field(value, format_spec))
        number = value if isinstance(value, int | float | Decimal) else Decimal(str(value))
        return formats.plural(number, self._language, format_spec.split("|"))


def facts_in(text: str) -> frozenset[str]:
    """The names of the facts in a sentence. Raises ValueError for braces that do not fit."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@functools.cache
def _defaults(language: str) -> _Texts:
    return dict(_flat(yaml_of(_FOLDER / f"{language}.yaml")))


def _flat(sections: Mapping[str, object]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, value in sections.items():
        within = value.items() if isinstance(value, dict) else [(None, value)]
        for key, text in within:
            wordings = text if isinstance(text, list) else [text]
            yield (name if key is None else f"{name}.{key}"), tuple(map(str, wordings))


def _language(path: Path) -> str:
    """The language of a shop's file, by its name."""
    if path.stem not in LANGUAGES:
        raise ShopInvalid(
            f"{path} is in no language that the assistant speaks; name it "
            f"{' or '.join(f'{language}.yaml' for language in LANGUAGES)}."
        )
    return path.stem


def _laid_over(path: Path) -> _Texts:
    """A shop's own sentences, each of which has a default with at least the same facts."""
    sections = yaml_of(path)
    if not isinstance(sections, dict):
        raise ShopInvalid(f"{path} has no sections; write `list:` and below it `empty: …`.")
    own = dict(_flat(sections))
    lines = [line for key, texts in own.items() for line in _wrong(key, texts)]
    if lines:
        raise ShopInvalid("\n".join([f"{path} has phrases that cannot be used:", *lines]))
    return own


def _wrong(key: str, texts: Sequence[str]) -> Iterator[str]:
    defaults = [_defaults(language).get(key, ()) for language in LANGUAGES]
    if not any(defaults):
        yield f"- {key}: the assistant has no such phrase; check the spelling."
        return
    known = frozenset().union(*(facts_in(text) for wordings in defaults for text in wordings))
    if not texts or not all(text.strip() for text in texts):
        yield f"- {key}: is empty; leave it out to keep the default."
    for text in texts:
        try:
            unknown = facts_in(text) - known
        except ValueError as error:
            yield f"- {key}: {text!r} does not do: {error}."
            continue
        for name in sorted(unknown):
            told = ", ".join(f"{{{fact}}}" for fact in sorted(known)) or "no facts"
            yield f"- {key}: {{{name}}} is not known there; it can tell {told}."


# What is said where no services are at hand: on messaging platforms and at the agents' desk.
_spoken = Phrases.load()


def speak(phrases: Phrases) -> None:
    """From now on `phrase` says what this shop says; bot/bootstrap.py calls it once."""
    global _spoken
    _spoken = phrases


def phrase(key: str, language: str, **facts: object) -> str:
    """A sentence of the shop that this process serves, as of `Phrases.say`."""
    return _spoken.say(key, language, **facts)
