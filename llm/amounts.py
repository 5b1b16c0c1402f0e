"""Reads every amount, date, time and size out of a Chinese or English text, in one normal form.

"1,299 元", "¥1299.00" and "一千二百九十九元" are one amount; so are 两年, "2 years" and
"24 months", "1.85 kg" and "1850 克", "下午四点" and "16:00". Ordinals and figures of speech
("第一", "一定", "one of") are no amounts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from llm.lexis import narrow


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` in the base of `unit` (metres in mm, years in months, clock times in minutes);
    `raw` as written. `unit` is "" when none was recognised. `in_range`: one end of "1–5 days",
    which says something else than "1 day". `start` and `end` place `text`."""

    value: Decimal
    unit: str
    raw: Decimal
    text: str
    start: int
    end: int
    in_range: bool = False


# pattern → (unit, factor to its base). Longer forms first where one begins another.
_UNITS: list[tuple[str, str, str]] = [
    (r"个?工作日|(?:working|business)[ -]days?", "working day", "1"),
    (r"%|percent\b|per cent\b|个百分点", "percent", "1"),
    (r"块钱|元|块(?!头|状)|yuan\b|rmb\b|cny\b", "cny", "1"),
    (r"美元|dollars?\b|usd\b", "usd", "1"),
    (r"欧元|euros?\b|eur\b", "eur", "1"),
    (r"个?小时|hours?\b|hrs?\b|h\b", "minute", "60"),
    (r"分钟|minutes?\b|mins?\b", "minute", "1"),
    (r"秒|seconds?\b", "second", "1"),
    (r"个?(?:星期|礼拜)|周(?!年)|weeks?\b", "day", "7"),
    (r"个月|months?\b|-month\b", "month", "1"),
    (r"年|岁|周岁|years?\b|-year\b|yrs?\b", "month", "12"),
    (r"天|日(?!元)|days?\b|-day\b", "day", "1"),
    (r"公斤|千克|kilograms?\b|kilos?\b|kg\b", "g", "1000"),
    (r"克|grams?\b|g\b", "g", "1"),
    (r"斤", "g", "500"),
    (r"毫米|millimet(?:re|er)s?\b|mm\b", "mm", "1"),
    (r"厘米|公分|centimet(?:re|er)s?\b|cm\b", "mm", "10"),
    (r"公里|千米|kilomet(?:re|er)s?\b|km\b", "mm", "1000000"),
    (r"米|met(?:re|er)s?\b|m\b", "mm", "1000"),
    (r"毫升|millilit(?:re|er)s?\b|ml\b", "ml", "1"),
    (r"毫安时|mah\b", "mah", "1"),
    (r"升|lit(?:re|er)s?\b|l\b", "ml", "1000"),
    (r"流明|lumens?\b|lm\b", "lumen", "1"),
    (r"瓦|watts?\b|w\b", "watt", "1"),
    (r"摄氏度|℃|°\s?c\b|度|degrees?\b", "degree", "1"),
    (r"人|位|people\b|persons?\b|-person\b|adults?\b", "person", "1"),
    (r"积分|分(?!之|期|享|别)|points?\b", "point", "1"),
    (r"次|times\b", "time", "1"),
    (r"期", "instalment", "1"),
    (r"倍|x\b", "fold", "1"),
]
_UNIT = re.compile(
    r"[ \u00a0-]?(?:" + "|".join(f"(?P<u{n}>{unit[0]})" for n, unit in enumerate(_UNITS)) + ")",
    re.IGNORECASE | re.ASCII,  # a word of Latin letters ends before a Han character: 25.5cm穿
)
_SPELLED = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
_SPELLED += " fifteen sixteen seventeen eighteen nineteen"
_SMALL = {word: number for number, word in enumerate(_SPELLED.split())}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
_HAN_DIGITS = {digit: number for number, digit in enumerate("零一二三四五六七八九")}
_HAN_DIGITS |= {"〇": 0, "两": 2}
_HAN_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATES = [
    re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)"),
    re.compile(r"(?:(?P<y>\d{4}) ?年 ?)?(?P<m>\d{1,2}) ?月 ?(?P<d>\d{1,2}) ?[日号]?"),
    re.compile(rf"{_MONTH} (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y>\d{{4}}))?", re.I),
    re.compile(
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}\b(?:,? (?P<y>\d{{4}}))?", re.I
    ),
]
_PART = r"(?P<part>凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|晚)"
_TIMES = [
    re.compile(r"(?<!\d)(?P<h>\d{1,2}):(?P<min>\d{2})(?!\d) ?(?P<half>[ap]\.?m\b)?", re.I),
    re.compile(r"(?<!\d)(?P<h>\d{1,2}) ?(?P<half>[ap]\.?m\b)", re.I),
    re.compile(rf"{_PART}? ?(?P<h>\d{{1,2}}) ?[点时](?P<min>\d{{1,2}}(?= ?分))?(?P<thirty>半)?"),
    re.compile(rf"{_PART}(?P<han>[一二两三四五六七八九十]{{1,2}})点(?P<thirty>半)?"),
]
_WEEKDAYS = [
    re.compile(r"(?:周|星期|礼拜)(?P<zh>[一二三四五六日天])(?!年)"),
    re.compile(r"\b(?P<en>mon|tues|wednes|thurs|fri|satur|sun)days?\b", re.I),
]
_EN_DAYS = ["mon", "tues", "wednes", "thurs", "fri", "satur", "sun"]
_DIGITS = re.compile(
    r"(?P<money>[¥$€£]|rmb ?|cny ?)?(?P<minus>零下 ?|minus |(?<![\w\d])[-−](?=\d))?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?P<ordinal>st\b|nd\b|rd\b|th\b)?",
    re.I,
)
_HAN_NUMBER = re.compile(
    r"(?:(?P<percent>百分之)|(?<![第统之]))(?P<han>[零〇一二两三四五六七八九十百千万]+)(?P<half>个半|年半)?"
)
_HALF = re.compile(
    r"(?P<zh>半) ?(?P<zu>年|个月|个?小时)|half (?:a |an )(?P<eu>year|month|hour)", re.I
)
_WORDS = re.compile(
    r"\b(?:(?P<tens>" + "|".join(_TENS) + r")(?:[- ](?P<ones>one|two|three|four|five|six|seven"
    r"|eight|nine))?|(?P<small>" + "|".join(_SMALL) + r"))(?P<hundred> hundred)?\b"
    r"|\b(?P<article>an?)(?= (?:day|week|month|year|hour|minute)\b)",
    re.I,
)
_DISCOUNT = re.compile(r"(?P<n>\d+(?:\.\d+)?|[一二三四五六七八九]{1,2}) ?折")
_METRES = re.compile(r"(?P<m>[12]) ?米 ?(?P<cm>\d{2})(?!\d)")
_SIZE = re.compile(
    r"(?<![A-Za-z0-9'’.&-])(?<!\d )(?P<size>[2-9]?X{1,3}[SL]|[SML])(?![A-Za-z'’&.-])"
)
# Between two amounts of which only the second names the unit: 1–2 天, "3, 6 or 12 months".
_SHARED = re.compile(
    r" ?(?:-|–|—|~|～|至|到|或|和|、|×|x| to | or | and |,? (?:or|and) |, )(?:约)? ?", re.I
)
_RANGE = re.compile(r" ?(?:-|–|—|~|～|至|到| to )(?:约)? ?", re.I)
# One Han numeral alone is an amount only before these; 一个, 一样, 一点 are words.
_AFTER_ONE_NUMERAL = re.compile(
    r"个?工作日|个月|个?小时|个?星期|分钟|公斤|千克|厘米|毫米|公里|毫升|[天日年岁周元块米升倍次人期折](?!然|半夜)"
)


