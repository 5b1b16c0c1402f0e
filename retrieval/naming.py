"""Which words name the same aspect, in whichever language: 电池, battery and battery life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from retrieval.embedder import TextEmbedder, Vectors
from retrieval.text import singular

# Cosine distance, on average, within a group. Chosen by reading the groups of the 260 most frequent
# aspects of phones, cameras and laptops (retrieval/learning/opinions.py): at .35 the languages stay
# apart, at .55 sound and picture fall together.
_APART = 0.45
_MOST = 2000  # names that are compared with each other; rarer ones join the closest group


def normal(term: str) -> str:
    """The name as it is counted: in small letters, its last word in the singular."""
    *before, last = term.casefold().split() or [""]
    return " ".join([*before, singular(last)])


def groups(
    counts: Mapping[str, int], embedder: TextEmbedder, background: Sequence[str] = ()
) -> dict[str, int]:
    """The number of its group, by normal name. `background`: other words of the shop, so that what
    all names share, being names, is known where they are few. A name that is neither frequent nor
    close to one is left out."""
    from sklearn.cluster import AgglomerativeClustering

    names = sorted(counts, key=lambda name: (-counts[name], name))
    if not names:
        return {}
    vectors = embedder.embed_queries([*names, *background])
    vectors = _unit(vectors - vectors.mean(axis=0))[: len(names)]
    first = vectors[:_MOST]
    labels = np.zeros(len(first), np.int64)
    if len(first) > 1:
        clustering = AgglomerativeClustering(
            n_clusters=None, metric="cosine", linkage="average", distance_threshold=_APART
        )
        labels = clustering.fit_predict(first)
    found = dict(zip(names, map(int, labels), strict=False))
    if len(names) > _MOST:
        centres = _unit(
            np.stack([first[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
        )
        cosines = vectors[_MOST:] @ centres.T
        for name, row in zip(names[_MOST:], cosines, strict=True):
            if row.max() >= 1 - _APART:
                found[name] = int(row.argmax())
    return found


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit
