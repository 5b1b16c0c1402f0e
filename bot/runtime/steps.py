"""The steps of an answer by name, so that a test can stop a process at any of them.

A message of a page goes through those of a turn; a message of a platform through all of them.
"""

from __future__ import annotations

from collections.abc import Callable

STEPS = (
    "event stored",  # and not yet acknowledged to the platform
    "event claimed",
    "turn claimed",
    "message stored",
    "action begun",
    "effect stored",
    "action done",
    "answer made",  # Rasa has said it
    "answer stored",
    "answer told",
    "calls stored",  # what tells the platform
    "call sent",  # and not yet marked as such
    "call marked",
)

_watch: Callable[[str], None] | None = None


def watch(reached: Callable[[str], None]) -> None:
    """Be told of each step of this process from now on."""
    global _watch
    _watch = reached


def reached(step: str) -> None:
    """One of `STEPS`. Costs nothing where nobody watches."""
    if _watch is not None:
        _watch(step)
