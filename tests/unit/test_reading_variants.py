"""What is made of the ground's messages to learn from keeps what they mean."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from bot.rasa.reading import variants
from ground import readings as ground
from ground.readings import GoldMessage, GoldRequest, Span

MESSAGES = ground.messages("toys")
WORDS = variants.pools(MESSAGES)


def _words(message: GoldMessage, kinds: frozenset[str]) -> list[tuple[str, str]]:
    return [
        (span.kind, message.text[span.start : span.end])
        for request in message.requests
        for span in request.spans
        if span.kind not in kinds
    ]


@given(st.sampled_from(MESSAGES), st.integers(0, 1000))
def test_a_variant_has_the_same_requests_and_only_words_of_a_kind_are_others(
    message: GoldMessage, seed: int
) -> None:
    other = variants.variant(message, WORDS, random.Random(seed))
    assert [r.act for r in other.requests] == [r.act for r in message.requests]
    assert [r.facts for r in other.requests] == [r.facts for r in message.requests]
    assert _words(other, variants.SWAPPED) == _words(message, variants.SWAPPED)
    for request in other.requests:
        for span in request.spans:
            assert request.start <= span.start < span.end <= request.end
            if span.kind in variants.SWAPPED:
                said = other.text[span.start : span.end]
                assert said in WORDS[message.language, span.kind]


def test_pieces_move_with_what_stands_before_them() -> None:
    goods, place = Span("goods", 5, 9), Span("place", 13, 17)
    message = GoldMessage("toys", "some mugs to Bath", (
        GoldRequest("product_search", 0, 9, (goods,)),
        GoldRequest("delivery_time", 10, 17, (place,)),
    ))  # fmt: skip
    other = variants.edited(message, [(5, 9, "dinner plates"), (13, 17, "Ayr")])
    assert other.text == "some dinner plates to Ayr"
    first, second = other.requests
    assert other.text[first.start : first.end] == "some dinner plates"
    assert other.text[second.start : second.end] == "to Ayr"
    assert [other.text[s.start : s.end] for r in other.requests for s in r.spans] == [
        "dinner plates", "Ayr",
    ]  # fmt: skip
