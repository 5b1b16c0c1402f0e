"""The training sentences: they name no shop's goods, and are filled alike every time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.rasa import examples
from bot.rasa.components.masking import NEUTRAL, SHAPES
from demo import catalogue
from retrieval.lexicon import Lexicon, MentionKind

LANGUAGES = examples.LANGUAGES
TEMPLATES = [
    (language, intent.name, template)
    for intent in examples.intents()
    for language, sentences in intent.sentences.items()
    for template in sentences
]
NAMES: tuple[MentionKind, ...] = ("category", "product", "brand")
# Aliases of the demo's category for care and repair that are everyday verbs as well.
VERBS = {"care", "repair", "repairs", "cleaning"}
# What the demo shop and its like sell, beyond the names in its catalogue.
OUTDOORS = re.compile(
    r"帐|睡袋|睡垫|冲锋|抓绒|羽绒|登山|雪山|户外|天幕|头灯|炉|气罐|背包|徒步鞋|雪地"
    r"|\b(?:tents?|sleeping|backpacks?|rucksacks?|headlamps?|hikers?|campers?|trails?|stoves?"
    r"|boots?|fleeces?|anoraks?|trekking|canisters?|outdoors?|pegs|crampons?|mountains?)\b",
    re.I,
)


def test_no_example_names_goods_of_the_demo_shop() -> None:
    categories, products = catalogue.read()
    lexicon = Lexicon.of(products, categories)
    named = []
    for _, intent, template in TEMPLATES:
        plain = re.sub(r"\{\w+\}", " _ ", template)
        found = lexicon.find(plain, NAMES)
        words = {plain[mention.start : mention.end].lower() for mention in found} - VERBS
        if words or OUTDOORS.search(plain):
            named.append((intent, template, words))
    assert not named


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_goods_that_fill_placeholders_are_of_many_trades_and_not_the_demos(
    language: str,
) -> None:
    categories, products = catalogue.read()
    lexicon = Lexicon.of(products, categories)
    goods = examples.Goods.read(language)
    assert len(goods.kinds) >= 12
    assert {len(trade) for trade in goods.kinds} == {12}  # none outweighs another
    words = [word for trade in goods.kinds for kind in trade for word in kind]
    words += [*goods.words["product"], *goods.words["brand"]]
    assert not [word for word in words if lexicon.find(word, NAMES)]


def test_every_placeholder_can_be_filled() -> None:
    for language, _, template in TEMPLATES:
        goods = examples.Goods.read(language)
        known = {*goods.words, "category", "categories"}
        assert set(re.findall(r"\{(\w+)\}", template)) <= known | {"id"}, template


def test_a_template_becomes_a_neutral_sentence_and_some_of_other_trades() -> None:
    neutral, *others = examples.filled("do you sell {categories}", "product_search", "en")
    assert neutral.text == f"do you sell {NEUTRAL['en']['categories']}"
    assert len({other.text for other in others}) == examples.GOODS
    assert {one.template for one in [neutral, *others]} == {"do you sell {categories}"}
    again = examples.filled("do you sell {categories}", "product_search", "en")
    assert again == [neutral, *others]


def test_two_goods_in_a_sentence_are_of_two_trades() -> None:
    trades = {
        word: number
        for number, trade in enumerate(examples.Goods.read("zh").kinds)
        for word, _ in trade
    }
    for example in examples.filled("{category}和{category}", "compare", "zh", goods=20)[1:]:
        first, second = example.text.split("和")
        assert trades[first] != trades[second]


def test_an_article_fits_its_noun() -> None:
    texts = [e.text for e in examples.filled("a {category}", "product_search", "en", goods=60)]
    assert "a product" in texts
    assert not [text for text in texts if re.match(r"a [aeiou]|an [^aeiou]", text)]


def test_what_is_nothing_but_text_stays_so() -> None:
    (only,) = examples.filled("你好", "greet", "zh")
    assert only.text == "你好"
    assert [e.text for e in examples.filled("{email}", "provide_identity", "en")] == [
        SHAPES["email"]
    ]


def test_a_shop_adds_sentences_of_its_own(tmp_path: Path) -> None:
    everyday = examples.training(tmp_path)
    (tmp_path / "examples.yaml").write_text(
        "delivery_cost: [is freight included, 运费到付吗]\nproduct_search: ['{category} in bulk']\n"
    )
    added = examples.training(tmp_path)[len(everyday) :]
    assert {(e.intent, e.language) for e in added} == {
        ("delivery_cost", "en"),
        ("delivery_cost", "zh"),
        ("product_search", "en"),
    }
    assert "is freight included" in {e.text for e in added}


@pytest.mark.parametrize("content", ["- a", "greet: hello", "greet: [1]", "7"])
def test_a_shops_sentences_of_another_form_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "examples.yaml").write_text(content)
    with pytest.raises(examples.ExamplesError, match=r"examples\.yaml must hold lists"):
        examples.training(tmp_path)


def test_an_empty_file_of_sentences_adds_none(tmp_path: Path) -> None:
    (tmp_path / "examples.yaml").write_text("# nothing yet\n")
    assert examples.training(tmp_path) == examples.training()


def test_nothing_that_measures_unseen_trades_is_trained_on() -> None:
    def alike(text: str) -> str:
        return re.sub(r"[\W_]+", "", text.lower())

    trained = {alike(example.text) for example in examples.training()}
    folder = examples.PROJECT.parents[1] / "tests" / "understanding"
    for language in LANGUAGES:
        trades = yaml.safe_load((folder / f"unseen_{language}.yaml").read_text("utf-8"))
        sentences = [s for trade in trades.values() for said in trade.values() for s in said]
        assert len(sentences) >= 120
        assert not [s for s in sentences if alike(s) in trained]
