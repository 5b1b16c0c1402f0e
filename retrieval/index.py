"""The index in its folder: passages, vectors and words, written whole or not at all.

The folder holds one sub-folder a build and a file CURRENT that names the valid one. A build writes
a new sub-folder and then replaces CURRENT, so that an interrupted build leaves the old index as it
was, and a running reader keeps the files that it has open.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrieval import passages as store
from retrieval.encode import SENTENCES, Encoded, SentenceVectors
from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing
from retrieval.lexical import LexicalIndex
from retrieval.passages import PassageStore
from retrieval.types import Passage, embedding_text, searched_text
from retrieval.vectors import IndexKind, VectorIndex

Reach = Callable[[str], None]
"""Told the name of each step of a build as it begins."""


def nowhere(_step: str) -> None:
    """For whoever does not want to know how far a build is."""


FORMAT = 1
CURRENT = "CURRENT"
MANIFEST = "manifest.json"
VECTORS = "vectors.faiss"
LEXICAL = "lexical"
_REBUILD = "run `python -m retrieval.build` to build it again"
# Files up to this length are read whole to check them; of longer ones the ends and the middle.
_CHECK_WHOLE = 64 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """`fingerprint` names the embedder, `inputs` everything that went into the build."""

    fingerprint: str
    inputs: str
    dimensions: int
    count: int
    kind: IndexKind
    files: dict[str, str]  # name → checksum
    format: int = FORMAT


@dataclass(slots=True)
class PassageIndex:
    """An open index. The three parts number the passages alike."""

    folder: Path
    manifest: Manifest
    passages: PassageStore
    vectors: VectorIndex
    lexical: LexicalIndex
    sentences: SentenceVectors | None  # None of an index built without them

    @classmethod
    def open(cls, path: Path, fingerprint: str | None = None) -> PassageIndex:
        """Open the current build in `path`, its vectors mapped into memory.

        Raises `IndexMissing` when nothing was built, `IndexCorrupt` when a file is damaged, and
        `IndexMismatch` when the fingerprint is given and another embedder made the vectors.
        """
        while True:
            folder, manifest = current(path)
            try:
                return cls._open(path, folder, manifest, fingerprint)
            except (IndexCorrupt, OSError):
                # A build that ended just now has removed the folder that was current before.
                if current(path)[0] == folder:
                    raise

    @classmethod
    def _open(
        cls, path: Path, folder: Path, manifest: Manifest, fingerprint: str | None
    ) -> PassageIndex:
        if fingerprint is not None and manifest.fingerprint != fingerprint:
            raise IndexMismatch(
                f"The index in {path} was built with another embedder (its fingerprint is "
                f"{manifest.fingerprint[:8]}…, the embedder's is {fingerprint[:8]}…); {_REBUILD}."
            )
        for name, expected in manifest.files.items():
            if not (folder / name).is_file() or _checksum(folder / name) != expected:
                raise IndexCorrupt(f"{folder / name} is damaged or gone; {_REBUILD}.")
        try:
            index = cls(
                folder=folder,
                manifest=manifest,
                passages=PassageStore(folder),
                vectors=VectorIndex.load(folder / VECTORS, manifest.kind),
                lexical=LexicalIndex.load(folder / LEXICAL, manifest.count),
                sentences=SentenceVectors(folder) if SENTENCES in manifest.files else None,
            )
        except (OSError, ValueError, KeyError) as error:
            raise IndexCorrupt(f"The index in {folder} cannot be read; {_REBUILD}.") from error
        if not manifest.count == len(index.passages) == index.vectors.size:
            raise IndexCorrupt(f"The parts of the index in {folder} differ in length; {_REBUILD}.")
        return index

    def close(self) -> None:
        self.passages.close()


def current(path: Path) -> tuple[Path, Manifest]:
    """The folder and the manifest of the valid build; errors as of `PassageIndex.open`."""
    pointer = path / CURRENT
    if not pointer.is_file():
        raise IndexMissing(f"There is no index in {path}; {_REBUILD}.")
    folder = path / pointer.read_text("utf-8").strip()
    return folder, manifest_of(folder)


def manifest_of(folder: Path) -> Manifest:
    """The manifest of a build. Raises `IndexCorrupt`, and `IndexMismatch` of another version's."""
    path = folder.parent
    try:
        fields: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        if fields.get("format") != FORMAT:
            raise IndexMismatch(f"The index in {path} was built by another version; {_REBUILD}.")
        return Manifest(**fields)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IndexCorrupt(f"{folder / MANIFEST} is damaged or gone; {_REBUILD}.") from error


