"""What a text puts right, and which other order it means: closed classes of both languages."""

from __future__ import annotations

import pytest

from bot.understanding import body, corrections, follow_ups, places


@pytest.mark.parametrize(
    ("text", "meant", "instead"),
    [
        ("oh sorry, 12 kg not 15", "12 kg", "15"),
        ("oops, I meant four people", "four people", ""),
        ("not the grey one, the white one", "the white one", "the grey one"),
        ("wait, 250 instead of 500", "250", "500"),
        ("Leipzig I meant, sorry", "Leipzig", ""),
        ("hang on, make that five", "five", ""),
        ("no, size 40", "size 40", ""),
        ("说错了 身高是171", "身高是171", ""),
        ("哎呀打错了，应该是一百八", "一百八", ""),
        ("不是五个，是六个", "六个", "五个"),
        ("是周日不是周六", "周日", "周六"),
        ("九十斤不是七十", "九十斤", "七十"),
        ("不要粉的 要灰的", "灰的", "粉的"),
        ("哦不对 是兰州", "兰州", ""),
    ],
)
def test_what_is_put_right(text: str, meant: str, instead: str) -> None:
    said = corrections.read(text)
    assert said is not None
    assert (said.meant, said.instead) == (meant, instead)


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "不用了",
        "不是",
        "i want a blue one",
        "换个便宜的",
        "",
        "no raisins please",
        "no plastic",
    ],
)
def test_what_puts_nothing_right(text: str) -> None:
    assert corrections.read(text) is None


@pytest.mark.parametrize(
    ("words", "others", "whole"),
    [
        ("under 900", "800", "under 800"),
        ("两个人", "三个", "三个人"),
        ("2 people", "3", "3 people"),
    ],
)
def test_a_number_takes_the_place_of_another(words: str, others: str, whole: str) -> None:
    assert corrections.with_number(words, others) == whole
    assert corrections.with_number("blue", others) is None


@pytest.mark.parametrize(
    ("text", "goods"),
    [
        ("不是这个 是买手表的那单", "手表"),
        ("我说的是有水杯的那个订单", "水杯"),
        ("项链那单呢", "项链"),
        ("no, the one with the lamp", "lamp"),
        ("wrong order, I mean the order with two vases", "two vases"),
        ("what about my shampoo order?", "shampoo"),
        ("上一单呢", ""),
        ("我是说另外那个订单", ""),
        ("the other one", ""),
        ("no, the order before that", ""),
    ],
)
def test_which_other_order(text: str, goods: str) -> None:
    said = corrections.other_order(text)
    assert said is not None
    assert said.goods == goods


@pytest.mark.parametrize(
    "text", ["能退买手表的那单吗", "is the lamp there", "不是", "大的那款好看"]
)
def test_no_other_order(text: str) -> None:
    assert corrections.other_order(text) is None


@pytest.mark.parametrize(
    ("before", "after", "question"),
    [
        ("and the ", ", would it do for a toddler?", "would it do for a toddler?"),
        ("what about the ", ", is it any good in rain?", "is it any good in rain?"),
        ("那", "呢 下雨天行不行", "下雨天行不行"),
        ("太贵了 ", "那个呢 三岁能玩吗", "三岁能玩吗"),
    ],
)
def test_a_thing_that_is_named_and_asked_more_of(before: str, after: str, question: str) -> None:
    begin = follow_ups.then_asks(before, after)
    assert begin is not None
    assert after[begin:] == question


@pytest.mark.parametrize(
    ("before", "after"),
    [("is the ", " heavy, and does it fold?"), ("", "有货吗 多少钱"), ("the ", ", please")],
)
def test_a_thing_that_is_asked_of_itself(before: str, after: str) -> None:
    assert follow_ups.then_asks(before, after) is None


@pytest.mark.parametrize("text", ["这个防水吗", "is it heavy", "does this one fold", "它多重"])
def test_one_thing_is_pointed_to(text: str) -> None:
    assert places.one_thing(text) is not None


@pytest.mark.parametrize("text", ["哪个防水", "are these heavy", "它们多重", "防水吗"])
def test_no_one_thing_is_pointed_to(text: str) -> None:
    assert places.one_thing(text) is None


def test_a_body_and_the_question_for_its_size_stay_together() -> None:
    text = "is it for a girl of 172 cm, what size, and is there red?"
    first, last = body.together(text, follow_ups.questions(text))
    assert text[slice(*first)].rstrip(" ,") == "is it for a girl of 172 cm, what size"
    assert "red" in text[slice(*last)]


def test_who_a_body_is_of() -> None:
    assert body.told("my husband is 184 cm").man
    assert body.told("老公一米八").man
    assert not body.told("其他人170").man
    assert not body.told("my wife is 172 cm").man
