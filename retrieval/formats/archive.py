"""DOCX and XLSX are ZIP archives: what they unpack to is looked at before anything is unpacked."""

from __future__ import annotations

import io
from zipfile import BadZipFile, ZipFile

from retrieval.errors import DocumentError

# What nobody's help pages unpack to: a book of 1,000 pages is 20 MB of XML.
_UNPACKED = 150_000_000
_PARTS = 5_000
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # Microsoft's compound file: encrypted, or before 2007


def is_compound(content: bytes) -> bool:
    return content.startswith(_OLE)


def check_archive(content: bytes) -> list[str]:
    """The names of the parts. Raises `DocumentError` for what is no archive, is encrypted, or
    unpacks to more than any document does; the sizes that an archive names are those that Python
    unpacks at most."""
    if is_compound(content):
        raise DocumentError(
            "is encrypted or of a Word or Excel before 2007; save it without a password, as .docx "
            "or .xlsx."
        )
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (BadZipFile, ValueError, OSError) as error:
        raise DocumentError("is damaged: it is no whole ZIP archive.") from error
    if any(part.flag_bits & 1 for part in parts):
        raise DocumentError("is encrypted; save it without a password.")
    size = sum(part.file_size for part in parts)
    if len(parts) > _PARTS or size > _UNPACKED:
        raise DocumentError(
            f"unpacks to {size / 1e6:.0f} MB in {len(parts)} parts, as no document does; it was "
            "not unpacked."
        )
    return [part.filename for part in parts]
