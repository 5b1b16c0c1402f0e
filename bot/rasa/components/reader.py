"""Rasa's component that reads a message, as an intent classifier.

`ReadingModel` finds the requests in it, what stands in each, and what its act may be; `IntentModel`
says the latter from the plain embedder's vector and the words themselves, which it learns here, a
shop's own sentences too. Together they are right more often than either (docs/reading.md). It sets
`reading` (bot/understanding/reading.py) for the actions, and `intent` and `intent_ranking` for
Rasa's rules: the act of the first request, courtesies beside it left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.rasa.components.acts import Acts
from bot.rasa.components.intent_model import IntentModel
from bot.rasa.components.reading_model import ReadingModel
from bot.rasa.environment import embedder_folder, reading_folder
from bot.rasa.reading.samples import pieces_of_ground
from bot.understanding.reading import COURTESIES, Reading
from retrieval.embedder import Embedder
from retrieval.errors import RetrievalError

_RANKED = 5
_LONGEST = 2000  # characters; the models themselves read fewer


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Reader(IntentClassifier, GraphComponent):
    """The weights are shared with every shop and stand in folders of their own
    (bot/rasa/environment.py); what is stored in Rasa's model is the `IntentModel`."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`IntentModel.fit`'s settings."""
        return {"vector_scale": 10.0, "ngram_scale": 2.0, "strength": 1.0, "temperature": 1.0}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        intents: IntentModel | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        try:
            self._embedder = Embedder(embedder_folder(), threads=1)
        except RetrievalError as error:
            raise RasaException(str(error)) from error
        self._acts = Acts(_reading_model(), intents, self._embedder) if intents else None

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Reader:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Reader:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        told = [
            (str(example.get(TEXT)), str(example.get(INTENT)))
            for example in training_data.intent_examples
            if example.get(TEXT) and example.get(INTENT)
        ]
        told += pieces_of_ground()
        texts = [text for text, _ in told]
        intents = IntentModel.fit(
            texts,
            self._embedder.embed_queries(texts),
            [intent for _, intent in told],
            **{name: float(self._config[name]) for name in self.get_default_config()},
        )
        with self._model_storage.write_to(self._resource) as folder:
            intents.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        if self._acts is None:
            raise RasaException("The reader was never trained.")
        for message in messages:
            text = str(message.get(TEXT) or "")[:_LONGEST]
            reading, likely = self._acts.read(text, message.get(ENTITIES) or [])
            ranking = _ranking(text, reading, likely, self._acts.labels)
            message.set("reading", reading.plain(), add_to_output=True)
            message.set("intent", ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages


def _ranking(
    text: str, reading: Reading, likely: np.ndarray, labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The likeliest acts of the first request; a message without a word or an emoji means nothing,
    which is the fallback's case."""
    if not reading.requests or not any(map(_tells, text)):
        return [{"name": "out_of_scope", "confidence": 0.0}]
    first = next((n for n, each in enumerate(reading.requests) if each.act not in COURTESIES), 0)
    order = np.argsort(-likely[first], kind="stable")[:_RANKED]
    return [{"name": labels[i], "confidence": float(likely[first][i])} for i in order]


def _reading_model() -> ReadingModel:
    folder = reading_folder()
    if not (folder / "model.bin").is_file():
        raise RasaException(
            f"There is nothing to read messages with in {folder}; make it by `make setup` or "
            "`python -m weights ensure reading`."
        )
    return ReadingModel(folder)


def _tells(character: str) -> bool:
    return character.isalnum() or ord(character) >= 0x2190  # arrows, signs and emoji
