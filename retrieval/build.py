"""Builds the index: `python -m retrieval.build`.

Reads the shop's documents and, from its database, the products; embeds what is new or changed;
writes the index. Ends at once when nothing has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import yaml

from data.database import DEFAULT_URL, create_engine, session_factory
from data.errors import DataError
from data.models import Product
from data.unit_of_work import UnitOfWork
from retrieval import books, index
from retrieval.embedder import Progress, TextEmbedder
from retrieval.embedders import load_embedder
from retrieval.encode import Encoded, encode, join
from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing, RetrievalError
from retrieval.facts import product_passages
from retrieval.index import PassageIndex, Reach, content_hash
from retrieval.ingest import LANGUAGES, Document, Given, Ingested, read_documents
from retrieval.origins import Origins
from retrieval.types import Language, Passage
from retrieval.vectors import IndexKind
from weights import WeightsError, locate

# Raise when the same inputs would be built differently (chunks, terms).
_VERSION = 4
SHOP = Path("demo/shop")
OUT = Path("var/index")
# Where exact search begins to take longer than 10 ms.
_FLAT_UP_TO = 200_000


@dataclass(frozen=True, slots=True)
class Built:
    """`embedded` passages were new or changed; 0 of an unchanged index."""

    folder: Path
    passages: int
    embedded: int
    changed: bool


def gather(
    documents: Path,
    products: Iterable[Product],
    languages: Sequence[Language] = LANGUAGES,
    *,
    out: Path | None = None,
    beside: Iterable[Given] = (),
    today: date | None = None,
) -> Ingested:
    """All passages of the shop in its languages: of its documents, of those beside them, then of
    its products. Documents that the index in `out` has as they are now are not read again."""
    before = books.known(out) if out is not None else {}
    found = read_documents(documents, languages, known=before, beside=beside)
    found.documents = books.dated(found.documents, before, today or date.today())
    found.passages += product_passages(products, languages)
    if not found.passages:
        raise RetrievalError(f"There is nothing to index: {documents} and the catalogue are empty.")
    return found


def build(
    passages: Sequence[Passage],
    out: Path,
    embedder: TextEmbedder,
    *,
    kind: IndexKind | None = None,
    progress: Progress | None = None,
    documents: Sequence[Document] = (),
    reach: Reach = index.nowhere,
) -> Built:
    """Bring the index in `out` to these passages. `kind` None: exact, or HNSW when large.

    `documents` are kept beside the passages that come of them. `reach` is told
    of each step: "embed", "write", "finish", "swap", "clear".
    """
    kind = kind or ("flat" if len(passages) <= _FLAT_UP_TO else "hnsw")
    inputs = _inputs(passages, kind)
    unchanged = _unchanged(out, inputs, embedder.fingerprint)
    if unchanged is not None:
        books.write(unchanged, documents)  # they may have changed where their text did not
        return Built(unchanged, len(passages), embedded=0, changed=False)
    reach("embed")
    encoded, embedded = _encode(passages, out, embedder, progress)
    folder = index.write(
        out,
        passages,
        encoded,
        fingerprint=embedder.fingerprint,
        inputs=inputs,
        kind=kind,
        finish=lambda folder: books.write(folder, documents),
        reach=reach,
    )
    return Built(folder, len(passages), embedded, changed=True)


def _inputs(passages: Sequence[Passage], kind: str) -> str:
    digest = hashlib.sha256(f"{_VERSION}|{index.FORMAT}|{kind}".encode())
    for passage in passages:
        digest.update(f"|{passage.id}|{passage.language}|{passage.url}|".encode())
        digest.update(content_hash(passage).encode())
    return digest.hexdigest()


def _unchanged(out: Path, inputs: str, fingerprint: str) -> Path | None:
    """The current build when it has these inputs and is whole."""
    try:
        current = PassageIndex.open(out, fingerprint)
    except (IndexMissing, IndexCorrupt, IndexMismatch):
        return None
    current.close()
    return current.folder if current.manifest.inputs == inputs else None


def _encode(
    passages: Sequence[Passage], out: Path, embedder: TextEmbedder, progress: Progress | None
) -> tuple[Encoded, int]:
    parts = index.known(out, embedder.fingerprint)
    hashes = [content_hash(passage) for passage in passages]
    fresh = [i for i, name in enumerate(hashes) if name not in parts]
    if fresh:
        encoded = encode([passages[i] for i in fresh], embedder, progress)
        starts = [0, *encoded.ends[:-1].tolist()]
        for at, (i, start, end) in enumerate(zip(fresh, starts, encoded.ends, strict=True)):
            rows = encoded.sentences[start:end]
            parts[hashes[i]] = Encoded(
                encoded.passages[at : at + 1], rows, np.array([len(rows)], np.int64)
            )
    return join([parts[name] for name in hashes]), len(fresh)


class _Meter:
    """Progress on stderr: one line that is rewritten on a terminal, few lines elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._said = -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // total
        step = 1 if self._terminal else 25
        if percent // step == self._said and done < total:
            return
        self._said = percent // step
        end = "\n" if not self._terminal or done == total else ""
        start = "\r" if self._terminal else ""
        line = f"{start}embedding: {done} of {total} texts ({percent}%)"
        print(line, end=end, file=sys.stderr, flush=True)


