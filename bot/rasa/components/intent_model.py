"""Tells intents apart: multinomial logistic regression over sentence vectors and n-grams.

The vectors understand sentences unlike the examples, across both languages; the n-grams pin down
the short and formulaic ones. Fitting needs scikit-learn, everything else only numpy. The model is
stored as plain arrays and JSON: nothing is unpickled.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

_UNIT = re.compile(r"[a-z']+|\d+|[\u3400-\u9fff]|[^\s\w]", re.IGNORECASE)
FILES = _FILE_ARRAYS, _FILE_WORDS = "intents.npz", "intents.json"


def _units(text: str) -> list[str]:
    """Han characters, Latin words, numbers and marks, in lower case and plain width."""
    return _UNIT.findall(unicodedata.normalize("NFKC", text).lower())


def ngrams(text: str) -> Counter[str]:
    """Runs of one to three units (Han characters, Latin words, marks; numbers by their length),
    and runs of three and four letters inside Latin words, which survive a slip of the keys."""
    units = ["^"]
    counts: Counter[str] = Counter()
    for unit in _units(text):
        if unit.isdigit():
            unit = f"#{len(unit)}"
        elif unit.isascii() and unit[0].isalpha():
            word = f"<{unit}>"
            counts.update("~" + word[i : i + n] for n in (3, 4) for i in range(len(word) - n + 1))
        units.append(unit)
    units.append("$")
    for n in (1, 2, 3):
        counts.update(" ".join(units[i : i + n]) for i in range(len(units) - n + 1))
    return counts


class IntentModel:
    """`labels` in the order of the columns of `probabilities`."""

    def __init__(
        self,
        labels: list[str],
        vocabulary: dict[str, int],
        idf: np.ndarray,
        centre: np.ndarray,
        weights: np.ndarray,
        bias: np.ndarray,
        scales: tuple[float, float],
        temperature: float,
    ) -> None:
        self.labels = labels
        self._vocabulary = vocabulary
        self._idf = idf
        self._centre = centre
        self._weights = weights  # [features, labels]: dense vector first, then n-grams
        self._bias = bias
        self._scales = scales
        self._temperature = temperature

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        vectors: np.ndarray,
        labels: Sequence[str],
        *,
        vector_scale: float = 10.0,
        ngram_scale: float = 2.0,
        strength: float = 1.0,
        temperature: float = 1.0,
    ) -> IntentModel:
        """`vectors` float32 [n, dimensions] of length 1. The scales weigh the two kinds of
        features against each other; `strength` is the inverse regularisation (C)."""
        from scipy.sparse import csr_matrix, hstack
        from sklearn.linear_model import LogisticRegression

        counted = [ngrams(text) for text in texts]
        document_frequency = Counter(gram for grams in counted for gram in grams)
        kept = sorted(gram for gram, n in document_frequency.items() if n >= 2)
        vocabulary = {gram: i for i, gram in enumerate(kept)}
        idf = np.array(
            [math.log((1 + len(texts)) / (1 + document_frequency[gram])) + 1 for gram in kept],
            np.float32,
        )
        centre = vectors.mean(axis=0)
        model = cls(
            sorted(set(labels)),
            vocabulary,
            idf,
            centre,
            np.zeros((0, 0), np.float32),
            np.zeros(0, np.float32),
            (vector_scale, ngram_scale),
            temperature,
        )
        rows, columns, values = [], [], []
        for row, grams in enumerate(counted):
            index, weight = model._sparse(grams)
            rows += [row] * len(index)
            columns += index
            values += list(weight)
        sparse = csr_matrix((values, (rows, columns)), shape=(len(texts), len(kept)))
        features = hstack([csr_matrix((vectors - centre) * vector_scale), sparse]).tocsr()
        regression = LogisticRegression(C=strength, max_iter=300, class_weight="balanced")
        regression.fit(features, list(labels))
        model.labels = [str(label) for label in regression.classes_]
        model._weights = regression.coef_.T.astype(np.float32)
        model._bias = regression.intercept_.astype(np.float32)
        return model

    def probabilities(self, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
        """float32 [n, labels]; every row sums to one."""
        scores = ((vectors - self._centre) * self._scales[0]) @ self._weights[: len(self._centre)]
        scores += self._bias
        for row, text in enumerate(texts):
            index, weight = self._sparse(ngrams(text))
            if index:
                scores[row] += weight @ self._weights[len(self._centre) + np.array(index)]
        scores /= self._temperature
        scores -= scores.max(axis=1, keepdims=True)
        likelihood = np.exp(scores)
        result: np.ndarray = likelihood / likelihood.sum(axis=1, keepdims=True)
        return result

    def knows(self, text: str) -> bool:
        """Whether at least one word or emoji of the text stood in two of the examples; a question
        mark tells nothing."""
        return any(
            unit in self._vocabulary and (unit[0].isalnum() or unicodedata.category(unit) == "So")
            for unit in _units(text)
        )

    def _sparse(self, grams: Counter[str]) -> tuple[list[int], np.ndarray]:
        """Indices and tf-idf weights (length 1, times the scale) of the known n-grams."""
        known = sorted((self._vocabulary[g], n) for g, n in grams.items() if g in self._vocabulary)
        index = [i for i, _ in known]
        weight = np.array([1 + math.log(n) for _, n in known], np.float32) * self._idf[index]
        norm = float(np.linalg.norm(weight)) or 1.0
        return index, weight * (self._scales[1] / norm)

    def save(self, folder: Path) -> None:
        np.savez_compressed(
            folder / _FILE_ARRAYS,
            idf=self._idf,
            centre=self._centre,
            weights=self._weights,
            bias=self._bias,
        )
        words: dict[str, Any] = {
            "labels": self.labels,
            "vocabulary": sorted(self._vocabulary, key=self._vocabulary.__getitem__),
            "scales": list(self._scales),
            "temperature": self._temperature,
        }
        (folder / _FILE_WORDS).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        words = json.loads((folder / _FILE_WORDS).read_text(encoding="utf-8"))
        with np.load(folder / _FILE_ARRAYS, allow_pickle=False) as arrays:
            return cls(
                words["labels"],
                {gram: i for i, gram in enumerate(words["vocabulary"])},
                arrays["idf"],
                arrays["centre"],
                arrays["weights"],
                arrays["bias"],
                (words["scales"][0], words["scales"][1]),
                words["temperature"],
            )
