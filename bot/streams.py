"""The way of growing text from an action to the gateway, beside Rasa, in this process's memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class TurnStreams:
    """Actions publish from worker threads; the gateway listens on its event loop."""

    def __init__(self) -> None:
        self._listeners: dict[str, Callable[[str], None]] = {}

    @contextmanager
    def listen(self, turn_id: str, on_text: Callable[[str], None]) -> Iterator[None]:
        """Within the block, call `on_text` on the running loop with the whole text so far."""
        loop = asyncio.get_running_loop()
        self._listeners[turn_id] = lambda text: _call(loop, on_text, text)
        try:
            yield
        finally:
            del self._listeners[turn_id]

    def publish(self, turn_id: str, text: str) -> None:
        """Thread-safe. A turn that nobody listens to (any more) takes no text."""
        listener = self._listeners.get(turn_id)
        if listener is not None:
            listener(text)


def _call(loop: asyncio.AbstractEventLoop, on_text: Callable[[str], None], text: str) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(on_text, text)