def amounts(text: str) -> list[Amount]:
    """Every amount, in order of its place."""
    reader = _Reader(narrow(text))
    return reader.read()


class _Reader:
    """Goes over the text once a kind; what one kind has taken, the next ones leave alone."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._taken = [False] * len(text)
        self._found: list[Amount] = []

    def read(self) -> list[Amount]:
        self._dates()
        self._times()
        self._weekdays()
        self._special()
        self._numbers()
        self._sizes()
        self._found.sort(key=lambda amount: amount.start)
        return self._share_units()

    def _free(self, match: re.Match[str]) -> bool:
        return not any(self._taken[match.start() : match.end()])

    def _add(self, value: Decimal, unit: str, raw: Decimal, start: int, end: int) -> None:
        while start < end and self._text[start] == " ":
            start += 1
        self._found.append(Amount(value, unit, raw, self._text[start:end], start, end))
        self._taken[start:end] = [True] * (end - start)

    def _dates(self) -> None:
        for pattern in _DATES:
            for match in pattern.finditer(self._text):
                parts = match.groupdict()
                month = int(parts["m"]) if parts.get("m") else _month(parts["month"])
                day, year = int(parts["d"]), int(parts.get("y") or 0)
                if self._free(match) and 1 <= month <= 12 and 1 <= day <= 31:
                    value = Decimal(month * 100 + day)
                    self._add(value, "date", Decimal(year), match.start(), match.end())

    def _times(self) -> None:
        for pattern in _TIMES:
            for match in pattern.finditer(self._text):
                parts = match.groupdict()
                hour = _han_number(parts["han"]) if parts.get("han") else int(parts["h"])
                minute = 30 if parts.get("thirty") else int(parts.get("min") or 0)
                if not self._free(match) or hour > 24 or minute > 59:
                    continue
                half, part = (parts.get("half") or "").lower(), parts.get("part") or ""
                if (half.startswith("p") or part in {"下午", "傍晚", "晚上", "晚"}) and hour < 12:
                    hour += 12
                elif half.startswith("a") and hour == 12:
                    hour = 0
                value = Decimal(hour * 60 + minute)
                self._add(value, "clock", value, match.start(), match.end())

    def _weekdays(self) -> None:
        for pattern in _WEEKDAYS:
            for match in pattern.finditer(self._text):
                if not self._free(match):
                    continue
                parts = match.groupdict()
                if parts.get("zh"):
                    number = "一二三四五六日".index(parts["zh"].replace("天", "日")) + 1
                else:
                    number = _EN_DAYS.index(parts["en"].lower()) + 1
                value = Decimal(number)
                self._add(value, "weekday", value, match.start(), match.end())

    def _special(self) -> None:
        for match in _DISCOUNT.finditer(self._text):  # 九折 and 10 % off are one
            raw = Decimal(match["n"] if match["n"][0].isdigit() else str(_han_digits(match["n"])))
            tenths = raw if raw < 10 else raw / 10
            if self._free(match):
                self._add(100 - 10 * tenths, "percent", raw, match.start(), match.end())
        for match in _METRES.finditer(self._text):  # 1 米 95
            value = Decimal(match["m"]) * 1000 + Decimal(match["cm"]) * 10
            if self._free(match):
                self._add(value, "mm", value / 1000, match.start(), match.end())
        for match in _HALF.finditer(self._text):
            word = match["zu"] or match["eu"]
            value, unit = {
                "年": (Decimal(6), "month"),
                "year": (Decimal(6), "month"),
                "个月": (Decimal(15), "day"),
                "month": (Decimal(15), "day"),
            }.get(word.lower(), (Decimal(30), "minute"))
            if self._free(match):
                self._add(value, unit, Decimal("0.5"), match.start(), match.end())

    def _numbers(self) -> None:
        for match in _DIGITS.finditer(self._text):
            if not self._free(match) or match["ordinal"]:
                continue
            raw = Decimal(match["digits"].replace(",", ""))
            if match["minus"]:
                raw = -raw
            money = (match["money"] or "").strip().lower()
            known = {"¥": "cny", "rmb": "cny", "cny": "cny", "$": "usd", "€": "eur", "£": "gbp"}
            self._number(raw, match.start(), match.end(), known.get(money, ""))
        for match in _HAN_NUMBER.finditer(self._text):
            self._han_number(match)
        for match in _WORDS.finditer(self._text):
            if not self._free(match):
                continue
            value = _spelled(match)
            # "one" and "a" count only before a unit: "one of them" is no amount.
            if value > 1 or _UNIT.match(self._text, match.end()):
                self._number(Decimal(value), match.start(), match.end(), "")

    def _han_number(self, match: re.Match[str]) -> None:
        written, start, end = match["han"], match.start(), match.end("han")
        if not self._free(match):
            return
        if match["percent"]:
            raw = Decimal(_han_number(written))
            self._add(raw, "percent", raw, start, match.end())
            return
        alone = len(written) == 1 or written in {"千万", "万一", "一一", "万千"}
        if alone and not _AFTER_ONE_NUMERAL.match(self._text, end):
            return
        if not alone and written[0] in "百千万":
            return
        if (
            written == "十"
            and self._text.startswith(("分", "足"), end)
            and not (self._text.startswith("分钟", end))
        ):
            return
        self._number(Decimal(_han_number(written)), start, end, "")

    def _number(self, raw: Decimal, start: int, end: int, unit: str) -> None:
        value = raw
        if not unit and (match := _UNIT.match(self._text, end)):
            place = int((match.lastgroup or "u0")[1:])
            _, unit, factor = _UNITS[place]
            if unit == "month" and factor == "12" and raw >= 1900:
                unit, factor = "year", "1"
            value, end = raw * Decimal(factor), match.end()
        self._add(value, unit, raw, start, end)

    def _sizes(self) -> None:
        for match in _SIZE.finditer(self._text):
            if self._free(match):
                self._add(Decimal(0), f"size {match['size']}", Decimal(0), *match.span())

    def _share_units(self) -> list[Amount]:
        """From the end: an amount without a unit takes that of the next one beside it, and both
        ends of a range are marked."""
        shared: list[Amount] = []
        for amount in reversed(self._found):
            following = shared[-1] if shared else None
            if following is not None and _shares(amount, following):
                between = self._text[amount.end : following.start]
                if _SHARED.fullmatch(between) and not amount.unit:
                    factor = following.value / following.raw
                    amount = replace(amount, value=amount.raw * factor, unit=following.unit)
                if _RANGE.fullmatch(between) and amount.unit == following.unit:
                    amount = replace(amount, in_range=True)
                    shared[-1] = replace(following, in_range=True)
            shared.append(amount)
        return shared[::-1]


def _shares(amount: Amount, following: Amount) -> bool:
    return bool(following.raw and following.unit) and not following.unit.startswith(
        ("size", "date", "clock", "weekday")
    )


def _month(name: str) -> int:
    return _MONTHS.index(name[:3].lower()) + 1


def _spelled(match: re.Match[str]) -> int:
    if match["article"]:
        return 1
    value = _SMALL[match["small"].lower()] if match["small"] else _TENS[match["tens"].lower()]
    if match["ones"]:
        value += _SMALL[match["ones"].lower()]
    return value * 100 if match["hundred"] else value


def _han_digits(written: str) -> int:
    return int("".join(str(_HAN_DIGITS[digit]) for digit in written))


def _han_number(written: str) -> int:
    """三十 is 30, 一百二十 is 120, 二〇二六 is 2026, 两万 is 20000."""
    if not any(character in _HAN_POWERS for character in written):
        return _han_digits(written)
    total, section, digit = 0, 0, 0
    for character in written:
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
        elif character == "万":
            total += (section + digit or 1) * 10000
            section, digit = 0, 0
        else:
            section += (digit or 1) * _HAN_POWERS[character]
            digit = 0
    return total + section + digit
