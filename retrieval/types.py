"""What retrieval/ takes and gives: passages, filters, hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Language = Literal["zh", "en"]
Kind = Literal["document", "product"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document or product record, short enough to quote and to embed.

    `id` is "source#n"; `source` is a document's or product's id ("returns", "ridgeline-2-tent"),
    the same in both languages; `heading` is the path of headings above the text ("Returns > Sale
    items"); `text` is plain text in one language, without Markdown.
    """

    id: str
    source: str
    kind: Kind
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

    language: Language | None = None
    kind: Kind | None = None
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """`score` orders the hits (fusion); `similarity` is the mean of the query's cosines with the
    passage and with its best sentence, −1 to 1; `lexical` the BM25 score, 0 when the words do not
    meet; `sentence` is that best sentence, a part of the passage's text."""

    passage: Passage
    score: float
    similarity: float
    lexical: float
    sentence: str = ""
