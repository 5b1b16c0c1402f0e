"""How each kind of file is read: bytes in, sections of text out.

A file is what its content is, not what its name says: one that disagrees with its name is refused,
since whoever put it there expects something else of it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from retrieval.chunk import front_matter, parse
from retrieval.errors import DocumentError
from retrieval.formats.read import Read
from retrieval.types import Language

# Largest files read, in bytes: texts of 2 MB are a book; PDF and Office files carry pictures.
MAX_TEXT = 2_000_000
MAX_BINARY = 60_000_000

_TEXTS = {
    ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".txt": "text",
    ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".json": "jsonl",
}  # fmt: skip
_BINARIES = {".pdf": "pdf", ".docx": "docx", ".xlsx": "xlsx", ".xlsm": "xlsx"}
FORMATS = {**_TEXTS, **_BINARIES}
"""By the ending of a file's name."""
_NAMES = {
    "markdown": "Markdown", "html": "HTML", "text": "plain text", "csv": "CSV", "jsonl": "JSONL",
    "pdf": "PDF", "docx": "a Word document", "xlsx": "an Excel file", "zip": "a ZIP archive",
    "picture": "a picture", "old": "an encrypted or old Office file", "program": "a program",
}  # fmt: skip
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"BM")
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe")


def largest(name: str) -> int:
    """The most bytes that a file of this name may have."""
    return MAX_BINARY if _ending(name) in _BINARIES else MAX_TEXT


def readable(name: str) -> bool:
    return _ending(name) in FORMATS


def read(content: bytes, name: str, language: Language) -> Read:
    """What a file says. Raises `DocumentError`, whose text completes "NAME …"."""
    kind = FORMATS[_ending(name)]
    if len(content) > largest(name):
        raise DocumentError(
            f"is {len(content) / 1e6:.1f} MB long; split it below {largest(name) // 1_000_000} MB "
            "a file."
        )
    if not content.strip():
        raise DocumentError("has no text.")
    found = kind_of(content, kind)
    if found != kind:
        raise DocumentError(f"is {_NAMES[found]}, not {_NAMES[kind]}; give it the ending it needs.")
    return _READERS[kind](content, language)


def kind_of(content: bytes, named: str) -> str:
    """What the bytes are. Texts of all kinds look alike: only HTML that claims to be another is
    told from them."""
    from retrieval.formats.archive import is_compound

    start = content[:1024].lstrip()
    # Some programs write a few lines before a PDF begins.
    if start.startswith(b"%PDF-") or (named == "pdf" and b"%PDF-" in content[:1024]):
        return "pdf"
    if is_compound(content):
        # An encrypted DOCX is one, too, and its own reader says so.
        return named if named in ("docx", "xlsx") else "old"
    if content.startswith(b"PK\x03\x04"):
        return _kind_of_archive(content, named)
    if not _is_text(content):  # else it is about BMW, say
        if content.startswith(_PICTURES):
            return "picture"
        if content.startswith(_PROGRAMS):
            return "program"
    if named != "markdown" and start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    # What should be binary and is not even text is a damaged file of its kind.
    return "text" if named in _BINARIES.values() and _is_text(content) else named


def _kind_of_archive(content: bytes, named: str) -> str:
    # The names of an archive's parts stand in its directory, at its end, and as well before each.
    if b"word/document" in content:
        return "docx"
    if b"xl/workbook" in content:
        return "xlsx"
    # Cut off or emptied archives are damaged files of their kind.
    parts = (b"[Content_Types]", b"docProps", b"_rels/")
    return named if named in ("docx", "xlsx") and any(part in content for part in parts) else "zip"


def _is_text(content: bytes) -> bool:
    sample = content[:2048]
    return sum(byte < 9 or 13 < byte < 32 for byte in sample) == 0


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()


def _text(reader: Callable[[str, Language], Read]) -> Callable[[bytes, Language], Read]:
    def read_text(content: bytes, language: Language) -> Read:
        from retrieval.formats.plain import decode

        text, encoding = decode(content)
        found = reader(text, language)
        if encoding is not None:
            found.notes.append(f"is not UTF-8; it was read as {encoding}.")
        return found

    return read_text


# The libraries of a format are imported when a file of it is read: most shops have two kinds.


def _markdown(text: str, language: Language) -> Read:
    head, body, complaint = front_matter(text.replace("\x00", ""))
    sections = parse(body, language)
    if not sections:
        raise DocumentError("has no text.")
    title = str(head["title"]).strip() if head.get("title") else None
    return Read(sections, title, [complaint] if complaint else [])


def _html(content: bytes, language: Language) -> Read:
    from retrieval.formats.markup import read_page
    from retrieval.formats.plain import decode_html

    text, encoding = decode_html(content)
    found = read_page(text, language)
    if encoding is not None:
        found.notes.append(f"is not UTF-8; it was read as {encoding}.")
    return found


def _plain(text: str, language: Language) -> Read:
    from retrieval.formats.plain import read_text

    return read_text(text, language)


def _csv(text: str, language: Language) -> Read:
    from retrieval.formats.sheets import read_csv

    return read_csv(text, language)


def _jsonl(text: str, language: Language) -> Read:
    from retrieval.formats.plain import read_jsonl

    return read_jsonl(text, language)


def _pdf(content: bytes, language: Language) -> Read:
    from retrieval.formats.pdf import read_pdf

    return read_pdf(content, language)


def _docx(content: bytes, language: Language) -> Read:
    from retrieval.formats.docx import read_docx

    return read_docx(content, language)


def _xlsx(content: bytes, language: Language) -> Read:
    from retrieval.formats.sheets import read_xlsx

    return read_xlsx(content, language)


_READERS: dict[str, Callable[[bytes, Language], Read]] = {
    "markdown": _text(_markdown),
    "html": _html,
    "text": _text(_plain),
    "csv": _text(_csv),
    "jsonl": _text(_jsonl),
    "pdf": _pdf,
    "docx": _docx,
    "xlsx": _xlsx,
}
