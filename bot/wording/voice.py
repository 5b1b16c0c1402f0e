"""What the texts on cards need of whoever says them: a language, the shop's rules, the day. A turn
of the conversation has them, and so has a visit to the demo shop's pages."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from data.rules import ShopRules
from retrieval.types import Language


class Voice(Protocol):
    language: Language

    @property
    def rules(self) -> ShopRules: ...

    @property
    def today(self) -> date: ...

    def phrase(self, key: str, **facts: object) -> str: ...
