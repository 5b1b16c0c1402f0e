"""The language model alone: first words, whole answers, tokens a second for 1, 8 and 32 requests
at once, and the same prompts through Transformers' own generate().

The prompts are the shop's: questions of answers.yaml with what retrieval found for them. Tokens a
second count what was written, while the time holds the reading of the prompts too.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from tokenizers import Tokenizer

from llm.engines import load_engine
from llm.errors import EngineUnavailable
from llm.types import ChatTurn, Engine
from tests.benchmarks import _bench
from tests.benchmarks._prompts import alternating, grounded_prompts, read_questions
from tests.benchmarks._timing import plain_engine, replies, reply
from weights import WeightsError, locate

DEFAULT = "qwen2.5-1.5b"
GENERATORS = (DEFAULT, "qwen2.5-1.5b-int8", "qwen2.5-0.5b")
_ANSWERS = 16
_PLAIN_ANSWERS = 6
_AT_ONCE = (1, 8, 32)
_LENGTH = 40
_PLAIN_TYPES = ("float32", "bfloat16")


def measure(options: argparse.Namespace) -> _bench.Figures:
    prompts = grounded_prompts(alternating(read_questions(), 2 * _ANSWERS))
    measured: dict[str, _bench.Figures] = {}
    for name in options.generator or GENERATORS:
        try:
            measured[name] = _measure(name, prompts)
        except (_bench.Missing, EngineUnavailable, WeightsError) as error:
            _bench.skipped(name, error)
    if not measured:
        raise _bench.Missing("no generator is on this machine; fetch one with: make setup")
    _bench.show(
        "A grounded answer, seconds (p50)",
        ["generator", "first words", "whole answer", "float32 whole", "bfloat16 whole"],
        [
            [
                name,
                figures["first_delta_p50_s"],
                figures["answer_p50_s"],
                figures["transformers_answer_p50_s"],
                figures["transformers_bfloat16_answer_p50_s"],
            ]
            for name, figures in measured.items()
        ],
    )
    _bench.show(
        f"Tokens a second, {_LENGTH} tokens a reply",
        ["generator", "requests at once", "different questions", "prompts of one length"],
        [
            [name, n, figures[f"tokens_per_s_{n}"], figures[f"tokens_per_s_{n}_even"]]
            for name, figures in measured.items()
            for n in _AT_ONCE
        ],
    )
    _bench.say(
        "The columns float32 and bfloat16 are Transformers' generate() on the same weights and "
        "prompts, two threads, prompt read anew each time."
    )
    return {**measured.get(DEFAULT, {}), "generators": measured}


def _measure(name: str, prompts: list[list[ChatTurn]]) -> _bench.Figures:
    started = time.perf_counter()
    engine = load_engine(name)
    assert engine is not None
    load_s = time.perf_counter() - started
    try:
        for prompt in prompts[:2]:  # one of each language: what all prompts share is kept
            engine.prepare(prompt)
        answers = replies(engine, prompts[:_ANSWERS])
        figures: _bench.Figures = {
            "load_s": round(load_s, 2),
            "first_delta_p50_s": _bench.median([each.first_s for each in answers]),
            "answer_p50_s": _bench.median([each.whole_s for each in answers]),
            "answer_p95_s": _bench.percentile([each.whole_s for each in answers], 95),
            "answers": len(answers),
        }
        tokenizer = Tokenizer.from_file(str(locate(name) / "tokenizer.json"))
        for n in _AT_ONCE:
            mixed = list(islice(cycle(prompts), n))
            figures[f"tokens_per_s_{n}"] = _tokens_per_s(engine, mixed, tokenizer)
            even = [prompts[0]] * n
            figures[f"tokens_per_s_{n}_even"] = _tokens_per_s(engine, even, tokenizer)
    finally:
        engine.close()
    del engine
    gc.collect()
    for dtype in _PLAIN_TYPES:
        with plain_engine(name, dtype) as plain:
            reply(plain, prompts[0], max_tokens=2)  # the first call allocates
            times = [each.whole_s for each in replies(plain, prompts[:_PLAIN_ANSWERS])]
        key = "" if dtype == "float32" else f"{dtype}_"
        figures[f"transformers_{key}answer_p50_s"] = _bench.median(times)
        gc.collect()
    return figures


def _tokens_per_s(engine: Engine, prompts: Sequence[list[ChatTurn]], tokenizer: Tokenizer) -> float:
    """Tokens of all replies by the time from the first request to the last reply's end."""
    with ThreadPoolExecutor(len(prompts)) as pool:
        started = time.perf_counter()
        texts = [each.text for each in pool.map(lambda p: reply(engine, p, _LENGTH), prompts)]
        seconds = time.perf_counter() - started
    return round(sum(len(tokenizer.encode(text).ids) for text in texts) / seconds, 1)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--generator", action="append", choices=GENERATORS, help="only this one (may be repeated)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("generation", __doc__, measure, arguments, options=_options)


if __name__ == "__main__":
    sys.exit(main())
