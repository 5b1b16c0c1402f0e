"""Rasa's entity extractors: words of a known shape, names in the catalogue, and the language."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.rasa.components import patterns
from bot.rasa.components.lookups import Lookups
from bot.rasa.components.patterns import Found
from retrieval.text import detect_language

logger = logging.getLogger(__name__)

LANGUAGES = ("zh", "en")
_LONGEST = 2000  # characters searched


class _Extractor(GraphComponent, EntityExtractorMixin):
    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> _Extractor:
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            entities = [
                {
                    "entity": found.entity,
                    "value": found.value,
                    "start": found.start,
                    "end": found.end,
                    "confidence_entity": 1.0,
                }
                for found in self.find(message)
            ]
            known = message.get(ENTITIES, [])
            message.set(ENTITIES, known + self.add_extractor_name(entities), add_to_output=True)
        return messages

    def find(self, message: Message) -> list[Found]:
        raise NotImplementedError


def _text(message: Message) -> str:
    return str(message.get(TEXT) or "")[:_LONGEST]


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PatternExtractor(_Extractor):
    """E-mails, phone numbers, postcodes, order numbers."""

    def find(self, message: Message) -> list[Found]:
        return patterns.find(_text(message))


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LookupExtractor(_Extractor):
    """Products, kinds of goods and brands by the names in the file that SHOPGUIDE_LOOKUPS names.

    The file is read again when it changes, so a new product needs no training. Without the file
    nothing is found, and the log says so once.
    """

    def __init__(self) -> None:
        self._path = Path(os.environ.get("SHOPGUIDE_LOOKUPS", "var/lookups.json"))
        self._stamp: tuple[int, int] | None = None
        self._lookups = Lookups({})
        self._warned = False

    def find(self, message: Message) -> list[Found]:
        self._refresh()
        return self._lookups.find(_text(message))

    def _refresh(self) -> None:
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            if stamp != self._stamp:
                self._lookups = Lookups.read(self._path)
                self._stamp = stamp
                self._warned = False
        except (OSError, ValueError) as error:
            if not self._warned:
                self._warned = True
                logger.warning(
                    "The product names in %s cannot be read (%s); run "
                    "`python -m bot.commands.lookups`.",
                    self._path,
                    error,
                )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class LanguageExtractor(_Extractor):
    """The entity `language`, "zh" or "en", out of the request's metadata or else the text.

    A third language, or a text that tells nothing, yields no entity: the slot keeps its value.
    """

    def find(self, message: Message) -> list[Found]:
        text = _text(message)
        metadata = message.get("metadata") or {}
        chosen = metadata.get("language")
        language = chosen if chosen in LANGUAGES else detect_language(text)
        return [Found("language", language, 0, len(text))] if language in LANGUAGES else []
