"""HTML to sections: what a page says, under its headings, without its menus.

The structure is read here, since a main-text extractor flattens merged cells and loses the
questions of folded-up answers; trafilatura finds where the main text stands in a page that does not
say it itself (`main`). docs/knowledge.md has the comparison.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import trafilatura
from lxml import etree, html

from retrieval.errors import DocumentError
from retrieval.formats.read import Read, faq
from retrieval.sections import PAIR, Collector, Section
from retrieval.tables import lines_of_html_table
from retrieval.types import Language

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SILENT = {
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "canvas", "video",
    "audio", "select", "input", "textarea", "head",
}  # fmt: skip
_BLOCKS = {
    "p", "div", "section", "article", "main", "header", "footer", "aside", "figure", "figcaption",
    "blockquote", "address", "details", "fieldset", "form", "center", "li", "dd", "body", "hr",
    "tr", "td", "th", "button", "label",
}  # fmt: skip
# What stands around the main text of a page: menus, banners, what is sold beside it.
_AROUND = (
    ".//nav|.//footer|.//aside|.//form|.//header[not(ancestor::main|ancestor::article)]"
    "|.//*[@role='navigation' or @role='banner' or @role='contentinfo' or @role='search'"
    " or @role='dialog' or @role='alertdialog']"
    "|.//*[contains(concat(' ', @class, ' '), ' footer ') or @id='footer']"
    "|.//*[contains(@class, 'cookie') or contains(@id, 'cookie') or contains(@id, 'consent')]"
)
# Items of lists that hold these are read block by block.
_WITHIN_ITEMS = {"ul", "ol", "table", "p", "div"}
_PRESSED = {"button", "a", "div", "span"}
# Of the main text so much must lie in an element for it to be where the main text stands.
_MOST = 0.9
# A line in bold that stands alone and is no longer names what follows.
_HEADING_LENGTH = 120


def read_page(text: str, language: Language) -> Read:
    """A page of a site or an HTML file. Raises `DocumentError` when it holds no text."""
    tree = _tree(text)
    title = _title(tree)
    asked = list(_declared(tree, language))
    for around in [*tree.xpath(_AROUND), *filter(_is_menu, tree.iter("ul", "ol"))]:
        if around.getparent() is not None and around.tag != "body":
            around.drop_tree()
    sections = sections_of(_main(tree, text), language)
    known = {section.path[-1] for section in sections if section.path}
    sections += [section for section in asked if section.path[-1] not in known]
    if not sections:
        raise DocumentError("has no text; what scripts put into a page is not seen.")
    first = next((s.path[0] for s in sections if s.path), None)
    return Read(sections, title=first if first and title and first in title else title or first)


def sections_of(root: Any, language: Language) -> list[Section]:
    """What an element of lxml's says."""
    walker = _Walker(language)
    walker.walk(root)
    walker.flush()
    return walker.found()


def sections_of_html(text: str, language: Language) -> list[Section]:
    """What HTML says that is all main text, as DOCX becomes."""
    return sections_of(_tree(text), language)


def links_of(text: str) -> list[str]:
    """Where a page's links lead, as they stand in it."""
    return [str(link) for link in _tree(text).xpath("//a/@href[not(starts-with(., '#'))]")]


def language_of(text: str) -> str:
    """What a page says its language is: "zh", "en"; empty when it does not say."""
    return str(_tree(text).get("lang") or "").lower()[:2]


