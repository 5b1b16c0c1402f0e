"""Words that a shop does not want in its marketing texts: copy.yaml of its folder, which may be
absent."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from data.shop import Words, read_optional

FILE = "copy.yaml"


class OwnWords(BaseModel):
    """Words, not patterns, by language or one list for all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forbidden: Words | None = None

    @classmethod
    def of_shop(cls, folder: Path) -> OwnWords:
        """Raises `ShopInvalid`, whose text has a line for each key that is wrong."""
        return read_optional(cls, folder / FILE, "a key of the shop's marketing texts")

    def __getitem__(self, language: str) -> tuple[str, ...]:
        return self.forbidden[language] if self.forbidden is not None else ()
