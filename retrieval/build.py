"""Builds the index: `python -m retrieval.build`.

Reads the shop's documents and, from its database, the products; embeds what is new or changed;
writes the index and its relevance threshold. Ends at once when nothing has changed.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.database import DEFAULT_URL, create_engine, session_factory
from data.errors import DataError
from data.models import Product
from data.unit_of_work import UnitOfWork
from retrieval import index
from retrieval.calibrate import QUESTIONS, Report, calibrate, read_questions
from retrieval.embedder import Progress, TextEmbedder
from retrieval.embedders import load_embedder
from retrieval.encode import Encoded, encode, join
from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing, RetrievalError
from retrieval.index import PassageIndex, content_hash
from retrieval.ingest import Ingested, product_passages, read_documents
from retrieval.relevance import FILE
from retrieval.retriever import Retriever
from retrieval.types import Passage
from retrieval.vectors import IndexKind
from weights import WeightsError, locate

# Raise when the same inputs would be built differently (chunks, terms, signals).
_VERSION = 2
DOCUMENTS = Path("data/demo/documents")
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
    reports: tuple[Report, ...] = ()


def gather(documents: Path, products: Iterable[Product]) -> Ingested:
    """All passages of the shop: of its documents, then of its products."""
    found = read_documents(documents)
    found.passages += product_passages(products)
    if not found.passages:
        raise RetrievalError(f"There is nothing to index: {documents} and the catalogue are empty.")
    return found


def build(
    passages: Sequence[Passage],
    out: Path,
    embedder: TextEmbedder,
    *,
    kind: IndexKind | None = None,
    questions: Path = QUESTIONS,
    progress: Progress | None = None,
) -> Built:
    """Bring the index in `out` to these passages. `kind` None: exact, or HNSW when large."""
    kind = kind or ("flat" if len(passages) <= _FLAT_UP_TO else "hnsw")
    inputs = _inputs(passages, kind, questions)
    unchanged = _unchanged(out, inputs, embedder.fingerprint)
    if unchanged is not None:
        return Built(unchanged, len(passages), embedded=0, changed=False)
    encoded, embedded = _encode(passages, out, embedder, progress)
    folder = index.write(
        out, passages, encoded, fingerprint=embedder.fingerprint, inputs=inputs, kind=kind
    )
    retriever = Retriever(PassageIndex.open(out, embedder.fingerprint), embedder)
    model, reports = calibrate(retriever, read_questions(questions))
    index.replace_text(folder / FILE, model.text())
    retriever.index.close()
    return Built(folder, len(passages), embedded, changed=True, reports=tuple(reports))


def _inputs(passages: Sequence[Passage], kind: str, questions: Path) -> str:
    digest = hashlib.sha256(f"{_VERSION}|{index.FORMAT}|{kind}".encode())
    for passage in passages:
        digest.update(f"|{passage.id}|{passage.language}|{passage.url}|".encode())
        digest.update(content_hash(passage).encode())
    for path in sorted(questions.glob("*.yaml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _unchanged(out: Path, inputs: str, fingerprint: str) -> Path | None:
    """The current build when it has these inputs, is whole and calibrated."""
    try:
        current = PassageIndex.open(out, fingerprint)
    except (IndexMissing, IndexCorrupt, IndexMismatch):
        return None
    current.close()
    same = current.manifest.inputs == inputs and (current.folder / FILE).is_file()
    return current.folder if same else None


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


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m retrieval.build", description=__doc__)
    parser.add_argument("--database", default=DEFAULT_URL, help="the shop's database")
    parser.add_argument("--documents", type=Path, default=DOCUMENTS, help="folder with zh/ and en/")
    parser.add_argument("--out", type=Path, default=OUT, help="where the index goes")
    parser.add_argument("--embedder", default="e5-small", help="a known name or a folder")
    parser.add_argument("--kind", choices=["flat", "hnsw", "ivf"], help="kind of FAISS index")
    parser.add_argument(
        "--calibration", type=Path, default=QUESTIONS, help="folder of written questions"
    )
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        with UnitOfWork(session_factory(create_engine(options.database))) as uow:
            found = gather(options.documents, uow.products.catalogue())
        for warning in found.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        built = build(
            found.passages,
            options.out,
            load_embedder(locate(options.embedder)),
            kind=options.kind,
            questions=options.calibration,
            progress=_Meter(),
        )
    except (RetrievalError, DataError, WeightsError) as error:
        print(error, file=sys.stderr)
        return 1
    if built.changed:
        for report in built.reports:
            print(report)
        seconds = time.monotonic() - started
        print(f"{built.passages} passages indexed, {built.embedded} embedded, in {seconds:.1f} s")
    else:
        print(f"The index is up to date ({built.passages} passages).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
