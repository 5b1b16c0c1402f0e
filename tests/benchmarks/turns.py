"""Turns through the gateway of the real, whole assistant: how long each kind takes, what a written
answer takes, turns a second, memory, and the time to start.

Beside it, in the same run: the same questions' prompts through Transformers' own generate() with
the same weights in float32.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import psutil
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.terminal.client import Client
from tests.benchmarks import _bench
from tests.benchmarks._prompts import Question, grounded_prompts
from tests.benchmarks._timing import plain_engine, replies, reply
from tests.running import System, running

SCRIPT = Path(__file__).with_name("turns.yaml")
GENERATOR = "qwen2.5-1.5b"
TARGETS = {
    "turn_p50_ms": 100,
    "first_delta_p50_s": 0.9,
    "answer_p50_s": 2.2,
    "memory_gb": 6,
    "ready_s": 45,
}
_ROUNDS = 6
_CLIENTS = 4
_TURNS_A_CLIENT = 20
_PLAIN_ANSWERS = 6


@dataclass(frozen=True)
class Turn:
    """Seconds from sending to the first words (None: they all came at once) and to the message."""

    kind: str
    first_s: float | None
    whole_s: float


def measure(options: argparse.Namespace) -> _bench.Figures:
    script = yaml.safe_load(SCRIPT.read_text("utf-8"))
    with (
        tempfile.TemporaryDirectory(prefix="shopguide-bench-") as folder,
        running(Path(folder), traced=False, generator=options.generator) as system,
    ):
        _converse(system, script, "zh")  # what is loaded at first use is loaded now
        plain = list(
            chain.from_iterable(
                _converse(system, script, language)
                for _ in range(_ROUNDS)
                for language in ("zh", "en")
            )
        )
        written = _questions(system, script)
        origins = _origins(system)
        rates = {
            f"turns_per_s_{clients}": _turns_per_s(system, script, clients)
            for clients in (1, _CLIENTS)
        }
        rates[f"answers_per_s_{_CLIENTS}"] = _answers_per_s(system, script, _CLIENTS)
        memory = _bench.memory_gb(psutil.Process(system.process.pid))
        ready_s = system.ready_s
    figures: _bench.Figures = {
        "turn_p50_ms": round(1000 * statistics.median(turn.whole_s for turn in plain), 1),
        "turn_p95_ms": round(1000 * _bench.percentile([turn.whole_s for turn in plain], 95), 1),
        "first_delta_p50_s": _bench.median([turn.first_s or turn.whole_s for turn in written]),
        "answer_p50_s": _bench.median([turn.whole_s for turn in written]),
        "answer_p95_s": _bench.percentile([turn.whole_s for turn in written], 95),
        "answers_by_origin": origins,
        **rates,
        "memory_gb": memory,
        "ready_s": ready_s,
        "generator": options.generator,
        "kinds": _by_kind([*plain, *written]),
    }
    try:
        figures["transformers_answer_p50_s"] = _plain_answers(options.generator, script)
    except _bench.Missing as missing:
        _bench.skipped("Transformers' generate()", missing)
    _print(figures)
    return figures


def _converse(system: System, script: dict[str, Any], language: str) -> list[Turn]:
    """One conversation of a signed-in customer, a turn of each kind that code alone answers."""
    with Client(system.url) as client:
        client.open_session(system.identity(script["customer"][language]))
        return [_say(client, kind, texts[language]) for kind, texts in script["plain"].items()]


def _questions(system: System, script: dict[str, Any]) -> list[Turn]:
    """Every question for which the language model is asked, one after the other, a conversation a
    language and kind."""
    turns = []
    for kind, by_language in script["words"].items():
        for texts in by_language.values():
            with Client(system.url) as client:
                client.open_session()
                turns += [_say(client, kind, text) for text in texts]
    return turns


def _say(client: Client, kind: str, text: str) -> Turn:
    started = time.perf_counter()
    first = whole = None
    for event in client.say(text):
        at = time.perf_counter() - started
        if event.name == "delta" and first is None:
            first = at
        if event.name == "message" and whole is None:
            whole = at
    if whole is None:
        raise RuntimeError(f"There was no answer to: {text}")
    return Turn(kind, first, whole)


def _turns_per_s(system: System, script: dict[str, Any], clients: int) -> float:
    """Turns that code alone answers, each client in its own conversation."""
    texts = [texts[language] for texts in script["plain"].values() for language in ("zh", "en")]
    return _rate(system, clients, texts[:_TURNS_A_CLIENT])


def _answers_per_s(system: System, script: dict[str, Any], clients: int) -> float:
    """Answers that the language model words, each client asking all in its own conversation."""
    return _rate(system, clients, [*script["words"]["policy"]["en"][:3]])


def _rate(system: System, clients: int, texts: Sequence[str]) -> float:
    begin = threading.Barrier(clients + 1)

    def talk(number: int) -> None:
        with Client(system.url) as client:
            client.open_session()
            begin.wait()
            for place in range(len(texts)):  # not all the same at the same time
                _say(client, "", texts[(place + number) % len(texts)])

    with ThreadPoolExecutor(clients) as pool:
        talks = [pool.submit(talk, number) for number in range(clients)]
        begin.wait()
        started = time.perf_counter()
        for each in talks:
            each.result()
        seconds = time.perf_counter() - started
    return round(clients * len(texts) / seconds, 2)


def _origins(system: System) -> dict[str, int]:
    """How many answers the model worded and how many are the shop's own sentence."""
    counted: dict[str, int] = defaultdict(int)
    with urllib.request.urlopen(f"{system.url}/metrics") as page:  # noqa: S310 - our own address
        text = page.read().decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "shopguide_answers_total":
                counted[sample.labels["origin"]] += int(sample.value)
    return dict(counted)


