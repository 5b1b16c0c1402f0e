"""Reads a message: the encoder's states of its tokens, and linear heads over them.

Learned by bot/rasa/reading/, put together by weights/ into one folder: the encoder with what was
learned merged in (model.bin, tokenizer.json) and `heads.npz`. Imports numpy, tokenizers and
ctranslate2 only; nothing is unpickled.

The heads, by name in `heads.npz` (weight [inputs, outputs] and bias [outputs]): `pieces` tells for
each token whether a request begins there, goes on or is none; `spans` which kind of span begins or
goes on there, or none, out of the token's state and what this shop's names and the shapes of
numbers say of it; `acts` and `facts` are told for each piece from its mean state beside that of the
whole message, `mood` from the latter.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from bot.rasa.components.masking import Masked, masked
from bot.understanding.reading import Reading, Request, Span

Floats = npt.NDArray[np.float32]

PREFIX = "query: "
# What a message means stands at its beginning; a pasted page would cost seconds.
MOST_CHARACTERS = 1000
MOST_TOKENS = 256
OUTSIDE, BEGINS, GOES_ON = range(3)
HEADS = "heads.npz"
# How sure a beginning must be between two pieces of one act. F1 of requests on the trades of
# development: .71 at 0, .73 at .7, .74 from .9 on; the lower, the more is answered by itself.
SURE = 0.9
# What Rasa's extractors find in a text and a token may be part of, in the order of its features.
FOUND = ("product", "category", "brand", "order_number")


@dataclass(frozen=True)
class Tokens:
    """A text's tokens with its prefix: their ids, where the text's own tokens begin and end among
    them, and for each of those the characters of the original text that it stands for."""

    ids: list[int]
    first: int
    last: int
    ranges: list[tuple[int, int]]


def tokenized(tokenizer: Tokenizer, text: Masked) -> Tokens:
    encoding = tokenizer.encode(PREFIX + text.text[:MOST_CHARACTERS])
    ids, ranges = encoding.ids[:MOST_TOKENS], []
    first = last = 0
    for place, (start, end) in enumerate(encoding.offsets[:MOST_TOKENS]):
        # The space before a word belongs to its token, for the first one that of the prefix.
        start, end = max(start - len(PREFIX), 0), end - len(PREFIX)
        if start >= end:  # the prefix, or the mark of the end
            if ranges:
                break
            continue
        while start < end - 1 and text.text[start].isspace():
            start += 1
        first = first or place
        last = place + 1
        ranges.append((text.starts[start], text.ends[end - 1]))
    return Tokens(ids, first, last, ranges)


def features(tokens: Tokens, entities: Sequence[Mapping[str, Any]]) -> Floats:
    """[tokens, FOUND]: 1 for what of `entities` (Rasa's) each token is part of."""
    found = np.zeros((len(tokens.ranges), len(FOUND)), np.float32)
    for each in entities:
        if each["entity"] in FOUND:
            for place, (start, end) in enumerate(tokens.ranges):
                if start < each["end"] and each["start"] < end:
                    found[place, FOUND.index(each["entity"])] = 1.0
    return found


class ReadingModel:
    """`folder` is the one of the weights "reading". One instance serves all threads."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._encoder = ctranslate2.Encoder(str(folder), device="cpu", intra_threads=threads)
        with np.load(folder / HEADS, allow_pickle=False) as arrays:
            self._labels: Mapping[str, Sequence[str]] = json.loads(str(arrays["labels"]))
            self._heads = {
                name: (arrays[f"{name}.weight"].astype(np.float32), arrays[f"{name}.bias"])
                for name in ("pieces", "spans", "acts", "facts", "mood")
            }
            self._fact_threshold = float(arrays["fact_threshold"])

    @property
    def acts(self) -> Sequence[str]:
        """In the order of the columns of `act_probabilities`."""
        return self._labels["acts"]

    def read(self, text: str, entities: Sequence[Mapping[str, Any]] = ()) -> Reading:
        """The reading of a message; `entities` (Rasa's) are the names found in it."""
        return self.read_with_acts(text, entities)[0]

    def read_with_acts(
        self, text: str, entities: Sequence[Mapping[str, Any]] = ()
    ) -> tuple[Reading, Floats]:
        """The reading and the probabilities of the acts [requests, acts] in it."""
        tokens = tokenized(self._tokenizer, masked(text, entities))
        if not tokens.ranges:
            return Reading(), np.zeros((0, len(self.acts)), np.float32)
        output = self._encoder.forward_batch([tokens.ids]).last_hidden_state
        states = np.asarray(output, np.float32)[0, tokens.first : tokens.last]
        found = features(tokens, entities)
        return decoded(text, tokens, self._apply, states, found, self._labels, self._fact_threshold)

    def _apply(self, head: str, states: Floats) -> Floats:
        weight, bias = self._heads[head]
        return np.asarray(states @ weight + bias, np.float32)


def decoded(
    text: str, tokens: Tokens, apply: Any, states: Floats, found: Floats,
    labels: Mapping[str, Sequence[str]], fact_threshold: float,
) -> tuple[Reading, Floats]:  # fmt: skip
    """The reading out of the states [tokens, width] of a text's own tokens and their `features`;
    `apply(head, states)` gives a head's scores."""
    marks = apply("pieces", states)
    pieces = _pieces(marks, text, tokens)
    told = _told(states, pieces)
    alike = _softmax(apply("acts", told)).argmax(axis=1)
    pieces = _joined(pieces, alike, _softmax(marks)[:, BEGINS])
    told = _told(states, pieces)
    acts = _softmax(apply("acts", told))
    facts = 1 / (1 + np.exp(-apply("facts", told)))
    mood = labels["moods"][int(apply("mood", states.mean(axis=0)[None])[0].argmax())]
    marked = apply("spans", np.concatenate([states, found], axis=1))
    requests = []
    for (begin, end), act, fact in zip(pieces, acts, facts, strict=True):
        start, stop = tokens.ranges[begin][0], tokens.ranges[end - 1][1]
        best = np.argsort(-act, kind="stable")
        spans = [
            Span(labels["spans"][kind], tokens.ranges[a][0], tokens.ranges[b - 1][1],
                 text[tokens.ranges[a][0] : tokens.ranges[b - 1][1]])
            for kind, a, b in _spans(marked[begin:end], begin)
        ]  # fmt: skip
        requests.append(
            Request(
                labels["acts"][best[0]],
                float(act[best[0]]),
                labels["acts"][best[1]],
                start,
                stop,
                text[start:stop],
                tuple(spans),
                frozenset(np.array(labels["facts"])[fact > fact_threshold].tolist()),
            )
        )
    return Reading(tuple(requests), mood), acts


def _pieces(scores: Floats, text: str, tokens: Tokens) -> list[tuple[int, int]]:
    """Where requests stand among the tokens; the whole text is one where none is found. A mark is
    no request, nor is a single word between two requests, which joins them."""
    found = _runs(scores.argmax(axis=1), 0)
    told = [
        (begin, end)
        for number, (begin, end) in enumerate(found)
        if any(map(str.isalnum, text[tokens.ranges[begin][0] : tokens.ranges[end - 1][1]]))
        and (end - begin > 1 or not 0 < number < len(found) - 1)
    ]
    return told or [(0, len(scores))]


def _told(states: Floats, pieces: Sequence[tuple[int, int]]) -> Floats:
    """[pieces, 2·width]: the mean of each piece beside that of all."""
    whole = states.mean(axis=0)
    means = [np.concatenate([states[begin:end].mean(axis=0), whole]) for begin, end in pieces]
    return np.stack(means)


def _joined(
    pieces: Sequence[tuple[int, int]], acts: npt.NDArray[np.intp], begins: Floats
) -> list[tuple[int, int]]:
    """The pieces, where neighbours of one act are one request unless it is sure that the second
    begins there: a story is told in several sentences."""
    found = [pieces[0]]
    for number, (begin, end) in enumerate(pieces[1:], start=1):
        if acts[number] == acts[number - 1] and begins[begin] < SURE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def _spans(scores: Floats, offset: int) -> list[tuple[int, int, int]]:
    """(kind, first, behind the last) of the likeliest spans; `scores` [tokens, 1 + 2·kinds] of
    none, and for each kind of its beginning and its going on, which follows either (Viterbi)."""
    kinds = (scores.shape[1] - 1) // 2
    begins, goes_on = 1 + 2 * np.arange(kinds), 2 + 2 * np.arange(kinds)
    best = scores[0].copy()
    best[goes_on] = -np.inf
    came: list[npt.NDArray[np.intp]] = []
    for row in scores[1:]:
        before = np.full(len(best), int(best.argmax()))
        same = np.where(best[begins] > best[goes_on], begins, goes_on)
        before[goes_on] = same
        best = best[before] + row
        came.append(before)
    marks = [int(best.argmax())]
    for before in reversed(came):
        marks.append(int(before[marks[-1]]))
    marks.reverse()
    found: list[tuple[int, int, int]] = []
    for place, mark in enumerate(marks, start=offset):
        if mark and mark % 2:
            found.append(((mark - 1) // 2, place, place + 1))
        elif mark:
            found[-1] = (found[-1][0], found[-1][1], place + 1)
    return found


def _runs(marks: Sequence[int] | npt.NDArray[np.intp], offset: int) -> list[tuple[int, int]]:
    """(first, behind the last) of what begins and goes on; what goes on without a beginning
    begins."""
    found: list[list[int]] = []
    before = OUTSIDE
    for place, mark in enumerate(marks, start=offset):
        if mark == BEGINS or (mark == GOES_ON and before == OUTSIDE):
            found.append([place, place + 1])
        elif mark == GOES_ON:
            found[-1][1] = place + 1
        before = mark
    return [(first, last) for first, last in found]


def _softmax(scores: Floats) -> Floats:
    likelihood = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(likelihood / likelihood.sum(axis=1, keepdims=True), np.float32)
