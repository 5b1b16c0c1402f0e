"""A generator in CTranslate2's format, on the CPU.

Requests that wait together, share the beginning of their prompt and are about equally long run as
one batch, since reading the weights costs the same for one as for many. The beginning (everything
before the last turn) is computed once and kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ctranslate2

from llm.engines.worker import Request, WorkerEngine
from llm.errors import EngineUnavailable

# CTranslate2 feeds what a prompt has beyond the shortest of its batch token by token, so only
# prompts of about one length gain from sharing a batch.
_LENGTH_DIFFERENCE = 4
_BATCH = 16
# The state kept for one beginning takes about 30 MB; a shop has one a language.
_BEGINNINGS_KEPT = 8


class CTranslate2Engine(WorkerEngine):
    """A folder with model.bin, tokenizer.json and the chat template.

    Its model is dropped at the end, not unloaded: after unload_model() CTranslate2 aborts when the
    process ends.
    """

    def __init__(self, folder: Path, *, name: str | None = None, threads: int = 2) -> None:
        self._kept: set[tuple[str, ...]] = set()
        try:
            model = ctranslate2.Generator(
                str(folder), device="cpu", compute_type="int8", intra_threads=threads
            )
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"The model in {folder} cannot be loaded: {error}") from error
        super().__init__(folder, name, model)

    def _joins(self, first: Request, other: Request, size: int) -> bool:
        return (
            size < _BATCH
            and other.beginning == first.beginning
            and abs(len(other.tokens) - len(first.tokens)) <= _LENGTH_DIFFERENCE
        )

    def _generate(self, batch: list[Request]) -> None:
        def on_token(step: Any) -> bool:
            request = batch[step.batch_id]
            if not self._running or request.over():
                return True
            request.take(step.token)
            return False

        beginning = batch[0].beginning
        keep = beginning in self._kept or len(self._kept) < _BEGINNINGS_KEPT
        if keep:
            self._kept.add(beginning)
        self._model.generate_batch(
            [request.tokens for request in batch],
            static_prompt=list(beginning) or None,
            cache_static_prompt=keep,
            max_length=max(request.max_tokens for request in batch),
            # 0 takes from all tokens, 1 the likeliest.
            sampling_topk=0 if self.temperature > 0 else 1,
            sampling_temperature=self.temperature or 1.0,
            include_prompt_in_result=False,
            callback=on_token,
        )
