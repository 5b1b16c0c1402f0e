"""The demo shop's catalogue: complete, in both languages, and without contradictions in form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "demo" / "catalogue"
FILES = sorted(FOLDER.glob("*.yaml"))
CATEGORIES: list[dict[str, Any]] = [
    yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES
]
PRODUCTS: list[dict[str, Any]] = [p for shelf in CATEGORIES for p in shelf["products"]]

PRODUCT_KEYS = {
    "id", "brand", "name", "aliases", "summary", "description", "attributes", "sizing", "care",
    "tags", "return_class", "warranty_months", "min_age", "rebuy_days", "launched_on",
    "goes_with", "variants",
}  # fmt: skip
CHINESE = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
HAN = r"[\u3400-\u9fff]"
every_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p["id"])


def texts(product: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Every text that a customer reads, but for the variants' options."""
    yield from (product[key] for key in ("name", "summary", "description", "sizing", "care"))
    for attribute in product["attributes"]:
        yield attribute["name"]
        yield attribute["value"]


def names(thing: dict[str, Any], language: str) -> list[str]:
    return [thing["name"][language], *thing["aliases"][language]]


def twice(words: list[str]) -> list[str]:
    return [word for word, count in Counter(words).items() if count > 1]


def test_the_shop_is_as_large_as_promised() -> None:
    assert len(CATEGORIES) >= 8
    assert len(PRODUCTS) >= 80


def test_each_file_is_named_after_its_category() -> None:
    assert [path.stem for path in FILES] == [shelf["category"]["id"] for shelf in CATEGORIES]
    for shelf in CATEGORIES:
        assert set(shelf) == {"category", "products"}
        assert set(shelf["category"]) == {"id", "name", "aliases"}
        assert len(shelf["products"]) >= 5


@every_product
def test_product_has_exactly_the_known_keys(product: dict[str, Any]) -> None:
    assert set(product) == PRODUCT_KEYS
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", product["id"])
    assert product["brand"]
    assert product["tags"]
    assert product["return_class"] in {"standard", "clearance", "hygiene", "consumable"}
    assert isinstance(product["launched_on"], date)
    for key in ("warranty_months", "min_age", "rebuy_days"):
        assert product[key] is None or (isinstance(product[key], int) and product[key] > 0)


@every_product
def test_texts_stand_in_both_languages(product: dict[str, Any]) -> None:
    for text in texts(product):
        assert set(text) == {"zh", "en"}
        assert isinstance(text["zh"], str)
        assert isinstance(text["en"], str)
        assert re.search(HAN, text["zh"]), text
        assert text["en"].strip()
        assert not CHINESE.search(text["en"]), text
    for language in ("zh", "en"):
        assert product["aliases"][language]
        for alias in product["aliases"][language]:
            assert bool(CHINESE.search(alias)) == (language == "zh"), alias


@every_product
def test_chinese_uses_full_width_punctuation(product: dict[str, Any]) -> None:
    for text in texts(product):
        assert not re.search(rf"{HAN}[,;:!?]|[,;:!?]{HAN}", text["zh"]), text["zh"]
        assert not re.search(rf"{HAN}\.(\s|$)", text["zh"]), text["zh"]
        assert not re.search(r"[()]", text["zh"]), text["zh"]


@every_product
def test_descriptions_are_sentences(product: dict[str, Any]) -> None:
    for key in ("description", "sizing", "care"):
        assert product[key]["zh"].endswith("。"), product[key]["zh"]
        assert product[key]["en"].endswith("."), product[key]["en"]
    assert not product["summary"]["zh"].endswith("。")
    assert not product["summary"]["en"].endswith(".")
    assert product["description"]["zh"].count("。") >= 2


@every_product
def test_attributes_have_a_number_only_with_a_unit(product: dict[str, Any]) -> None:
    keys = [attribute["key"] for attribute in product["attributes"]]
    assert 4 <= len(keys) <= 8
    assert not twice(keys)
    for attribute in product["attributes"]:
        assert set(attribute) in (
            {"key", "name", "value"},
            {"key", "name", "value", "number", "unit"},
        )
        if "number" in attribute:
            assert isinstance(attribute["number"], int | float)
            assert isinstance(attribute["unit"], str)


@pytest.mark.parametrize("shelf", CATEGORIES, ids=lambda shelf: shelf["category"]["id"])
def test_an_attribute_has_one_name_and_unit_on_a_shelf(shelf: dict[str, Any]) -> None:
    labels: dict[str, dict[str, str]] = {}
    units: dict[str, str] = {}
    for product in shelf["products"]:
        for attribute in product["attributes"]:
            label = attribute["name"]
            assert labels.setdefault(attribute["key"], label) == label, product["id"]
            if "unit" in attribute:
                assert units.setdefault(attribute["key"], attribute["unit"]) == attribute["unit"]


@every_product
def test_variants_can_be_sold(product: dict[str, Any]) -> None:
    assert product["variants"]
    options = [str(variant["options"]) for variant in product["variants"]]
    assert not twice(options)
    assert len({tuple(variant["options"]) for variant in product["variants"]}) == 1
    for variant in product["variants"]:
        assert set(variant) == {"sku", "options", "price", "list_price", "stock"}
        assert re.fullmatch(r"[1-9]\d*\.\d\d", variant["price"])
        assert isinstance(variant["stock"], int)
        assert variant["stock"] >= 0
        for option in variant["options"].values():
            assert set(option) == {"zh", "en"}
            assert all(isinstance(text, str) and text for text in option.values())
            assert not CHINESE.search(option["en"])
        if variant["list_price"] is not None:
            assert re.fullmatch(r"[1-9]\d*\.\d\d", variant["list_price"])
            assert float(variant["list_price"]) > float(variant["price"])


@every_product
def test_reduced_goods_are_clearance(product: dict[str, Any]) -> None:
    reduced = {variant["list_price"] is not None for variant in product["variants"]}
    assert reduced == {product["return_class"] == "clearance"}


def test_ids_and_skus_are_unique() -> None:
    assert not twice([product["id"] for product in PRODUCTS])
    assert not twice([variant["sku"] for product in PRODUCTS for variant in product["variants"]])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_name_means_two_things(language: str) -> None:
    things = PRODUCTS + [shelf["category"] for shelf in CATEGORIES]
    spoken = [
        word for thing in things for word in {name.casefold() for name in names(thing, language)}
    ]
    assert not twice(spoken)


def test_companions_exist() -> None:
    ids = {product["id"] for product in PRODUCTS}
    for product in PRODUCTS:
        companions = product["goes_with"]
        assert companions
        assert set(companions) <= ids, product["id"]
        assert product["id"] not in companions
        assert not twice(companions)


def test_fuel_flame_and_blade_are_for_adults() -> None:
    adult = {product["id"] for product in PRODUCTS if product["min_age"] == 18}
    assert {"threaded-gas-canister", "cassette-gas", "finch-folding-knife"} <= adult
    for product in PRODUCTS:
        if "fuel" in product["tags"]:
            assert product["id"] in adult


def test_consumables_are_bought_again() -> None:
    for product in PRODUCTS:
        if product["return_class"] == "consumable":
            assert product["rebuy_days"] is not None, product["id"]


def test_some_goods_are_scarce_or_gone() -> None:
    stocks = [variant["stock"] for product in PRODUCTS for variant in product["variants"]]
    assert stocks.count(0) >= 10
    assert sum(1 <= stock <= 3 for stock in stocks) >= 10
