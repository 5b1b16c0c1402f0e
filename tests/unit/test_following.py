"""Whether an utterance goes on with the one before it."""

from __future__ import annotations

import pytest

from bot.understanding.following import goes_on


@pytest.mark.parametrize(
    "text",
    [
        "and if I paid by card?",
        "ok, but what if it was opened",
        "what about Norway",
        "so I have to pay for that myself?",
        "can I send it back instead",
        "那打开过的呢",
        "那要是过了三十天",
        "黑色的呢？",
        "可是我没有小票",
    ],
)
def test_it_goes_on(text: str) -> None:
    assert goes_on(text)


@pytest.mark.parametrize(
    "text",
    [
        "how much is delivery",
        "I'd like and want a refund",
        "do you repair lamps",
        "运费多少",
        "呢子大衣能水洗吗",
        "怎么退货",
        "",
    ],
)
def test_it_begins_anew(text: str) -> None:
    assert not goes_on(text)