def _plain_answers(generator: str, script: dict[str, Any]) -> float:
    asked = [
        Question("answer", language, text)
        for by_language in script["words"].values()
        for language, texts in by_language.items()
        for text in texts[:2]
    ]
    prompts = grounded_prompts(asked)[:_PLAIN_ANSWERS]
    with plain_engine(generator, "float32") as engine:
        reply(engine, prompts[0], max_tokens=2)  # the first call allocates
        seconds = [each.whole_s for each in replies(engine, prompts)]
    gc.collect()
    return _bench.median(seconds)


def _by_kind(turns: Sequence[Turn]) -> dict[str, dict[str, float]]:
    kinds = defaultdict(list)
    for turn in turns:
        kinds[turn.kind].append(turn.whole_s)
    return {
        kind: {
            "turns": len(seconds),
            "p50_ms": round(1000 * statistics.median(seconds), 1),
            "p95_ms": round(1000 * _bench.percentile(seconds, 95), 1),
        }
        for kind, seconds in kinds.items()
    }


def _print(figures: _bench.Figures) -> None:
    _bench.show(
        "Turns by kind, milliseconds through the gateway",
        ["kind", "turns", "p50", "p95"],
        [[kind, *row.values()] for kind, row in figures["kinds"].items()],
    )
    titles = {
        "turn_p50_ms": "turn without the language model, p50 ms",
        "turn_p95_ms": "the same, p95 ms",
        "first_delta_p50_s": "written answer: first words, p50 s",
        "answer_p50_s": "written answer: end, p50 s",
        "transformers_answer_p50_s": "the same prompts by Transformers (float32), p50 s",
        "turns_per_s_1": "turns a second, one client",
        f"turns_per_s_{_CLIENTS}": f"turns a second, {_CLIENTS} clients",
        f"answers_per_s_{_CLIENTS}": f"written answers a second, {_CLIENTS} clients",
        "memory_gb": "memory of all processes, GB",
        "ready_s": "start to ready, s",
    }
    _bench.show(
        f"The whole assistant with {figures['generator']}",
        ["", "measured", "target at most"],
        [[title, figures.get(key), TARGETS.get(key)] for key, title in titles.items()],
    )
    _bench.say(f"Who worded the written answers: {figures['answers_by_origin']}")


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generator", default=GENERATOR, help=f"default: {GENERATOR}")


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("turns", __doc__, measure, arguments, options=_options)


if __name__ == "__main__":
    sys.exit(main())
