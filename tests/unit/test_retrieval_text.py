"""Words, languages and sentences of mixed text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text import add_words, detect_language, sentences, tokenize


def words(text: str, **options: bool) -> list[str]:
    return [token.text for token in tokenize(text, **options)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ridgeline 2 Tent 防水吗?", ["Ridgeline", "2", "Tent", "防水", "吗"]),
        ("3000mm，1,299.00元", ["3000", "mm", "1,299.00", "元"]),
        ("订单SP20417388到哪了", ["订单", "SP20417388", "到", "哪", "了"]),
        ("a.b@example.com 的订单", ["a.b@example.com", "的", "订单"]),
        ("what's in EU42", ["what's", "in", "EU42"]),
        ("😀👍🏽 好", ["😀👍🏽", "好"]),
        ("!!!", ["!!!"]),
        ("\u200b", ["\u200b"]),
        (" \n\t", []),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_search_mode_adds_the_words_inside_long_ones() -> None:
    assert set(words("中华人民共和国", search=True)) > {"中华人民共和国", "人民", "共和国"}


def test_added_words_stay_whole_but_not_in_search_mode() -> None:
    before = words("青岚双肩包坏了", search=True)
    add_words(["青岚双肩包", "plain"])
    assert words("青岚双肩包坏了")[0] == "青岚双肩包"
    assert words("青岚双肩包坏了", search=True) == before


@given(st.text(max_size=60))
def test_offsets_point_into_the_text_and_nothing_visible_is_lost(text: str) -> None:
    tokens = tokenize(text)
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert bool(tokens) == bool(text.strip())
    assert [token.start for token in tokens] == sorted(token.start for token in tokens)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("帐篷防水吗", "zh"),
        ("ridgeline 防水吗", "zh"),
        ("雪の峰帐篷", "zh"),
        ("is the 岭线双人三季帐 waterproof?", "en"),
        ("my order 到哪了", "zh"),
        ("Ridgeline 2 Tent", "en"),
        ("refund asap", "en"),
        ("pine ridgeline 2 tent colour", "en"),
        ("Wo ist meine Bestellung bitte", "other"),
        ("¿Dónde está mi pedido, por favor?", "other"),
        ("Quero devolver o meu pedido", "other"),
        ("この商品は防水ですか", "other"),
        ("где мой заказ", "other"),
        ("أين طلبي", "other"),
        ("제 주문 어디 있나요", "other"),
        ("SP20417388", None),
        ("a@b.example", None),
        ("42", None),
        ("😀", None),
        ("", None),
    ],
)
def test_language(text: str, expected: str | None) -> None:
    assert detect_language(text) == expected


def test_english_sentences_end_at_stops_with_space_after_them() -> None:
    text = "It costs ¥8.00. Free from ¥99, e.g. for socks. Really? Yes!\nNext line"
    assert sentences(text, "en") == [
        "It costs ¥8.00.",
        "Free from ¥99, e.g. for socks.",
        "Really?",
        "Yes!",
        "Next line",
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Net wt. 1.7 fl. oz. each.",
        "0.5oz. bottle.",
        "It holds 30 ml. of water (approx. 1 fl. oz. a day. Shake it), no more.",
        "Sold in packs of 12 pcs. and more.",
        "It is 3 in. wide.",
        "It weighs 3 oz. Net.",
    ],
)
def test_a_sentence_goes_on_behind_an_abbreviation(sentence: str) -> None:
    assert sentences(f"{sentence} Then it ends.", "en") == [sentence, "Then it ends."]


def test_chinese_sentences_keep_their_closing_marks() -> None:
    text = "标准配送 8 元。“满 99 元免运费！”能退吗?可以的。1.85 公斤"
    assert sentences(text, "zh") == [
        "标准配送 8 元。",
        "“满 99 元免运费！”",
        "能退吗?",
        "可以的。",
        "1.85 公斤",
    ]


def test_blank_text_has_no_sentences() -> None:
    assert sentences(" \n ", "zh") == []
