"""The shops of this folder as they stand in their files."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from bot.evaluation.questions import Questions, load

HERE = Path(__file__).parent
# The wall clock of every shop in the tests; README.md says so too.
TODAY = "2026-11-20 10:00"


@dataclass(frozen=True)
class ShopFiles:
    """One shop's folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def shop(self) -> dict[str, Any]:
        return self._yaml("shop.yaml")

    @cached_property
    def rules(self) -> dict[str, Any]:
        return self._yaml("rules.yaml")

    @cached_property
    def sources(self) -> dict[str, Any]:
        return self._yaml("sources.yaml")

    @cached_property
    def pages(self) -> dict[str, str]:
        """The text of each page by its id."""
        found = sorted((self.folder / "documents").glob("*.md"))
        return {path.stem: path.read_text("utf-8") for path in found}

    @cached_property
    def questions(self) -> Questions:
        return load(self.folder / "questions.yaml")

    @cached_property
    def known_weak(self) -> dict[str, str]:
        """By the key of a case, in a word how weakly it is answered so far: "wrong"."""
        return self._yaml("known_weak.yaml")

    def rows(self, table: str) -> list[dict[str, str]]:
        """The rows of a file of the catalogue: "orders"."""
        with (self.folder / "catalogue" / f"{table}.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def _yaml(self, file: str) -> dict[str, Any]:
        found: dict[str, Any] | None = yaml.safe_load((self.folder / file).read_text("utf-8"))
        return found or {}


SHOPS = [ShopFiles(HERE / name) for name in ("cosmetics", "electronics", "pets")]
