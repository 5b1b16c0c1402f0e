"""Rasa's intent classifier: `IntentModel` as a graph component."""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.rasa.components.intent_model import IntentModel

_RANKED = 5
_LONGEST = 1000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class HybridIntentClassifier(IntentClassifier, GraphComponent):
    """Needs sentence vectors from a featurizer before it.

    Marks and emoji that the examples do not know get confidence 0, which is the fallback's case.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """`IntentModel.fit`'s settings."""
        return {"vector_scale": 10.0, "ngram_scale": 2.0, "strength": 1.0, "temperature": 1.0}

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: IntentModel | None = None,
    ) -> None:
        self._config = config
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> HybridIntentClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> HybridIntentClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, IntentModel.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        examples = [e for e in training_data.intent_examples if e.get(TEXT) and e.get(INTENT)]
        self._model = IntentModel.fit(
            [str(example.get(TEXT)) for example in examples],
            _vectors(examples),
            [str(example.get(INTENT)) for example in examples],
            **{name: float(self._config[name]) for name in self.get_default_config()},
        )
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        if self._model is None:
            raise RasaException("The intent classifier was never trained.")
        for message in messages:
            text = str(message.get(TEXT) or "")[:_LONGEST]
            if any(character.isalnum() for character in text) or self._model.knows(text):
                (row,) = self._model.probabilities([text], _vectors([message]))
            else:
                row = np.zeros(len(self._model.labels))
            best = np.argsort(-row, kind="stable")[:_RANKED]
            ranking = [{"name": self._model.labels[i], "confidence": float(row[i])} for i in best]
            message.set("intent", ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages


def _vectors(messages: list[Message]) -> np.ndarray:
    """float32 [n, dimensions]: the sentence vectors that the featurizer left on the messages."""
    rows = []
    for message in messages:
        _, sentence = message.get_dense_features(TEXT)
        if sentence is None:
            raise RasaException("The intent classifier needs E5Featurizer before it.")
        rows.append(sentence.features[0])
    return np.array(rows, np.float32)
