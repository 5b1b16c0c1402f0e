"""What the pages say, both languages side by side in words.yaml."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

from retrieval.types import Language

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def word(key: str, language: str, **facts: object) -> str:
    """The text `key` with its {facts}. Raises KeyError for a key or fact that is missing."""
    return words()[key][language].format(**facts)


def word_or(key: str, language: str, otherwise: str) -> str:
    """For keys that a shop's own data makes: a topic, an option."""
    found = words().get(key)
    return found[language] if found else otherwise


@functools.cache
def words() -> dict[str, dict[str, str]]:
    """ "section.name" → {"zh": …, "en": …}."""
    sections = yaml.safe_load(Path(__file__).with_name("words.yaml").read_text(encoding="utf-8"))
    return {
        f"{section}.{name}": texts
        for section, named in sections.items()
        for name, texts in named.items()
    }


def preferred(accept_language: str) -> Language:
    """The first of the shop's languages in an Accept-Language header, by weight; else English."""
    wanted: list[tuple[float, Language]] = []
    for part in accept_language.lower().split(",")[:20]:
        tag, _, weight = part.strip().partition(";q=")
        language = tag.partition("-")[0]
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        wanted += [(quality, known) for known in LANGUAGES if known == language and quality > 0]
    # max() keeps the first of equals, which is the header's own order.
    return max(wanted, key=lambda pair: pair[0], default=(0.0, "en"))[1]
