"""How a message goes on with what was said before, by the grammar of both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.understanding import follow_ups, places, superlatives
from data.models import Localized, Product, Variant
from data.shop import Direction, Lexicon


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("what does the small one cost", ["small"]),
        ("and the blue ones?", ["blue"]),
        ("is the heavier of the two any good", ["heavier"]),
        ("那个儿童的多少钱", ["儿童"]),
        ("大的那个能装多少", ["大"]),
        ("有没有儿童款", ["有没有儿童"]),
        ("75寸的呢", ["75寸"]),
        ("轻的有货吗", ["轻"]),
        ("and the other?", [""]),
        ("另一个呢", [""]),
        ("that one", []),
        ("什么时候退款", []),
        ("那个的话", []),
        ("the other tent", []),
    ],
)
def test_what_points_to_one_of_several(text: str, words: list[str]) -> None:
    assert [each.words for each in places.pointings(text)] == words


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("which one lasts longer", True),
        ("and which is better in the wet", True),
        ("which holds more", True),
        ("which of them is warm", True),
        ("哪个更轻", True),
        ("哪款防水", True),
        ("which colours do you have", False),
        ("which tents are there", False),
        ("哪个颜色好看", False),
        ("is it light", False),
    ],
)
def test_which_of_them_is_asked(text: str, which: bool) -> None:
    assert (places.which_of_them(text) is not None) is which


@pytest.mark.parametrize(
    ("before", "after", "asks"),
    [
        ("and the ", "?", True),
        ("what about the ", "", True),
        ("那", "呢", True),
        ("", "呢？", True),
        ("", "?", True),
        ("ok the ", " then", False),  # that is a choice
        ("", "", False),
        ("and is the ", " warm?", False),
        ("那", "多少钱", False),
    ],
)
def test_a_name_alone_asks_what_was_asked(before: str, after: str, asks: bool) -> None:
    assert follow_ups.goes_on(before, after) is asks


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("is it waterproof? and can I wash it", ["is it waterproof? ", "and can I wash it"]),
        ("is it light and does it fold", ["is it light ", "and does it fold"]),
        ("能充电吗 能用多久", ["能充电吗 ", "能用多久"]),
        ("is it warm and light?", ["is it warm and light?"]),
        ("那个棉的呢 能用到几度", ["那个棉的呢 能用到几度"]),
        ("how heavy is it? I need 2 kg.", ["how heavy is it? I need 2 kg."]),
        ("怎么付款 公司账户的 能分期吗", ["怎么付款 公司账户的 ", "能分期吗"]),
        ("how loud is it, can i use it at night", ["how loud is it, ", "can i use it at night"]),
        (
            "is it safe, and if it leaks do i get money",
            ["is it safe, ", "and if it leaks do i get money"],
        ),
        ("前几天买的 用了两次就坏 正常吗", ["前几天买的 用了两次就坏 正常吗"]),
        ("If it breaks, do you mend it", ["If it breaks, do you mend it"]),
    ],
)
def test_several_questions(text: str, parts: list[str]) -> None:
    assert [text[begin:end] for begin, end in follow_ups.questions(text)] == parts


def test_goods_in_a_row() -> None:
    for between in (" and a ", ", ", " or ", "和", "再来一包", " 一个", " please, and a "):
        assert follow_ups.joins(between), between
    for between in (" for a ", "的", " in the "):
        assert not follow_ups.joins(between), between
    tail = " and a folding chair?"
    assert tail[slice(*(follow_ups.last_of_row(tail) or (0, 0)))] == "folding chair"
    assert follow_ups.last_of_row(" and when does it come") is None


def test_all_of_it() -> None:
    for text in ("all of that together", "total?", "一共多少", "全套下来", "加起来呢"):
        assert follow_ups.sums(text), text
    for text in ("how much is it", "多少钱", "都有什么颜色"):
        assert not follow_ups.sums(text), text


LEXICON = Lexicon.model_validate(
    {"attributes": {"comfort": {"least": {"zh": ["最暖"], "en": ["warmest"]}}}}
)


def bag(name: str, price: str, **figures: tuple[str, str, int, str]) -> Product:
    return Product(
        id=name,
        name=Localized(zh=name, en=name),
        attributes=[
            {"key": key, "name": {"zh": zh, "en": en}, "number": number, "unit": unit}
            for key, (zh, en, number, unit) in figures.items()
        ],
        variants=[Variant(price=Decimal(price), options={})],
    )


def bags(*figures: tuple[int, int, int, int]) -> list[Product]:
    return [
        bag(
            str(place), "9",
            load=("适合体重", "For up to", load, "kg"),
            weight=("重量", "Weight", weight, "g"),
            comfort=("舒适温度", "Comfort", comfort, "°C"),
            life=("续航时间", "Run time", life, "hour"),
        )
        for place, (load, weight, comfort, life) in enumerate(figures)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("哪个轻", Direction(("weight",), most=False)),
        ("which is lighter", Direction(("weight",), most=False)),  # not what it bears
        ("小的", Direction(("weight",), most=False)),
        ("which is warmer", Direction(("comfort",), most=False)),
        ("哪个更暖", Direction(("comfort",), most=False)),
        ("the longer run time", Direction(("life",), most=True)),
        ("哪个续航时间长", Direction(("life",), most=True)),
        ("the cheaper", Direction(("price",), most=False)),
        ("那个贵的", Direction(("price",), most=True)),
        ("which is prettier", None),
        ("哪个好看", None),
    ],
)
def test_what_is_asked_of_some_that_are_known(text: str, direction: Direction | None) -> None:
    two = bags((90, 800, -5, 3), (120, 1200, 0, 8))
    assert superlatives.of_those(text, two, LEXICON) == direction


def test_figures_that_one_of_them_lacks_tell_nothing() -> None:
    without = Product(id="c", name=Localized(zh="c", en="c"), attributes=[], variants=[])
    assert (
        superlatives.of_those("which is lighter", [*bags((1, 2, 3, 4)), without], LEXICON) is None
    )
