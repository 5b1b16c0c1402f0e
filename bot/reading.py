"""Reads the quantities in a customer's sentence: prices, dates, times of day, sizes, counts.

Rasa says what a sentence is about; these functions say how much, when and how many, in Chinese
and English. All of them return None (or nothing) rather than guess: a rule of the shop is then
told in general instead of for a case that the customer did not name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from retrieval.numbers import as_digits

_NUMBER = r"(\d+(?:\.\d+)?)"
_MONEY_BEFORE = r"(?:[¥￥$€]|rmb|cny|yuan)"
_MONEY_AFTER = r"(?:元|块钱?|圆|¥|rmb|cny|yuan|kuai|bucks)"
# A number with one of these behind it is no price.
_OTHER_UNIT = (
    r"(?!\d|\.\d|\s*(?:个|天|日|号|月|周|年|点|时|分|折|码|升|克|公斤|斤|人|件|双|只|顶|条|岁|流明|度|毫米|米|"
    r"厘米|%|％|°|:|(?a:l\b|g\b|kg\b|mm\b|cm\b|m\b|lm\b|days?\b|weeks?\b|months?\b|years?\b|hours?\b|"
    r"minutes?\b|people\b|persons?\b|pairs?\b|pieces?\b|am\b|pm\b|a\.m|p\.m|o'?clock|"
    r"litres?\b|liters?\b|grams?\b|lumens?\b|degrees?\b)))"
)


@dataclass(frozen=True, slots=True)
class PriceRange:
    """Both ends included; None is open."""

    least: Decimal | None = None
    most: Decimal | None = None


_MOST = [
    rf"(?:不超过|不高于|低于|少于|小于|最多|预算(?:是|在|大概|就)?|控制在)\s*{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
    rf"{_NUMBER}\s*{_MONEY_AFTER}?\s*(?:以内|以下|之内|之下|内|不到|封顶)",
    rf"\b(?:under|below|less than|cheaper than|no more than|not more than|at most|up to|within|"
    rf"max(?:imum)?|budget(?: is| of|:)?)\s*(?:of\s*)?{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
    rf"{_NUMBER}\s*{_MONEY_AFTER}?\s*(?:or less|or under|max\b|tops\b)",
]
_LEAST = [
    rf"(?:超过|高于|大于|多于|不低于|不少于|至少)\s*{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
    rf"{_NUMBER}\s*{_MONEY_AFTER}?\s*(?:以上|之上|起步)",
    rf"\b(?:over|above|more than|at least|from)\s*{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
]
_BETWEEN = [
    rf"{_NUMBER}\s*{_MONEY_AFTER}?\s*(?:到|至|-|~|–|—)\s*{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
    rf"\bbetween\s*{_MONEY_BEFORE}?\s*{_NUMBER}\s*(?:and|to|-)\s*{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
    rf"\b{_NUMBER}\s*to\s*{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
]
_ABOUT = [
    rf"{_NUMBER}\s*{_MONEY_AFTER}?\s*(?:左右|上下|前后)",
    rf"\b(?:around|about|roughly)\s*{_MONEY_BEFORE}?\s*{_NUMBER}{_OTHER_UNIT}",
]
# Left out of "not less than N": 不 and not turn the comparison round.
_NEGATED_LEAST = re.compile(r"(?:不|not |no )\s*$")


def price_range(text: str) -> PriceRange | None:
    """The price limits in "500以内", "under 500", "200到300", "around 300" (a fifth either way)."""
    digits = as_digits(text).lower()
    for pattern in _BETWEEN:
        if match := re.search(pattern, digits):
            least, most = sorted((Decimal(match[1]), Decimal(match[2])))
            return PriceRange(least, most)
    for pattern in _ABOUT:
        if match := re.search(pattern, digits):
            middle = Decimal(match[1])
            return PriceRange(middle * Decimal("0.8"), middle * Decimal("1.2"))
    most_found = _first(_MOST, digits)
    least_found = None if most_found else _first(_LEAST, digits)
    if most_found is None and least_found is None:
        return None
    return PriceRange(least_found, most_found)


def _first(patterns: list[str], digits: str) -> Decimal | None:
    for pattern in patterns:
        for match in re.finditer(pattern, digits):
            if not _NEGATED_LEAST.search(digits[: match.start()]):
                return Decimal(match[1])
    return None


def amounts(text: str) -> list[Decimal]:
    """The sums of money in the sentence, in order; bare numbers count, numbers with other units
    (days, sizes, litres), order numbers and times do not."""
    digits = as_digits(text).lower()
    pattern = (
        rf"(?<![\w.:-]){_MONEY_BEFORE}?\s*(?<![\d.]){_NUMBER}(?:\s*{_MONEY_AFTER}|{_OTHER_UNIT})"
    )
    found = [
        match
        for match in re.finditer(pattern, _without_han_joins(digits))
        if len(match[1].split(".")[0]) <= 6
    ]
    return [Decimal(match[1]) for match in found]


def _without_han_joins(digits: str) -> str:
    """Part digits from Chinese characters before them, which count as word characters."""
    return re.sub(r"(?<=[\u4e00-\u9fff])(?=\d)", " ", digits)


_AGE_UNITS = {
    "天": 1, "日": 1, "day": 1,
    "周": 7, "星期": 7, "礼拜": 7, "week": 7,
    "月": 30, "month": 30,
    "年": 365, "year": 365,
}  # fmt: skip
_AGO = [
    rf"{_NUMBER}\s*个?半?\s*(天|日|周|星期|礼拜|月|年)\s*(?:多|半)?\s*(?:之?前|以前)",
    rf"{_NUMBER}\s*(?:full |whole )?(day|week|month|year)s?\s*(?:ago|back|before|earlier)",
    rf"(?:买|收到?|到货?|签收)了?(?:已经|有|快|都)*\s*{_NUMBER}\s*个?\s*(天|日|周|星期|礼拜|月|年)",
    rf"\b(?:had|owned|for)\s+(?:it\s+|them\s+)?(?:for\s+)?{_NUMBER}\s*(day|week|month|year)s?\b",
]
_AGO_WORDS = [
    (r"前天|day before yesterday", 2),
    (r"昨[天晚日]|\byesterday\b", 1),
    (r"今[天早晚]|\btoday\b|\bthis morning\b|刚刚?(?:收到|买)|\bjust (?:bought|received|got)\b", 0),
    (r"上上(?:周|个?星期|个?礼拜)|\bfortnight ago\b", 14),
    (r"上(?:周|个?星期|个?礼拜)|\blast week\b|\ba week ago\b", 7),
    (r"上上个?月", 60),
    (r"上个?月|\blast month\b|\ba month ago\b", 30),
    (r"半个月前?", 15),
    (r"半年前?|\bhalf a year ago\b", 182),
    (r"去年|\blast year\b|\ba year ago\b", 365),
    (r"前几天|几天前|\ba few days ago\b|\bthe other day\b", 4),
    (r"几周前|\ba few weeks ago\b", 21),
    (r"\ba couple of weeks ago\b", 14),
    (r"\ba couple of months ago\b", 60),
    (r"几个月前|\ba few months ago\b", 90),
]  # fmt: skip
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


def past_day(text: str, today: date) -> date | None:
    """The past day that the customer names: "两个月前", "ten days ago", "5月3号", "on 3 May"."""
    digits = as_digits(text).lower()
    if named := _calendar_day(digits, today):
        return named
    for pattern in _AGO:
        if match := re.search(pattern, digits):
            days = float(match[1]) * _AGE_UNITS[match[2]]
            if re.search(r"个半|半年|年半|and a half", match[0]):
                days += _AGE_UNITS[match[2]] / 2
            return today - timedelta(days=round(min(days, 36_500)))
    # "1下" and the like come of as_digits, so words are looked for in the sentence itself.
    for words, days_ago in _AGO_WORDS:
        if re.search(words, text.lower()):
            return today - timedelta(days=days_ago)
    return None


def _calendar_day(digits: str, today: date) -> date | None:
    if match := re.search(r"(20\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})", digits):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    year = month = day = None
    if match := re.search(r"(\d{1,2})\s*月\s*(\d{1,2})\s*[号日]?", digits):
        month, day = int(match[1]), int(match[2])
    elif match := re.search(
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({'|'.join(_MONTHS)})", digits
    ):
        day, month = int(match[1]), _MONTHS.index(match[2]) + 1
    elif match := re.search(
        rf"\b({'|'.join(_MONTHS)})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*(?:days|months))",
        digits,
    ):
        month, day = _MONTHS.index(match[1]) + 1, int(match[2])
    if month is None or day is None:
        return None
    year = today.year
    named = _day(year, month, day)
    return _day(year - 1, month, day) if named and named > today else named


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_HALF_DAY = r"(凌晨|早上|清晨|上午|中午|下午|傍晚|晚上|今晚|明早)?"
_ZH_CLOCK = re.compile(
    rf"{_HALF_DAY}\s*(\d{{1,2}})\s*[点时](?!间|候|以内|内)\s*(半|\d{{1,2}}(?=\s*分|\D|$))?"
)
_EN_CLOCK = re.compile(
    r"\b(?:(half past|quarter past|quarter to)\s+)?(\d{1,2})(?:[:.](\d{2}))?\s*"
    r"(am|pm|a\.m\.?|p\.m\.?|o'?clock|in the morning|in the afternoon|in the evening|at night)?"
)


def clock(text: str) -> time | None:
    """The time of day that is named: "下午三点半", "3pm", "15:00", "at three", "noon".

    An hour from one to seven without a half of the day is taken for the afternoon: people ask
    about ordering in their waking hours.
    """
    digits = as_digits(text).lower()
    if re.search(r"\bnoon\b|\bmidday\b|正午", digits) or re.search(r"中午(?!\s*\d)", digits):
        return time(12)
    if re.search(r"\bmidnight\b|半夜|午夜", digits):
        return time(23, 59)
    if match := re.search(r"(?<!\d)([01]?\d|2[0-3])[::]([0-5]\d)(?!\d)\s*(am|pm)?", digits):
        suffix = match[3]
        return _time(
            int(match[1]), int(match[2]), suffix or ("given" if len(match[1]) == 2 else None)
        )
    if match := _ZH_CLOCK.search(digits):
        minute = 30 if match[3] == "半" else int(match[3] or 0)
        halves = {
            "凌晨": "am",
            "早上": "am",
            "清晨": "am",
            "上午": "am",
            "明早": "am",
            "中午": "noon",
        }
        half = halves.get(match[1], "pm") if match[1] else None
        return _time(int(match[2]), minute, half)
    for match in _EN_CLOCK.finditer(digits):
        before = digits[: match.start()].rstrip().split(" ")[-1:]
        if not (
            match[1] or match[4] or before in (["at"], ["by"], ["until"], ["before"], ["after"])
        ):
            continue
        if not match[4] and re.match(
            r"\s*(?:days?|yuan|元|%|weeks?|months?)", digits[match.end() :]
        ):
            continue
        suffix = (match[4] or "").replace(".", "")
        half = {"am": "am", "in the morning": "am", "pm": "pm"}.get(suffix)
        half = "pm" if suffix in ("in the afternoon", "in the evening", "at night") else half
        hour, minute = int(match[2]), int(match[3] or 0)
        minute += {"half past": 30, "quarter past": 15}.get(match[1] or "", 0)
        if match[1] == "quarter to":
            hour, minute = hour - 1, 45
        return _time(hour, minute, half)
    return None


def _time(hour: int, minute: int, half: str | None) -> time | None:
    if (half in ("pm", None) and 1 <= hour <= (11 if half else 7)) or (half == "noon" and hour < 3):
        hour += 12
    if half == "am" and hour == 12:
        hour = 0
    return time(hour, minute) if hour < 24 and minute < 60 else None


_WEEKDAYS = {
    **{f"{name}{day}": n for name in ("周", "星期", "礼拜") for n, day in enumerate("123456日")},
    **{f"{name}天": 6 for name in ("周", "星期", "礼拜")},
    **{name: n for n, name in enumerate(
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"])},
}  # fmt: skip


def moment(text: str, now: datetime) -> datetime | None:
    """When the customer means to order: a day and time from `now` on, in `now`'s time zone.

    "at three" is today's three o'clock; "周六下午", "tomorrow" without an hour is that day's
    morning (09:00). None when neither a day nor an hour is named.
    """
    digits = as_digits(text).lower()
    at = clock(text)
    day: date | None = None
    if re.search(r"后天|day after tomorrow", digits):
        day = now.date() + timedelta(days=2)
    elif re.search(r"明[天早晚日]|\btomorrow\b", digits):
        day = now.date() + timedelta(days=1)
    elif re.search(r"今[天晚早]|\btoday\b|\btonight\b|现在|马上|\b(?:right )?now\b", digits):
        day = now.date()
    else:
        for name, weekday in _WEEKDAYS.items():
            if name in digits:
                day = now.date() + timedelta(days=(weekday - now.weekday()) % 7)
                break
    if day is None and at is None:
        return None
    if at is None:
        if day == now.date():
            return now
        at = time(9)
    return datetime.combine(day or now.date(), at, tzinfo=now.tzinfo)


_SIZE = [
    r"(?<![\w.])(3[4-9]|4[0-8])(?:\.5)?\s*(?:码|号|的鞋|size\b)",
    r"\bsize\s*(?:eu\s*|eur\s*)?(3[4-9]|4[0-8]|xs|s|m|l|xl|xxl|2xl|3xl)\b",
    r"\beu\s*(3[4-9]|4[0-8])\b",
    r"(?<![a-z])(xs|s|m|l|xl|xxl|2xl|3xl)\s*(?:码|号)",
    r"(?<![a-z])(xxl|xl|2xl|3xl)(?![a-z])",
    r"\b(?:in|an?)\s+(xs|s|m|l|xl|xxl|small|medium|large)\b",
    r"\b(?:in)\s+(?:a\s+)?(3[4-9]|4[0-8])\b",
]
_SIZE_WORDS = {"small": "S", "medium": "M", "large": "L", "2XL": "XXL"}
_ZH_SIZE = {
    "小码": "S",
    "小号": "S",
    "中码": "M",
    "中号": "M",
    "大码": "L",
    "大号": "L",
    "加大": "XL",
}


def size(text: str) -> str | None:
    """A shoe size (EU) or clothes size, as the catalogue writes it: "42", "XL"."""
    digits = as_digits(text).lower()
    digits = re.sub(r"(?<=[\u4e00-\u9fff])(?=[\da-z])", " ", digits)
    for pattern in _SIZE:
        if match := re.search(pattern, digits):
            found = match[1]
            return _SIZE_WORDS.get(found.lower(), _SIZE_WORDS.get(found.upper(), found.upper()))
    return next((size for word, size in _ZH_SIZE.items() if word in text), None)


_COUNT_ZH = re.compile(r"(\d{1,3})\s*(?:个|顶|双|件|条|只|把|盏|套|瓶|包|袋|罐|盒|块|支|台|张)\s*$")
_COUNT_EN = re.compile(
    r"(?<![\d.])(\d{1,3})\s*(?:x\s*|pairs? of\s*|pieces? of\s*|of(?: the)?\s*)?"
    r"(?:[a-z-]+\s+){0,2}$"
)


def quantity_before(text: str, start: int) -> int:
    """How many of what is named at `start`: "2 个" or "two pairs of" right before it, else 1."""
    before = as_digits(text[:start]).lower()
    match = _COUNT_ZH.search(before) or _COUNT_EN.search(before)
    return max(1, int(match[1])) if match else 1


_OF_THEM = re.compile(
    r"(\d{1,3})\s*(?:个|顶|双|件|条|只|把|盏|套|瓶|包|袋|罐|盒|块|支|台|张)"
    r"|\b(\d{1,3}) of (?:them|it|these)\b"
)


def quantity(text: str) -> int:
    """How many of what was talked of: "两个一起买", "two of them"; else 1."""
    match = _OF_THEM.search(as_digits(re.sub(r"第.个|[这那哪].?个", "", text)).lower())
    return max(1, int(match[1] or match[2])) if match else 1


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that a product must meet: the catalogue's unit, its attribute where the unit alone
    does not tell (None: any), and the bounds, both included."""

    unit: str
    key: str | None
    least: Decimal | None
    most: Decimal | None

    def distance(self, figure: Decimal) -> Decimal:
        """How far a figure is outside the bounds; 0 within them."""
        if self.least is not None and figure < self.least:
            return self.least - figure
        if self.most is not None and figure > self.most:
            return figure - self.most
        return Decimal(0)


