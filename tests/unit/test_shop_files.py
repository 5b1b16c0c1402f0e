"""The shops of tests/shops: their files agree with each other, and their pages with their rules."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from bot.evaluation.questions import Question
from tests.shops.files import SHOPS, TODAY, ShopFiles

every_shop = pytest.mark.parametrize("shop", SHOPS, ids=lambda shop: shop.name)
NOW = datetime.fromisoformat(TODAY)
STATUSES = set(
    "pending_payment paid packed shipped delivered cancelled return_requested returned refunded"
    " ".split()
)


@every_shop
def test_the_files_are_whole(shop: ShopFiles) -> None:
    assert {"name", "languages", "country", "currency", "timezone"} <= set(shop.shop)
    assert len(shop.shop["languages"]) == 1
    assert 15 <= len(shop.pages) <= 18
    for decision, page in shop.sources.items():
        assert page in shop.pages, decision
    for page, text in shop.pages.items():
        assert len(re.findall(r"(?m)^## ", text)) >= 2, page
        assert "Spruce" not in text, page
        assert "云杉" not in text, page


@every_shop
def test_what_the_catalogue_refers_to_is_there(shop: ShopFiles) -> None:
    ids = {table: {row["id"] for row in shop.rows(table)} for table in ("categories", "products")}
    skus = {row["sku"]: Decimal(row["price"]) for row in shop.rows("variants")}
    classes = shop.rules["returns"]["classes"]
    for product in shop.rows("products"):
        assert product["category"] in ids["categories"]
        assert product["return_class"] in classes
    assert {row["product"] for row in shop.rows("variants")} == ids["products"]
    assert {row["product"] for row in shop.rows("attributes")} <= ids["products"]
    assert {row["currency"] for row in shop.rows("variants")} == {shop.shop["currency"]}
    assert {row["sku"] for row in shop.rows("order_lines")} <= set(skus)
    assert {row["order"] for row in shop.rows("order_lines")} == {
        row["number"] for row in shop.rows("orders")
    }
    assert 14 <= len(ids["products"]) <= 25
    assert any(row["stock"] == "0" for row in shop.rows("variants"))
    assert any(row["list_price"] for row in shop.rows("variants"))


@every_shop
def test_orders_are_of_the_shop_and_of_the_past(shop: ShopFiles) -> None:
    key = "email" if "email" in shop.rows("customers")[0] else "phone"
    customers = {row[key] for row in shop.rows("customers")}
    tiers = {tier["id"] for tier in shop.rules.get("membership", {}).get("tiers", [])}
    assert 6 <= len(customers) <= 10
    assert {row.get("tier", "") for row in shop.rows("customers")} <= tiers | {""}
    orders = shop.rows("orders")
    assert 12 <= len(orders) <= 20
    assert {order["status"] for order in orders} == STATUSES
    for order in orders:
        assert re.fullmatch(shop.shop["order_number"]["pattern"], order["number"])
        assert order[key] in customers
        assert order["delivery_method"] in shop.rules["delivery"]["methods"]
        times = [order[column] for column in ("placed_at", "shipped_at", "delivered_at")]
        moments = [datetime.fromisoformat(time) for time in times if time]
        assert moments == sorted(moments)
        assert moments[-1] <= NOW, order["number"]
        sent = {"shipped": 2, "delivered": 3, "return_requested": 3, "returned": 3, "refunded": 3}
        assert len(moments) == sent.get(order["status"], 1), order["number"]


@every_shop
def test_orders_paid_the_fee_of_the_rules(shop: ShopFiles) -> None:
    key = "email" if "email" in shop.rows("customers")[0] else "phone"
    customers = {row[key]: row for row in shop.rows("customers")}
    goods: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in shop.rows("order_lines"):
        goods[line["order"]] += Decimal(line["unit_price"]) * int(line["quantity"])
    for order in shop.rows("orders"):
        value = goods[order["number"]] - Decimal(order["discount"] or 0)
        expected = _fee(
            shop.rules["delivery"], order["delivery_method"], customers[order[key]], value
        )
        assert Decimal(order["delivery_fee"]) == expected, order["number"]


def _fee(delivery: dict[str, Any], method: str, customer: dict[str, str], value: Any) -> Decimal:
    """Worked out anew, simply, from the rules' text."""
    terms, tier = delivery["methods"][method], customer.get("tier", "")
    free_from = terms.get("free_from_by_tier", {}).get(tier, terms.get("free_from"))
    if tier in terms.get("free_by_tier", []) or (free_from and value >= Decimal(free_from)):
        return Decimal(0)
    if isinstance(terms["fee"], str):
        return Decimal(terms["fee"])
    for zone, places in delivery["zones"].items():
        if customer["province"] in places.get("regions", []) or customer.get(
            "country"
        ) in places.get("countries", []):
            return Decimal(terms["fee"][zone])
    raise AssertionError(f"{customer} lives in no zone")


