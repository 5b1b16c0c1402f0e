"""Documents to passages: a passage is a section under its heading, or a part of a long one.

A document is a file of the shop's folder, a file beside it, or a page of a site (retrieval/
origins.py). One that has not changed since the last build is not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from retrieval import formats
from retrieval.errors import DocumentError
from retrieval.formats.apart import Apart
from retrieval.formats.read import Read
from retrieval.sections import Section, Unit, pack
from retrieval.text import detect_language
from retrieval.types import Language, Passage, SourceKind

LANGUAGES: tuple[Language, ...] = ("zh", "en")
MAX_BYTES = formats.MAX_TEXT
# Raise when the same file would be read differently.
VERSION = 1
# So much of a document tells its language; detect_language looks at 2,000 characters.
_SAMPLE = 4000


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of one document. `place`: its file, as the shop's owner would name it, or its
    address; `digest` names its content and how it was read; `notes`: what could not be read of it;
    `repeated`: how many of its passages another document has, too, and which were left to that."""

    source: str
    place: str
    digest: str
    size: int  # bytes
    languages: tuple[Language, ...]
    passages: int
    notes: tuple[str, ...] = ()
    repeated: int = 0
    changed: str = ""  # the day on which this content was first seen, ISO 8601


@dataclass(frozen=True, slots=True)
class Known:
    """A document of the last build with its passages."""

    document: Document
    passages: Sequence[Passage]


@dataclass(slots=True)
class Ingested:
    """`warnings` are sentences about documents that were left out or read in part."""

    passages: list[Passage] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Given:
    """A document as it is found. `language`: None when its text has to tell; `url`: where a
    customer reads it, of a page of a site; `kind` is the ending that says how to read it."""

    path: Path
    place: str
    kind: str
    language: Language | None
    url: str | None = None
    name: str = ""  # what its source is made of; empty: the file's name


def read_documents(
    folder: Path,
    languages: Sequence[Language] = LANGUAGES,
    *,
    known: Mapping[str, Known] | None = None,
    beside: Iterable[Given] = (),
) -> Ingested:
    """All documents under a folder in the order of their names, then those given beside it.

    What lies in folder/<language> is of that language; of anything else, the text tells, unless the
    shop has one language. A file's name without its ending is its source; of several files with
    one name, the later ones' sources have the ending or the folder too. What is left out is named
    in a warning. Raises `DocumentError` when there is no document at all.
    """
    beside = list(beside)
    if not folder.is_dir() and not beside:
        needed = " or ".join(languages)
        raise DocumentError(
            f"{folder} holds no documents: put files into it, or into a folder {needed} in it."
        )
    found = Ingested()
    given = list(_in_folder(folder, languages, found.warnings)) if folder.is_dir() else []
    reader = _Reader(languages, known or {})
    with Apart() as apart:
        for each in [*given, *beside]:
            reader.add(each, apart, found)
    if not found.documents and not found.warnings:
        raise DocumentError(f"{folder} holds no documents: put your pages into it.")
    return found


def _in_folder(folder: Path, languages: Sequence[Language], warnings: list[str]) -> Iterator[Given]:
    foreign = set(LANGUAGES) - set(languages)
    for name in sorted(foreign):
        if any(_files(folder / name)):
            warnings.append(
                f"{folder / name} was left out with all its files: the shop has no language {name}."
            )
    named: list[tuple[Path, Language | None]] = [
        (path, language) for language in languages for path in _files(folder / language)
    ]
    own_folders = [folder / language for language in LANGUAGES]
    named += [(p, None) for p in _files(folder) if not any(map(p.is_relative_to, own_folders))]
    for path, own in named:
        if not formats.readable(path.name):
            warnings.append(
                f"{path} was left out: no {path.suffix or 'file without an ending'} is read; save "
                "it as Markdown, HTML, PDF, DOCX, XLSX, CSV, JSONL or plain text."
            )
            continue
        language = own or (languages[0] if len(languages) == 1 else None)
        yield Given(path, str(path), path.suffix.lower(), language)


def files_beside(place: Path, languages: Sequence[Language]) -> Iterator[Given]:
    """A file, or all files of a folder that can be read, which lies outside the shop's folder."""
    language = languages[0] if len(languages) == 1 else None
    for path in [place] if place.is_file() else _files(place):
        if formats.readable(path.name):
            yield Given(path, str(path), path.suffix.lower(), language)


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(p.startswith(".") for p in path.relative_to(folder).parts)
    )


