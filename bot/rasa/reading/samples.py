"""What the reading is learned from: token labels for the messages of the training ground, and for
the sentences of the intents, which tell the act alone.

Names are masked as they are when customers are listened to (components/masking.py); each message
is also learned with its names as they stand, for customers call things otherwise than catalogues.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from bot.rasa import examples
from bot.rasa.components import patterns
from bot.rasa.components.lookups import Lookups
from bot.rasa.components.masking import masked
from bot.rasa.components.reading_model import (
    BEGINS,
    FOUND,
    GOES_ON,
    OUTSIDE,
    Floats,
    Tokens,
    features,
    tokenized,
)
from bot.rasa.reading import variants
from ground import readings as ground
from ground.readings import ACTS, FACTS, MOODS, SPANS, GoldMessage, GoldRequest, Span

IGNORED = -100  # what a loss leaves out

# Between two messages that are joined into one, as people join them.
_JOINTS = {
    "zh": ("，", "。", "？", " ", "，还有", "，另外", "，顺便问下", "\n", "，对了", "！"),
    "en": (". ", "? ", ", ", " and ", " also ", "\n", ". Also, ", " oh and ", ", plus ", " - "),
}


@dataclass(frozen=True)
class Sample:
    """Labels of one message. Without `whole` only pieces and acts are learned, for the message was
    not read in full."""

    tokens: Tokens
    pieces: list[int]
    bounds: list[tuple[int, int]]
    acts: list[int]
    facts: list[list[float]] = field(default_factory=list)
    spans: list[int] = field(default_factory=list)  # by token: none, or a kind begins or goes on
    found: Floats = field(default_factory=lambda: np.zeros((0, len(FOUND)), np.float32))
    mood: int = IGNORED
    whole: bool = True


def entities(text: str, lookups: Lookups) -> list[dict[str, object]]:
    """What Rasa's extractors find in a text."""
    return [
        {"entity": found.entity, "start": found.start, "end": found.end}
        for found in [*patterns.find(text), *lookups.find(text)]
    ]


def of_ground(
    trades: Iterable[str], tokenizer: Tokenizer, *, joined: float = 0.6, varied: int = 2,
    seed: int = 1,
) -> list[list[Sample]]:  # fmt: skip
    """Samples of all messages of these trades, by message: with the shop's names masked, as they
    stand, and `varied` others of each; beside them so many joined pairs, as a share."""
    by_trade = {trade: ground.messages(trade) for trade in trades}
    words = variants.pools(message for messages in by_trade.values() for message in messages)
    found: list[list[Sample]] = []
    for trade, messages in by_trade.items():
        lookups = Lookups(ground.names(trade))
        chance = random.Random(f"{seed} {trade}")  # noqa: S311 - reproducible, no secret
        for message in [*messages, *_pairs(messages, joined, chance)]:
            samples = list(_both(message, lookups, tokenizer))
            for _ in range(varied):
                kinds = chance.choice((variants.SWAPPED, variants.NAMES))
                other = variants.variant(message, words, chance, kinds)
                names = lookups if kinds is variants.SWAPPED else Lookups({})
                samples += _one(other, entities(other.text, names), tokenizer)
            if samples:
                found.append(samples)
    return found


def of_intents(tokenizer: Tokenizer) -> list[Sample]:
    """Samples of the intents' sentences."""
    known = {act: number for number, act in enumerate(ACTS)}
    found = []
    for example in examples.training():
        if example.intent not in known:
            continue
        tokens = tokenized(tokenizer, masked(example.text, patterns_alone(example.text)))
        if tokens.ranges:
            bounds = [(0, len(tokens.ranges))]
            found.append(
                Sample(tokens, _marks(len(tokens.ranges), bounds), bounds,
                       [known[example.intent]], whole=False)
            )  # fmt: skip
    return found