# --- the pages say what the rules say --------------------------------------------------------


def _amount(text: str) -> str:
    """5.95, and 35 for 35.00."""
    return text.removesuffix(".00")


def _span(days: list[int]) -> str:
    return str(days[0]) if days[0] == days[1] else f"{days[0]}–{days[1]}"


def _cosmetics(rules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    terms, returns = rules["delivery"]["methods"]["standard"], rules["returns"]
    fee, free, days = _amount(terms["fee"]), _amount(terms["free_from"]), terms["days"]
    assert rules["delivery"]["cutoff"] == "13:00"
    assert {c["days"] for c in returns["classes"].values()} == {60, 0}
    yield "shipping", f"Standard shipping is ${fee} per order. Orders of ${free} or more"
    yield "shipping", "Orders placed before 1 p.m. Central on a weekday"
    yield "shipping", f"Delivery takes {_span(days['states'])} business days after that."
    yield "shipping", f"To Alaska and Hawaii it takes {_span(days['islands'])} business days."
    yield "returns", f"You have {returns['classes']['makeup']['days']} days from the date of purch"
    yield "how-to-return", f"We refund within {returns['refund_working_days']} business days"
    yield "how-to-return", f"needs {_span(returns['bank_days'])} days to show it"


def _electronics(rules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    methods, returns = rules["delivery"]["methods"], rules["returns"]
    fee, free = (_amount(methods["standard"][key]) for key in ("fee", "free_from"))
    sf = {zone: _amount(fee) for zone, fee in methods["sf"]["fee"].items()}
    near = "、".join(rules["delivery"]["zones"]["near"]["regions"])
    remote = "、".join(rules["delivery"]["zones"]["remote"]["regions"])
    costs, times = "配送方式和运费", "多久能收到"
    yield costs, f"普通快递 {fee} 元，满 {free} 元包邮"
    yield (
        costs,
        f"顺丰寄{near} {sf['near']} 元，其他省份 {sf['home']} 元，{remote} {sf['remote']} 元",
    )
    yield costs, f"满 {_amount(methods['sf']['free_from'])} 元顺丰包邮"
    for zone, places in (("near", near), ("home", "其他省份"), ("remote", remote)):
        slow, fast = (_span(methods[m]["days"][zone]) for m in ("standard", "sf"))
        yield times, f"| {places} | {slow} 天 | {fast} 天 |"
    yield times, f"{rules['delivery']['cutoff']} 前付款当天发"
    yield times, f"包裹在快递柜免费放 {rules['delivery']['locker_days']} 天"
    yield (
        "七天无理由退货",
        f"签收后 {returns['classes']['standard']['days']} 天内可以申请无理由退货",
    )
    yield "耳机退货", f"签收后 {returns['classes']['audio']['days']} 天内可以退"
    yield "退款多久到账", f"仓库收到退货后 {returns['refund_working_days']} 个工作日内退款"
    yield "退款多久到账", f"银行卡要 {_span(returns['bank_days'])} 天"
    yield "价格保护", f"付款后 {rules['price_protection_days']} 天内"
    yield "保修", f"一般商品保修 {rules['warranty']['months']} 个月"
    payment = rules["payment"]
    months = payment["instalments"]["months"]
    yield "支付方式", f"下单后 {payment['pay_within_minutes']} 分钟没有付款"
    yield "分期付款", f"订单满 {_amount(payment['instalments']['from'])} 元可以用花呗分期"
    yield "分期付款", "、".join(f"{m} 期" for m in months[:-1]) + f"和 {months[-1]} 期。"
    yield (
        "分期付款",
        " 和 ".join(f"{m} 期" for m in payment["instalments"]["interest_free"]).replace(
            " 和 ", "和 "
        )
        + "免息",
    )
    yield "发票", f"下单后 {rules['invoice']['within_days']} 天内都能申请"
    yield "发票", f"{rules['invoice']['sent_within_hours']} 小时内发到手机上"


def _pets(rules: dict[str, Any]) -> Iterator[tuple[str, str]]:
    terms, returns = rules["delivery"]["methods"]["parcel"], rules["returns"]
    free = _amount(terms["free_from"])
    for zone, place in (
        ("germany", "Germany"),
        ("austria", "Austria"),
        ("eu", "other EU countries"),
    ):
        yield "delivery", f"| {place} | €{terms['fee'][zone]} | €{free} |"
    yield (
        "delivery",
        f"Friends get free delivery from €{_amount(terms['free_from_by_tier']['friend'])}.",
    )
    spans = [_span(terms["days"][zone]) for zone in ("germany", "austria", "eu")]
    yield (
        "delivery",
        f"{spans[0]} business days in Germany, {spans[1]} in Austria and {spans[2]} in other EU",
    )
    yield "delivery", f"Orders paid by {rules['delivery']['cutoff']} from Monday to Friday"
    assert rules["delivery"]["methods"]["pickup"]["days"] == [1, 1]
    yield "store-pickup", "ready on the next business day"
    yield "returns", f"Within {returns['classes']['standard']['days']} business days of delivery."
    yield "returns", f"€{returns['fee']} per return, taken off the refund."
    assert returns["classes"]["perishable"]["days"] == 0
    yield "fresh-and-frozen", "is perishable and cannot be returned"
    yield "how-to-return", f"We refund within {returns['refund_working_days']} working days"
    yield "how-to-return", f"needs another {_span(returns['bank_days'])} days"
    yield "faulty-goods", f"You have {rules['warranty']['months']} months of warranty"
    friend, leader = (_amount(tier["from"]) for tier in rules["membership"]["tiers"])
    window = rules["membership"]["window_days"]
    yield "friends-and-pack-leaders", f"Spend €{friend} within {window} days and you are a Friend"
    yield "friends-and-pack-leaders", f"From €{leader} within {window} days you are a Pack Leader"
    yield "gifts", f"for €{rules['gift']['wrapping_fee']} per order"


FACTS = {"cosmetics": _cosmetics, "electronics": _electronics, "pets": _pets}


@every_shop
def test_pages_state_the_rules(shop: ShopFiles) -> None:
    for page, sentence in FACTS[shop.name](shop.rules):
        assert sentence in shop.pages[page], page


def _hours(shop: ShopFiles) -> Iterator[str]:
    for hours in shop.shop["service_hours"].values():
        yield from (time.removeprefix("0") for time in hours)


@pytest.mark.parametrize(
    ("shop", "page"),
    list(zip(SHOPS, ("contact", "联系客服", "contact"), strict=True)),
    ids=[shop.name for shop in SHOPS],
)
def test_the_contact_page_is_the_shops(shop: ShopFiles, page: str) -> None:
    text = re.sub(
        r"\b(\d+) ([ap])\.m\.", lambda m: f"{int(m[1]) + 12 * (m[2] == 'p')}:00", shop.pages[page]
    )
    for fact in (*_hours(shop), shop.shop.get("phone", ""), shop.shop.get("email", "")):
        assert fact in text


# --- the questions ---------------------------------------------------------------------------


@every_shop
def test_questions_can_be_judged(shop: ShopFiles) -> None:
    products = {row["id"] for row in shop.rows("products")}
    key = "email" if "email" in shop.rows("customers")[0] else "phone"
    customers = {row[key] for row in shop.rows("customers")}
    assert len(shop.questions.entries) >= 40
    assert len(shop.questions.never) >= 6
    said = Counter((*case.say, case.customer) for case in shop.questions.entries)
    assert max(said.values()) == 1
    for case in shop.questions.entries:
        asked = (case.must, case.never, case.cites, case.cards, not case.answerable)
        assert any(asked), case
        assert case.customer is None or case.customer in customers, case
        assert {*case.cards, *case.no_cards} <= products, case
        assert set(case.cites) <= products | set(shop.pages), case
        assert not set(case.cards) & set(case.no_cards), case
        for pattern in (*case.must, *case.never):
            re.compile(pattern)


@every_shop
def test_no_question_forbids_what_its_page_says(shop: ShopFiles) -> None:
    """An answer may quote a page, so that no page may hold what no answer may."""
    quoted = [*shop.pages.values(), *(row["description"] for row in shop.rows("products"))]
    for pattern in shop.questions.never:
        for text in quoted:
            assert not re.search(pattern, text, re.I), (pattern, text)


def _cases() -> list[tuple[ShopFiles, Question]]:
    return [
        (shop, case)
        for shop in SHOPS
        for case in shop.questions.entries
        if case.must and case.cites
    ]


@pytest.mark.parametrize(("shop", "case"), _cases(), ids=str)
def test_what_an_answer_must_hold_stands_in_what_it_cites(shop: ShopFiles, case: Question) -> None:
    """Else the expectation could not be met. Yes, no and amounts that are worked out stand nowhere;
    one pattern at least does."""
    texts = [shop.pages.get(source, "") for source in case.cites]
    for table in ("products", "attributes"):
        for row in shop.rows(table):
            if row.get("id", row.get("product")) in case.cites:
                texts += row.values()
    assert any(re.search(pattern, "\n".join(texts), re.I) for pattern in case.must)
