"""Word documents: mammoth makes HTML of them, which keeps headings, lists, merged cells and
marked header rows."""

from __future__ import annotations

import io
from zipfile import BadZipFile

import mammoth
from lxml import html

from retrieval.errors import DocumentError
from retrieval.formats.archive import check_archive
from retrieval.formats.markup import sections_of
from retrieval.formats.read import Read
from retrieval.types import Language

# Styles that mammoth does not take for headings by itself.
_STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p:fresh
"""


def read_docx(content: bytes, language: Language) -> Read:
    """A DOCX file. Raises `DocumentError`."""
    check_archive(content)
    try:
        made = mammoth.convert_to_html(
            io.BytesIO(content), style_map=_STYLES, convert_image=_without_image
        )
    except (BadZipFile, KeyError, ValueError, AttributeError, IndexError, OSError) as error:
        raise DocumentError("is damaged: Word's parts in it cannot be read.") from error
    if not made.value:
        raise DocumentError("has no text; what stands in pictures is not read.")
    tree = html.document_fromstring(f"<body>{made.value}</body>")
    title = None
    for heading in tree.find_class("title"):
        title = title or " ".join(heading.text_content().split())
        heading.drop_tree()
    sections = sections_of(tree, language)
    if not sections:
        raise DocumentError("has no text under its title.")
    return Read(sections, title)


def _without_image(_image: object) -> list[object]:
    return []
