"""Tags what a text speaks of (aspects), how it speaks of each, and in what mood it is as a whole.

One pass of an encoder over the text; small heads read its states: a begin-inside-outside head over
the tokens finds the words that name an aspect, another tells from the mean of such words beside
that of the text whether they are praised or blamed, a third tells the text's own mood.
retrieval/learning/tagging.py trains it; docs/marketing-reviews.md has the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from retrieval.embedder import QUERY_PREFIX
from retrieval.errors import EmbedderError
from retrieval.text import sentences
from weights.merged import HEADS

OUTSIDE, BEGINS, GOES_ON = range(3)
NEGATIVE, NEUTRAL, POSITIVE = range(3)
HEAD_NAMES = ("spans", "polarity", "mood")

# Characters of a text that are read at once; a longer one is read by its sentences.
_PART = 240
_BATCH_TOKENS = 2048  # padded tokens of a batch
# A particle that ties what stands before it to a noun, and is part of the noun's token at times.
_TIE = "的"

Floats = npt.NDArray[np.float32]
Span = tuple[int, int]
Progress = Callable[[int, int], None]  # (done, of all)


@dataclass(frozen=True, slots=True)
class Aspect:
    """`text[start:end]` names it; `leaning` is how likely it is praised less how likely blamed,
    -1 to 1."""

    start: int
    end: int
    leaning: float


@dataclass(frozen=True, slots=True)
class Tagged:
    """`mood`: how likely the whole text is content, 0 to 1."""

    aspects: tuple[Aspect, ...]
    mood: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as the encoder takes it. The tokens `first` and after are the text's own, each with
    the characters that it stands for."""

    ids: list[int]
    first: int
    ranges: list[Span]

    @property
    def last(self) -> int:
        return self.first + len(self.ranges)

    def of(self, start: int, end: int) -> list[int]:
        """The places, among all tokens, of those of which more than half lies in these
        characters."""
        return [
            self.first + place
            for place, (a, b) in enumerate(self.ranges)
            if 2 * (min(b, end) - max(a, start)) >= b - a and min(b, end) > max(a, start)
        ]


def tokens_of(encoding: Encoding, text: str) -> Tokens:
    """`encoding` is of QUERY_PREFIX and the text."""
    first, ranges = 0, list[Span]()
    for place, (start, end) in enumerate(encoding.offsets):
        start, end = max(start - len(QUERY_PREFIX), 0), end - len(QUERY_PREFIX)
        if start >= end:  # the prefix, a mark, or a space alone
            if ranges and place < len(encoding.ids) - 1:
                ranges.append((start, start))
            continue
        while start < end - 1 and text[start].isspace():
            start += 1
        first = first or place
        ranges.append((start, end))
    return Tokens(encoding.ids, first, ranges)


def spans_of(tokens: Tokens, scores: Floats, text: str) -> list[Span]:
    """Characters, out of `scores` [tokens, 3]. What goes on without having begun begins."""
    found: list[list[int]] = []
    before = OUTSIDE
    for place, (start, end) in enumerate(tokens.ranges, start=tokens.first):
        label = int(scores[place].argmax())
        if start >= end:
            continue
        if label == BEGINS or (label == GOES_ON and before == OUTSIDE):
            found.append([start, end])
        elif label == GOES_ON:
            found[-1][1] = end
        before = label
    return [(a, b) for a, b in (_trimmed(text, *span) for span in found) if a < b]


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and (text[start].isspace() or text[start] == _TIE):
        start += 1
    while start < end and (text[end - 1].isspace() or text[end - 1] == _TIE):
        end -= 1
    return start, end


