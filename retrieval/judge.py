"""Judges whether a sentence answers a question: both are read together.

A cross-encoder (Nogueira and Cho 2019, arXiv:1901.04085): the search compares a question with a
sentence that it has read before and alone; here each word of one sees each word of the other, which
tells what is asked for from what stands beside it. It costs a pass of the encoder a pair, so it
reads only what the search has found. retrieval/learning/judging.py trains it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from math import log
from pathlib import Path
from threading import Lock
from typing import Protocol

import ctranslate2
import numpy as np
from tokenizers import Tokenizer

from retrieval.embedder import PASSAGE_PREFIX, QUERY_PREFIX, token_means
from retrieval.errors import EmbedderError
from weights import locate
from weights.merged import HEADS

NAME = "judge"  # of weights/catalogue.py
CANDIDATES = 16  # that the search brings: nine of ten answers are among them (docs/finding.md)
TOKENS = 112  # of a pair, as it was learned; what is longer is cut
_QUESTION_TOKENS = 48  # at most, so that of a long message's pair a sentence is left
_BATCH = 16
# What a cosine weighs beside the judge's log-odds: of 20 to 120 between the best first sentence on
# the trade that neither has learned from, 40, and the best first page of the demo, 60 to 80.
_COSINE = 50.0
_LEAST = 1e-4  # a likelihood nearer to 0 or 1 says no more
_REMEMBERED = 4096  # judgements: a turn asks for the same ones several times


def merit(answers: float, cosine: float) -> float:
    """By what sentences are ordered: the judge's log-odds and the search's cosine together, which
    err differently."""
    likely = min(max(answers, _LEAST), 1 - _LEAST)
    return log(likely / (1 - likely)) + _COSINE * cosine


class SentenceJudge(Protocol):
    def judge(self, question: str, texts: Sequence[str]) -> list[float]:
        """How likely each text answers, 0 to 1; a text is a sentence under its headings
        (retrieval/encode.py)."""
        ...


def pair(tokenizer: Tokenizer, question: str, sentence: str) -> list[int]:
    """The token ids of both, as e5 marks them: `<s> query: … </s> passage: … </s>`."""
    asked = tokenizer.encode(QUERY_PREFIX + question).ids
    if len(asked) > _QUESTION_TOKENS:
        asked = [*asked[: _QUESTION_TOKENS - 1], asked[-1]]
    told = tokenizer.encode(PASSAGE_PREFIX + sentence).ids[1:]
    whole = asked + told
    return whole if len(whole) <= TOKENS else [*whole[: TOKENS - 1], told[-1]]


class Judge:
    """`folder` holds a CTranslate2 encoder, tokenizer.json and the head (weights/merged.py). One
    instance serves all threads. Raises `EmbedderError` when a file is missing or damaged."""

    def __init__(self, folder: Path | str, threads: int = 2) -> None:
        folder = Path(folder)
        try:
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._encoder = ctranslate2.Encoder(str(folder), device="cpu", intra_threads=threads)
            with np.load(folder / HEADS, allow_pickle=False) as arrays:
                self._weight = arrays["judge.weight"].astype(np.float32)  # [1, width]
                self._bias = arrays["judge.bias"].astype(np.float32)
        except Exception as error:  # the libraries raise bare Exceptions and RuntimeErrors
            raise EmbedderError(
                f"The judge in {folder} cannot be loaded ({error}); delete that folder and run "
                "`python -m weights ensure judge`."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._known: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = Lock()

    def judge(self, question: str, texts: Sequence[str]) -> list[float]:
        with self._lock:
            known = {text: self._known.get((question, text)) for text in texts}
        fresh = [text for text, answers in known.items() if answers is None]
        judged = dict(zip(fresh, self._judged(question, fresh), strict=True))
        with self._lock:
            self._known.update({(question, text): each for text, each in judged.items()})
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return [judged[text] if text in judged else known[text] or 0.0 for text in texts]

    def _judged(self, question: str, texts: Sequence[str]) -> list[float]:
        ids = [pair(self._tokenizer, question, text) for text in texts]
        # Texts of like length share a batch, so that little is padded.
        order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
        found: dict[int, float] = {}
        for at in range(0, len(order), _BATCH):
            part = order[at : at + _BATCH]
            for n, values in zip(part, self._forward([ids[n] for n in part]), strict=True):
                found[n] = float(1 / (1 + np.exp(-values)))
        return [found[n] for n in range(len(ids))]

    def _forward(self, batch: list[list[int]]) -> np.ndarray:
        """Log-odds, float32 [pairs]: the mean of a pair's states through the head."""
        means = token_means(self._encoder, batch)
        values: np.ndarray = (means @ self._weight.T + self._bias)[:, 0]
        return values


def load_judge(threads: int = 1) -> Judge:
    """The judge that set-up has installed. Raises `WeightsError` and `EmbedderError`."""
    return Judge(locate(NAME), threads)
