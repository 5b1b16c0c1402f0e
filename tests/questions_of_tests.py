"""Every question that a test or a benchmark asks, out of the files that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.rasa import examples

TESTS = Path(__file__).parent
_FILES = (
    "e2e/questions.yaml",
    "benchmarks/answers.yaml",
    "benchmarks/own_questions.yaml",
    "understanding/kinds.yaml",
    *(f"shops/{shop}/questions.yaml" for shop in ("cosmetics", "electronics", "pets")),
)
_ASKED = ("say", "ask")  # the keys of what customers write


def questions() -> set[str]:
    found = set()
    for name in _FILES:
        found |= set(_asked(yaml.safe_load((TESTS / name).read_text("utf-8"))))
    for language in examples.LANGUAGES:
        measuring = examples.templates(TESTS / "understanding" / f"nlu_{language}.yml")
        found |= {text for _, text in measuring}
        unseen = TESTS / "understanding" / f"unseen_{language}.yaml"
        for by_intent in yaml.safe_load(unseen.read_text("utf-8")).values():
            found |= {text for texts in by_intent.values() for text in texts}
    return found


def _asked(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _ASKED:
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _asked(value)
    elif isinstance(node, list):
        for each in node:
            yield from _asked(each)
