"""Exports of other shop systems: a translator for each turns its rows into rows in our columns,
still as text, which then go the same way as our own files.

A translator opens nothing and knows no database: it takes `Source`s and gives `Translation`s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from data.errors import ImportRejected
from data.importer.problems import Notices, Problems
from data.importer.reading import Sheet
from data.importer.sheets import Source, read_source
from data.importer.systems import shopify, woocommerce
from data.importer.systems.mapping import Mapping, translate_by
from data.importer.tables import tables
from data.importer.terms import Terms

Translate = Callable[[Sequence[Source], Terms, datetime, Notices], dict[str, Sheet]]
SYSTEMS: dict[str, Translate] = {
    "shopify": shopify.translate,
    "woocommerce": woocommerce.translate,
}
# The systems whose exports write amounts in one way whatever the shop's language.
_POINT = {"shopify"}

__all__ = ["SYSTEMS", "read_export", "read_mapped", "terms_for"]


def terms_for(system: str, terms: Terms) -> Terms:
    """The terms by which the system's export is to be read."""
    return replace(terms, decimal="point") if system in _POINT else terms


def read_export(
    system: str,
    paths: Sequence[Path],
    terms: Terms,
    now: datetime,
    problems: Problems,
    notices: Notices,
) -> dict[str, Sheet]:
    """The rows of a system's files, or of all CSV files of a folder, in our columns."""
    sources = _sources(paths, terms, problems, notices)
    sheets = SYSTEMS[system](sources, terms, now, notices)
    if not sheets:
        raise ImportRejected(
            [
                f"None of {', '.join(source.file for source in sources)} is an export of {system}; "
                "docs/import.md names its columns. For other files write a --mapping."
            ]
        )
    return sheets


def read_mapped(
    path: Path, paths: Sequence[Path], terms: Terms, problems: Problems, notices: Notices
) -> tuple[dict[str, Sheet], Terms]:
    """The rows of any system's files in our columns, by the mapping that its owner wrote; and the
    terms by which it says that they are to be read."""
    mapping = Mapping.load(path)
    decimal, dates = terms.decimal or mapping.decimal, terms.dates or mapping.dates
    terms = replace(terms, decimal=decimal, dates=dates)
    sources = _sources(paths, terms, problems, notices)
    return translate_by(mapping, sources, problems, tables(terms)), terms


def _sources(
    paths: Sequence[Path], terms: Terms, problems: Problems, notices: Notices
) -> list[Source]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += sorted(p for p in path.iterdir() if p.suffix.lower() in (".csv", ".tsv"))
        elif path.exists():
            files.append(path)
        else:
            raise ImportRejected([f"{path} does not exist; name the export's files or folder."])
    if not files:
        raise ImportRejected([f"{paths[0]} holds no CSV files."])
    sources = [read_source(path, problems, notices, terms.encoding) for path in files]
    if not all(source.whole and not source.broken for source in sources):
        problems.reject()
    return sources