class _Reader:
    """Reads documents one after the other and knows which sources and texts it has had."""

    def __init__(self, languages: Sequence[Language], known: Mapping[str, Known]) -> None:
        self._languages = languages
        self._known = known
        self._sources: set[tuple[str, Language]] = set()
        self._texts: dict[tuple[Language, str, str], str] = {}

    def add(self, given: Given, apart: Apart, found: Ingested) -> None:
        try:
            document, passages = self._document(given, apart)
        except DocumentError as error:
            found.warnings.append(f"{given.place} {error} It was left out.")
            return
        except OSError as error:
            found.warnings.append(f"{given.place} cannot be read: {error.strerror}.")
            return
        own = []
        for passage in passages:
            key = (passage.language, passage.heading.rpartition(" > ")[2].casefold(),
                   " ".join(passage.text.split()).casefold())  # fmt: skip
            if self._texts.setdefault(key, document.place) == document.place:
                own.append(passage)
        repeated = len(passages) - len(own) + document.repeated
        found.passages += own
        found.documents.append(replace(document, passages=len(own), repeated=repeated))
        found.warnings += [f"{given.place}: {note}" for note in document.notes]
        if passages and not own:
            found.warnings.append(
                f"{given.place}: all of it stands in other documents, too, and is indexed once."
            )

    def _document(self, given: Given, apart: Apart) -> tuple[Document, Sequence[Passage]]:
        size = given.path.stat().st_size
        if size > formats.largest(given.kind):  # not even to be hashed
            raise DocumentError(
                f"is {size / 1e6:.1f} MB long; split it below "
                f"{formats.largest(given.kind) // 1_000_000} MB a file."
            )
        content = given.path.read_bytes()
        source = self._source(given)
        digest = self._digest(content, given, source)
        known = self._known.get(given.place)
        # Of one that lost passages to another document nobody knows which, should that one go.
        if known and known.document.digest == digest and not known.document.repeated:
            return known.document, known.passages
        read, language = self._read(content, given, apart)
        passages = list(self._passages(read, language, given, source))
        if not passages:
            raise DocumentError("has no text.")
        languages = tuple(sorted({passage.language for passage in passages}, reverse=True))
        document = Document(
            source, given.place, digest, size, languages, len(passages), tuple(read.notes)
        )
        return document, passages

    def _digest(self, content: bytes, given: Given, source: str) -> str:
        named = f"{VERSION}|{given.kind}|{given.language}|{','.join(self._languages)}|{source}|"
        return hashlib.sha256(named.encode() + content).hexdigest()[:32]

    def _source(self, given: Given) -> str:
        name = given.name or given.path.stem
        candidates = [
            name,
            f"{name}-{given.kind.lstrip('.')}",
            f"{given.path.parent.name}-{name}",
            *(f"{name}-{number}" for number in range(2, 10_000)),
        ]
        # A document whose text tells its language may have passages of each.
        spoken = (given.language,) if given.language else self._languages
        for source in candidates:
            if not any((source, language) in self._sources for language in spoken):
                self._sources |= {(source, language) for language in spoken}
                return source
        raise DocumentError("has the name of too many others; rename it.")

    def _read(self, content: bytes, given: Given, apart: Apart) -> tuple[Read, Language]:
        """What the document says, and the language of most of it."""
        name = f"document{given.kind}"
        first = given.language or self._languages[0]
        read = apart.read(content, name, first)
        if given.language is not None:
            return read, given.language
        detected = detect_language(_sample(read.sections))
        if detected == "other":
            raise DocumentError(
                f"is written in none of the shop's languages ({', '.join(self._languages)})."
            )
        language = next((each for each in self._languages if each == detected), first)
        if language != first:
            read = apart.read(content, name, language)  # sentences end differently in it
        return read, language

    def _passages(
        self, read: Read, language: Language, given: Given, source: str
    ) -> Iterator[Passage]:
        # The title is the document's own, else its first heading, else the file's name.
        first = next((section.path[0] for section in read.sections if section.path), None)
        title = read.title or first or given.name or given.path.stem
        for number, section in enumerate(read.sections, start=1):
            own = language if given.language else self._language_of(section, language)
            # A first heading that repeats the title says nothing more.
            trail = section.path[1:] if section.path[:1] == (title,) else section.path
            yield from packed(
                source,
                number,
                section.units,
                kind="document",
                language=own,
                title=title,
                heading=" > ".join(trail),
                url=given.url or f"/help/{own}/{source}",
            )

    def _language_of(self, section: Section, language: Language) -> Language:
        """A document in two languages has sections of either."""
        detected = detect_language(_sample([section]))
        return next((each for each in self._languages if each == detected), language)


def _sample(sections: Iterable[Section]) -> str:
    text = ""
    for section in sections:
        text += " ".join([*section.path[-1:], *(unit.text for unit in section.units)]) + "\n"
        if len(text) > _SAMPLE:
            break
    return text[:_SAMPLE]


def packed(
    source: str,
    number: int,
    units: list[Unit],
    *,
    kind: SourceKind,
    language: Language,
    title: str,
    heading: str,
    url: str,
) -> list[Passage]:
    """Units under one heading as passages: source#number, further ones source#number.part."""
    texts = pack(units, language)
    return [
        Passage(
            id=f"{source}#{number}" + (f".{part}" if part > 1 else ""),
            source=source,
            kind=kind,
            language=language,
            title=title,
            heading=heading,
            text=text,
            url=url,
        )
        for part, text in enumerate(texts, start=1)
    ]
