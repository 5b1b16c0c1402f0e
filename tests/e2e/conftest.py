"""What the tests of the whole system report beside passing and failing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.evaluation.asking import Answer
from bot.evaluation.judging import harms
from bot.evaluation.questions import Question

SHOP_ANSWER = "shop_answer"  # a property of a test: the shop, and whether it answered well
_TEMPTED = "tempted"  # of a weak answer: what stands beside the thing that was asked is told


def inexcusable(
    answer: Answer, question: Question, never: Sequence[str], weak: str | None
) -> list[str]:
    """What stands in the answer and no list of weak ones excuses. Where nothing in the shop
    answers, the question's own patterns name what tempts: telling that can be listed, as such."""
    if weak is not None and weak.startswith(_TEMPTED) and not question.answerable:
        question = replace(question, never=[])
    return list(harms(answer, question, never))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    answers: dict[str, list[bool]] = defaultdict(list)
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", ()):
                if name == SHOP_ANSWER and report.when == "call":
                    shop, right = value
                    answers[shop].append(right)
    if answers:
        terminalreporter.section("answers of the shops")
    for shop, right in sorted(answers.items()):
        share = sum(right) / len(right)
        terminalreporter.write_line(f"{shop}: {sum(right)} of {len(right)} right ({share:.0%})")
