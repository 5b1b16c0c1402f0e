"""Markdown to sections of plain text.

markdown-it-py reads the Markdown, as it does for the pages that customers see; HTML inside it is
read as a browser would show it. No Markdown is an error.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import yaml
from inscriptis import Inscriptis
from lxml import html
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from retrieval.sections import Collector, Section, begins_line
from retrieval.tables import grid_of, lines_of, lines_of_html_table
from retrieval.types import Language


def parse(markdown: str, language: Language) -> list[Section]:
    """Sections in reading order; those without text are left out."""
    reader = _Reader(language)
    tokens = _MARKDOWN.parse(_CHAT_MARK.sub("", _CONTROL.sub(" ", markdown)))
    reader.read(SyntaxTreeNode(_joined(tokens)).children)
    return reader.found()


# --- front matter -----------------------------------------------------------------------

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\r?\n(.*?)(?:\r?\n)?---[ \t]*(?:\r?\n|\Z)", re.DOTALL)


def front_matter(text: str) -> tuple[dict[str, Any], str, str | None]:
    """A document's head, its text, and what is wrong with the head; such a head says nothing."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text, None
    body = text[match.end() :]
    try:
        head = yaml.safe_load(match.group(1)) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 2}" if mark else ""
        return {}, body, f"the front matter is not YAML{line}; its title is not used."
    if not isinstance(head, dict):
        return {}, body, "the front matter has no keys; its title is not used."
    return head, body, None


# --- blocks ---------------------------------------------------------------------------------

_MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# What chat models take for the beginning of a new speaker: no page needs it.
_CHAT_MARK = re.compile(r"<\|[^<>|\n]{1,60}\|>")
# Characters that XML, hence HTML's reader, does not take.
_REFERENCE = re.compile(r"&#(?:\d+|[xX][0-9a-fA-F]+);?")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class _Reader(Collector):
    """Walks through the blocks and collects the units under their headings."""

    def read(self, blocks: list[SyntaxTreeNode]) -> None:
        for block in blocks:
            if block.type == "heading":
                self.open(int(block.tag[1:]), self._inline(block))
            elif block.type == "table":
                self.lines(self._rows(block))
            elif block.type in ("bullet_list", "ordered_list"):
                self._list(block)
            elif block.type in ("fence", "code_block"):
                self.lines(" ".join(line.split()) for line in block.content.splitlines())
            elif block.type == "html_block":
                self.lines(_lines_of_html(block.content, self.language))
            elif block.type == "blockquote":
                self.read(block.children)
            elif block.children:
                self.paragraph(self._inline(block))

    def _list(self, block: SyntaxTreeNode) -> None:
        lead = self.lead()
        for item in block.children:
            mark = f"{item.info}. " if block.type == "ordered_list" else ""
            rest, text = list(item.children), ""
            while rest and rest[0].type == "paragraph":
                text += " " + self._inline(rest.pop(0))
            if text:
                self.lines([mark + " ".join(text.split())], lead)
            self.read(rest)

    def _rows(self, table: SyntaxTreeNode) -> list[str]:
        rows = [
            [self._inline(cell) for cell in row.children]
            for part in table.children
            for row in part.children
        ]
        return lines_of(grid_of(rows), self.language, head_rows=1)

    def _inline(self, block: SyntaxTreeNode) -> str:
        """The text of a block without marks; a link keeps its words, an image its description."""
        text = ""
        for node in (part for child in block.children for part in child.walk()):
            if node.type in ("text", "code_inline"):
                text += node.content
            elif node.type == "hardbreak" or (node.type == "html_inline" and _is_break(node)):
                text += "\n"
            elif node.type == "softbreak":
                text = text.rstrip(" ") + "\r"
        return "\n".join(self._joined_lines(line) for line in text.split("\n")).strip()

    def _joined_lines(self, text: str) -> str:
        """Lines that Markdown does not break, joined; items of lists that it does not know stay
        lines."""
        joined = ""
        for line in (re.sub(r"[ \t]+", " ", part).strip() for part in text.split("\r")):
            if joined and line:
                latin = joined[-1].isascii() and line[0].isascii()
                space = " " if self.language != "zh" or latin else ""
                joined += "\n" if begins_line(line) else space
            joined += line
        return joined


def _is_break(node: SyntaxTreeNode) -> bool:
    return re.match(r"<br\b", node.content, re.IGNORECASE) is not None


def _joined(tokens: list[Token]) -> list[Token]:
    """The tokens with HTML that empty lines cut in pieces put together again."""
    found: list[Token] = []
    for token in tokens:
        if found and token.type == found[-1].type == "html_block":
            found[-1].content += token.content
        else:
            found.append(token)
    return found


# --- HTML -----------------------------------------------------------------------------------


def _lines_of_html(source: str, language: Language) -> list[str]:
    """What a browser would show of it, line by line; rows of tables stand alone with the names of
    their columns."""
    source = _REFERENCE.sub(_unless_control, source)
    tree = html.fragment_fromstring(source, create_parent="div")
    for table in tree.findall(".//table"):
        if table.getparent().xpath("ancestor-or-self::table"):
            continue  # of a table inside a table the outer one tells all
        shown = html.Element("div")
        for told in lines_of_html_table(table, language):
            line = html.Element("p")
            line.text = told
            shown.append(line)
        shown.tail = table.tail
        table.getparent().replace(table, shown)
    text = str(Inscriptis(tree).get_text())
    lines = (re.sub(r"^\s*\* ", "", line) for line in text.splitlines())
    return [line for line in (" ".join(part.split()) for part in lines) if line]


def _unless_control(reference: re.Match[str]) -> str:
    character = unescape(reference[0])
    return reference[0] if character and not _CONTROL.search(character) else " "
