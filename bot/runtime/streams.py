"""The way of growing text from an action to the gateway, beside Rasa.

Rasa may call the action endpoint of another process than the one that the customer talks to; the
bus carries the text there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.runtime.bus import Bus


class TurnStreams:
    """Actions publish from worker threads; the gateway listens on its event loop."""

    def __init__(self, bus: Bus | None = None) -> None:
        self.bus = bus or Bus()

    @contextmanager
    def listen(self, turn_id: str, on_text: Callable[[str], None]) -> Iterator[None]:
        """Within the block, call `on_text` on the running loop with the whole text so far."""
        with self.bus.follow(f"turn:{turn_id}", lambda event: on_text(event["text"])):
            yield

    def publish(self, turn_id: str, text: str) -> None:
        """Thread-safe. A turn that nobody listens to (any more) takes no text."""
        self.bus.publish(f"turn:{turn_id}", {"text": text})
