"""How a reading is put together out of tokens and scores, and how it travels. No weights needed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rasa.components.masking import masked
from bot.rasa.components.reading_model import (
    BEGINS,
    FOUND,
    GOES_ON,
    OUTSIDE,
    Tokens,
    decoded,
    features,
)
from bot.understanding.reading import Reading, Request, Span

LABELS = {
    "acts": ["price_question", "stock_check"],
    "facts": ["opened", "faulty"],
    "spans": ["goods", "place"],
    "moods": ["calm", "angry"],
}
WIDTH = 2


def reading(
    text: str, marks: list[int], spans: dict[str, list[int]] | None = None, sure: float = 10.0
) -> Reading:
    """What `decoded` makes of a text whose words are its tokens, when a request begins, goes on or
    is none as `marks` say."""
    words = text.split(" ")
    ranges, at = [], 0
    for word in words:
        ranges.append((at, at + len(word)))
        at += len(word) + 1
    states = np.zeros((len(words), WIDTH), np.float32)
    states[:, 0] = np.arange(len(words))  # so that pieces differ

    def apply(head: str, given: np.ndarray) -> np.ndarray:
        if head == "pieces":
            return sure * np.eye(3, dtype=np.float32)[marks]
        if head == "spans":
            assert given.shape == (len(words), WIDTH + len(FOUND))
            scores = np.zeros((len(words), 1 + 2 * len(LABELS["spans"])), np.float32)
            scores[:, OUTSIDE] = 0.5
            for kind, told in (spans or {}).items():
                for place, mark in enumerate(told):
                    if mark != OUTSIDE:
                        scores[place, 2 * LABELS["spans"].index(kind) + mark] = 1
            return scores
        if head == "acts":  # the first words ask for a price, later ones for stock
            return np.stack([6 - given[:, 0], given[:, 0]], axis=1)
        if head == "facts":
            return np.tile(np.float32([5, -5]), (len(given), 1))
        return np.float32([[0, 1]])

    tokens = Tokens(list(range(len(words))), 0, len(words), ranges)
    found = features(tokens, [])
    return decoded(text, tokens, apply, states, found, LABELS, 0.5)[0]


def test_requests_stand_in_their_words_and_order() -> None:
    said = reading(
        "hi how much is it and is it there",
        [OUTSIDE, BEGINS, GOES_ON, GOES_ON, GOES_ON, OUTSIDE, BEGINS, GOES_ON, GOES_ON],
    )
    assert [(r.act, r.words) for r in said.requests] == [
        ("price_question", "how much is it"),
        ("stock_check", "is it there"),
    ]
    assert said.requests[0].runner_up == "stock_check"
    assert 0.5 < said.requests[1].certainty <= 1
    assert said.requests[0].facts == {"opened"}
    assert said.mood == "angry"


def test_two_requests_may_touch() -> None:
    said = reading("how much there yet", [BEGINS, GOES_ON, BEGINS, GOES_ON])
    assert [r.words for r in said.requests] == ["how much", "there yet"]


def test_neighbours_of_one_act_are_one_request_unless_the_second_surely_begins() -> None:
    marks = [BEGINS, GOES_ON, BEGINS, GOES_ON]
    unsure, sure = reading("how much and how", marks, sure=1.0), reading("how much and how", marks)
    assert [r.words for r in unsure.requests] == ["how much and how"]
    assert [r.words for r in sure.requests] == ["how much", "and how"]


def test_without_a_request_all_of_it_is_one() -> None:
    assert [r.words for r in reading("well yes", [OUTSIDE, OUTSIDE]).requests] == ["well yes"]


def test_what_goes_on_without_a_beginning_begins() -> None:
    said = reading("well go on", [OUTSIDE, GOES_ON, GOES_ON])
    assert [r.words for r in said.requests] == ["go on"]


def test_spans_belong_to_the_request_that_they_stand_in() -> None:
    said = reading(
        "red mugs to Ohio",
        [BEGINS, GOES_ON, BEGINS, GOES_ON],
        {
            "goods": [OUTSIDE, BEGINS, OUTSIDE, OUTSIDE],
            "place": [OUTSIDE, OUTSIDE, OUTSIDE, BEGINS],
        },
    )
    assert [r.said("goods") for r in said.requests] == [["mugs"], []]
    assert [r.said("place") for r in said.requests] == [[], ["Ohio"]]


def test_what_goes_on_in_a_span_follows_its_own_kind() -> None:
    said = reading(
        "red mugs to New York",
        [BEGINS] + [GOES_ON] * 4,
        {
            "goods": [OUTSIDE, BEGINS, OUTSIDE, OUTSIDE, OUTSIDE],
            "place": [OUTSIDE, OUTSIDE, OUTSIDE, BEGINS, GOES_ON],
        },
    )
    assert said.requests[0].said("place") == ["New York"]
    lost = reading("to York", [BEGINS, GOES_ON], {"place": [OUTSIDE, GOES_ON]})
    assert lost.requests[0].spans == ()  # nothing has begun


def test_tokens_know_the_names_that_they_are_part_of() -> None:
    tokens = Tokens([0, 1, 2], 0, 3, [(0, 4), (5, 9), (10, 14)])
    entities = [
        {"entity": "product", "start": 3, "end": 9},
        {"entity": "email", "start": 10, "end": 14},
    ]
    assert features(tokens, entities)[:, FOUND.index("product")].tolist() == [1, 1, 0]
    assert features(tokens, entities).sum() == 2


def test_it_travels_as_json() -> None:
    spans = (Span("option", 6, 8, "黑色"),)
    facts = frozenset({"opened", "wrong_size"})
    request = Request("exchange", 0.9, "problem", 3, 8, "换一个黑色", spans, facts)
    said = Reading((request,), "annoyed")
    assert Reading.read(json.loads(json.dumps(said.plain()))) == said
    assert Reading.read({}) == Reading()


@given(
    st.text(alphabet="ab 帐篷the", max_size=30),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=4),
)
def test_each_masked_character_knows_where_it_comes_from(
    text: str, places: list[tuple[int, int]]
) -> None:
    entities: list[dict[str, Any]] = [
        {"entity": "product", "start": a, "end": min(a + n, len(text))}
        for a, n in places
        if a < len(text)
    ]
    result = masked(text, entities)
    assert len(result.text) == len(result.starts) == len(result.ends)
    for character, start, end in zip(result.text, result.starts, result.ends, strict=True):
        assert 0 <= start < end <= len(text)
        inside = any(e["start"] <= start and end <= e["end"] for e in entities)
        assert inside or text[start:end] == character
    assert list(result.starts) == sorted(result.starts)


@pytest.mark.parametrize("text", ["", "   "])
def test_nothing_is_masked_in_nothing(text: str) -> None:
    assert masked(text, []).text == text
