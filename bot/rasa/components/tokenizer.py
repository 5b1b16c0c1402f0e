"""Rasa's tokenizer for sentences in Chinese, English, or both at once."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from retrieval.text import tokenize

_LONGEST = 2000  # characters cut into words; a pasted page would cost seconds


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class BilingualTokenizer(Tokenizer):
    """The words that retrieval/ sees, with offsets into the text as it was typed."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_"}

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        words = tokenize(str(message.get(attribute))[:_LONGEST])
        return [Token(word.text, word.start, word.end) for word in words]
