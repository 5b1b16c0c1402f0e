"""A shop's folder: what is there, what may be absent, and what is told of a wrong key."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import DEMO, ROOT
from data.errors import ShopInvalid
from data.shop import Direction, Lexicon, ShopFolder


def folder(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    return tmp_path


def test_everything_but_the_shop_may_be_absent(tmp_path: Path) -> None:
    shop = ShopFolder.open(folder(tmp_path, shop="name: A"))
    assert shop.shop_file == tmp_path / "shop.yaml"
    assert [shop.rules_file, shop.documents, shop.phrases] == [None] * 3
    assert shop.sources == {}
    assert shop.lexicon == Lexicon()


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ShopInvalid, match="not a folder"):
        ShopFolder.open(tmp_path / "none")


def test_a_decision_is_proved_by_one_page_or_several(tmp_path: Path) -> None:
    shop = ShopFolder.open(folder(tmp_path, sources="delivery.cost: fees\nprice.fixed: [a, b]"))
    assert shop.sources == {"delivery.cost": ("fees",), "price.fixed": ("a", "b")}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"sources": "delivery.cost: 3"}, "- delivery.cost: 3 does not do"),
        ({"sources": "delivery.cost: []"}, "- delivery.cost: "),
        ({"lexicon": "tag: {}"}, "- tag: is not a word list that the shop can have"),
        ({"lexicon": "attributes: {weight: {better: lower}}"}, "- attributes.weight.better: "),
        ({"lexicon": "tags: {winter: {de: [Schnee]}}"}, "- tags.winter.de: "),
        ({"lexicon": "tags: ["}, "is not YAML"),
    ],
)
def test_one_sentence_a_wrong_key(tmp_path: Path, files: dict[str, str], told: str) -> None:
    with pytest.raises(ShopInvalid) as raised:
        ShopFolder.open(folder(tmp_path, **files))
    assert told in str(raised.value)


LEXICON = Lexicon.model_validate(
    {
        "tags": {
            "gaming": {"zh": ["游戏", "电竞"], "en": ["gaming", "game"]},
            "noise-cancelling": ["noise cancelling", "ANC"],
            "leather": {"zh": "皮", "en": ["suede"]},
        },
        "attributes": {
            "screen": {"most": {"zh": ["屏幕最大"], "en": ["biggest", "largest"]}},
            "weight": {
                "least": {"zh": ["最轻"], "en": ["lightest"]},
                "less": {"zh": ["更轻"], "en": ["lighter"]},
                "compare": True,
                "means": True,
            },
            "size": {"most": {"en": ["biggest"]}},
            "warmth": {"means": True, "beside": {"zh": ["被子"], "en": ["quilt"]}},
        },
    }
)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("打游戏用什么手机好", {"gaming"}),
        ("a phone for games", {"gaming"}),
        ("is it a Gaming laptop?", {"gaming"}),
        ("headphones with anc", {"noise-cancelling"}),
        ("noise-cancelling headphones", {"noise-cancelling"}),
        ("a gamepad", set()),  # words are whole
        ("", set()),
    ],
)
def test_tags_by_their_words(text: str, tags: set[str]) -> None:
    assert LEXICON.tags_in(text) == tags


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("最轻的笔记本", Direction(("weight",), most=False)),
        ("the lightest one", Direction(("weight",), most=False)),
        ("your biggest TV", Direction(("screen", "size"), most=True)),
        ("屏幕最大的", Direction(("screen",), most=True)),
        ("a light one", None),
    ],
)
def test_superlatives_of_attributes(text: str, direction: Direction | None) -> None:
    assert LEXICON.direction_in(text) == direction


def test_words_for_the_same() -> None:
    assert LEXICON.alike("suede") == {"suede", "皮", "leather"}
    assert LEXICON.alike("Blue") == {"blue"}


def test_what_is_compared_and_how_the_better_one_is_called() -> None:
    (weight,) = LEXICON.compared().values()
    assert weight.best("zh", of_two=True) == "更轻"
    assert weight.best("en", of_two=True) == "lighter"
    assert weight.best("en", of_two=False) == "lightest"
    assert LEXICON.attributes["screen"].best("en", of_two=True) is None


def test_what_a_bare_figure_means() -> None:
    assert LEXICON.meant("weight", "under 2 kg")
    assert LEXICON.meant("warmth", "a quilt for 5 degrees")
    assert not LEXICON.meant("warmth", "wash at 30 degrees")
    assert not LEXICON.meant("unknown", "2 kg")


def test_the_demo_shop_names_pages_that_it_has() -> None:
    shop = ShopFolder.open(ROOT / DEMO)
    assert shop.documents is not None
    for language in ("zh", "en"):
        there = {path.stem for path in (shop.documents / language).glob("*.md")}
        assert {page for pages in shop.sources.values() for page in pages} <= there
