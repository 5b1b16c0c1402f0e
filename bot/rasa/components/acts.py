"""The reading of a message with the acts on which both models agree best. Knows no Rasa."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.rasa.components.intent_model import IntentModel
from bot.rasa.components.masking import neutral
from bot.rasa.components.reading_model import MOST_CHARACTERS, ReadingModel
from bot.understanding.reading import COURTESIES, Reading, Request
from retrieval.embedder import TextEmbedder

Floats = npt.NDArray[np.float32]

# How much the reading's own likelihood of an act counts beside that of the words, both as
# logarithms. Between .3 and .5 it made no difference on the questions of tests/understanding.
SHARE = 0.4
_FLOOR = 1e-4  # no act is impossible; also one that the reading has not learned


class Acts:
    """`labels` in the order of the columns of the likelihoods."""

    def __init__(self, model: ReadingModel, intents: IntentModel, embedder: TextEmbedder) -> None:
        self._model = model
        self._intents = intents
        self._embedder = embedder
        self.labels: Sequence[str] = intents.labels
        known = {act: number for number, act in enumerate(model.acts)}
        self._columns = [known.get(label, -1) for label in self.labels]

    def read(self, text: str, entities: Sequence[Mapping[str, Any]] = ()) -> tuple[Reading, Floats]:
        """The reading of a message and the likelihoods [requests, labels] of its acts; `entities`
        (Rasa's) are the names found in it."""
        reading, read = self._model.read_with_acts(text, entities)
        if not reading.requests:
            return reading, np.zeros((0, len(self.labels)), np.float32)
        words = [_neutral(request, text, entities) for request in reading.requests]
        told = self._intents.probabilities(words, self._embedder.embed_queries(words))
        padded = np.concatenate([read, np.zeros((len(read), 1), np.float32)], axis=1)
        scores = SHARE * np.log(padded[:, self._columns] + _FLOOR)
        scores += (1 - SHARE) * np.log(told + _FLOOR)
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely = (likely / likely.sum(axis=1, keepdims=True)).astype(np.float32)
        requests = []
        for request, row in zip(reading.requests, likely, strict=True):
            order = np.argsort(-row, kind="stable")
            best, second = order[:2]
            if self.labels[best] in COURTESIES and row[best] < 0.5:
                # Not likelier than all else together: letters without a word are no farewell.
                other = next(each for each in order if self.labels[each] not in COURTESIES)
                row[[best, other]] = row[[other, best]]
                best, second = other, best
            requests.append(
                replace(
                    request,
                    act=self.labels[best],
                    certainty=float(row[best]),
                    runner_up=self.labels[second],
                )
            )
        return replace(reading, requests=tuple(requests)), likely


def _neutral(request: Request, text: str, entities: Sequence[Mapping[str, Any]]) -> str:
    inside = [
        {**each, "start": each["start"] - request.start, "end": each["end"] - request.start}
        for each in entities
        if request.start <= each["start"] and each["end"] <= request.end
    ]
    return neutral(request.words, inside)[:MOST_CHARACTERS]
