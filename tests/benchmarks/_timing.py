"""How long a generator takes for one reply, and the plain way to compare it with."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llm.engines.transformers import TransformersEngine
from llm.types import ChatTurn, Engine
from tests.benchmarks._prompts import MAX_TOKENS
from weights import WeightsError
from weights.plain import load_transformers

from tests.benchmarks._bench import Missing  # isort: skip


@dataclass(frozen=True)
class Reply:
    first_s: float
    whole_s: float
    text: str


def reply(engine: Engine, prompt: list[ChatTurn], max_tokens: int = MAX_TOKENS) -> Reply:
    """The whole reply, to its own end or `max_tokens`."""
    started = time.perf_counter()
    first, text = 0.0, ""
    for piece in engine.stream(prompt, max_tokens=max_tokens):
        first = first or time.perf_counter() - started
        text += piece
    whole = time.perf_counter() - started
    return Reply(first or whole, whole, text)


def replies(engine: Engine, prompts: Sequence[list[ChatTurn]]) -> list[Reply]:
    return [reply(engine, prompt) for prompt in prompts]


@contextmanager
def plain_engine(name: str, dtype: str, threads: int = 2) -> Iterator[Engine]:
    """Transformers' own generate() with the same weights, nothing kept between prompts.

    `dtype` "float32" or "bfloat16". Raises `Missing` when the weights' file is not here.
    """
    import torch

    try:
        tokenizer, model = load_transformers(name)
    except WeightsError as error:
        raise Missing(str(error)) from error
    cast: Any = model.to(getattr(torch, dtype))
    engine = TransformersEngine.from_parts(tokenizer, cast, name=f"{name} {dtype}", threads=threads)
    try:
        yield engine
    finally:
        engine.close()