def languages_of(shop: Path) -> list[Language]:
    """The languages that a shop's shop.yaml names, those of the demo shop without one."""
    try:
        given = yaml.safe_load((shop / "shop.yaml").read_text("utf-8")).get("languages")
    except FileNotFoundError:
        given = None
    except (yaml.YAMLError, AttributeError, UnicodeDecodeError) as error:
        raise RetrievalError(f"{shop / 'shop.yaml'} cannot be read: {error}") from error
    return _known(given or LANGUAGES)


def _known(languages: Iterable[object]) -> list[Language]:
    found = [known for each in languages for known in LANGUAGES if known == each]
    if not found:
        raise RetrievalError(f"Name one of the languages {', '.join(LANGUAGES)} at least.")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    os.umask(0o077)  # what is written is the shop's and its customers': nobody else reads it
    parser = argparse.ArgumentParser("python -m retrieval.build", description=__doc__)
    parser.add_argument("--database", default=DEFAULT_URL, help="the shop's database")
    parser.add_argument("--shop", type=Path, help=f"the shop's folder, with documents/; {SHOP}")
    parser.add_argument("--documents", type=Path, help="its pages, when they lie elsewhere")
    parser.add_argument(
        "--pages", type=Path, help="what `shopguide index` added beside them, if it did"
    )
    parser.add_argument("--languages", help="zh, en, or both with a comma; else as shop.yaml says")
    parser.add_argument("--out", type=Path, default=OUT, help="where the index goes")
    parser.add_argument("--embedder", default="search", help="a known name or a folder")
    parser.add_argument("--kind", choices=["flat", "hnsw", "ivf"], help="kind of FAISS index")
    options = parser.parse_args(arguments)
    shop = options.shop or (options.documents.parent if options.documents else SHOP)
    documents = options.documents or shop / "documents"
    started = time.monotonic()
    try:
        given = options.languages
        languages = _known(given.split(",")) if given else languages_of(shop)
        gone: list[str] = []
        beside = Origins(options.pages).given(languages, gone) if options.pages else ()
        with UnitOfWork(session_factory(create_engine(options.database))) as uow:
            found = gather(
                documents, uow.products.catalogue(), languages, out=options.out, beside=beside
            )
        for warning in [*gone, *found.warnings]:
            print(f"warning: {warning}", file=sys.stderr)
        built = build(
            found.passages,
            options.out,
            load_embedder(locate(options.embedder)),
            kind=options.kind,
            progress=_Meter(),
            documents=found.documents,
        )
    except (RetrievalError, DataError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 1
    if built.changed:
        seconds = time.monotonic() - started
        print(f"{built.passages} passages indexed, {built.embedded} embedded, in {seconds:.1f} s")
    else:
        print(f"The index is up to date ({built.passages} passages).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
