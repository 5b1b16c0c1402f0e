"""The errors of llm/: each message is a sentence for the person who meets it.

LLMError
├── EngineUnavailable   the generator cannot be reached or could not be loaded
├── GenerationTimeout   the deadline passed before the reply was complete
├── PromptTooLong       the prompt does not fit the model
└── TooLittleText       a language model of one's own cannot be trained on so little
"""

from __future__ import annotations


class LLMError(Exception):
    """Writing failed."""


class EngineUnavailable(LLMError):
    """The generator cannot be reached, or was never loaded, or has been closed."""


class GenerationTimeout(LLMError):
    """The deadline passed before the reply was complete."""


class PromptTooLong(LLMError):
    """The prompt does not fit the model."""


class TooLittleText(LLMError):
    """The shop's texts are too few to learn from, or to measure on."""
