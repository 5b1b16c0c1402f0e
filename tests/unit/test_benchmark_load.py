"""What the load benchmark counts, with customers who meet trouble."""

from __future__ import annotations

import argparse
import asyncio
import itertools
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.wording.phrases import phrase
from tests.benchmarks import load
from tests.benchmarks.load import Customer, Measured, Shop

SHOP = cast(
    "Shop",
    SimpleNamespace(
        texts={"zh": ["你好", "谢谢"], "en": ["hello", "thanks"]},
        apologies={phrase("apology", "zh"), phrase("apology", "en")},
    ),
)


class Scripted(Customer):
    """Gets these replies; an exception instead of one is raised."""

    def __init__(self, number: int, replies: list[Any]) -> None:
        super().__init__(SHOP, number)
        self.script = iter(replies)
        self.said: list[str] = []
        self.arrived = 0

    async def arrive(self) -> None:
        self.arrived += 1

    async def reply(self, text: str) -> list[str]:
        self.said.append(text)
        answer = next(self.script)
        if isinstance(answer, Exception):
            raise answer
        return cast("list[str]", answer)


async def _talk(customer: Customer, turns: int) -> Measured:
    measured = Measured()
    await load._stream(itertools.repeat(customer), turns, 1e6, measured)
    return measured


def test_an_apology_silence_and_a_broken_connection_are_errors() -> None:
    replies = [["hi"], [phrase("apology", "en")], [], RuntimeError("closed"), TimeoutError()]
    measured = asyncio.run(_talk(Scripted(1, replies), len(replies)))
    assert len(measured.errors) == 4
    assert len(measured.times) == 3  # of the turns that ended


def test_a_reply_that_never_ends_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_PATIENCE_S", 0.01)

    class Silent(Scripted):
        async def reply(self, text: str) -> list[str]:
            await asyncio.sleep(60)
            return []

    measured = asyncio.run(_talk(Silent(0, []), 1))
    assert (len(measured.errors), measured.times) == (1, [])


def test_neighbours_differ_in_language_words_and_the_time_they_leave() -> None:
    turns = load._CONVERSATION + 1
    first, second = (Scripted(number, [["hi"]] * turns) for number in (0, 1))
    for customer in (first, second):
        asyncio.run(_talk(customer, turns))
    assert first.said[:2] == ["你好", "谢谢"]
    assert second.said[:2] == ["thanks", "hello"]
    assert (first.arrived, second.arrived) == (1, 1)


def test_the_first_fifth_does_not_count_as_growth() -> None:
    measured = Measured([10.0, 20.0, 30.0], [], 2.0)
    memory = [{"gateway": float(n), "rasa": 100.0 - n} for n in range(10)]
    memory[-1]["rasa"] = 104.0
    options = argparse.Namespace(sockets=3)
    figures = load._figures(options, measured, measured, memory)
    assert figures["memory_growth_mb"] == (9 + 104) - (2 + 98)
    assert (figures["p50_ms"], figures["p95_ms"], figures["messages_per_s"]) == (20.0, 30.0, 1.5)
