"""The shop's own words: which products and categories a text names.

bot/lookups.py writes them out of the database as JSON:
`{"products": {"ridgeline-2-tent": ["岭线双人三季帐", "ridgeline", …]}, "categories": {…}}`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.rasa.components.patterns import Found

Names = Mapping[str, Mapping[str, Sequence[str]]]  # {"products": {id: names}, "categories": …}
_ENTITY = {"products": "product", "categories": "category"}
_PLURAL = r"(?:e?s)?"


class Lookups:
    """Finds names by the longest match, in both languages, without regard to case or width.

    A name that several products share yields one entity for each, at the same place: the shop's
    rules choose, not the extractor. English names need word boundaries and may stand in the
    plural; spaces and hyphens are alike.
    """

    def __init__(self, names: Names) -> None:
        self._meanings: dict[str, list[tuple[str, str]]] = defaultdict(list)
        patterns: dict[str, str] = {}
        for group, entity in _ENTITY.items():
            for key, words in names.get(group, {}).items():
                for word in words:
                    shape = _shape(word)
                    if not shape:
                        continue
                    if (entity, key) not in self._meanings[shape]:
                        self._meanings[shape].append((entity, key))
                    patterns[shape] = _pattern(shape)
        longest_first = sorted(patterns, key=len, reverse=True)
        self._names = [(shape, re.compile(patterns[shape])) for shape in longest_first]
        self._any = re.compile("|".join(patterns[shape] for shape in longest_first) or r"(?!)")

    @classmethod
    def read(cls, path: Path) -> Lookups:
        """The lookups in a JSON file; raises `ValueError` or `OSError` when it cannot be read."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def find(self, text: str) -> list[Found]:
        folded = _folded(text)
        found = []
        for match in self._any.finditer(folded):
            shape = self._shape_of(match[0])
            for entity, key in self._meanings[shape]:
                found.append(Found(entity, key, match.start(), match.end()))
        return found

    def _shape_of(self, written: str) -> str:
        return next(shape for shape, pattern in self._names if pattern.fullmatch(written))


def _folded(text: str) -> str:
    """Lower case and plain width, character for character."""
    folded = (unicodedata.normalize("NFKC", character).lower() for character in text)
    return "".join(new if len(new) == 1 else old for new, old in zip(folded, text, strict=True))


def _shape(name: str) -> str:
    """A name as it is compared: lower case, with single spaces for spaces and hyphens."""
    return re.sub(r"[\s\-]+", " ", _folded(name)).strip()


def _pattern(shape: str) -> str:
    body = r"[\s\-]?".join(re.escape(part) for part in shape.split(" "))
    start = r"(?<![a-z0-9])" if shape[0].isascii() else ""
    # Chinese may follow an English name at once; a Latin letter may not.
    end = (_PLURAL if shape[-1].isalpha() else "") + r"(?![a-z0-9])" if shape[-1].isascii() else ""
    return f"{start}{body}{end}"
