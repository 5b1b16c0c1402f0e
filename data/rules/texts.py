"""What the files of a shop say in words: texts in its languages, names that customers use, ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from data.models import Localized

_LANGUAGES = ("zh", "en")


def _localized(value: object) -> object:
    """A mapping by language, or one text for all of them."""
    if isinstance(value, Localized):
        return value
    texts = value if isinstance(value, Mapping) else dict.fromkeys(_LANGUAGES, value)
    given = [texts.get(language) for language in _LANGUAGES]
    first = next((text for text in given if text), None)
    zh, en = (text or first for text in given)
    if set(texts) - set(_LANGUAGES) or not (isinstance(zh, str) and isinstance(en, str)):
        raise ValueError("write one text, or one a language: {zh: …, en: …}")
    return Localized(zh=zh, en=en)


def _words(value: object) -> object:
    """A list, or one a language: a customer may use the words of either."""
    if isinstance(value, Mapping):
        return [word for words in value.values() for word in words]
    return value


# The id of a tier, a class or a condition: it becomes part of keys and of columns of files, and
# fits the columns of the database.
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,20}$")]
Text = Annotated[Localized, BeforeValidator(_localized)]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(_words)]
