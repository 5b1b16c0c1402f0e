"""What a message means: the reading that Rasa's pipeline makes of it, and that skills work with.

It travels as plain JSON in Rasa's parse data. Imports nothing: both Pythons use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

# What people say around a request, and what alone is answered: the acts that are no request.
COURTESIES = frozenset({"greet", "thanks", "goodbye"})


@dataclass(frozen=True)
class Span:
    """Words of a request that are a `kind`: "place", "excluded", "premise", … All kinds stand in
    ground/README.md. Offsets are those of the message."""

    kind: str
    start: int
    end: int
    words: str


@dataclass(frozen=True)
class Request:
    """One thing that the customer wants.

    `act` is the intent, `certainty` its probability (0 to 1), `runner_up` the next likely one;
    `message[start:end]` are its `words`; `facts` are the facts of the case that it tells: "opened",
    "faulty", "present", …
    """

    act: str
    certainty: float
    runner_up: str
    start: int
    end: int
    words: str
    spans: tuple[Span, ...] = ()
    facts: frozenset[str] = frozenset()

    def said(self, kind: str) -> list[str]:
        """The words of all spans of a kind, in order."""
        return [span.words for span in self.spans if span.kind == kind]


@dataclass(frozen=True)
class Reading:
    """All requests of a message, in their order, and its mood; `requests` is empty only for a
    message without a word."""

    requests: tuple[Request, ...] = ()
    mood: str = "calm"

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "mood": self.mood,
            "requests": [
                {**asdict(request), "facts": sorted(request.facts)} for request in self.requests
            ],
        }

    @staticmethod
    def read(plain: Mapping[str, Any]) -> Reading:
        """From what `plain` made."""
        return Reading(tuple(_requests(plain)), str(plain.get("mood", "calm")))


def _requests(plain: Mapping[str, Any]) -> Iterator[Request]:
    for said in plain.get("requests", ()):
        spans = tuple(Span(**span) for span in said["spans"])
        yield Request(**{**said, "spans": spans, "facts": frozenset(said["facts"])})
