"""Names of a shop's goods give way to neutral words before a message is featurized."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rasa.components.masking import NEUTRAL, SHAPES, neutral


def _at(text: str, written: str, entity: str) -> dict[str, Any]:
    start = text.index(written)
    return {"entity": entity, "value": "x", "start": start, "end": start + len(written)}


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("is the Dew Serum vegan", {"Dew Serum": "product"}, "is {product} vegan"),
        ("how much is a repair", {"repair": "category"}, "how much is a repair"),
        ("薇露的口红", {"薇露": "brand", "口红": "category"}, "{brand}的口红"),
        (
            "薇露精华和晕彩唇釉",
            {"薇露精华": "product", "晕彩唇釉": "product"},
            "{product}和{product}",
        ),
        ("W1539823到哪了", {"W1539823": "order_number"}, "{order_number}到哪了"),
        ("I am li@x.cn", {"li@x.cn": "email"}, "I am {email}"),
        ("in 42 please", {"42": "size"}, "in 42 please"),
    ],
)
def test_each_kind_has_its_word(text: str, names: dict[str, str], expected: str) -> None:
    language = "en" if text.isascii() else "zh"
    words = {**NEUTRAL[language], **SHAPES}
    entities = [_at(text, written, entity) for written, entity in names.items()]
    assert neutral(text, entities) == expected.format_map(words)


def test_of_entities_at_one_place_the_longest_counts() -> None:
    text = "the Dew Serum"
    entities = [_at(text, "Serum", "category"), _at(text, "Dew Serum", "product")]
    entities.append({"entity": "language", "value": "en", "start": 0, "end": len(text)})
    assert neutral(text, entities) == NEUTRAL["en"]["product"]


@given(st.text(max_size=40))
def test_without_names_a_text_stays_as_it_is(text: str) -> None:
    assert neutral(text, []) == text
