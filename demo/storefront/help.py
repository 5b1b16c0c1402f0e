"""The shop's documents as pages: `/help/{language}/{source}`, where citations lead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise
from pathlib import Path

import numpy as np
from markdown_it import MarkdownIt
from markdown_it.token import Token

from demo.storefront.words import LANGUAGES
from retrieval.chunk import front_matter
from retrieval.passages import PassageStore
from retrieval.types import Filters, Language, Passage


@dataclass(frozen=True)
class Section:
    anchor: str
    title: str


@dataclass(frozen=True)
class HelpPage:
    """`html` is made from Markdown in which HTML counts as text, so that it holds no script."""

    source: str
    language: Language
    title: str
    topic: str
    updated: date | None
    html: str
    sections: Sequence[Section]

    @property
    def url(self) -> str:
        return f"/help/{self.language}/{self.source}"


class HelpPages:
    """All documents of a folder, read once. Those that are no Markdown are shown as they are
    indexed: `index` gives the passages that are in use now."""

    def __init__(self, folder: Path, index: Callable[[], PassageStore] | None = None) -> None:
        self._index = index
        found = [
            _read(path, language)
            for language in LANGUAGES
            for path in sorted((folder / language).rglob("*.md"))
        ]
        self._pages: dict[tuple[str, str], HelpPage] = {
            (page.language, page.source): page for page in found
        }

    def get(self, language: str, source: str) -> HelpPage | None:
        return self._pages.get((language, source)) or self._indexed(language, source)

    def _indexed(self, language: str, source: str) -> HelpPage | None:
        spoken = next((each for each in LANGUAGES if each == language), None)
        if self._index is None or spoken is None:
            return None
        passages = self._index()
        only = Filters(kind="document", sources=frozenset({source}))
        found = [passages[int(i)] for i in np.flatnonzero(passages.allowed(only, spoken))]
        found = [each for each in found if each.language == spoken]
        # A page of a site is read there.
        return _of_passages(found) if found and found[0].url.startswith("/help/") else None

    def by_topic(self, language: str) -> dict[str, list[HelpPage]]:
        """Topics with most to say first."""
        topics: dict[str, list[HelpPage]] = {}
        for page in self._pages.values():
            if page.language == language:
                topics.setdefault(page.topic, []).append(page)
        return dict(sorted(topics.items(), key=lambda item: -len(item[1])))


def _of_passages(passages: Sequence[Passage]) -> HelpPage:
    first = passages[0]
    sections: list[Section] = []
    shown = ""
    for passage in passages:
        if passage.heading and (not sections or sections[-1].title != passage.heading):
            sections.append(Section(f"s{len(sections) + 1}", passage.heading))
            shown += f'<h2 id="{sections[-1].anchor}">{escape(passage.heading)}</h2>\n'
        shown += "".join(f"<p>{escape(line)}</p>\n" for line in passage.text.splitlines())
    return HelpPage(
        source=first.source,
        language=first.language,
        title=first.title,
        topic="other",
        updated=None,
        html=shown,
        sections=sections,
    )


def _read(path: Path, language: Language) -> HelpPage:
    text = path.read_text("utf-8-sig", errors="replace")
    facts, body, _ = front_matter(text)  # what is wrong with it was said when the index was built
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(body)
    updated = facts.get("updated")
    return HelpPage(
        source=path.stem,
        language=language,
        title=str(facts.get("title", path.stem)),
        topic=str(facts.get("topic", "other")),
        updated=updated if isinstance(updated, date) else None,
        sections=_anchored(tokens),
        html=markdown.renderer.render(tokens, markdown.options, {}),
    )


def _anchored(tokens: Sequence[Token]) -> list[Section]:
    """Give every heading an id, the same in both languages, and list them."""
    sections: list[Section] = []
    for opening, text in pairwise(tokens):
        if opening.type == "heading_open":
            sections.append(Section(f"s{len(sections) + 1}", text.content))
            opening.attrSet("id", sections[-1].anchor)
    return sections
