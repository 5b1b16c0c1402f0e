"""What may not be said: by advertising law, a list a country in forbidden/, and by the shop, in
copy.yaml of its folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict

from retrieval.types import Language

_FOLDER = Path(__file__).parent / "forbidden"


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    words: tuple[str, ...]


class _List(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    languages: tuple[Language, ...]
    rules: tuple[_Rule, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """A word of a text, and what forbids it."""

    word: str
    source: str


class Law:
    """What forbids words, by language. `Law.of()` has the lists."""

    def __init__(self, patterns: dict[Language, list[tuple[re.Pattern[str], str]]]) -> None:
        self._patterns = patterns

    @classmethod
    def of(cls, own: Mapping[str, Sequence[str]] | None = None) -> Self:
        """All countries' lists, and a shop's `own` words by language."""
        found: dict[Language, list[tuple[re.Pattern[str], str]]] = {"zh": [], "en": []}
        for each in _lists():
            for language in each.languages:
                found[language] += [(_compiled(rule.words), rule.source) for rule in each.rules]
        for language in found:
            if words := (own or {}).get(language):
                found[language].append((_compiled(map(re.escape, words)), "the shop's copy.yaml"))
        return cls(found)

    def broken(self, text: str, language: Language) -> list[Broken]:
        """The forbidden words of a text, as written; a text may mix languages, so Chinese words
        are looked for in English texts too, and the reverse."""
        others: Language = "en" if language == "zh" else "zh"
        return [
            Broken(match.group().strip(), source)
            for pattern, source in (*self._patterns[language], *self._patterns[others])
            for match in pattern.finditer(text)
        ]


def _compiled(words: Iterable[str]) -> re.Pattern[str]:
    # Latin words are whole; Chinese ones stand without spaces.
    return re.compile(
        "|".join(
            f"(?:{word})" if re.search(r"[\u3400-\u9fff]", word) else rf"(?<![\w#])(?:{word})(?!\w)"
            for word in words
        ),
        re.IGNORECASE | re.ASCII,
    )


@cache
def _lists() -> tuple[_List, ...]:
    return tuple(
        _List.model_validate(yaml.safe_load(path.read_text("utf-8")))
        for path in sorted(_FOLDER.glob("*.yaml"))
    )
