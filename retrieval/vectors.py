"""Nearest vectors by inner product, with FAISS.

Exact search ("flat") is the default and is fast enough to hundreds of thousands of passages;
"hnsw" and "ivf" trade a little recall for speed beyond that.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import faiss as _faiss
import numpy as np
import numpy.typing as npt

from retrieval.errors import IndexCorrupt

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
# FAISS's own annotations do not know the keywords that its search parameters take.
faiss: Any = _faiss

IndexKind = Literal["flat", "hnsw", "ivf"]

_HNSW_LINKS = 32
_HNSW_BREADTH = 96
# Below so many allowed passages an approximate index would mostly visit forbidden ones: these are
# compared one by one instead, which is exact and faster.
_FEW = 20_000
# An exact search reads all numbers: so many take about a millisecond on one core.
_LARGE = 4_000_000


def kind_for(vectors: Vectors) -> IndexKind:
    """The kind for answers within a millisecond or two on one core: exact as long as that is."""
    return "ivf" if vectors.size > _LARGE else "flat"


class VectorIndex:
    """Vectors numbered from 0 in the order given."""

    def __init__(self, index: Any, kind: IndexKind) -> None:
        self._index = index
        self.kind = kind
        self.size = int(index.ntotal)
        self.dimensions = int(index.d)

    @classmethod
    def build(cls, vectors: Vectors, kind: IndexKind = "flat") -> VectorIndex:
        """Index float32 rows of length 1."""
        count, dimensions = vectors.shape
        index: Any
        if kind == "hnsw":
            index = faiss.IndexHNSWFlat(dimensions, _HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = 2 * _HNSW_BREADTH
        elif kind == "ivf":
            lists = max(1, min(int(4 * math.sqrt(count)), count // 39))
            quantizer = faiss.IndexFlatIP(dimensions)
            index = faiss.IndexIVFFlat(quantizer, dimensions, lists, faiss.METRIC_INNER_PRODUCT)
            index.train(vectors)
        else:
            index = faiss.IndexFlatIP(dimensions)
        index.add(np.ascontiguousarray(vectors))
        if kind == "ivf":
            # Vectors are asked for by number when few passages are allowed.
            index.make_direct_map()
        return cls(index, kind)

    def search(self, query: Vectors, k: int, allowed: Mask | None = None) -> tuple[Vectors, Ids]:
        """The k nearest of one query [dimensions]: (similarities, ids), best first; fewer when
        fewer exist or are allowed by the mask [size]."""
        k = min(k, self.size)
        if allowed is not None:
            count = int(np.count_nonzero(allowed))
            k = min(k, count)
            if self.kind != "flat" and 0 < count <= _FEW:
                return self._among(query, np.flatnonzero(allowed), k)
        if k <= 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        scores, ids = self._index.search(query.reshape(1, -1), k, params=self._parameters(allowed))
        found = ids[0] >= 0
        return scores[0][found], ids[0][found]

    def vectors(self, ids: Ids) -> Vectors:
        """float32 [len(ids), dimensions]."""
        if len(ids) == 0:
            return np.zeros((0, self.dimensions), np.float32)
        rows: Vectors = self._index.reconstruct_batch(np.ascontiguousarray(ids, np.int64))
        return rows

    def all_vectors(self) -> Vectors:
        """float32 [size, dimensions]: a copy."""
        return self.vectors(np.arange(self.size, dtype=np.int64))

    def save(self, path: Path) -> None:
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path, kind: IndexKind) -> VectorIndex:
        """Maps the file into memory, so that processes share it and opening costs nothing.

        Raises `IndexCorrupt` when FAISS cannot read it.
        """
        # Lists of an IVF index are mapped by one flag, everything else by the other.
        flag = faiss.IO_FLAG_MMAP if kind == "ivf" else faiss.IO_FLAG_MMAP_IFC
        try:
            index = faiss.read_index(str(path), flag)
        except RuntimeError as error:
            raise IndexCorrupt(f"{path} is not a readable FAISS index; build it again.") from error
        return cls(index, kind)

    def _among(self, query: Vectors, ids: Ids, k: int) -> tuple[Vectors, Ids]:
        scores: Vectors = self.vectors(ids) @ query
        best = np.argsort(-scores, kind="stable")[:k]
        return scores[best], ids[best]

    def _parameters(self, allowed: Mask | None) -> Any:
        selector = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if self.kind == "hnsw":
            return faiss.SearchParametersHNSW(sel=selector, efSearch=_HNSW_BREADTH)
        if self.kind == "ivf":
            probes = max(8, self._index.nlist // 32)
            return faiss.SearchParametersIVF(sel=selector, nprobe=probes)
        return faiss.SearchParameters(sel=selector)
