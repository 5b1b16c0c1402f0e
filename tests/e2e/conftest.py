"""What the tests of the whole system report beside passing and failing."""

from __future__ import annotations

from collections import defaultdict

import pytest

SHOP_ANSWER = "shop_answer"  # a property of a test: the shop, and whether it answered well


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
