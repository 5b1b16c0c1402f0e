"""An encoder with what was learned on top of it: low-rank additions to its matrices, and heads.

LoRA: Hu et al. 2021 (arXiv:2106.09685). A file of what was learned (bot/rasa/reading/train.py,
retrieval/learning/embedding.py) holds for a matrix `l7.q.w` the arrays `l7.q.down` [rank, inputs]
and `l7.q.up` [outputs, rank], perhaps `layers`, where it ends below the encoder's last one, and
everything else (heads, labels) for whoever reads with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weights.e5_file import E5File

SCALE = 2.0  # an addition counts so many times: α/r of the paper
HEADS = "heads.npz"


def read(learned: Path) -> dict[str, np.ndarray]:
    with np.load(learned, allow_pickle=False) as arrays:
        return dict(arrays)


class Merged:
    """The encoder's tensors with the additions, in the place of an `E5File`."""

    def __init__(self, source: E5File, learned: Mapping[str, np.ndarray]) -> None:
        self._source = source
        self._learned = learned
        self.width, self.heads = source.width, source.heads
        self.layers = int(learned.get("layers", source.layers))
        self.vocabulary_size, self.epsilon = source.vocabulary_size, source.epsilon

    def tensor(self, name: str) -> npt.NDArray[np.float32]:
        weight = self._source.tensor(name)
        stem = name.removesuffix(".w")
        if name == stem or f"{stem}.down" not in self._learned:
            return weight
        down, up = (self._learned[f"{stem}.{each}"].astype(np.float32) for each in ("down", "up"))
        return np.asarray(weight + SCALE * (up @ down), np.float32)


def write_heads(learned: Mapping[str, np.ndarray], folder: Path) -> None:
    """What is no addition, as it was learned."""
    rest = {name: value for name, value in learned.items() if not name.endswith((".down", ".up"))}
    np.savez(folder / HEADS, allow_pickle=False, **rest)
