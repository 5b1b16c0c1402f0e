"""What llm/ takes and gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ChatTurn:
    role: Literal["system", "user", "assistant"]
    text: str


class Engine(ABC):
    """A text generator. One instance serves all threads."""

    name: str
    # 0: the likeliest token each time, the same words for the same prompt. What talks to customers
    # leaves it so; marketing texts may vary.
    temperature: float = 0.0

    @abstractmethod
    def stream(
        self, turns: list[ChatTurn], *, max_tokens: int = 160, deadline_s: float | None = None
    ) -> Iterator[str]:
        """Yield pieces of the reply as they grow; stop at the end of the turn,
        after `max_tokens`, or when `deadline_s` seconds from the call have passed (then raise
        `GenerationTimeout`). Closing the iterator stops the generation.

        Raises `EngineUnavailable` when the engine cannot be reached or was never loaded.
        """

    def prepare(self, turns: list[ChatTurn]) -> None:  # noqa: B027 - an option, not a duty
        """Do ahead what every prompt that begins like these turns will need. May take seconds."""

    def close(self) -> None:  # noqa: B027
        """Free what the engine holds. May be called twice."""


@dataclass(frozen=True, slots=True)
class Citation:
    """`number` is what stands in the answer as [1]; `quote` is the sentence relied on."""

    number: int
    title: str
    source: str
    quote: str
    url: str


@dataclass(frozen=True, slots=True)
class GroundedAnswer:
    """`origin`: "model" when the generator's words passed the check, "quote" when the shop's own
    sentence is given instead; `reason` says why it is a quote ("unsupported: 90 days", "late",
    "off", …), for traces and metrics, never for customers."""

    text: str
    citations: tuple[Citation, ...]
    origin: Literal["model", "quote"]
    reason: str | None = None
