"""Whether hits answer a question at all: a small logistic model over three plain signals.

e5's cosines lie close together (0.75 to 0.92), so the best similarity alone tells too little; how
much of the question's wording the best passages share tells the rest. calibrate.py fits it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from retrieval.errors import IndexCorrupt
from retrieval.lexical import LexicalIndex, terms
from retrieval.types import Hit

FILE = "relevance.json"


@dataclass(frozen=True, slots=True)
class Signals:
    """`similarity`: the best cosine; `margin`: its lead over the mean of the other hits;
    `shared`: the share of the question's terms, weighed by rarity, that the best hit's passage
    holds (unknown words count as the rarest)."""

    similarity: float
    margin: float
    shared: float


@dataclass(frozen=True, slots=True)
class Relevance:
    """Weights of the signals and the probability from which hits count as relevant. The defaults
    serve e5-small until a calibration is made."""

    similarity: float = 60.0
    margin: float = 0.0
    shared: float = 3.0
    bias: float = -51.0
    threshold: float = 0.5

    def of(self, found: Signals) -> float:
        total = (
            self.similarity * found.similarity
            + self.margin * found.margin
            + self.shared * found.shared
            + self.bias
        )
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, total))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """One model a language: similarities of Chinese and English questions lie differently."""

    zh: Relevance = Relevance()
    en: Relevance = Relevance()

    def __getitem__(self, language: str) -> Relevance:
        return self.zh if language == "zh" else self.en

    @classmethod
    def read(cls, folder: Path) -> Calibration:
        """The calibration kept beside an index, or the defaults when there is none."""
        path = folder / FILE
        if not path.is_file():
            return cls()
        try:
            kept = json.loads(path.read_text("utf-8"))
            return cls(**{language: Relevance(**values) for language, values in kept.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise IndexCorrupt(
                f"{path} is damaged; run `python -m retrieval.calibrate` to write it again."
            ) from error

    def text(self) -> str:
        return json.dumps(asdict(self), indent=1)


def signals(hits: Sequence[Hit], lexical: LexicalIndex, query: str) -> Signals:
    """The signals of hits (at least one) for their query."""
    similarities = [hit.similarity for hit in hits]
    best = max(range(len(hits)), key=lambda i: similarities[i])
    others = [s for i, s in enumerate(similarities) if i != best]
    asked = set(terms(query))
    weights = {term: lexical.rarity(term) for term in asked}
    whole = sum(weights.values())
    shared = 0.0
    for hit in hits[:3]:
        passage = hit.passage
        present = asked & set(terms(f"{passage.title}\n{passage.heading}\n{passage.text}"))
        shared = max(shared, sum(weights[term] for term in present) / whole if whole else 0.0)
    return Signals(
        similarity=similarities[best],
        margin=similarities[best] - sum(others) / len(others) if others else 0.0,
        shared=shared,
    )
