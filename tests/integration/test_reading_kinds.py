"""Kinds of messages that were once misread (tests/understanding/kinds.yaml), read by the model that
is shipped, on the demo shop and on another one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.rasa.components.lookups import Lookups
from bot.rasa.components.reading_model import ReadingModel
from bot.rasa.reading.samples import entities
from bot.rasa.score import share_most
from bot.settings import ROOT
from bot.understanding import quantities
from bot.understanding.reading import Reading, Span
from ground import readings as ground
from weights import WeightsError, locate

TESTS = Path(__file__).parents[1]
KINDS = yaml.safe_load((TESTS / "understanding" / "kinds.yaml").read_text("utf-8"))
NOW = datetime(2026, 11, 27, 10, 0)

TRADITIONAL = "K16"  # characters, which English has none of

# What does not hold yet, and how much of the kind does: a change may not lower it, and one that
# raises it is written here.
WEAK = {
    "K02": 0.75,
    "K04": 0.75,
    "K05": 0.5,
    "K10": 0.25,
    "K12": 0.25,
    "K13": 0.25,
    "K16": 0.75,
    "K17": 0.75,
    "K18": 0.75,
    "K19": 0.5,
    "K36": 0.75,
    "K37": 0.75,
    "K38": 0.75,
}


@cache
def _model() -> ReadingModel:
    try:
        return ReadingModel(locate("reading"))
    except WeightsError as error:
        pytest.skip(str(error))


@cache
def _lookups(shop: str) -> Lookups:
    if shop != "demo":
        return Lookups(ground.names_of(TESTS / "shops" / shop / "catalogue"))
    file = ROOT / "var" / "lookups.json"
    if not file.is_file():
        pytest.skip("The demo's names are not written yet; run `make setup`.")
    return Lookups(json.loads(file.read_text("utf-8")))


def _wrong(case: Mapping[str, Any], shop: str) -> list[str]:
    """What is not read as the case says."""
    text = case["ask"]
    reading = _model().read(text, entities(text, _lookups(shop)))
    wrong = []
    acts = [request.act for request in reading.requests]
    if case.get("acts", acts) != acts:
        wrong.append(f"acts {acts}")
    for kind, words in (case.get("spans") or {}).items():
        said = _said(reading, kind)
        wrong += [
            f"{kind} {[span.words for span in said]}"
            for each in words
            if not any(share_most(_place(text, each), span) for span in said)
        ]
    read = [_told(each) for each in quantities.read(text, NOW, toward=case.get("toward", 0))]
    wrong += [f"quantities {read}" for each in case.get("quantities", ()) if each not in read]
    facts = {fact for request in reading.requests for fact in request.facts}
    if missing := set(case.get("facts", ())) - facts:
        wrong.append(f"facts without {sorted(missing)}")
    return wrong


def _said(reading: Reading, kind: str) -> list[Span]:
    return [span for request in reading.requests for span in request.spans if span.kind == kind]


def _place(text: str, words: str) -> Span:
    start = text.index(words)
    return Span("", start, start + len(words), words)


def _told(said: quantities.Quantity) -> str:
    parts = (said.role, said.bound, said.value, said.to)
    return " ".join(
        f"{part.normalize():f}" if isinstance(part, Decimal) else str(part)
        for part in parts
        if part is not None
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_read(kind: str) -> None:
    cases = [(case, shop) for shop, some in KINDS[kind].items() for case in some]
    wrong = {case["ask"]: found for case, shop in cases if (found := _wrong(case, shop))}
    right = 1 - len(wrong) / len(cases)
    assert right >= WEAK.get(kind, 1.0), wrong


def test_each_kind_is_asked_in_both_languages_of_two_shops() -> None:
    for kind, shops in KINDS.items():
        assert len(shops) == 2, kind
        asked = [case["ask"] for some in shops.values() for case in some]
        chinese = [any("\u3400" <= c <= "\u9fff" for c in text) for text in asked]
        assert len(asked) >= 4, kind
        assert 0 < sum(chinese) < len(asked) or kind == TRADITIONAL, kind
