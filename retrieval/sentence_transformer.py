"""Any sentence-transformers model in a folder, run by Transformers.

Slower than a converted model (see embedder.py); for shops that want another model by one setting.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from retrieval.embedder import Progress, Vectors
from retrieval.errors import EmbedderError

_BATCH = 32
_VERSION = 1
# Prompts that a model was trained with; sentence-transformers reads them from the same file.
_PROMPTS_FILE = "config_sentence_transformers.json"


class SentenceTransformer:
    """The same vectors as the library of that name makes for models of a Transformer, pooling by
    mean, first token or maximum, and (or without) normalisation; ours always have length 1.

    Raises `EmbedderError` when the model cannot be loaded or has modules beyond these.
    """

    def __init__(self, folder: Path | str, threads: int = 2) -> None:
        folder = Path(folder)
        try:
            _check_modules(folder)
            inner = folder / _transformer_path(folder)
            self._tokenizer: Any = AutoTokenizer.from_pretrained(str(inner))
            self._model: Any = AutoModel.from_pretrained(str(inner), dtype=torch.float32).eval()
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise EmbedderError(
                f"{folder} holds no sentence-transformers model that can be loaded ({error}); name "
                "another folder, a hub name, or a name of `python -m weights list`."
            ) from error
        torch.set_num_threads(threads)
        self._pooling = _pooling(folder)
        self._limit = _limit(folder, self._tokenizer)
        prompts = _read(folder / _PROMPTS_FILE).get("prompts") or {}
        query = str(prompts.get("query", ""))
        passage = str(prompts.get("passage", prompts.get("document", "")))
        if not (query or passage) and "e5" in str(folder).lower():
            # e5 models name their prefixes only in their model card.
            query, passage = "query: ", "passage: "
        self._query_prefix, self._passage_prefix = query, passage
        self.dimensions = int(self._model.config.hidden_size)
        self.fingerprint = self._fingerprint(inner)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, dimensions]."""
        return self._embed([self._query_prefix + text for text in texts], None)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """float32 [n, dimensions]; `progress` is called after each batch with (done, all)."""
        return self._embed([self._passage_prefix + text for text in texts], progress)

    @torch.inference_mode()
    def _embed(self, texts: list[str], progress: Progress | None) -> Vectors:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            inputs = self._tokenizer(
                [texts[i] for i in batch],
                padding=True,
                truncation=True,
                max_length=self._limit,
                return_tensors="pt",
            )
            states = self._model(**inputs).last_hidden_state
            vectors[batch] = functional.normalize(
                self._pool(states, inputs["attention_mask"])
            ).numpy()
            if progress is not None:
                progress(start + len(batch), len(order))
        return vectors

    def _pool(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        shown = mask.unsqueeze(-1).to(states.dtype)
        if self._pooling == "cls":
            return states[:, 0]
        if self._pooling == "max":
            return states.masked_fill(shown == 0, -torch.inf).max(dim=1).values
        return (states * shown).sum(dim=1) / shown.sum(dim=1).clamp(min=1e-9)

    def _fingerprint(self, folder: Path) -> str:
        # Without reading the weights through: one tensor's values stand for the rest.
        name, tensor = next(iter(self._model.state_dict().items()))
        digest = hashlib.sha256(
            f"{_VERSION}|{self._pooling}|{self._limit}|{self._query_prefix}|{self._passage_prefix}"
            f"|{name}|{sum(p.numel() for p in self._model.parameters())}|".encode()
        )
        digest.update(tensor.flatten()[:65536].numpy().tobytes())
        digest.update((folder / "config.json").read_bytes())
        return digest.hexdigest()[:32]


def _read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def _check_modules(folder: Path) -> None:
    known = ("Transformer", "Pooling", "Normalize")
    for module in _read(folder / "modules.json") or []:
        kind = str(module["type"]).rpartition(".")[2]
        if kind not in known:
            raise ValueError(f"its module {kind} is not served")


def _transformer_path(folder: Path) -> str:
    for module in _read(folder / "modules.json") or []:
        if str(module["type"]).endswith("Transformer"):
            return str(module["path"])
    return ""


def _pooling(folder: Path) -> str:
    """Mean unless the model's modules name another."""
    paths = [
        str(module["path"])
        for module in _read(folder / "modules.json") or []
        if str(module["type"]).endswith("Pooling")
    ]
    settings = _read(folder / (paths[0] if paths else "1_Pooling") / "config.json")
    for mode, key in (("cls", "pooling_mode_cls_token"), ("max", "pooling_mode_max_tokens")):
        if settings.get(key):
            return mode
    others = [key for key, value in settings.items() if key.startswith("pooling_mode_") and value]
    if others and "pooling_mode_mean_tokens" not in others:
        raise EmbedderError(f"The pooling {others[0]} is not served; choose mean, cls or max.")
    return "mean"


def _limit(folder: Path, tokenizer: Any) -> int:
    chosen = _read(folder / "sentence_bert_config.json").get("max_seq_length")
    return int(chosen or min(int(tokenizer.model_max_length), 512))