class Tagger:
    """`folder` holds a CTranslate2 encoder, tokenizer.json and the heads (weights/merged.py); so
    many texts are read at once as there are threads. One instance serves all threads. Raises
    `EmbedderError` when a file is missing or damaged."""

    def __init__(self, folder: Path | str, threads: int = 2) -> None:
        folder = Path(folder)
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._encoder = ctranslate2.Encoder(
                str(folder), device="cpu", inter_threads=threads, intra_threads=1
            )
            with np.load(folder / HEADS, allow_pickle=False) as arrays:
                self._heads = _heads(arrays)
        except Exception as error:  # the libraries raise bare Exceptions and RuntimeErrors
            raise EmbedderError(
                f"The tagger of reviews in {folder} cannot be loaded ({error}); delete that folder "
                "and run `python -m weights ensure reviews`."
            ) from error
        self._threads = threads
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def read(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tagged]:
        """In the order of the texts; `progress` is called after each batch."""
        told = ((number, text) for number, text in enumerate(texts) if text.strip())
        parts = [(number, at, part) for number, text in told for at, part in _parts(text)]
        aspects: list[list[Aspect]] = [[] for _ in texts]
        moods = np.zeros((len(texts), 2))  # how likely content, by the tokens of the parts; tokens
        for number, at, tokens, states, part in self._states(parts, progress):
            spans = spans_of(tokens, self._score("spans", states), part)
            leanings = self._leanings(tokens, states, spans)
            aspects[number] += [
                Aspect(at + a, at + b, float(leaning))
                for (a, b), leaning in zip(spans, leanings[:, 2] - leanings[:, 0], strict=True)
            ]
            mood = self._score("mood", states[tokens.first : tokens.last].mean(axis=0))
            moods[number] += np.array([_shares(mood)[1], 1.0]) * len(tokens.ranges)
        content = moods[:, 0] / np.maximum(moods[:, 1], 1)
        content[moods[:, 1] == 0] = 0.5
        return [
            Tagged(tuple(sorted(found, key=lambda each: each.start)), float(mood))
            for found, mood in zip(aspects, content, strict=True)
        ]

    def polarities(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> list[list[int]]:
        """NEGATIVE, NEUTRAL or POSITIVE of the characters that are given of each text."""
        found: list[list[int]] = [[] for _ in texts]
        whole = [(number, 0, text) for number, text in enumerate(texts)]
        for number, _, tokens, states, _ in self._states(whole, None):
            shares = self._leanings(tokens, states, spans[number])
            found[number] = [int(row.argmax()) for row in shares]
        return found

    def _leanings(self, tokens: Tokens, states: Floats, spans: Sequence[Span]) -> Floats:
        """[spans, 3], shares that sum to one."""
        if not spans:
            return np.zeros((0, 3), np.float32)
        whole = states[tokens.first : tokens.last].mean(axis=0)
        rows = [
            np.concatenate([states[places].mean(axis=0) if places else whole, whole])
            for places in (tokens.of(*span) for span in spans)
        ]
        return _shares(self._score("polarity", np.stack(rows)))

    def _score(self, head: str, states: Floats) -> Floats:
        weight, bias = self._heads[head]
        scores: Floats = states @ weight + bias
        return scores

    def _states(
        self, parts: Sequence[tuple[int, int, str]], progress: Progress | None
    ) -> Iterator[tuple[int, int, Tokens, Floats, str]]:
        """What the encoder makes of each part, those of like length together."""
        encodings = self._tokenizer.encode_batch([QUERY_PREFIX + part for _, _, part in parts])
        read = [
            tokens_of(encoding, part[2]) for encoding, part in zip(encodings, parts, strict=True)
        ]
        order = [n for n in range(len(parts)) if read[n].ranges]
        order.sort(key=lambda n: len(read[n].ids))
        batches = list(_batches(order, [len(each.ids) for each in read]))
        done = 0
        with ThreadPoolExecutor(self._threads) as pool:
            for batch, states in zip(
                batches,
                pool.map(lambda b: self._forward([read[n].ids for n in b]), batches),
                strict=True,
            ):
                for row, n in enumerate(batch):
                    number, at, part = parts[n]
                    yield number, at, read[n], states[row], part
                done += len(batch)
                if progress is not None:
                    progress(done, len(order))

    def _forward(self, batch: list[list[int]]) -> Floats:
        states = self._encoder.forward_batch(batch).last_hidden_state
        return np.asarray(states, np.float32)


def _heads(arrays: Mapping[str, np.ndarray]) -> dict[str, tuple[Floats, Floats]]:
    return {
        name: (
            arrays[f"{name}.weight"].astype(np.float32),
            arrays[f"{name}.bias"].astype(np.float32),
        )
        for name in HEAD_NAMES
    }


def _shares(scores: Floats) -> Floats:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    batch: list[int] = []
    for n in order:  # by length: the newest is the longest
        if batch and lengths[n] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(n)
    if batch:
        yield batch


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Where each part begins, and the part: sentences that stand together, cut where one is longer
    than a part may be."""
    if len(text) <= _PART:
        yield 0, text
        return
    begin = at = 0
    for sentence in sentences(text, "zh"):
        start = text.index(sentence, at)
        if start + len(sentence) - begin > _PART and start > begin:
            yield begin, text[begin:start]
            begin = start
        at = start + len(sentence)
        while at - begin > _PART:
            yield begin, text[begin : begin + _PART]
            begin += _PART
    if begin < len(text):
        yield begin, text[begin:]
