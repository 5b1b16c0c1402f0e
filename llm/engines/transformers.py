"""A generator run by Transformers: for models that were never converted, and as the plain way
that the benchmark compares with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from llm.errors import EngineUnavailable, GenerationTimeout
from llm.types import ChatTurn, Engine


class TransformersEngine(Engine):
    """One request at a time: `generate` shares nothing between requests."""

    def __init__(self, folder: Path, *, name: str | None = None, threads: int = 2) -> None:
        from transformers import AutoModelForCausalLM, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(folder)
            model = AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
        except (OSError, ValueError) as error:
            raise EngineUnavailable(f"The model in {folder} cannot be loaded: {error}") from error
        self._start(tokenizer, model, name or folder.name, threads)

    @classmethod
    def from_parts(cls, tokenizer: Any, model: Any, *, name: str, threads: int = 2) -> Engine:
        """An engine around a tokenizer and a model that are loaded already."""
        engine = cls.__new__(cls)
        engine._start(tokenizer, model, name, threads)
        return engine

    def _start(self, tokenizer: Any, model: Any, name: str, threads: int) -> None:
        import torch

        torch.set_num_threads(threads)
        self.name = name
        self._tokenizer = tokenizer
        self._model: Any = model.eval()
        self._one_at_a_time = threading.Lock()

    def stream(
        self, turns: list[ChatTurn], *, max_tokens: int = 160, deadline_s: float | None = None
    ) -> Iterator[str]:
        deadline = None if deadline_s is None else time.monotonic() + deadline_s
        return self._pieces(turns, max_tokens, deadline)

    def _pieces(
        self, turns: list[ChatTurn], max_tokens: int, deadline: float | None
    ) -> Iterator[str]:
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        if self._model is None:
            raise EngineUnavailable(f"The generator {self.name} has been closed.")
        stopped = threading.Event()

        def over() -> bool:
            return stopped.is_set() or (deadline is not None and time.monotonic() >= deadline)

        if not self._one_at_a_time.acquire(timeout=-1 if deadline is None else _left(deadline)):
            raise GenerationTimeout("The generator was busy until the deadline.")
        # The streamer holds text back until its characters are whole.
        streamer: Any = TextIteratorStreamer(
            self._tokenizer, skip_prompt=True, skip_special_tokens=True, timeout=0.1
        )
        prompt = self._tokenizer.apply_chat_template(
            [{"role": turn.role, "content": turn.text} for turn in turns],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        options = {
            "max_new_tokens": max_tokens,
            "do_sample": self.temperature > 0,
            **({"temperature": self.temperature} if self.temperature > 0 else {}),
            "streamer": streamer,
            "stopping_criteria": StoppingCriteriaList([lambda *_, **__: over()]),
        }
        failures: list[Exception] = []

        def generate() -> None:
            try:
                self._model.generate(**prompt, **options)
            except (RuntimeError, ValueError) as error:
                failures.append(error)
                streamer.end()

        worker = threading.Thread(target=generate, name=f"llm-{self.name}", daemon=True)
        worker.start()
        try:
            while True:
                try:
                    piece = next(streamer)
                except StopIteration:
                    break
                except Empty:
                    piece = ""
                if piece:
                    yield piece
                if over():
                    raise GenerationTimeout("The generator did not finish in time.")
            if failures:
                raise EngineUnavailable(f"The generator {self.name} failed: {failures[0]}")
        finally:
            stopped.set()
            worker.join()
            self._one_at_a_time.release()

    def close(self) -> None:
        self._model = None


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.0)
