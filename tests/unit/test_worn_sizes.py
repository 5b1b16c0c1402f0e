"""Which sizes somebody says they wear."""

from __future__ import annotations

import pytest

from bot.actions.profile import read_sizes


@pytest.mark.parametrize(
    ("text", "now", "gone"),
    [
        ("I don't wear 42 any more, 43", "43", {"42"}),
        ("I don't wear 42 any more, I wear 43", "43", {"42"}),
        ("我不穿42了，现在穿43", "43", {"42"}),
        ("我的鞋码是41，不是42", "41", {"42"}),
        ("ＸＬ，不是Ｌ", "XL", {"L"}),
        ("改成xl码", "XL", set()),
        ("my size is m", None, set()),  # "m" alone could be anything
        ("change my size to M", "M", set()),
        ("I'm a size s now", "S", set()),
        ("I've gone up to 2XL", "XXL", set()),
        ("我从来不穿42的", None, {"42"}),
        ("I paid 43.50 in 2042 for it, it's 1.85 kg", None, set()),
        ("I'M ANGRY ABOUT IT", None, set()),
        ("38.5 fits", "38.5", set()),
        ("nothing here", None, set()),
    ],
)
def test_read_sizes(text: str, now: str | None, gone: set[str]) -> None:
    assert read_sizes(text) == (now, gone)
