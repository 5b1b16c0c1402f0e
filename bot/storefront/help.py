"""The shop's documents as pages: `/help/{language}/{source}`, where citations lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.storefront.words import LANGUAGES, Language
from retrieval.ingest import front_matter


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
    """All documents of a folder, read once."""

    def __init__(self, folder: Path) -> None:
        found = [
            _read(path, language)
            for language in LANGUAGES
            for path in sorted((folder / language).rglob("*.md"))
        ]
        self._pages: dict[tuple[str, str], HelpPage] = {
            (page.language, page.source): page for page in found
        }

    def get(self, language: str, source: str) -> HelpPage | None:
        return self._pages.get((language, source))

    def by_topic(self, language: str) -> dict[str, list[HelpPage]]:
        """Topics with most to say first."""
        topics: dict[str, list[HelpPage]] = {}
        for page in self._pages.values():
            if page.language == language:
                topics.setdefault(page.topic, []).append(page)
        return dict(sorted(topics.items(), key=lambda item: -len(item[1])))


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
