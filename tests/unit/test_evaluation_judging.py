"""The judge of answers: it lets a right answer pass, tells what is wrong, and tells silence from a
wrong word."""

from __future__ import annotations

from typing import Any

import pytest

from bot.evaluation.asking import Answer
from bot.evaluation.judging import Outcome, faults, held_back, judge
from bot.evaluation.questions import Question
from tests.e2e.conftest import inexcusable

NEVER = ["Spruce"]
CASE = Question(
    1,
    say=["how much is delivery to berlin"],
    must=["€4\\.90"],
    never=["€8"],
    cites=["delivery"],
    cards=["pier-lead"],
    no_cards=["pier-h-harness"],
)
ASKED = Question(2, say=["how much is delivery"], must=["€4\\.90", "Germany"])
UNANSWERABLE = Question(3, say=["do you groom dogs"], answerable=False)
UNKNOWN = "I could not find a reliable answer to that."


def _answer(
    text: str = "It costs €4.90.",
    *,
    source: str | None = "delivery",
    quote: str = "",
    cards: tuple[str, ...] = ("pier-lead",),
    language: str = "en",
    handoff: dict[str, Any] | None = None,
    **trace: Any,
) -> Answer:
    message: dict[str, Any] = {
        "text": text,
        "language": language,
        "citations": [{"source": source, "title": "Delivery", "quote": quote}] if source else [],
        "cards": [{"product_id": product} for product in cards],
        "table": None,
        "handoff": handoff,
    }
    return Answer(messages=[message], trace=trace)


def _silent(text: str = UNKNOWN, **more: Any) -> Answer:
    return _answer(text, source=None, cards=(), **more)


def test_a_right_answer_has_no_faults() -> None:
    assert list(faults(_answer(), CASE, NEVER, "en")) == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        _answer("It costs €5.90."),
        _answer("It costs €4.90 or €8.90."),
        _answer("It costs €4.90 at Spruce Outfitters."),
        _answer("It costs €4.90 {fee}."),
        _answer(source="returns"),
        _answer(cards=()),
        _answer(cards=("pier-lead", "pier-h-harness")),
        _answer(language="zh"),
        _answer(failed="KeyError"),
    ],
)
def test_each_fault_is_told(answer: Answer) -> None:
    assert len(list(faults(answer, CASE, NEVER, "en"))) == 1


@pytest.mark.parametrize(
    "answer",
    [
        _silent(expects="human"),
        _silent("What do you mean?", lost=True),
        _silent("Somebody writes to you soon.", handoff={"ticket": 1, "state": "queued"}),
    ],
)
def test_who_tells_nothing_holds_back(answer: Answer) -> None:
    assert held_back(answer)
    assert judge(answer, ASKED, NEVER, "en").outcome is Outcome.HELD_BACK
    assert judge(answer, UNANSWERABLE, NEVER, "en").outcome is Outcome.RIGHT


@pytest.mark.parametrize(
    "answer",
    [
        _silent("Delivery is free."),  # decided by a rule, without a page
        _answer("Delivery is free.", expects="human"),
        _silent("It costs €4.90 at Spruce.", expects="human"),
    ],
)
def test_what_tells_something_else_is_wrong(answer: Answer) -> None:
    assert judge(answer, ASKED, NEVER, "en").outcome is Outcome.WRONG
    assert judge(answer, UNANSWERABLE, NEVER, "en").outcome is Outcome.WRONG


def test_the_right_words_are_right_though_a_person_is_offered() -> None:
    question = Question(1, say=["can I speak to somebody"], must=["somebody writes"])
    answer = _silent("Somebody writes to you soon.", handoff={"ticket": 1, "state": "queued"})
    assert judge(answer, question, NEVER, "en").outcome is Outcome.RIGHT


@pytest.mark.parametrize(
    ("answer", "proven"),
    [
        (_answer("To Germany it is €4.90.", quote="Germany: €4.90, from €49 free"), True),
        (_answer("To Germany it is €4.90.", quote="Delivery costs €4.90."), False),
        (_silent("To Germany it is €4.90."), None),
        (_answer("To Germany it is €5.90.", quote="Germany: €4.90"), None),
    ],
)
def test_a_citation_proves_all_that_must_be_told_or_does_not(
    answer: Answer, proven: bool | None
) -> None:
    assert judge(answer, ASKED, NEVER, "en").proven is proven


@pytest.mark.parametrize(
    ("answerable", "weak", "excused"),
    [
        (False, "tempted: its bulbs", True),
        (False, "wrong", False),
        (False, None, False),
        (True, "tempted", False),
    ],
)
def test_what_tempts_is_excused_where_nothing_answers_and_that_is_listed(
    answerable: bool, weak: str | None, excused: bool
) -> None:
    told = _answer("It has 12 bulbs.")
    asked = Question(1, say=["?"], never=["12"], answerable=answerable)
    assert (inexcusable(told, asked, (), weak) == []) is excused
    assert inexcusable(told, asked, ["bulbs"], weak), "what the shop never says"
