"""`shopguide new-shop`: what it writes is a shop, and stays one whatever is uncommented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.commands.shop import NewShopRefused, begin
from data.checks import Kind
from data.checks.folder import check_folder
from data.rules import ShopRules
from data.shop import ShopFolder

# A line of explanation has one space behind its #; a line that is to be uncommented has none, or
# the indent of its place.
_COMMENTED = re.compile(r"^(\s*)#(?! \S)(?!$)", re.MULTILINE)
_FURTHER = re.compile(r"^(\s+)#(?! )", re.MULTILINE)


def begun(folder: Path, **given: str) -> list[str]:
    options = {
        "name": 'Leaf: "Pot" & #1',
        "languages": "en",
        "country": "gb",
        "currency": "",
        "timezone": "",
    }
    return begin(folder, **{**options, **given})


def uncomment(path: Path) -> str:
    text = _COMMENTED.sub(r"\1", path.read_text("utf-8"))
    return _FURTHER.sub(r"\1", text)


def test_what_is_begun_is_a_shop(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "leaf"
    told = begun(folder)
    shop = ShopRules.load(folder).shop
    assert shop.name.en == 'Leaf: "Pot" & #1'
    assert (shop.country, shop.currency, shop.timezone) == ("GB", "GBP", "Europe/London")
    found, _, _ = check_folder(folder)
    assert not [each for each in found if each.kind is Kind.WRONG]
    assert any(each.text.startswith("about-these-pages") for each in found)
    assert any(f"SHOPGUIDE_SHOP={folder}" in line for line in told)


@pytest.mark.parametrize(
    ("country", "timezone"), [("US", "America/Chicago"), ("CN", "Asia/Shanghai"), ("NO", "")]
)
def test_everything_that_is_uncommented_is_valid(
    tmp_path: Path, country: str, timezone: str
) -> None:
    begun(tmp_path, country=country, timezone=timezone)
    for name in ("shop.yaml", "rules.yaml", "sources.yaml", "lexicon.yaml"):
        (tmp_path / name).write_text(uncomment(tmp_path / name), encoding="utf-8")
    rules, shop = ShopRules.load(tmp_path), ShopFolder.open(tmp_path)
    assert rules.delivery
    assert set(rules.delivery.zones) == {"islands", "home"}
    assert set(rules.delivery.methods) == {"standard", "pickup"}
    assert rules.returns
    assert set(rules.returns.classes) == {"standard", "hygiene", "final"}
    sections = ("cancellation", "warranty", "price_protection_days", "payment", "membership")
    assert all(getattr(rules, section) for section in sections)
    assert rules.shop.service_hours
    assert rules.shop.service_hours.holidays
    assert rules.shop.order_number
    assert rules.shop.pages.product
    assert shop.sources
    assert shop.lexicon.tags
    assert shop.lexicon.attributes


def test_a_shop_with_two_languages_has_pages_in_both(tmp_path: Path) -> None:
    begun(tmp_path, languages="zh,en")
    assert ShopRules.load(tmp_path).shop.languages == ("zh", "en")
    pages = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("about*.md"))
    assert pages == [f"documents/{language}/about-these-pages.md" for language in ("en", "zh")]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"country": "England"}, "ISO 3166"),
        ({"languages": "de"}, "zh and en"),
        ({"languages": ","}, "zh and en"),
        ({"currency": "POUNDS"}, "ISO 4217"),
        ({"timezone": "London"}, "Europe/Berlin"),
        ({"country": "US"}, "America/New_York, America/Chicago"),
    ],
)
def test_what_does_not_do_is_refused_and_nothing_written(
    tmp_path: Path, given: dict[str, str], told: str
) -> None:
    with pytest.raises(NewShopRefused, match=told):
        begun(tmp_path / "new", **given)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NewShopRefused, match="not empty"):
        begun(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
