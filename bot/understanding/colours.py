"""The plain colours, by the character that ends their Chinese names, as customers write them."""

from __future__ import annotations

import re

COLOURS: dict[str, tuple[str, ...]] = {
    "黑": ("黑色", "black"), "白": ("白色", "white"), "红": ("红色", "red"),
    "蓝": ("蓝色", "blue"), "绿": ("绿色", "green"), "灰": ("灰色", "grey", "gray"),
    "黄": ("黄色", "yellow"), "橙": ("橙色", "orange"), "棕": ("棕色", "brown"),
    "紫": ("紫色", "purple"), "粉": ("粉色", "pink"),
}  # fmt: skip


def named(text: str) -> list[str]:
    """The words of a text for plain colours."""
    lowered = text.lower()
    return [
        word
        for words in COLOURS.values()
        for word in words
        if (re.search(rf"\b{word}\b", lowered) if word.isascii() else word in lowered)
    ]


_LONE = re.compile(rf"[{''.join(COLOURS)}](?=的|那|款)的?")


def lone(text: str) -> list[tuple[int, str]]:
    """Where a single character stands for a colour, with what makes it one: 黑的."""
    return [(match.start(), match[0]) for match in _LONE.finditer(text)]


ENGLISH = {word for words in COLOURS.values() for word in words if word.isascii()}
