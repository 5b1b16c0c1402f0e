"""Figures of judged answers, and what is said of an answer that names something from nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from bot.evaluation.asking import Answer
from bot.evaluation.figures import Judged, by, count
from bot.evaluation.judging import Outcome, Verdict
from bot.evaluation.questions import Question
from bot.evaluation.support import quotes_texts, unsupported

RIGHT, WRONG, HELD = Outcome.RIGHT, Outcome.WRONG, Outcome.HELD_BACK


def _judged(
    outcome: Outcome,
    language: str = "en",
    kind: str | None = "policy",
    *,
    answerable: bool = True,
    proven: bool | None = None,
    cites: tuple[str, ...] = (),
    unsupported: tuple[str, ...] | None = None,
) -> Judged:
    question = Question(1, say=["?"], kind=kind, answerable=answerable)
    return Judged(question, language, Verdict(outcome, (), proven), cites, unsupported)


TOLD = [
    _judged(RIGHT, proven=True, cites=("delivery",), unsupported=()),
    _judged(RIGHT, proven=False, cites=("delivery", "returns"), unsupported=()),
    _judged(RIGHT, "zh", kind="order"),
    _judged(WRONG, "zh", cites=("returns",), unsupported=("7 天",)),
    _judged(HELD, kind=None),
    _judged(RIGHT, answerable=False),
    _judged(WRONG, "zh", answerable=False),
]


def test_all_are_counted() -> None:
    assert count(TOLD).plain() == {
        "questions": 7,
        "right": 4,
        "wrong": 2,
        "held_back": 1,
        "score": 2,
        "unanswerable": 2,
        "refused": 1,
        "cited": 3,
        "provable": 2,
        "proven": 1,
        "citation_precision": 0.5,
        "quoting": 3,
        "unsupported": 1,
    }


def test_of_nothing_there_is_no_precision() -> None:
    assert count([]).citation_precision is None
    assert count([]).score == 0


def test_groups_share_all_that_name_one() -> None:
    languages = by(TOLD, lambda each: each.language)
    kinds = by(TOLD, lambda each: each.question.kind)
    assert {name: (each.right, each.wrong) for name, each in languages.items()} == {
        "en": (3, 0),
        "zh": (1, 2),
    }
    assert {name: each.questions for name, each in kinds.items()} == {"order": 1, "policy": 5}


# --- from nowhere ----------------------------------------------------------------------------

TEXTS = {"lamp": "Lamp\nThe lamp takes 3 AAA batteries and shines for 40 hours."}
NAMES = ["Reading Lamp", "Bulb Long"]
QUESTION = Question(1, say=["how long does it shine in 2 winters"], must=["40"])


def _quoted(text: str, quote: str = "It shines for 40 hours.", **more: Any) -> Answer:
    citation = {"source": "lamp", "title": "Reading Lamp", "quote": quote}
    message = {"text": text, "citations": [citation], "cards": [], "table": None, **more}
    return Answer([message], trace={"wording": {"origin": "quote"}, "reading": {}})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It shines for 40 hours. [1]", []),
        ("The Reading Lamp shines for 40 hours with 3 batteries. [7]", []),
        ("Two winters: 40 hours each. [1]", []),
        ("It shines for 2,400 minutes. [1]", []),
        ("It shines for 50 hours. [1]", ["50 hours"]),
        ("It shines for 40 days. [1]", ["40 days"]),
        ("The Bulb Long shines for 40 hours. [1]", ["Bulb Long"]),
        ("它能亮 40 小时。[1]", []),
        ("它能亮五十小时。[1]", ["五十小时"]),
    ],
)
def test_figures_and_names_from_nowhere(text: str, found: list[str]) -> None:
    assert unsupported(_quoted(text), QUESTION, TEXTS, NAMES) == found


def test_what_is_shown_beside_the_text_holds_it_up() -> None:
    card = {"title": "Bulb Long", "price": "12.50"}
    answer = _quoted("The Bulb Long for 12.50 fits. [1]", cards=[card])
    assert unsupported(answer, QUESTION, TEXTS, NAMES) == []
    table = {"header": ["", "Lamp"], "rows": [["Weight", "70 g"]]}
    assert unsupported(_quoted("70 g. [1]", table=table), QUESTION, TEXTS, NAMES) == []


def test_only_answers_that_quote_texts_are_looked_at() -> None:
    assert quotes_texts(_quoted("40 hours. [1]"))
    ruled = _quoted("You pay $5. [1]")
    ruled.trace = {"wording": None}
    assert not quotes_texts(ruled)
    both = _quoted("40 hours. [1]\n\nYou pay $5.")
    both.trace["reading"] = {"requests": [{}, {}]}
    assert not quotes_texts(both)
    silent = _quoted("I do not know.", citations=[])
    assert not quotes_texts(silent)
