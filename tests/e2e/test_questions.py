"""Questions in both languages through the whole system, and what each answer must hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from retrieval.text import detect_language
from tests.running import Answer, System, ask

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("questions.yaml").read_text("utf-8")
)


def _id(case: dict[str, Any]) -> str:
    return " / ".join(case["say"])[:60]


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_question(case: dict[str, Any], system: System) -> None:
    with system.client(case.get("as")) as client:
        for text in case["say"]:
            answer = ask(client, text)
    told = f"\n{case['say']}\n→ {answer.all_words}\ncites {answer.sources}\n{answer.trace}"
    assert answer.messages, told
    for pattern in case.get("must", []):
        assert re.search(pattern, answer.all_words, re.I), f"{pattern!r} is missing{told}"
    for pattern in case.get("never", []):
        assert not re.search(pattern, answer.all_words, re.I), f"{pattern!r} stands in it{told}"
    if "cites" in case:
        assert set(answer.sources) & set(case["cites"]), told
    if "cards" in case:
        assert {card.get("product_id") for card in answer.cards} & set(case["cards"]), told
    assert not {card.get("product_id") for card in answer.cards} & set(case.get("no_cards", [])), (
        told
    )
    assert answer.language == _language(case), told
    _nothing_leaks(answer)


def _language(case: dict[str, Any]) -> str:
    spoken = [detect_language(text) for text in case["say"]]
    known = [language for language in spoken if language in ("zh", "en")]
    return str(case.get("language") or (known or ["en"])[-1])


def _nothing_leaks(answer: Answer) -> None:
    """No placeholder, code or trace in what a customer reads."""
    for leak in ("Traceback", "{", "}", "utter_", "action_"):
        assert leak not in answer.text
    assert answer.deltas == [] or answer.deltas[-1] in answer.text
