"""Plain text and lists of questions (JSONL), and what their bytes are written in."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any

import charset_normalizer

from data.importer.sheets import reads_as_chinese
from retrieval.errors import DocumentError
from retrieval.formats.read import Read, faq
from retrieval.formats.sheets import pair_columns
from retrieval.sections import PAIR, Collector
from retrieval.types import Language

# A line that ends in a question mark and is no longer stands for what is asked.
_QUESTION_LENGTH = 120
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset=[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_SAMPLE = 200_000  # bytes that an encoding is told by


def decode(content: bytes) -> tuple[str, str | None]:
    """The text, and in which encoding it was, where that is not UTF-8. Raises `DocumentError` when
    the bytes are no text."""
    try:
        return content.decode("utf-8-sig"), None
    except UnicodeDecodeError:
        pass
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16"), "utf-16"
        except UnicodeDecodeError as error:
            raise DocumentError("is neither UTF-8 nor UTF-16; save it as UTF-8.") from error
    if b"\x00" in content[:4096]:
        raise DocumentError("is no text.")
    try:  # what charset-normalizer tells of short Chinese texts is a guess
        text = content.decode("gb18030")
        if reads_as_chinese(text, content):
            return text, "gb18030"
    except UnicodeDecodeError:
        pass
    best = charset_normalizer.from_bytes(content[:_SAMPLE]).best()
    try:
        if best is not None:
            return content.decode(best.encoding), best.encoding
    except UnicodeDecodeError:
        pass
    raise DocumentError("is of no encoding that can be told; save it as UTF-8.")


def decode_html(content: bytes) -> tuple[str, str | None]:
    """As `decode`, of a page that may say its encoding itself."""
    named = _CHARSET.search(content[:2048])
    if named and not content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            encoding = codecs.lookup(named[1].decode("ascii")).name
            # What calls itself GB 2312 has characters of its successors.
            encoding = "gb18030" if encoding in ("gb2312", "gbk") else encoding
            return content.decode(encoding), None
        except (LookupError, UnicodeDecodeError):
            pass  # it is not what it says
    return decode(content)


def read_text(text: str, language: Language) -> Read:
    """Plain text: paragraphs between empty lines; a short line that asks something is a heading."""
    found = Collector(language)
    for block in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        lines = [" ".join(line.split()) for line in block.splitlines()]
        lines = [line for line in lines if line]
        if lines and _asks(lines[0]):
            found.open(PAIR, lines.pop(0))
        if lines:
            found.paragraph("\n".join(lines))
    sections = found.found()
    if not sections:
        raise DocumentError("has no text.")
    return Read(sections)


def _asks(line: str) -> bool:
    return (
        len(line) <= _QUESTION_LENGTH
        and line.endswith(("?", "？"))
        and line[:2] not in ("Q:", "问：")
    )


def read_jsonl(text: str, language: Language) -> Read:
    """Pairs of question and answer, one object a line, or a list of them. Lines that are none are
    named. Raises `DocumentError` when there is no pair at all."""
    read = Read([])
    for number, each in _objects(text, read.notes):
        pair = pair_columns([str(key) for key in each]) if isinstance(each, dict) else None
        values = list(each.values()) if isinstance(each, dict) else []
        question, answer = (values[i] for i in pair) if pair else (None, None)
        if isinstance(question, str) and isinstance(answer, str) and question.strip():
            section = faq(question, answer, language)
            if section.units:
                read.sections.append(section)
                continue
        read.notes.append(f"line {number} has no question with its answer and was left out.")
    if not read.sections:
        raise DocumentError('has no pairs: write {"question": "…", "answer": "…"}, one a line.')
    return read


def _objects(text: str, notes: list[str]) -> list[tuple[int, Any]]:
    if text.lstrip().startswith("["):
        try:
            return list(enumerate(json.loads(text), start=1))
        except ValueError as error:
            raise DocumentError(f"is not JSON: {error}.") from error
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                found.append((number, json.loads(line)))
            except (ValueError, RecursionError):
                notes.append(f"line {number} is not JSON and was left out.")
    return found
