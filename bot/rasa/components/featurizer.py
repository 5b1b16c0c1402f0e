"""Rasa's featurizer that gives every message its multilingual-e5 vector."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.exceptions import RasaException
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from retrieval.embedder import Embedder
from retrieval.errors import RetrievalError

# What a question means stands at its beginning; a pasted page would cost seconds.
_LONGEST = 1000


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class E5Featurizer(DenseFeaturizer, GraphComponent):
    """Sentence features, float32 [1, 384], of length 1.

    The weights' folder stands in SHOPGUIDE_EMBEDDER, not in the model: they are shared with
    retrieval/ and forty times larger than all the rest.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return dict(DenseFeaturizer.get_default_config())

    def __init__(self, name: str, config: dict[str, Any], embedder: Embedder) -> None:
        super().__init__(name, config)
        self._embedder = embedder

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> E5Featurizer:
        folder = os.environ.get("SHOPGUIDE_EMBEDDER")
        if not folder:
            raise RasaException(
                "SHOPGUIDE_EMBEDDER must name the folder of the converted embedder; "
                "bot/rasa/train.py and bot/rasa/serve.py set it."
            )
        try:
            return cls(execution_context.node_name, config, Embedder(folder, threads=1))
        except RetrievalError as error:
            raise RasaException(str(error)) from error

    def process(self, messages: list[Message]) -> list[Message]:
        self._featurize([message for message in messages if message.get(TEXT)])
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data

    def _featurize(self, messages: list[Message]) -> None:
        texts = [str(message.get(TEXT))[:_LONGEST] for message in messages]
        vectors = self._embedder.embed_queries(texts)
        for message, vector in zip(messages, vectors, strict=True):
            message.add_features(
                Features(
                    np.asarray(vector)[None, :],
                    FEATURE_TYPE_SENTENCE,
                    TEXT,
                    self._config[FEATURIZER_CLASS_ALIAS],
                )
            )

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Nothing can be set."""
