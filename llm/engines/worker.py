"""What engines share that run a model in this process: one thread owns the model, requests wait in
line for it, and each gets its pieces as they grow."""

from __future__ import annotations

import atexit
import queue
import threading
import time
import weakref
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm.engines.byte_stream import ByteStream
from llm.engines.chat_format import ChatFormat
from llm.errors import EngineUnavailable, GenerationTimeout, PromptTooLong
from llm.types import ChatTurn, Engine

_LONGEST = 4096  # tokens of a prompt and its reply


@dataclass(eq=False)
class Request:
    """A prompt in two parts of tokens: what many prompts begin with, and the rest."""

    beginning: tuple[str, ...]
    tokens: list[str]
    max_tokens: int
    deadline: float | None
    controls: frozenset[str]
    # Pieces of text; None at the end; an exception when the model failed.
    pieces: queue.SimpleQueue[str | Exception | None] = field(default_factory=queue.SimpleQueue)
    closed: bool = False
    text: ByteStream = field(default_factory=ByteStream)

    def over(self) -> bool:
        return self.closed or (self.deadline is not None and time.monotonic() >= self.deadline)

    def take(self, token: str) -> None:
        """Hand on what this token completes. The last one is an end token, or an ordinary one when
        `max_tokens` is reached."""
        if token not in self.controls and (text := self.text.feed(token)):
            self.pieces.put(text)


class WorkerEngine(Engine):
    """A subclass loads its model before it calls `__init__`, which starts the thread."""

    def __init__(self, folder: Path, name: str | None, model: Any) -> None:
        self.name = name or folder.name
        self._model = model
        self._format = ChatFormat(folder)
        self._controls = self._format.control_tokens()
        self._waiting: deque[Request] = deque()
        self._changed = threading.Condition()
        self._running = True
        self._worker = threading.Thread(target=self._work, name=f"llm-{self.name}", daemon=True)
        self._worker.start()
        # A thread inside the model while the interpreter ends would abort the process.
        _close_at_exit(self)

    @abstractmethod
    def _generate(self, batch: list[Request]) -> None:
        """Run the model for these requests; leave those that are over."""

    def _joins(self, first: Request, other: Request, size: int) -> bool:
        """Whether a waiting request runs in one batch, of `size` so far, with the first of it."""
        return False

    def stream(
        self, turns: list[ChatTurn], *, max_tokens: int = 160, deadline_s: float | None = None
    ) -> Iterator[str]:
        deadline = None if deadline_s is None else time.monotonic() + deadline_s
        beginning, tokens = self._format.render(turns)
        if len(beginning) + len(tokens) + max_tokens > _LONGEST:
            raise PromptTooLong(
                f"The prompt has {len(beginning) + len(tokens)} tokens; at most "
                f"{_LONGEST - max_tokens} fit. Give fewer or shorter passages."
            )
        return self._pieces(Request(tuple(beginning), tokens, max_tokens, deadline, self._controls))

    def prepare(self, turns: list[ChatTurn]) -> None:
        for _ in self.stream(turns, max_tokens=1):
            pass

    def _pieces(self, request: Request) -> Iterator[str]:
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

    def _next_batch(self) -> list[Request]:
        """Wait for a request, then take those along that join it; empty when closed."""
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
            others: deque[Request] = deque()
            for request in self._waiting:
                joins = self._joins(first, request, len(batch))
                (batch if joins else others).append(request)
            self._waiting = others
            return batch


def _close_at_exit(engine: WorkerEngine) -> None:
    reference = weakref.ref(engine)

    def close() -> None:
        if (alive := reference()) is not None:
            alive.close()

    atexit.register(close)
