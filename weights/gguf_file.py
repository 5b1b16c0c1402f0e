"""Reads a GGUF file: settings, vocabulary, and tensors as float32."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt

_ROWS = 4096


class GGUFFile:
    """The file is memory-mapped; tensors are read and dequantized when asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = gguf.GGUFReader(path)
        self._tensors = {tensor.name: tensor for tensor in self._reader.tensors}
        self.architecture = str(self._field("general.architecture"))
        self.tokens: list[str] = self._field("tokenizer.ggml.tokens")
        # 3 marks control tokens such as <|im_end|>.
        self.token_types: list[int] = self._field("tokenizer.ggml.token_type")
        self.merges: list[str] = self._field("tokenizer.ggml.merges")
        self.chat_template = str(self._field("tokenizer.chat_template"))

    def _field(self, key: str) -> Any:
        return self._reader.fields[key].contents()

    def setting(self, key: str) -> Any:
        """A setting of the architecture, such as "block_count"."""
        return self._field(f"{self.architecture}.{key}")

    def token_id(self, role: str) -> int:
        """The id of the "bos", "eos" or "padding" token."""
        return int(self._field(f"tokenizer.ggml.{role}_token_id"))

    def has(self, name: str) -> bool:
        """Whether the file holds such a tensor."""
        return name in self._tensors

    def tensor(self, name: str) -> npt.NDArray[np.float32]:
        """Float32, rows first: (outputs, inputs) for a matrix."""
        tensor = self._tensors[name]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        return np.asarray(values, dtype=np.float32)

    def blocks(self, name: str) -> Iterator[npt.NDArray[np.float32]]:
        """A matrix in float32, some thousand rows at a time."""
        tensor = self._tensors[name]
        for start in range(0, len(tensor.data), _ROWS):
            rows = tensor.data[start : start + _ROWS]
            yield np.asarray(gguf.quants.dequantize(rows, tensor.tensor_type), dtype=np.float32)
