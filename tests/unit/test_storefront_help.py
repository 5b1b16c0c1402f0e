"""The shop's documents as pages."""

from __future__ import annotations

import html
import re
from pathlib import Path

from bot.settings import ROOT
from demo.storefront.help import HelpPages
from demo.storefront.words import words
from retrieval import passages as store
from retrieval.ingest import read_documents
from tests.papers import make

DOCUMENTS = ROOT / "demo" / "shop" / "documents"


def pages_of(folder: Path, text: str, language: str = "en") -> HelpPages:
    (folder / language).mkdir(parents=True, exist_ok=True)
    (folder / language / "page.md").write_text(text, encoding="utf-8")
    return HelpPages(folder)


def test_every_document_is_a_page_in_its_language() -> None:
    pages = HelpPages(DOCUMENTS)
    for path in sorted(DOCUMENTS.rglob("*.md")):
        page = pages.get(path.parent.name, path.stem)
        assert page is not None
        assert page.url == f"/help/{path.parent.name}/{path.stem}"
        assert page.title
        assert page.title != path.stem
        assert page.updated is not None
        assert f"topic.{page.topic}" in words()
        assert [s.anchor for s in page.sections] == re.findall(r'<h\d id="([^"]+)">', page.html)
        # What the text says stands in the page, word for word.
        body = path.read_text("utf-8").split("---", 2)[2]
        for line in body.splitlines():
            plain = line.lstrip("#-0123456789. ").strip()
            if plain and not plain.startswith("|"):
                assert plain in html.unescape(page.html), plain


def test_a_document_that_is_no_markdown_is_shown_as_it_is_indexed(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    (folder / "en").mkdir(parents=True)
    (folder / "en" / "handbook.docx").write_bytes(make.docx("en"))
    (folder / "en" / "mean.txt").write_text("<script>alert(1)</script> is no tag here.")
    store.write(tmp_path, read_documents(folder, ["en"]).passages, [])
    passages = store.PassageStore(tmp_path)
    pages = HelpPages(folder, lambda: passages)
    page = pages.get("en", "handbook")
    assert page is not None
    assert (page.title, page.url) == ("After-sales handbook", "/help/en/handbook")
    assert "<p>Size S: Women Chest 84–88 cm;" in page.html
    assert next(section.title for section in page.sections) == "Returns"
    mean = pages.get("en", "mean")
    assert mean is not None
    assert "<script>" not in mean.html
    assert pages.get("zh", "handbook") is None
    assert pages.get("en", "nothing") is None


def test_a_page_has_the_same_anchors_in_both_languages() -> None:
    pages = HelpPages(DOCUMENTS)
    for path in (DOCUMENTS / "en").glob("*.md"):
        en, zh = pages.get("en", path.stem), pages.get("zh", path.stem)
        assert en is not None
        assert zh is not None
        assert [s.anchor for s in en.sections] == [s.anchor for s in zh.sections]


def test_a_document_cannot_bring_script(tmp_path: Path) -> None:
    text = (
        "---\ntitle: <b>T\n---\n# <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>\n\n"
        "[a](javascript:alert(1)) [b](data:text/html,x) ![c](javascript:alert(1)) <svg/onload=x>"
    )
    page = pages_of(tmp_path, text).get("en", "page")
    assert page is not None
    assert page.title == "<b>T"  # as text; the template escapes it
    tags = set(re.findall(r"<(\w+)", page.html))
    assert tags <= {"h1", "p"}
    assert "javascript:" not in re.findall(r'(?:href|src)="([^"]*)"', page.html)


def test_a_front_matter_that_cannot_be_read_costs_no_page(tmp_path: Path) -> None:
    for head in ("title: [", "- a", "title: T\nupdated: yesterday", "", "title:"):
        page = pages_of(tmp_path, f"---\n{head}\n---\nText.").get("en", "page")
        assert page is not None
        assert "Text." in page.html
        assert page.updated is None
    assert pages_of(tmp_path, "").get("en", "page") is not None


def test_pages_that_do_not_exist() -> None:
    pages = HelpPages(DOCUMENTS)
    assert pages.get("en", "../en/returns") is None
    assert pages.get("fr", "returns") is None
