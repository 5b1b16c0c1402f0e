"""What a shop's text says of a word: that it is so, that it is not, or nothing."""

from __future__ import annotations

import pytest

from retrieval.claims import says


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("80 W wired and 30 W wireless charging.", "wireless charging", True),
        ("45 W wired charging, no wireless charging.", "wireless charging", False),
        ("Free of glue and foam.", "foam", False),
        ("fragrance-free", "fragrance", False),
        ("White lilies with a scent.", "lily", True),
        ("For oily and combination skin.", "oily skin", True),
        ("No wheat. It does contain maize.", "maize", True),
        ("有线 67 瓦，不支持无线充电。", "无线充电", False),
        ("羊毛内里，防滑鞋底。", "羊毛", True),
        ("It is a lamp.", "foam", None),
        ("It is a lamp.", "", None),
    ],
)
def test_what_a_text_says(text: str, words: str, said: bool | None) -> None:
    assert says([text], words) is said


def test_one_that_affirms_it_counts_more_than_one_that_denies_it() -> None:
    assert says(["No pump.", "A pump comes with it."], "pump") is True
