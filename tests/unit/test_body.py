"""What is told of a body, and whether a size is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.understanding import body


@pytest.mark.parametrize(
    ("text", "figures", "woman"),
    [
        ("I'm 171 and 64 kg, which size?", {"height": 171, "weight": 64}, False),
        ("她身高一米六二,110斤,选多大", {"height": 162, "weight": 55}, True),
        ("my chest is 101 cm, what size do I take", {"chest": 101}, False),
        ("腰围80穿什么码", {"waist": 80}, False),
        ("what size for 200 yuan", {}, False),
    ],
)
def test_figures_of_a_body(text: str, figures: dict[str, int], *, woman: bool) -> None:
    told = body.told(text)
    assert {part: Decimal(value) for part, value in figures.items()} == told.figures
    assert told.woman is woman
    assert body.asks_size(text)


@pytest.mark.parametrize("text", ["in L please", "多少钱", "how long is it", "一码通怎么用"])
def test_no_size_is_asked(text: str) -> None:
    assert not body.asks_size(text)
