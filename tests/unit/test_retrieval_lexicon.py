"""The catalogue's words in a text, and which products are of a kind: shops of several trades."""

from __future__ import annotations

import pytest

from data.models import Category, Localized, Product, Variant
from retrieval.kinds import Kinds
from retrieval.lexicon import Form, Lexicon, Mention, squash, without_brand


def category(name: str, id: str, *, zh: tuple[str, ...] = (), en: tuple[str, ...] = ()) -> Category:
    return Category(id=id, name=Localized(name, name), aliases={"zh": [*zh], "en": [*en]})


def product(
    name: str, category_id: str, *, brand: str | None = None, aliases: tuple[str, ...] = ()
) -> Product:
    return Product(
        id=name,
        category_id=category_id,
        brand=brand,
        name=Localized(name, name),
        aliases={"en": [*aliases]},
        variants=[],
    )


PHONES = [
    product("小米10至尊纪念版", "phones", brand="小米", aliases=("小米10",)),
    product("OPPO Ace2", "phones", brand="OPPO"),
    product("iQOO Neo3", "phones", brand="iQOO"),
]
EARPHONES = [
    product("小米降噪项圈蓝牙耳机", "earphones", brand="小米"),
    product("Sony WH-1000XM4", "earphones", brand="Sony"),
    product("OPPO Enco W51", "earphones", brand="OPPO"),
]
ELECTRONICS = [
    category("手机", "phones", zh=("智能手机", "拍照手机"), en=("phone", "smartphone")),
    category("耳机", "earphones", zh=("降噪耳机",), en=("headphones",)),
]


def found(lexicon: Lexicon, text: str) -> list[tuple[str, str, str]]:
    return [(text[m.start : m.end], m.kind, m.owner) for m in lexicon.find(text)]


@pytest.fixture(scope="module")
def electronics() -> Lexicon:
    PHONES[0].variants = [
        Variant(sku="1", options={"memory": {"zh": "8GB+128GB"}, "color": {"zh": "陶瓷黑"}})
    ]
    return Lexicon.of([*PHONES, *EARPHONES], ELECTRONICS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("有没有oppo ACE 2", [("oppo ACE 2", "product", "OPPO Ace2")]),
        ("小米的手机", [("小米", "brand", "小米"), ("手机", "category", "phones")]),
        ("陶瓷黑 8gb+128gb", [("陶瓷黑", "option", "color"), ("8gb+128gb", "option", "memory")]),
        ("two phones", [("phone", "category", "phones")]),
        ("a telephone", []),
        ("OPPO Ace21", [("OPPO", "brand", "OPPO")]),
        ("headphone?", []),
        ("小米1 0", [("小米1 0", "product", "小米10至尊纪念版")]),
        (
            "Is it from OPPO. Ace2 it is",
            [("OPPO", "brand", "OPPO"), ("Ace2", "product", "OPPO Ace2")],
        ),
        ("", []),
    ],
)
def test_words_of_the_catalogue(
    electronics: Lexicon, text: str, expected: list[tuple[str, str, str]]
) -> None:
    assert found(electronics, text) == expected


def test_only_the_kinds_asked_for_take_room(electronics: Lexicon) -> None:
    text = "小米10至尊纪念版"
    assert electronics.find(text, ("brand",)) == [Mention(0, 2, "brand", "小米")]
    assert electronics.find(text, ("brand", "product")) == [Mention(0, 9, "product", text)]


def test_what_is_written_goes_before_what_is_derived() -> None:
    lexicon = Lexicon(
        [Form("gas canisters", "category", "cooking"), Form("gas canister", "product", "a")]
    )
    assert found(lexicon, "a gas canister") == [("gas canister", "product", "a")]
    assert found(lexicon, "gas canisters") == [("gas canisters", "category", "cooking")]
    assert lexicon.owner("Gas-Canister", "product") == "a"


def test_plurals_are_read_either_way() -> None:
    lexicon = Lexicon([Form(word, "category", word) for word in ("Batteries", "dress", "Shoes")])
    assert [owner for *_, owner in found(lexicon, "battery, dresses, shoe")] == [
        "Batteries",
        "dress",
        "Shoes",
    ]


def test_an_empty_catalogue_names_nothing() -> None:
    assert Lexicon.of([], []).find("anything") == []


def test_squashed_and_without_brand() -> None:
    assert squash("Ａce-2 Pro!") == "ace2pro"
    assert without_brand("Apple iPhone 12", "Apple") == "iPhone 12"
    assert without_brand("Applesauce", "Apple") == "Applesauce"
    assert without_brand("小米手机", "小米") == "手机"
    assert without_brand("Apple", "Apple") == "Apple"


def test_a_phone_is_what_stands_among_the_phones() -> None:
    kinds = Kinds([*PHONES, *EARPHONES], ELECTRONICS)
    phones, earphones = ({p.id for p in group} for group in (PHONES, EARPHONES))
    assert kinds.members("phones", "手机") == phones
    assert kinds.members("phones", "智能手机") == phones
    assert kinds.members("phones", "phones") == phones
    # One of three has the quality in its name; the others may have it all the same.
    assert kinds.members("earphones", "降噪耳机") == earphones


def test_a_narrow_kind_is_what_is_called_so() -> None:
    shop = [
        product("Oat Cream 50 ml", "skin"),
        product("Night Cream (rich)", "skin"),
        product("Rose Serum", "skin", aliases=("rose oil",)),
        product("Cream Spatula", "skin"),
    ]
    kinds = Kinds(shop, [category("Skin care", "skin", en=("cream", "oils", "lotion"))])
    assert kinds.members("skin", "creams") == {"Oat Cream 50 ml", "Night Cream (rich)"}
    assert kinds.members("skin", "oil") == {"Rose Serum"}
    assert kinds.members("skin", "lotion") == {p.id for p in shop}
    assert kinds.is_plainly_another("Rose Serum", "skin", "cream") is False
    assert kinds.is_plainly_another("Night Cream (rich)", "skin", "oil") is True