def _tree(text: str) -> Any:
    try:
        # lxml refuses a text that declares an encoding; as bytes it obeys ours.
        parser = html.HTMLParser(encoding="utf-8")
        tree = html.document_fromstring(text.replace("\x00", "").encode(), parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise DocumentError("has no text.") from error
    return tree


def _title(tree: Any) -> str | None:
    for path in ("//meta[@property='og:title']/@content", "//h1//text()", "//title/text()"):
        found = " ".join(" ".join(map(str, tree.xpath(path))).split())
        if found:
            return found
    return None


def _is_menu(element: Any) -> bool:
    """Whether a list holds nothing but links, several of them."""
    links = list(element.iter("a"))
    linked = "".join("".join("".join(each.itertext()).split()) for each in links)
    return len(links) > 1 and linked == "".join("".join(element.itertext()).split())


def _main(tree: Any, text: str) -> Any:
    """The element that holds the main text."""
    marked = tree.xpath("//main|//*[@role='main']")
    if marked:
        return marked[0]
    body = tree.find("body")
    root = tree if body is None else body
    told = trafilatura.extract(text, favor_recall=True, include_comments=False) or ""
    blocks = {line for line in ("".join(each.split()) for each in told.splitlines()) if line}
    return _narrowed(root, blocks)


def _narrowed(root: Any, blocks: set[str]) -> Any:
    """The innermost element in which most of these texts stand."""
    whole = sum(map(len, blocks))
    if not whole:
        return root
    while True:
        for child in root.iterchildren():
            if not isinstance(child.tag, str):
                continue
            held = "".join("".join(child.itertext()).split())
            if sum(len(block) for block in blocks if block in held) >= _MOST * whole:
                break
        else:
            return root
        if child.tag not in _BLOCKS:
            return root
        root = child


def _declared(tree: Any, language: Language) -> Iterator[Section]:
    """The pairs of a page that are declared for search engines (schema.org's FAQPage)."""
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        try:
            found = json.loads(str(script))
        except ValueError:
            continue
        for each in _objects(found):
            if each.get("@type") == "Question":
                answer = each.get("acceptedAnswer")
                answer = answer[0] if isinstance(answer, list) and answer else answer
                told = answer.get("text") if isinstance(answer, dict) else None
                if each.get("name") and told:
                    lines = [
                        unit.text
                        for section in sections_of_html(str(told), language)
                        for unit in section.units
                    ]
                    yield faq(str(each["name"]), "\n".join(lines), language)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        each = waiting.pop(0)
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            yield each
            waiting += [part for part in each.values() if isinstance(part, (list, dict))]


class _Walker(Collector):
    """Goes through the elements; text gathers until a block ends."""

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self._text = ""

    def walk(self, element: Any) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in _SILENT:
            return
        if tag in _HEADINGS or tag in ("summary", "dt") or _unfolds(element):
            self.flush()
            pair = any(map(_unfolds, element.iter()))
            self.open(PAIR if pair else _HEADINGS.get(tag, PAIR), element.text_content())
        elif tag == "table":
            self.flush()
            self._table(element)
        elif tag in ("ul", "ol"):
            self.flush()
            self._list(element)
        elif tag == "br":
            self._text += "\n"
        elif tag == "pre":
            self.flush()
            self.lines(" ".join(line.split()) for line in element.text_content().splitlines())
        elif tag == "p" and _is_heading(element):
            self.flush()
            self.open(PAIR - 1, element.text_content())
        else:
            self._children(element, block=tag in _BLOCKS)

    def _children(self, element: Any, *, block: bool) -> None:
        if block:
            self.flush()
        self._text += _flat(element.text)
        for child in element:
            self.walk(child)
            self._text += _flat(child.tail)
        if block:
            self.flush()

    def _table(self, table: Any) -> None:
        # A table inside a table is a layout of former times: its cells are read one by one.
        if next(table.iterdescendants("table"), None) is None and len(table.xpath(".//tr/*")) > 1:
            self.lines(lines_of_html_table(table, self.language))
        else:
            self._children(table, block=True)

    def _list(self, element: Any) -> None:
        lead = self.lead()
        for number, item in enumerate(element.iterchildren("li"), start=1):
            inner = [
                c for c in item.iterdescendants() if c.tag in ("ul", "ol", "table", "p", "div")
            ]
            if inner:
                self._children(item, block=True)
                continue
            text = " ".join(item.text_content().split())
            mark = f"{number}. " if element.tag == "ol" and text else ""
            self.lines([mark + text if text else ""], lead)

    def flush(self) -> None:
        lines = (" ".join(line.split()) for line in self._text.split("\n"))
        text = "\n".join(line for line in lines if line)
        self._text = ""
        if text:
            self.paragraph(text)


def _flat(text: str | None) -> str:
    return " ".join(f"|{text or ''}|".split())[1:-1] if text else ""


def _unfolds(element: Any) -> bool:
    """Whether it is what one presses to see an answer."""
    return element.get("aria-expanded") is not None and element.tag in (
        "button",
        "a",
        "div",
        "span",
    )


def _is_heading(paragraph: Any) -> bool:
    """Whether it is one short line in bold alone, as headings are written without a style."""
    text = " ".join(paragraph.text_content().split())
    bold = "".join("".join(each.itertext()) for each in paragraph.iter("b", "strong"))
    whole = "".join(bold.split()) == "".join(text.split())
    return bool(text) and whole and len(text) <= _HEADING_LENGTH and not text.endswith((".", "。"))