def write(
    path: Path,
    passages: Sequence[Passage],
    encoded: Encoded,
    *,
    fingerprint: str,
    inputs: str,
    kind: IndexKind = "flat",
    finish: Callable[[Path], None] | None = None,
    reach: Reach = nowhere,
) -> Path:
    """Write a build and make it the current one; returns its folder. Older builds are removed.

    `finish` adds to the folder before it becomes current; whoever answers meanwhile does so from
    the build before. `reach` is told of each step as it begins.
    """
    path.mkdir(parents=True, exist_ok=True)
    with (path / ".lock").open("w") as lock:
        # Two builds at once would remove each other's folder.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _write(path, passages, encoded, fingerprint, inputs, kind, finish, reach)


def _write(
    path: Path,
    passages: Sequence[Passage],
    encoded: Encoded,
    fingerprint: str,
    inputs: str,
    kind: IndexKind,
    finish: Callable[[Path], None] | None,
    reach: Reach,
) -> Path:
    reach("write")
    folder = Path(tempfile.mkdtemp(prefix="build-", dir=path))
    try:
        folder.chmod(0o755)
        store.write(folder, passages, [content_hash(passage) for passage in passages])
        VectorIndex.build(encoded.passages, kind).save(folder / VECTORS)
        LexicalIndex([searched_text(passage) for passage in passages]).save(folder / LEXICAL)
        if kind == "flat":
            SentenceVectors.save(folder, encoded)
        files = {
            file.relative_to(folder).as_posix(): _checksum(file)
            for file in sorted(folder.rglob("*"))
            if file.is_file()
        }
        manifest = {
            "format": FORMAT,
            "fingerprint": fingerprint,
            "inputs": inputs,
            "dimensions": int(encoded.passages.shape[1]),
            "count": len(passages),
            "kind": kind,
            "files": files,
        }
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        if finish is not None:
            reach("finish")
            finish(folder)
        reach("swap")
        replace_text(path / CURRENT, folder.name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    reach("clear")
    # What builds that were killed left behind goes as well.
    for old in (*path.glob("build-*"), *path.glob(f".{CURRENT}-*")):
        if old.is_file():
            old.unlink(missing_ok=True)
        elif old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def content_hash(passage: Passage) -> str:
    """Names what is embedded of a passage: 32 hex digits."""
    text = f"{passage.language}\n{embedding_text(passage)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def known(path: Path, fingerprint: str) -> dict[str, Encoded]:
    """What the current build embedded, by content hash, if the same embedder made it and it is
    whole; else nothing, for all is embedded again then."""
    try:
        index = PassageIndex.open(path, fingerprint)
    except (IndexMissing, IndexCorrupt, IndexMismatch):
        return {}
    if index.sentences is None:
        return {}
    vectors, sentences = index.vectors.all_vectors(), index.sentences
    found = {}
    for i, name in enumerate(index.passages.hashes):
        rows = np.array(sentences.of(i))
        found[name] = Encoded(vectors[i : i + 1], rows, np.array([len(rows)], np.int64))
    index.close()
    return found


def replace_text(path: Path, text: str) -> None:
    """Write a small file in one step: a reader sees the old text or the new."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(path)


def _checksum(path: Path) -> str:
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        if size <= _CHECK_WHOLE:
            digest.update(file.read())
        else:
            third = _CHECK_WHOLE // 3
            for at in (0, (size - third) // 2, size - third):
                file.seek(at)
                digest.update(file.read(third))
    return digest.hexdigest()
