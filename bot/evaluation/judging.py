"""Whether an answer holds what its question asks for, and whether it told anything at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.evaluation.asking import Answer
from bot.evaluation.questions import Question
from retrieval.types import Language

# What a card holds beside what is read on it.
_UNREAD = ("kind", "product_id", "url", "picture", "image")
# What no customer should read: our code, and what was to be filled in.
_LEAK = re.compile(r"Traceback|[{}]|utter_|action_")


class Outcome(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    HELD_BACK = "held back"


@dataclass(frozen=True)
class Verdict:
    """`faults` are sentences, none of a right answer. `proven`: of an answer that is right, cites,
    and holds patterns, whether one citation's quote alone holds all of them; None of any other."""

    outcome: Outcome
    faults: Sequence[str] = ()
    proven: bool | None = None


def judge(answer: Answer, question: Question, never: Sequence[str], language: Language) -> Verdict:
    """`never` holds for every answer of the shop, which is to be in `language`."""
    harm = list(harms(answer, question, never))
    silent = held_back(answer)
    if not question.answerable:
        wrong = [*harm, *_odd(answer, language)]
        if not silent:
            wrong.append("It tells something, where nothing in the shop answers.")
        return Verdict(Outcome.WRONG if wrong else Outcome.RIGHT, wrong)
    wrong = list(faults(answer, question, never, language))
    if not wrong:
        return Verdict(Outcome.RIGHT, proven=_proven(answer, question))
    return Verdict(Outcome.HELD_BACK if silent and not harm else Outcome.WRONG, wrong)


def held_back(answer: Answer) -> bool:
    """Whether it told nothing, as its notes have it: it said that it does not know or did not
    understand, or handed over. Of a message with several requests one that was answered without a
    citation, a card or a table is not seen."""
    if answer.citations or answer.cards or answer.rows:
        return False
    handed = any(message.get("handoff") for message in answer.messages)
    return handed or answer.trace.get("expects") == "human" or bool(answer.trace.get("lost"))


def harms(answer: Answer, question: Question, never: Sequence[str]) -> Iterator[str]:
    """What stands in the answer and must not: another shop's facts, a false promise."""
    words = _words(answer)
    for pattern in (*question.never, *never):
        if re.search(pattern, words, re.I):
            yield f"“{pattern}” stands in it."


def faults(
    answer: Answer, question: Question, never: Sequence[str], language: Language
) -> Iterator[str]:
    """What is wrong with the answer to a question that can be answered."""
    if not answer.messages:
        yield "There is no answer."
        return
    words = _words(answer)
    for pattern in question.must:
        if not re.search(pattern, words, re.I):
            yield f"“{pattern}” is missing."
    yield from harms(answer, question, never)
    if question.cites and not set(answer.sources) & set(question.cites):
        cited = ", ".join(dict.fromkeys(answer.sources)) or "nothing"
        yield f"It cites {cited}, none of {', '.join(question.cites)}."
    shown = {str(card["product_id"]) for card in answer.cards if "product_id" in card}
    if question.cards and not shown & set(question.cards):
        yield f"It shows none of {', '.join(question.cards)}."
    if unwanted := shown & set(question.no_cards):
        yield f"It shows {', '.join(sorted(unwanted))}."
    yield from _odd(answer, language)


def _odd(answer: Answer, language: Language) -> Iterator[str]:
    """What is wrong with any answer, whatever was asked."""
    if answer.messages and answer.language != language:
        yield f"It is in {answer.language}, not in {language}."
    if answer.unanswered or answer.trace.get("failed"):
        yield "It apologises for a fault of ours."
    if leak := _LEAK.search(answer.text):
        yield f"“{leak[0]}” stands in it."


def _proven(answer: Answer, question: Question) -> bool | None:
    if not question.must or not answer.citations:
        return None
    return any(
        all(re.search(pattern, citation["quote"], re.I) for pattern in question.must)
        for citation in answer.citations
    )


def _words(answer: Answer) -> str:
    """What a customer reads, but for the citations' quotes."""
    lines = [answer.text, *(" | ".join(row) for row in answer.rows)]
    for card in answer.cards:
        lines.append(" | ".join(str(v) for k, v in card.items() if k not in _UNREAD))
    return "\n".join(lines)
