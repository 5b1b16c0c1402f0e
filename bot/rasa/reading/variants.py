"""Other messages out of those of the ground: other goods, places and people in them, slips of the
keys. What a customer wants does not hang on them, and what stands in a sentence's place is known by
the sentence."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ground.readings import GoldMessage, GoldRequest, Span

# Kinds of spans whose words may stand for one another; properties and needs are half sentences that
# fit their own alone.
SWAPPED = frozenset(
    {"goods", "other_product", "brand", "option", "person", "place", "excluded", "payment", "tier"}
)
NAMES = SWAPPED | {"product"}
SWAP_SHARE = 0.6  # of such spans
SLIP_SHARE = 0.2  # of messages

Edit = tuple[int, int, str]  # text[start:end] becomes the words
Pools = Mapping[tuple[str, str], Sequence[str]]  # by language and kind


def pools(messages: Iterable[GoldMessage]) -> Pools:
    """All words of the kinds that may be swapped."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for message in messages:
        for request in message.requests:
            for span in request.spans:
                if span.kind in NAMES:
                    words = message.text[span.start : span.end]
                    found[message.language, span.kind].append(words)
    return found


def variant(
    message: GoldMessage, words: Pools, chance: random.Random, kinds: frozenset[str] = SWAPPED
) -> GoldMessage:
    """The message with some of its spans of these kinds swapped, and perhaps a slip of the keys."""
    taken = [span for request in message.requests for span in request.spans]
    edits: list[Edit] = []
    for span in taken:
        alone = all(
            other is span or other.end <= span.start or span.end <= other.start for other in taken
        )
        if span.kind in kinds and alone and chance.random() < SWAP_SHARE:
            other = chance.choice(words[message.language, span.kind])
            edits.append((span.start, span.end, other))
    if chance.random() < SLIP_SHARE:
        edits += _slip(message.text, taken, chance)
    return edited(message, edits)


def _slip(text: str, taken: Sequence[Span], chance: random.Random) -> list[Edit]:
    """A letter left out, doubled or before its neighbour, outside of spans."""
    places = [
        place
        for place in range(1, len(text) - 1)
        if text[place - 1 : place + 2].isascii()
        and text[place - 1 : place + 2].isalpha()
        and not any(span.start <= place + 1 and place <= span.end for span in taken)
    ]
    if not places:
        return []
    place = chance.choice(places)
    two = text[place : place + 2]
    return [chance.choice([(place, place + 1, ""), (place, place + 1, two[0] * 2),
                           (place, place + 2, two[::-1])])]  # fmt: skip


def edited(message: GoldMessage, edits: Sequence[Edit]) -> GoldMessage:
    """The message with these pieces of its text, which do not overlap, put otherwise; quantities
    are left out."""
    order = sorted(edits)
    text, done = "", 0
    for start, end, words in order:
        text += message.text[done:start] + words
        done = end
    text += message.text[done:]

    def moved(place: int) -> int:
        gone = [(stop - start, len(words)) for start, stop, words in order if stop <= place]
        return place + sum(new - old for old, new in gone)

    def request(each: GoldRequest) -> GoldRequest:
        spans = tuple(Span(span.kind, moved(span.start), moved(span.end)) for span in each.spans)
        start, stop = moved(each.start), moved(each.end)
        return replace(each, start=start, end=stop, spans=spans, quantities=())

    return replace(message, text=text, requests=tuple(map(request, message.requests)))
