"""The shop's own sentences, one file a language, filled in with facts.

A shop that speaks differently edits zh.yaml and en.yaml; tests hold that both have the same keys
and the same facts, and that every key is used.
"""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

_FOLDER = Path(__file__).parent


def phrase(key: str, language: str, **facts: object) -> str:
    """The sentence `key` in the language ("zh", else English) with its {facts}.

    Raises KeyError for a key or fact that is missing: a mistake of ours, which tests find.
    """
    return phrases("zh" if language == "zh" else "en")[key].format(**facts).rstrip("\n")


@functools.cache
def phrases(language: str) -> dict[str, str]:
    """All sentences of a language: "section.name" → text."""
    sections = yaml.safe_load((_FOLDER / f"{language}.yaml").read_text(encoding="utf-8"))
    flat: dict[str, str] = {}
    for name, value in sections.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": str(text) for key, text in value.items()}
        else:
            flat[name] = str(value)
    return flat
