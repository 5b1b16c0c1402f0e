"""The demo shop's help pages: both languages say the same, and what rules.yaml says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

DEMO = Path(__file__).parents[2] / "demo" / "shop"
RULES: dict[str, Any] = yaml.safe_load((DEMO / "rules.yaml").read_text(encoding="utf-8"))
SHOP: dict[str, Any] = yaml.safe_load((DEMO / "shop.yaml").read_text(encoding="utf-8"))
LANGUAGES = ("zh", "en")
TOPICS = {
    "account",
    "care",
    "company",
    "delivery",
    "gifts",
    "invoices",
    "membership",
    "orders",
    "payment",
    "privacy",
    "returns",
    "safety",
    "service",
    "sizing",
    "store",
    "warranty",
}
MONTHS = (
    "January February March April May June July August September October November December".split()
)


class Document(NamedTuple):
    meta: dict[str, Any]
    body: str


def _read(language: str, name: str) -> Document:
    text = (DEMO / "documents" / language / f"{name}.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    return Document(yaml.safe_load(front), body)


def _names(language: str) -> list[str]:
    return sorted(path.stem for path in (DEMO / "documents" / language).glob("*.md"))


NAMES = _names("zh")
DOCUMENTS = {
    (language, name): _read(language, name) for language in LANGUAGES for name in _names(language)
}


def _plain(amount: str | int | Decimal) -> str:
    """8.00 → 8, 6000.00 → 6000, as the pages write amounts."""
    return f"{Decimal(amount).normalize():f}"


def _grouped(amount: str) -> str:
    return f"{Decimal(amount).normalize():,f}"


def _span(days: list[int]) -> str:
    first, last = days
    return str(first) if first == last else f"{first}–{last}"


def _hours(hours: list[str]) -> str:
    return "–".join(time.removeprefix("0") for time in hours)


def test_both_languages_have_the_same_pages() -> None:
    assert len(NAMES) >= 40
    assert _names("en") == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_front_matter_and_form(language: str, name: str) -> None:
    meta, body = DOCUMENTS[language, name]
    assert set(meta) == {"title", "topic", "updated"}
    assert meta["title"]
    assert meta["topic"] in TOPICS
    assert isinstance(meta["updated"], date)
    assert meta["updated"].year == 2026
    assert body.lstrip().startswith("## "), "Text before the first heading has no heading to cite."
    assert len(re.findall(r"(?m)^## ", body)) >= 3
    assert not re.search(r"(?m)^# ", body)


@pytest.mark.parametrize("name", NAMES)
def test_size(name: str) -> None:
    assert 220 <= len(re.findall(r"[\u4e00-\u9fff]", DOCUMENTS["zh", name].body)) <= 700
    assert 120 <= len(re.findall(r"[\w¥][\w’'.,:–-]*", DOCUMENTS["en", name].body)) <= 350


@pytest.mark.parametrize("name", NAMES)
def test_each_page_is_in_its_own_language(name: str) -> None:
    zh, en = DOCUMENTS["zh", name], DOCUMENTS["en", name]
    half_width = re.findall(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]", zh.body)
    assert not half_width, "Chinese text takes full-width punctuation."
    assert not re.search(r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]", en.meta["title"] + en.body)
    assert zh.meta["topic"] == en.meta["topic"]
    assert zh.meta["updated"] == en.meta["updated"]


def _numbers_zh(text: str) -> set[str]:
    def percent_off(match: re.Match[str]) -> str:  # 9 折 is 10 % off, 95 折 is 5 % off
        rate = int(match[1])
        return f"{100 - (rate * 10 if rate < 10 else rate)}%"

    return _numbers(re.sub(r"(\d+) 折", percent_off, text))


def _numbers_en(text: str) -> set[str]:
    for number, month in enumerate(MONTHS, 1):
        # "may" is a word too: as a month it stands beside a number.
        pattern = r"(?<=\d )May\b" if month == "May" else rf"\b{month}\b"
        text = re.sub(pattern, str(number), text)
    return _numbers(text)


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.:]\d+)*", text.replace(",", "")))


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_state_the_same_numbers(name: str) -> None:
    zh = _numbers_zh(DOCUMENTS["zh", name].body)
    en = _numbers_en(DOCUMENTS["en", name].body)
    assert zh == en


def _facts() -> Iterator[tuple[str, str, str]]:
    """Document, and the sentence that it must hold in each language, worded from the rules."""
    standard, express = (RULES["delivery"]["methods"][m] for m in ("standard", "express"))
    fee, free_from = _plain(standard["fee"]), _plain(standard["free_from"])
    silver_from = _plain(standard["free_from_by_tier"]["silver"])
    express_fee = _plain(express["fee"])
    yield (
        "delivery-cost",
        f"标准配送的运费是每单 {fee} 元。",
        f"Standard delivery costs ¥{fee} per order.",
    )
    yield (
        "delivery-cost",
        f"订单实付商品金额满 {free_from} 元，标准配送免运费。",
        f"Standard delivery is free when the goods in the order come to ¥{free_from} or more.",
    )
    yield (
        "delivery-cost",
        f"银卡会员订单满 {silver_from} 元，标准配送免运费。",
        f"Silver members get free standard delivery from ¥{silver_from}.",
    )
    assert Decimal(standard["free_from_by_tier"]["gold"]) == 0
    yield (
        "delivery-cost",
        "金卡会员的标准配送不限金额，一律免运费。",
        "Gold members get free standard delivery on every order, whatever the amount.",
    )
    yield (
        "express-delivery",
        f"特快配送每单收费 {express_fee} 元。",
        f"Express delivery costs ¥{express_fee} per order.",
    )
    assert express["free_by_tier"] == ["gold"]
    yield (
        "express-delivery",
        "金卡会员的特快配送免费。",
        "Express delivery is free for Gold members.",
    )

    cutoff = RULES["delivery"]["cutoff"]
    for name, zh, en in (
        ("delivery-times", f"发货日的 {cutoff} 之前付款，订单当天发货。", "An order paid before "),
        (
            "express-delivery",
            f"发货日 {cutoff} 之前付款",
            "An express order must also be paid before ",
        ),
    ):
        yield name, zh, f"{en}{cutoff} on a dispatch day"
    assert RULES["delivery"]["dispatch_days"] == ["mon", "tue", "wed", "thu", "fri", "sat"]
    yield (
        "delivery-times",
        "我们周一到周六发货，周日和节假日不发货。",
        "Orders leave our warehouse from Monday to Saturday, "
        "and not on Sundays or public holidays.",
    )
    near, remote = (
        # Of a region with several names the first one stands in the page.
        "、".join(each if isinstance(each, str) else each[0] for each in zones[zone]["regions"])
        for zones in [RULES["delivery"]["zones"]]
        for zone in ("near", "remote")
    )
    rows = {
        "near": (near, "Shanghai, Zhejiang, Jiangsu, Anhui"),
        "mainland": ("其他省份", "Other provinces"),
        "remote": (
            remote,
            "Xinjiang, Tibet, Qinghai, Inner Mongolia, Ningxia, Gansu, Hainan",
        ),
    }
    for zone, (zh, en) in rows.items():
        slow, fast = _span(standard["days"][zone]), _span(express["days"][zone])
        unit = "day" if fast == "1" else "days"
        yield (
            "delivery-times",
            f"| {zh} | {slow} 天 | {fast} 天 |",
            f"| {en} | {slow} days | {fast} {unit} |",
        )
        yield "express-delivery", f"发货后 {fast} 天送达", f"takes {fast} {unit} after dispatch"
    for name in ("香港", "澳门", "台湾"):
        regions = RULES["delivery"]["not_served"]["regions"]
        assert any(name in each for each in regions)
    yield (
        "delivery-areas",
        "香港、澳门和台湾暂不配送。",
        "We do not deliver to Hong Kong, Macao or Taiwan.",
    )
    locker = RULES["delivery"]["locker_days"]
    yield (
        "parcel-lockers",
        f"包裹在快递柜里保留 {locker} 天",
        f"A parcel waits in the parcel locker for {locker} days",
    )

    assert RULES["cancellation"]["until"] == "packed"
    yield (
        "cancelling-an-order",
        "订单打包之前可以免费取消，全额退款。",
        "An order can be cancelled free of charge, with a full refund, until it is packed.",
    )
    yield (
        "changing-an-order",
        "订单打包之前可以免费修改收货地址。",
        "The delivery address can be changed free of charge until the order is packed.",
    )

    returns = RULES["returns"]
    windows = {name: terms["days"] for name, terms in returns["classes"].items()}
    gold = returns["classes"]["standard"]["days_by_tier"]["gold"]
    yield (
        "returns",
        f"普通商品签收后 {windows['standard']} 天内可以退货。",
        f"Regular items can be returned within {windows['standard']} days of delivery.",
    )
    for name in ("returns", "gold-and-silver-benefits"):
        zh = (
            "金卡会员的普通商品签收后 {} 天内"
            if name == "returns"
            else "金卡会员的普通商品退货期是 {} 天。"
        )
        yield (
            name,
            zh.format(gold),
            f"Gold members can return regular items within {gold} days of delivery.",
        )
    yield (
        "sale-items",
        f"清仓商品签收后 {windows['clearance']} 天内可以退货。",
        f"Clearance items can be returned within {windows['clearance']} days of delivery.",
    )
    yield (
        "hygiene-and-consumables",
        f"封条完好的，签收后 {windows['hygiene']} 天内可以退货。",
        f"can be returned within {windows['hygiene']} days of delivery if the seal is unbroken.",
    )
    assert windows["consumable"] == 0
    yield (
        "hygiene-and-consumables",
        "户外食品、气罐和燃料属于消耗品，没有质量问题不能退货。",
        "Trail food, gas canisters and fuel are consumables "
        "and cannot be returned unless they are faulty.",
    )
    return_fee = _plain(returns["fee"])
    yield (
        "returns",
        f"退货运费是 {return_fee} 元，从退款里扣除。",
        f"A return costs ¥{return_fee}, which is taken off the refund.",
    )
    assert returns["fee_free_by_tier"] == ["silver", "gold"]
    yield (
        "returns",
        "银卡和金卡会员退货免运费。",
        "Returns are free for Silver and Gold members.",
    )
    assert returns["faulty_free"] is True
    yield (
        "returns",
        "商品有质量问题或发错货的，不收退货运费。",
        "There is no return fee for faulty or wrong goods.",
    )
    working, bank = returns["refund_working_days"], _span(returns["bank_days"])
    yield (
        "refund-timing",
        f"退货包裹到达仓库后，我们在 {working} 个工作日内退款。",
        f"We refund a return within {working} working days after the parcel reaches the warehouse.",
    )
    yield (
        "refund-timing",
        f"银行或钱包需要 {bank} 天到账。",
        f"Your bank or wallet then needs {bank} days to show the refund.",
    )
    assert returns["exchange"]["once"] is True
    yield (
        "exchanges",
        "每件商品可以免费换一次尺码或颜色。",
        "Each item can be exchanged once, free of charge, for another size or colour.",
    )

    days, months = RULES["price_protection_days"], RULES["warranty"]["months"]
    yield (
        "price-protection",
        f"付款后 {days} 天内商品降价，可以申请退还差价。",
        f"If our price falls within {days} days of payment, you can ask for the difference back.",
    )
    yield (
        "warranty",
        f"商品保修期一般是签收后 {months} 个月。",
        f"The warranty is {months} months from delivery as a rule.",
    )

    membership = RULES["membership"]
    span = membership["window_days"]
    for tier, zh, en in (("silver", "银卡", "Silver"), ("gold", "金卡", "Gold")):
        terms = next(terms for terms in membership["tiers"] if terms["id"] == tier)
        least, rate, coupon = terms["from"], terms["points_rate"], _plain(terms["birthday_coupon"])
        yield (
            "membership",
            f"最近 {span} 天消费满 {_plain(least)} 元升为{zh}会员。",
            f"Customers who spent ¥{_grouped(least)} in the last {span} days are {en} members.",
        )
        yield (
            "membership",
            f"| {zh}会员 | 满 {_plain(least)} 元 | {rate} 倍 | {coupon} 元 |",
            f"| {en} | from ¥{_grouped(least)} | {rate} | ¥{coupon} |",
        )
        yield (
            "gold-and-silver-benefits",
            f"{zh}会员获得 {rate} 倍积分。",
            f"{en} members earn points at {rate} times the rate.",
        )
        yield (
            "points",
            f"| {zh}会员 | {_plain(Decimal(rate) * 100)} 积分 |",
            f"| {en} | {_plain(Decimal(rate) * 100)} points |",
        )
        yield (
            "birthday-benefits",
            f"{zh}会员生日当天获得一张 {coupon} 元优惠券。",
            f"{en} members get a ¥{coupon} coupon on their birthday.",
        )
    rate = membership["points"]["per_unit"]
    yield "points", f"{rate} 积分可以抵 1 元。", f"{rate} points are worth ¥1."
    valid = membership["points"]["valid_days"]
    yield "points", f"{valid} 天内有效", f"Points are valid for {valid} days"

    payment = RULES["payment"]
    assert payment["methods"] == ["wechat_pay", "alipay", "card"]
    yield (
        "payment-methods",
        "我们支持微信支付、支付宝和银行卡付款。",
        "You can pay with WeChat Pay, Alipay or a bank card.",
    )
    assert payment["cash_on_delivery"] is False
    yield "payment-methods", "我们不支持货到付款。", "We do not offer cash on delivery."
    minutes = payment["pay_within_minutes"]
    yield (
        "payment-methods",
        f"订单需要在提交后 {minutes} 分钟内付款。",
        f"An order must be paid within {minutes} minutes.",
    )
    least = _plain(payment["instalments"]["from"])
    first, second, third = payment["instalments"]["months"]
    yield (
        "instalments",
        f"订单满 {least} 元可以用支付宝花呗分期付款。",
        f"Orders of ¥{least} or more can be paid in instalments with Alipay Huabei.",
    )
    yield (
        "instalments",
        f"花呗分期可以选 {first} 期、{second} 期或 {third} 期。",
        f"Huabei offers {first}, {second} or {third} monthly instalments.",
    )

    invoice = RULES["invoice"]
    yield (
        "invoices",
        f"下单后 {invoice['within_days']} 天内可以申请发票。",
        f"You can ask for an invoice within {invoice['within_days']} days of placing the order.",
    )
    yield (
        "invoices",
        f"申请后 {invoice['sent_within_hours']} 小时内，电子发票会发到您的邮箱。",
        "The electronic invoice is sent to your e-mail address within "
        f"{invoice['sent_within_hours']} hours.",
    )
    wrapping = _plain(RULES["gift"]["wrapping_fee"])
    yield (
        "gift-wrapping",
        f"礼品包装每单 {wrapping} 元。",
        f"Gift wrapping costs ¥{wrapping} per order.",
    )
    assert RULES["gift"]["card_free"] is True
    yield "gift-wrapping", "手写贺卡免费", "A handwritten card is free"

    week, weekend = (_hours(SHOP["service_hours"][key]) for key in ("mon-fri", "sat-sun"))
    for name in ("service-hours", "assistant"):
        yield name, week, week
        yield name, weekend, weekend
    for key in ("phone", "email"):
        yield "service-hours", SHOP[key], SHOP[key]


@pytest.mark.parametrize(("name", "zh", "en"), list(_facts()))
def test_pages_state_the_rules(name: str, zh: str, en: str) -> None:
    assert zh in DOCUMENTS["zh", name].body
    assert en in DOCUMENTS["en", name].body


def _sweeps() -> Iterator[tuple[str, str, set[str]]]:
    """Wordings that name a rule's number wherever they stand, and the values that they may name."""
    standard = RULES["delivery"]["methods"]["standard"]
    free_from = {_plain(standard["free_from"]), _plain(standard["free_from_by_tier"]["silver"])}
    yield "zh", r"满 (\d+) 元[^。|]*免(?:标准配送)?运费", free_from
    yield "en", r"[Ff]ree (?:standard )?(?:delivery )?from ¥(\d+)", free_from
    standard_fee = {_plain(standard["fee"])}
    yield "zh", r"标准(?:配送)?运费 (\d+) 元|(\d+) 元标准运费", standard_fee
    yield "en", r"[Ss]tandard(?: delivery)?(?: fee of| is| costs) ¥(\d+)", standard_fee
    express_fee = {_plain(RULES["delivery"]["methods"]["express"]["fee"])}
    yield "zh", r"(\d+) 元特快运费", express_fee
    yield "en", r"¥(\d+) express fee", express_fee
    returns = RULES["returns"]
    yield "zh", r"(\d+) 元退货运费|退货运费(?:是)? (\d+) 元", {_plain(returns["fee"])}
    yield "en", r"¥(\d+) return fee", {_plain(returns["fee"])}
    yield (
        "zh",
        r"清仓商品(?:的退货期是|签收后) (\d+) 天",
        {str(returns["classes"]["clearance"]["days"])},
    )
    yield (
        "en",
        r"within (\d+) days of delivery",
        {str(terms["days"]) for terms in returns["classes"].values()}
        | {str(returns["classes"]["standard"]["days_by_tier"]["gold"])}
        | {"90"},
    )  # reviews
    yield "zh", r"(\d+) 天价格保护", {str(RULES["price_protection_days"])}
    yield "en", r"(\d+) days of price protection", {str(RULES["price_protection_days"])}


@pytest.mark.parametrize(("language", "pattern", "allowed"), list(_sweeps()))
def test_no_page_contradicts_the_rules(language: str, pattern: str, allowed: set[str]) -> None:
    found = {
        (name, next(group for group in match.groups() if group))
        for name in NAMES
        for match in re.finditer(pattern, DOCUMENTS[language, name].body)
    }
    assert found, f"No page matches {pattern}: the check has lost its object."
    assert {(name, value) for name, value in found if value not in allowed} == set()


def test_every_holiday_stands_in_the_delivery_page() -> None:
    body = DOCUMENTS["zh", "delivery-times"].body
    stated = set()
    for year, month, first, last in re.findall(
        r"(\d{4}) 年 (\d+) 月 (\d+) 日(?:到 (\d+) 日)?", body
    ):
        day = date(int(year), int(month), int(first))
        end = day.replace(day=int(last or first))
        while day <= end:
            stated.add(day)
            day += timedelta(1)
    sundays = {day for day in stated if day.weekday() == 6}  # no dispatch on them anyway
    assert stated - sundays == set(SHOP["holidays"])
