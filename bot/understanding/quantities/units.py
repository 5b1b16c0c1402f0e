"""The units that quantities are said in, with what they measure and how they are written.

Factors are those of the SI and of the international pound and yard (1959); 斤, 两, 寸 and 尺 are
the market units of 1959 (500 g, 50 g, 1/30 m, 1/3 m), but screens and wheels are sold in inches,
which Chinese also calls 寸.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    """`holds`: how many of the smallest unit of `what` it is."""

    name: str
    what: str
    holds: Decimal


# name, what it measures, how many of the smallest it holds, how people write it.
_TABLE: list[tuple[str, str, str, str]] = [
    ("mg", "mass", "1", "mg 毫克 milligram milligrams"),
    ("g", "mass", "1000", "g 克 gram grams gr gms gm"),
    ("kg", "mass", "1000000", "kg kgs kilo kilos kilogram kilograms 公斤 千克"),
    ("斤", "mass", "500000", "斤 市斤 jin"),
    ("两", "mass", "50000", "市两"),
    ("t", "mass", "1000000000", "吨 tonne tonnes"),
    ("oz", "mass", "28349.523125", "oz ounce ounces 盎司"),
    ("lb", "mass", "453592.37", "lb lbs 磅"),
    ("stone", "mass", "6350293.18", "stone"),
    ("ml", "volume", "1", "ml 毫升 millilitre millilitres milliliter milliliters cc"),
    ("cl", "volume", "10", "cl"),
    ("l", "volume", "1000", "l 升 litre litres liter liters ltr ltrs 公升"),
    ("mm", "length", "1", "mm 毫米 millimetre millimetres millimeter millimeters"),
    ("cm", "length", "10", "cm cms 厘米 公分 centimetre centimetres centimeter centimeters"),
    ("m", "length", "1000", "m 米 公尺 metre metres meter meters mtr mtrs"),
    ("km", "length", "1000000", "km 公里 千米 kilometre kilometres kilometer kilometers"),
    ("inch", "length", "25.4", 'inch inches 英寸 寸 吋 "'),
    ("ft", "length", "304.8", "ft foot feet 英尺"),
    ("尺", "length", "333.333333", "尺"),
    ("mAh", "charge", "1", "mah 毫安 毫安时"),
    ("Wh", "energy", "1", "wh 瓦时"),
    ("W", "power", "1", "w 瓦 瓦特 watt watts"),
    ("V", "voltage", "1", "v 伏 伏特 volt volts"),
    ("Hz", "frequency", "1", "hz 赫 赫兹"),
    ("MB", "storage", "1", "mb 兆"),
    ("GB", "storage", "1024", "gb gig gigs gigabyte gigabytes"),
    ("TB", "storage", "1048576", "tb tera terabyte terabytes"),
    ("Mbit/s", "rate", "1", "mbit mbits mbps"),
    ("lm", "light", "1", "lm 流明 lumen lumens"),
    ("dB", "loudness", "1", "db 分贝 decibel decibels"),
    ("°C", "temperature", "1", "°c ℃ 摄氏度 celsius degree degrees ° 度"),
    ("SPF", "sun protection", "1", "spf"),
    ("K", "colour temperature", "1", "kelvin k"),
    ("°F", "temperature °F", "1", "°f fahrenheit 华氏度"),
    ("%", "share", "1", "% percent per\tcent ％"),
    ("people", "people", "1", "人 person persons people adults sleepers"),
    ("minute", "time", "1", "分钟 minute minutes min mins"),
    ("second", "time", "0.016666667", "秒 秒钟 seconds secs"),
    ("hour", "time", "60", "小时 钟头 hour hours hr hrs"),
    ("day", "time", "1440", "天 日 day days 整天"),
    ("night", "time", "1440", "晚 night nights"),
    ("week", "time", "10080", "周 星期 礼拜 week weeks wk wks"),
    ("fortnight", "time", "20160", "fortnight fortnights"),
    ("month", "time", "43200", "月 month months mth mths"),
    ("year", "time", "525600", "年 year years yr yrs 周年"),
]

# Codes of ISO 4217; a sign may stand for more than one, and then the shop's own is meant.
_CURRENCIES: list[tuple[str, str]] = [
    ("", "块 块钱"),  # of whatever money the shop takes
    ("CNY", "¥ ￥ 元 圆 rmb cny yuan kuai 人民币"),
    ("USD", "$ usd dollar dollars buck bucks 刀 美元 美金 us$"),
    ("GBP", "£ gbp quid pounds pound 镑 英镑"),
    ("EUR", "€ eur euro euros 欧元 欧"),
    ("HKD", "hkd hk$ 港币 港元"),
]

UNITS: Mapping[str, Unit] = {
    name: Unit(name, what, Decimal(holds)) for name, what, holds, _ in _TABLE
}
WRITTEN: Mapping[str, Unit] = {
    form.replace("\t", " "): UNITS[name]
    for name, _, _, forms in _TABLE
    for form in forms.split(" ")
}
CURRENCIES: Mapping[str, str] = {
    form: code for code, forms in _CURRENCIES for form in forms.split(" ")
}
DAYS: Mapping[str, int] = {
    "day": 1,
    "night": 1,
    "week": 7,
    "fortnight": 14,
    "month": 30,
    "year": 365,
}
"""How many days a length of time is taken for when it is only counted, not reckoned from a day."""


def of(written: str) -> Unit | None:
    """The unit that a catalogue or a customer writes so: "kg", "Gram", "公斤"."""
    return WRITTEN.get(written.casefold())


def same(value: Decimal, unit: str, other: str) -> Decimal | None:
    """The value in another unit of the same kind; None where they measure different things."""
    one, two = UNITS.get(unit), UNITS.get(other)
    if one is None or two is None or one.what != two.what:
        return None
    return value * one.holds / two.holds
