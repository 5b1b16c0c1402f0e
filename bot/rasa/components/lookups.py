"""The shop's own words: which products, kinds of goods and brands a text names.

bot/commands/lookups.py writes them out of the database as JSON:
`{"products": {"glow-lamp": ["亮灯", "glow lamp", …]}, "categories": {…},
"brands": {…}}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.rasa.components.patterns import Found
from retrieval.lexicon import Form, Lexicon, MentionKind

Names = Mapping[str, Mapping[str, Sequence[str]]]  # {"products": {id: names}, "categories": …}
_PLURAL = re.compile(r"(?<=[a-z])e?s(?![a-z])", re.I)
_KINDS: Mapping[str, MentionKind] = {
    "products": "product",
    "categories": "category",
    "brands": "brand",
}


class Lookups:
    """Finds names with the matcher of retrieval/, by the longest match."""

    def __init__(self, names: Names) -> None:
        self._lexicon = Lexicon(
            Form(word, kind, key)
            for group, kind in _KINDS.items()
            for key, words in names.get(group, {}).items()
            for word in words
        )

    @classmethod
    def read(cls, path: Path) -> Lookups:
        """The lookups in a JSON file; raises `ValueError` or `OSError` when it cannot be read."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def find(self, text: str) -> list[Found]:
        return [
            Found(mention.kind, mention.owner, mention.start, _end_of_word(text, mention.end))
            for mention in self._lexicon.find(text)
        ]


def _end_of_word(text: str, end: int) -> int:
    """Behind the plural's ending, which the matcher leaves out."""
    plural = _PLURAL.match(text, end)
    return plural.end() if plural else end
