"""What retrieval/ takes and gives: passages, filters, hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
SourceKind = Literal["document", "product"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document or product record, short enough to quote and to embed.

    `id` is "source#n"; `source` is a document's or product's id ("returns", "ridgeline-2-tent"),
    the same in both languages; `heading` is the path of headings above the text ("Returns > Sale
    items"); `text` is plain text in one language, without Markdown.
    """

    id: str
    source: str
    kind: SourceKind
    language: Language
    title: str
    heading: str
    text: str
    url: (
        str  # where a customer can read the whole: "/help/en/returns", "/products/ridgeline-2-tent"
    )


@dataclass(frozen=True, slots=True)
class Filters:
    """None means: any. `sources` limits to these documents or products, which is how callers apply
    price, stock and category: those are asked of the database at the moment of the question."""

    kind: SourceKind | None = None
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A sentence of a passage, a part of its text, and its cosine with the query."""

    sentence: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` orders the hits: the search's fusion, or once judged its best sentence's merit.
    `similarity` is the mean of the query's cosines with the passage and with its best sentence, −1
    to 1; `lexical` the BM25 score, 0 when the words do not meet; `near` its sentences nearest to
    the query, the best first; `answers` how likely the first of them answers, 0 to 1, once judged.
    """

    passage: Passage
    score: float
    similarity: float
    lexical: float
    near: tuple[Near, ...] = ()
    answers: float | None = None

    @property
    def sentence(self) -> str:
        """The best of its sentences; "" of a passage that has none."""
        return self.near[0].sentence if self.near else ""


def embedding_text(passage: Passage) -> str:
    """What is embedded for a passage: its title and heading belong to it."""
    return "\n".join(part for part in (passage.title, passage.heading, passage.text) if part)


def searched_text(passage: Passage) -> str:
    """What is searched by words: the title and the heading count twice."""
    return f"{passage.title}\n{passage.heading}\n{embedding_text(passage)}"