_UNDER = re.compile(
    r"(?:不超过|低于|少于|小于|轻于|最多|under|below|less than|lighter than|at most|up to|within|"
    r"max)\s*$"
)
_OVER = re.compile(
    r"(?:超过|高于|大于|不低于|不少于|至少|over|above|more than|at least|bigger than)\s*$"
)
_UNDER_AFTER = re.compile(r"\s*(?:以内|以下|之内|内|or less|or under)")
_OVER_AFTER = re.compile(r"\s*(?:以上|or more|plus\b|\+)")

# Unit as written, the catalogue's unit, the factor between them, the attribute.
_MEASURES: list[tuple[str, str, int, str | None]] = [
    (r"(?:升|l\b|litres?\b|liters?\b)", "L", 1, None),
    (r"(?:公斤|千克|kgs?\b|kilos?\b)", "g", 1000, "weight"),
    (r"(?:克|g\b|grams?\b)", "g", 1, "weight"),
    (r"斤", "g", 500, "weight"),
    (r"(?:流明|lm\b|lumens?\b)", "lm", 1, None),
]
_NEAR = Decimal("0.25")
_SUPERLATIVES: list[tuple[str, tuple[str, ...], bool]] = [
    (r"最轻|\blightest\b|\bleast heavy\b", ("weight",), False),
    (r"最重|\bheaviest\b", ("weight",), True),
    (
        r"最便宜|(?<!更)便宜的|最实惠|价格最低"
        r"|\bcheap(?:est)?\b|\bleast expensive\b|\blowest[- ]price",
        ("price",),
        False,
    ),
    (r"最贵|\bmost expensive\b|\bpriciest\b", ("price",), True),
    (r"最(?:保)?暖和?|最抗冻|\bwarmest\b", ("comfort", "temperature"), False),
    (r"最亮|\bbrightest\b", ("brightness",), True),
    (r"最能装|容量最大|\b(?:biggest|largest)\b", ("volume",), True),
    (r"最防水|防水最好|\bmost waterproof\b", ("waterproof",), True),
]
_PEOPLE = re.compile(
    r"(?<![\d.])(\d{1,2})\s*(?:个?人|口(?:人|之家|[住用睡穿]|$)|-?\s*(?:person|people|man)\b|\s*(?:adults?|sleepers?)\b)"
    r"|\bfor\s+(\d{1,2})(?=\s*(?:of us|under|below|with|that|and|$|[?.!,]))"
)
_COLD = re.compile(
    r"(?:负|-|−|minus\s*)\s*(\d{1,2})\s*(?:°\s*c|℃|度|°|degrees?|c\b)?|"
    r"(?<![\d-])(\d{1,2})\s*(?:°\s*c|℃|度|degrees?)\s*(以下|below zero|below)?"
)


