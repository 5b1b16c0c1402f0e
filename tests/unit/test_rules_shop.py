"""A shop's two files: what they may leave out, and what is said of what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import three_shops
import yaml

from data.errors import RulesInvalid
from data.rules import ShopRules

DEMO = Path(__file__).parents[2] / "demo/shop"
Change = Callable[[dict[str, Any], dict[str, Any]], object]


def complaint(folder: Path, change: Change) -> str:
    """What is said of the Chinese shop after a change of shop.yaml and rules.yaml."""
    shop, rules = (yaml.safe_load(three_shops.CN[name]) for name in ("shop.yaml", "rules.yaml"))
    change(shop, rules)
    for name, content in (("shop.yaml", shop), ("rules.yaml", rules)):
        text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(RulesInvalid) as caught:
        ShopRules.load(folder)
    return str(caught.value)


def test_the_demo():
    rules = ShopRules.load(DEMO)
    assert (rules.name["zh"], rules.name["en"]) == ("云杉户外", "Spruce Outfitters")
    assert rules.shop.country == "CN"


def test_the_least_that_a_shop_says():
    least = yaml.safe_load(three_shops.US["shop.yaml"])
    for key in ("website", "identify", "holidays"):
        least.pop(key)
    rules = three_shops.load({"shop.yaml": yaml.safe_dump(least)})
    assert rules.name["zh"] == rules.name["en"] == "Maple & Main"
    assert rules.shop.identify == ("email", "postcode")
    assert rules.shop.email is rules.shop.phone is rules.shop.service_hours is None
    assert rules.delivery is rules.returns is rules.membership is None


def test_ways_to_identify():
    shop = three_shops.load(three_shops.US).shop
    assert shop.identified_by == ("phone", "email")
    assert shop.proved_by == ("order_number",)
    assert not shop.by_code


def test_a_code_by_mail_may_stand_beside_them():
    shop = three_shops.load(three_shops.US).shop
    coded = type(shop).model_validate(
        {**shop.model_dump(), "identify": ["email", "postcode", "code"]}
    )
    assert coded.by_code
    assert coded.proved_by == ("postcode",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s, r: s.pop("country"), "shop.yaml cannot be used:\n- country is missing"),
        (lambda s, r: s.update(country="China"), "country: 'China' does not do: name a country"),
        (lambda s, r: s.update(currency="RMB"), "currency: 'RMB' does not do: name a currency"),
        (lambda s, r: s.update(timezone="Mars/Crater"), "Asia/Shanghai"),
        (lambda s, r: s.update(timezone="../etc/passwd"), "Asia/Shanghai"),
        (lambda s, r: s.update(languages=["fr"]), "languages.0: 'fr' does not do"),
        (lambda s, r: s.update(extra=1), "- extra is not known; check the spelling"),
        (lambda s, r: s.update(identify=["email"]), "name email or phone, and postcode or"),
        (lambda s, r: s.update(identify=["email", "code"]), "name email or phone, and postcode or"),
        (lambda s, r: s.update(identify=["phone", "postcode", "code"]), "name email too"),
        (lambda s, r: s["order_number"].update(pattern="("), "it is no regular expression"),
        (lambda s, r: s["service_hours"].update(monday=["09:00", "10:00"]), "'monday' is no day"),
        (lambda s, r: s["service_hours"].update(fri=["09:00", "10:00"]), "fri is said twice"),
        (lambda s, r: s["service_hours"].update(sun=["18:00", "10:00"]), "must not come after"),
        (lambda s, r: s.update(holidays=["someday"]), "holidays.0: 'someday'"),
        (lambda s, r: r.update(extra=1), "rules.yaml cannot be used:\n- extra is not known"),
        (lambda s, r: r["delivery"].update(cutoff=960), "delivery.cutoff: 960 does not do: write"),
        (lambda s, r: r["delivery"].update(dispatch_days=["monday"]), "should be 'mon', 'tue'"),
        (
            lambda s, r: r["delivery"]["zones"]["near"].update(regions=["Mordor"]),
            "- delivery.zones.near.regions: 'Mordor' does not do: name a region of CN",
        ),
        (
            lambda s, r: r["delivery"]["not_served"].update(countries=["Japan"]),
            "delivery.not_served.countries.0: 'Japan' does not do",
        ),
        (
            lambda s, r: r["delivery"]["zones"]["near"].update(postcodes=[310]),
            "write postcodes in quotes",
        ),
        (
            lambda s, r: r["delivery"]["methods"]["express"]["days"].update(far=[1, 2]),
            "methods.express.days: far is none of the zones (near, remote, mainland)",
        ),
        (
            lambda s, r: r["delivery"]["ground_only"].update(methods=["truck"]),
            "truck is none of the methods (standard, express)",
        ),
        (
            lambda s, r: r["delivery"]["methods"]["standard"].update(free_by_tier=["bronze"]),
            "delivery: bronze is no tier of the membership",
        ),
    ],
)
def test_says_which_key_and_what_is_allowed(tmp_path: Path, change: Change, said: str) -> None:
    assert said in complaint(tmp_path, change)


def test_amounts_stand_in_quotes(tmp_path: Path) -> None:
    text = complaint(tmp_path, lambda s, r: r["delivery"]["methods"]["express"].update(fee=18.0))
    assert "delivery.methods.express.fee" in text
    assert 'write amounts in quotes with two places: "8.00"' in text


def test_says_all_that_is_wrong_in_both_files(tmp_path: Path) -> None:
    def change(shop: dict[str, Any], rules: dict[str, Any]) -> None:
        shop.pop("name")
        shop["currency"] = "XX"
        rules["invoice"] = 3

    text = complaint(tmp_path, change)
    assert "- name is missing" in text
    assert "- currency: 'XX'" in text
    assert "- invoice: 3 does not do" in text


def test_norway_is_no_falsehood(tmp_path: Path) -> None:
    files = {
        "shop.yaml": three_shops.US["shop.yaml"],
        "rules.yaml": "delivery: {zones: {north: {countries: [NO]}}, methods: "
        "{m: {name: Post, fee: '1.00'}}}",
    }
    rules = three_shops.load(files)
    assert rules.delivery is not None
    assert rules.delivery.zones["north"].countries == {"NO"}


@pytest.mark.parametrize("content", [b"a: [", b"\xff\xfe\x00", b"", b"- 1"])
def test_no_shop_at_all(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "shop.yaml").write_bytes(content)
    with pytest.raises(RulesInvalid, match=r"shop\.yaml"):
        ShopRules.load(tmp_path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(RulesInvalid, match=r"shop\.yaml cannot be read"):
        ShopRules.load(tmp_path)