def pieces_of_ground() -> list[tuple[str, str]]:
    """The words of each request in neutral words and its act, of the trades that are learned."""
    found = []
    for trade in ground.trades():
        if trade in ground.TEST:
            continue
        lookups = Lookups(ground.names(trade))
        for message in ground.messages(trade):
            for request in message.requests:
                words = message.text[request.start : request.end]
                found.append((masked(words, entities(words, lookups)).text, request.act))
    return found


def patterns_alone(text: str) -> list[dict[str, object]]:
    return entities(text, Lookups({}))


def of_message(
    message: GoldMessage, tokens: Tokens, entities: Sequence[Mapping[str, Any]]
) -> Sample | None:
    """The labels of a message's tokens; None where a request has none of its own. Of two spans
    that overlap the longer is learned (one of a hundred)."""
    bounds = [_within(tokens, each.start, each.end) for each in message.requests]
    if not all(bounds):
        return None
    places = [bound for bound in bounds if bound is not None]
    spans = [OUTSIDE] * len(tokens.ranges)
    meant = [span for request in message.requests for span in request.spans]
    for span in sorted(meant, key=lambda span: span.start - span.end):
        place = _within(tokens, span.start, span.end)
        if place and not any(spans[slice(*place)]):
            kind = SPANS.index(span.kind)
            begin, end = place
            spans[begin:end] = [1 + 2 * kind] + [2 + 2 * kind] * (end - begin - 1)
    return Sample(
        tokens,
        _marks(len(tokens.ranges), places),
        places,
        [ACTS.index(request.act) for request in message.requests],
        [[float(fact in request.facts) for fact in FACTS] for request in message.requests],
        spans,
        features(tokens, entities),
        MOODS.index(message.mood),
    )


def _both(message: GoldMessage, lookups: Lookups, tokenizer: Tokenizer) -> Iterator[Sample]:
    """With the shop's names masked and, where it has any, as they stand."""
    found, alone = entities(message.text, lookups), patterns_alone(message.text)
    yield from _one(message, found, tokenizer)
    if found != alone:
        yield from _one(message, alone, tokenizer)


def _one(
    message: GoldMessage, names: Sequence[Mapping[str, Any]], tokenizer: Tokenizer
) -> list[Sample]:
    sample = of_message(message, tokenized(tokenizer, masked(message.text, names)), names)
    return [sample] if sample is not None else []


def _pairs(
    messages: Sequence[GoldMessage], share: float, chance: random.Random
) -> Iterator[GoldMessage]:
    """Messages of one request, joined in twos of a language."""
    for language, joints in _JOINTS.items():
        single = [m for m in messages if m.language == language and len(m.requests) == 1]
        for _ in range(round(share * len(single))):
            first, second = chance.sample(single, 2)
            joint = chance.choice(joints)
            head = first.text.rstrip("。.!！?？ ") if joint[0] in ".。?？!！,，" else first.text
            if first.requests[0].end > len(head):
                head = first.text
            moved = len(head) + len(joint)
            yield GoldMessage(
                first.trade,
                head + joint + second.text,
                (*first.requests, *(_moved(each, moved) for each in second.requests)),
                first.mood if first.mood != "calm" else second.mood,
            )


def _moved(request: GoldRequest, by: int) -> GoldRequest:
    return GoldRequest(
        request.act,
        request.start + by,
        request.end + by,
        tuple(Span(span.kind, span.start + by, span.end + by) for span in request.spans),
        (),
        request.facts,
        request.answerable,
    )


def _within(tokens: Tokens, start: int, end: int) -> tuple[int, int] | None:
    """The tokens that stand for some of these characters."""
    inside = [place for place, (a, b) in enumerate(tokens.ranges) if a < end and b > start]
    return (inside[0], inside[-1] + 1) if inside else None


def _marks(length: int, bounds: Iterable[tuple[int, int]]) -> list[int]:
    marks = [OUTSIDE] * length
    for begin, end in bounds:
        marks[begin:end] = [BEGINS] + [GOES_ON] * (end - begin - 1)
    return marks
