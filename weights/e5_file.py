"""Reads the E5S1 file of the embedder: a BERT encoder with Q4_0 matrices.

Layout, little-endian: magic "E5S1", u32 version, i32 × 7 (width, layers, heads, inner width,
vocabulary, positions, types), f32 epsilon, i32 block; a tokenizer (skipped: the official
tokenizer.json is used); i32 count of tensors and for each u16 name length, name, u8 kind
(0 float32, 1 Q4_0), u32 values, u64 offset in the file, u64 bytes.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

from weights.errors import WeightsBroken


class E5File:
    """The encoder's shape, and its tensors as float32."""

    def __init__(self, path: Path) -> None:
        self._bytes = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 0
        if self._take("4s")[0] != b"E5S1":
            raise WeightsBroken(f"{path} is not an E5S1 file. Remove it and fetch it again.")
        self._take("I")
        self.width, self.layers, self.heads, self.inner, self.vocabulary_size, _, _ = self._take(
            "7i"
        )
        self.epsilon = self._take("f")[0]
        self._take("i")
        self._skip_tokenizer()
        self._directory = dict(self._entry() for _ in range(self._take("i")[0]))

    def _take(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize(f"<{layout}")
        values = struct.unpack(f"<{layout}", self._bytes[self._at : self._at + size].tobytes())
        self._at += size
        return values

    def _skip_tokenizer(self) -> None:
        pieces = self._take("i")[0]
        self._take("4i")
        blob = self._take("Q")[0]
        self._at += 4 * (pieces + 1) + 4 * pieces + blob
        self._take("i")
        normalisation = self._take("I")[0]
        self._at += normalisation

    def _entry(self) -> tuple[str, tuple[int, int, int]]:
        name = bytes(self._take(f"{self._take('H')[0]}s")[0]).decode()
        kind = self._take("B")[0]
        self._take("I")
        offset, size = self._take("2Q")
        return name, (kind, offset, size)

    def tensor(self, name: str) -> npt.NDArray[np.float32]:
        """Float32; matrices as (outputs, inputs), the rest as vectors."""
        kind, offset, size = self._directory[name]
        raw = self._bytes[offset : offset + size]
        if kind == 0:
            values = raw.view(np.float32)
            return np.array(values.reshape(-1, self.width) if name in _TABLES else values)
        inputs = self.inner if name.endswith("fo.w") else self.width
        blocks = inputs // 32 * gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType.Q4_0][1]
        rows = gguf.quants.dequantize(
            np.array(raw.reshape(-1, blocks)), gguf.GGMLQuantizationType.Q4_0
        )
        return np.asarray(rows, dtype=np.float32)


_TABLES = {"emb.pos", "emb.type"}
