"""The default generator: CTranslate2 on the CPU.

One worker thread owns the model. Requests that wait together, share the beginning of their prompt
and are about equally long run as one batch, since reading the weights costs the same for one as
for many. The beginning (everything before the last turn) is computed once and kept.
"""

from __future__ import annotations

import atexit
import queue
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ctranslate2

from llm.engines.byte_stream import ByteStream
from llm.engines.chat_format import ChatFormat
from llm.errors import EngineUnavailable, GenerationTimeout, PromptTooLong
from llm.types import ChatTurn, Engine

# CTranslate2 feeds what a prompt has beyond the shortest of its batch token by token, so only
# prompts of about one length gain from sharing a batch.
_LENGTH_DIFFERENCE = 4
_BATCH = 16
# The state kept for one beginning takes about 30 MB; a shop has one a language.
_BEGINNINGS_KEPT = 8


@dataclass(eq=False)
class _Request:
    beginning: tuple[str, ...]
    tokens: list[str]
    max_tokens: int
    deadline: float | None
    # Pieces of text; None at the end; an exception when the model failed.
    pieces: queue.SimpleQueue[str | Exception | None] = field(default_factory=queue.SimpleQueue)
    closed: bool = False
    text: ByteStream = field(default_factory=ByteStream)

    def over(self) -> bool:
        return self.closed or (self.deadline is not None and time.monotonic() >= self.deadline)


class CTranslate2Engine(Engine):
    """A folder with model.bin, tokenizer.json and the chat template."""

    def __init__(self, folder: Path, *, name: str | None = None, threads: int = 2) -> None:
        self.name = name or folder.name
        self._format = ChatFormat(folder)
        try:
            self._model: Any = ctranslate2.Generator(
                str(folder), device="cpu", compute_type="int8", intra_threads=threads
            )
        except (RuntimeError, ValueError) as error:
            raise EngineUnavailable(f"The model in {folder} cannot be loaded: {error}") from error
        self._longest = 4096
        self._controls = self._format.control_tokens()
        self._kept: set[tuple[str, ...]] = set()
        self._waiting: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._running = True
        self._worker = threading.Thread(target=self._work, name=f"llm-{self.name}", daemon=True)
        self._worker.start()
        # A thread inside the model while the interpreter ends would abort the process.
        _close_at_exit(self)

    def stream(
        self, turns: list[ChatTurn], *, max_tokens: int = 160, deadline_s: float | None = None
    ) -> Iterator[str]:
        deadline = None if deadline_s is None else time.monotonic() + deadline_s
        beginning, tokens = self._format.render(turns)
        if len(beginning) + len(tokens) + max_tokens > self._longest:
            raise PromptTooLong(
                f"The prompt has {len(beginning) + len(tokens)} tokens; at most "
                f"{self._longest - max_tokens} fit. Give fewer or shorter passages."
            )
        request = _Request(tuple(beginning), tokens, max_tokens, deadline)
        return self._pieces(request)

    def prepare(self, turns: list[ChatTurn]) -> None:
        for _ in self.stream(turns, max_tokens=1):
            pass

    def _pieces(self, request: _Request) -> Iterator[str]:
        with self._changed:
            if not self._running:
                raise EngineUnavailable(f"The generator {self.name} has been closed.")
            self._waiting.append(request)
            self._changed.notify()
        try:
            while True:
                left = None if request.deadline is None else request.deadline - time.monotonic()
                try:
                    piece = request.pieces.get(timeout=None if left is None else max(left, 0.0))
                except queue.Empty:
                    raise GenerationTimeout("The generator did not finish in time.") from None
                if piece is None:
                    return
                if isinstance(piece, Exception):
                    raise EngineUnavailable(f"The generator {self.name} failed: {piece}") from piece
                yield piece
        finally:
            request.closed = True

    def close(self) -> None:
        with self._changed:
            self._running = False
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        for request in waiting:
            request.pieces.put(EngineUnavailable("it has been closed"))
        if self._worker is not threading.current_thread():
            self._worker.join()
        # Dropped, not unloaded: after unload_model() CTranslate2 aborts when the process ends.
        self._model = None

    def _work(self) -> None:
        while batch := self._next_batch():
            try:
                self._generate(batch)
            except (RuntimeError, ValueError) as error:
                for request in batch:
                    request.pieces.put(error)
            for request in batch:
                request.pieces.put(None)

    def _next_batch(self) -> list[_Request]:
        """Wait for a request, then take those along that fit it; empty when closed."""
        with self._changed:
            while True:
                while self._running and not self._waiting:
                    self._changed.wait()
                if not self._running:
                    return []
                first = self._waiting.popleft()
                if not first.over():
                    break
            batch = [first]
            others: list[_Request] = []
            for request in self._waiting:
                fits = (
                    len(batch) < _BATCH
                    and request.beginning == first.beginning
                    and abs(len(request.tokens) - len(first.tokens)) <= _LENGTH_DIFFERENCE
                )
                (batch if fits else others).append(request)
            self._waiting = deque(others)
            return batch

    def _generate(self, batch: list[_Request]) -> None:
        def on_token(step: Any) -> bool:
            request = batch[step.batch_id]
            if not self._running or request.over():
                return True
            # The last token is an end token, or an ordinary one when max_tokens is reached.
            if step.token not in self._controls and (text := request.text.feed(step.token)):
                request.pieces.put(text)
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
            sampling_topk=1,
            include_prompt_in_result=False,
            callback=on_token,
        )


def _close_at_exit(engine: CTranslate2Engine) -> None:
    reference = weakref.ref(engine)

    def close() -> None:
        if (alive := reference()) is not None:
            alive.close()

    atexit.register(close)