@dataclass(frozen=True, slots=True)
class Superlative:
    """What the best has the most or the least of: "price", or attributes of the catalogue, of which
    a product may have one or another."""

    keys: tuple[str, ...]
    most: bool


def superlative(text: str) -> Superlative | None:
    """The word for it in a text ("the lightest tent", "最便宜的头灯"), None without one."""
    lowered = text.lower()
    for pattern, keys, most in _SUPERLATIVES:
        if re.search(pattern, lowered):
            return Superlative(keys, most)
    return None


def measures(text: str) -> list[Measure]:
    """The figures that a wanted product must meet: "双人", "under 2 kg", "30升", "零下10度".

    A plain figure reaches a quarter either way; people mean at least so many and at most one more;
    a temperature must be bearable, so the product's own figure may be lower.
    """
    # 零 of 零下 (below zero) is no digit.
    for word, plain in (("零下", "负"), ("单人", "1人"), ("双人", "2人")):
        text = text.replace(word, plain)
    digits = as_digits(text).lower()
    found: list[Measure] = []
    if match := _PEOPLE.search(digits):
        people = Decimal(match[1] or match[2])
        found.append(Measure("people", None, people, people + (1 if people < 4 else 2)))
    if re.search(r"睡袋|羽绒|sleeping|bag|quilt|jacket|保暖|warm", digits) and (
        match := _COLD.search(digits)
    ):
        below = match[1] is not None or bool(match[3])
        degrees = Decimal(match[1] or match[2])
        # On the Celsius scale of the catalogue's "comfort" figure.
        found.append(Measure("°C", "comfort", None, -degrees if below else degrees))
    for pattern, unit, factor, key in _MEASURES:
        for match in re.finditer(rf"(?<![\d.])(\d+(?:\.\d+)?)\s*(?a:{pattern})", digits):
            figure = Decimal(match[1]) * factor
            before, after = digits[: match.start()], digits[match.end() :]
            if _UNDER.search(before) or _UNDER_AFTER.match(after):
                found.append(Measure(unit, key, None, figure))
            elif _OVER.search(before) or _OVER_AFTER.match(after):
                found.append(Measure(unit, key, figure, None))
            else:
                found.append(Measure(unit, key, figure * (1 - _NEAR), figure * (1 + _NEAR)))
    return found
