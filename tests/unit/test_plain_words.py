"""What is not wanted, and what somebody merely has not."""

from __future__ import annotations

import pytest

from bot.understanding.plain_words import asks_worth, excluded
from bot.understanding.reading import Request


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a sofa with no armrests", ["armrests"]),
        ("I live in Leeds. no velvet please", ["velvet"]),
        ("we live on the fourth floor no elevator", []),
        ("I have no garden, which table", []),
        ("there is no socket in my shed", []),
    ],
)
def test_what_somebody_lacks_at_home_is_no_wish(text: str, words: list[str]) -> None:
    assert excluded(Request("product_search", 1.0, "", 0, len(text), text)) == words


@pytest.mark.parametrize("text", ["贵五百值吗", "is the dear one worth it", "多花三百划算吗"])
def test_what_something_is_worth(text: str) -> None:
    assert asks_worth(text)
