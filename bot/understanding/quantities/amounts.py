"""Amounts among tokens: a number, its unit or currency, and the words that make it a bound."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bot.understanding.quantities import bounds, days, units
from bot.understanding.quantities.numerals import Number, number
from bot.understanding.quantities.quantity import Value
from bot.understanding.quantities.roles import DIMENSIONS, NOTES, SHOES, Roles, plain
from bot.understanding.quantities.sentence import Amount, Found
from bot.understanding.quantities.tokens import Token

# What comes behind 一天 where it says how much in a day.
_IN_A_DAY = frozenset("要 能 不 掉 到 几 吃 喂 开 最多 戴 用 喝".split())
# What comes behind "a week", "a metre" where it is a quantity.
_ONE_UNIT = frozenset("later late longer in now already tall long wide high deep".split())
_LETTERS = {"small": "S", "medium": "M", "large": "L"}
# Words for money that stand before the sum, too.
_MONEY = frozenset({"rmb", "cny", "usd", "gbp", "eur", "us$"})
_LARGEST = Decimal(10) ** 9


class Amounts(Roles):
    def _amount(self, place: int) -> Found | None:
        return (
            self._letter_size(place) or self._people(place) or self._decade(place)
            or self._prefixed(place) or self._numbered(place)
        )  # fmt: skip

    def _decade(self, place: int) -> Found | None:
        """mid thirties."""
        decade = self.at(place).get("decade")
        if decade is None:
            return None
        mid = self.at(place - 1).text == "mid"
        value = decade + (5 if mid else 0)
        return self.made("age", "about", value, None, "year", place - mid, place + 1), place + 1

    def _prefixed(self, place: int) -> Found | None:
        """SPF 30."""
        unit = self.at(place).get("unit")
        if unit is None or unit.name != "SPF" or number(self.tokens, place + 1) is None:
            return None
        found = self._numbered(place + 1)
        if found is None:
            return None
        quantity = replace(found[0], role="measure", unit="SPF", start=self.at(place).start)
        return quantity, found[1]

    def _letter_size(self, place: int) -> Found | None:
        """XL, 2XL, A4, size M, S号, in medium."""
        token, before, after = self.at(place), self.at(place - 1), self.at(place + 1)
        joined = not after.spaced and not token.code
        if joined and token.number in (2, 3, 4, 5, 6) and after.text in ("xl", "xs", "xxl"):
            return self._size(place, place + 2, token.text + after.text)
        if joined and token.text == "a" and after.number in (3, 4, 5, 6):
            return self._size(place, place + 2, f"A{after.text}")
        if not token.get("letter"):
            return None
        called = before.text in ("size", "sizes", "a size")
        start = place - called
        if token.text in _LETTERS:
            worn = before.text in ("in", "in a") or after.get("size")
            ends = before.text == "a" and after.kind == "sign"
            return self._size(start, place + 1, token.text) if called or worn or ends else None
        if called or before.text == "码数" or after.text in ("码", "号", "size"):
            return self._size(start, place + 1, token.text)
        glued = not token.spaced and (
            before.text in ("-", "/", "&", "'") or before.number is not None
            or (before.is_word and before.text.isascii() and bool(before.text))
        )  # fmt: skip
        if glued or (not after.spaced and (after.text in ("'", "&", "+") or after.number)):
            return None
        capital = self.text[token.start : token.end].isupper() and not self.shouted
        chinese = before.is_han and after.is_han and not after.get("unit")
        if len(token.text) > 1 or capital or chinese:
            return self._size(place, place + 1, token.text)
        return None

    def _size(self, start: int, end: int, written: str) -> Found:
        value = _LETTERS.get(written, written.upper())
        end += self.at(end).text in ("码", "号", "size")
        return self.made("size", "exact", value, None, None, start, end), end

    def _people(self, place: int) -> Found | None:
        """双人."""
        people = self.at(place).get("people")
        if people is None:
            return None
        return self.made(
            "count", "exact", Decimal(people), None, "people", place, place + 1
        ), place + 1

    def _numbered(self, place: int) -> Found | None:
        start = place
        token = self.at(place)
        signed = token.kind == "sign" or token.text in _MONEY
        currency = token.get("currency") if signed else None
        minus = currency is None and bool(token.get("minus"))
        if minus and token.text == "-" and self.at(place - 1).number is not None:
            return None
        place += currency is not None or minus
        found = self._number(place)
        if found is None:
            return None
        amount = Amount(found, start, found.end, value=found.value, to=found.to, bound=found.bound)
        if currency is not None:
            amount.role, amount.unit = "price", currency
        self._range(amount, place)
        self._unit(amount)
        if minus:
            bare = amount.unit is None and self._is_below_zero(start)
            if amount.unit not in ("°C", "°F") and not bare:
                return None
            amount.role, amount.unit = "measure", amount.unit or "°C"
            amount.value = -amount.value
            amount.to = None if amount.to is None else -amount.to
        if abs(amount.value) > _LARGEST:
            return None
        self._bound(amount)
        self.decide(amount)
        if amount.role is None and amount.end - amount.start == 1 and not self._is_open(amount):
            return None
        value: Value = amount.value
        if amount.role == "size":
            value = amount.written or plain(amount.value)
        return (
            self.made(
                amount.role, amount.bound, value, amount.to, amount.unit, amount.start, amount.end
            ),
            amount.end,
        )

    def _is_below_zero(self, place: int) -> bool:
        """Whether a number behind this minus is a temperature without a unit: a word for minus says
        so, a sign that stands alone before the digits ("for -10"), no dash between two words."""
        sign, digits = self.at(place), self.at(place + 1)
        return sign.text != "-" or (sign.spaced and not digits.spaced)

    def _number(self, place: int) -> Number | None:
        """A number, or what stands for one beside a unit: 半斤, half a litre, a kilo or less."""
        token, after = self.at(place), self.at(place + 1)
        if self.at(place - 1).text == "第":
            return None
        part = number(self.tokens, place)
        if part is not None and (self.at(part.end).text + self.at(part.end + 1).text) == "分之":
            of = number(self.tokens, part.end + 2)
            if of is not None and part.value:
                share = (of.value / part.value).quantize(Decimal("0.01"))
                return Number(share, place, of.end)
        if token.text == "半":
            end = place + 1 + (after.text in ("个",))
            unit = self.at(end).get("unit")
            if (unit is not None and self.at(end).text not in ("天",)) or self.at(end).text == "打":
                return Number(Decimal("0.5"), place, end)
            return None
        if token.get("half"):
            end = place + 1 + (after.text in ("a", "an"))
            if self.at(end).get("unit") is not None and not self.at(end).get("letter"):
                return Number(Decimal("0.5"), place, end)
            return None
        if token.get("article") and after.text in NOTES:
            return Number(Decimal(NOTES[after.text]), place, place + 2)
        if token.get("article") and not after.get("scale"):
            unit = after.get("unit")
            bounded = (
                bounds.before(self.tokens, place) or bounds.after(self.tokens, place + 2)
                or self.at(place + 2).text in _ONE_UNIT
            )  # fmt: skip
            word = unit is not None and not after.get("letter") and after.is_word
            if word and bounded and len(after.text) > 2 and after.text not in ("second", "day"):
                return Number(Decimal(1), place, place + 1)
            return None
        if token.text == "零" and after.text == "下":
            return None
        return number(self.tokens, place)

    def _range(self, amount: Amount, place: int) -> None:
        """三到五公分, 700 to 900 quid, two or three, 100-150."""
        if amount.to is not None or amount.bound not in ("exact", "about"):
            return
        end = amount.number.end
        first_unit = self.at(end).get("unit")
        if first_unit is None:
            first_unit = self.at(end).get("currency")
        joint = end + 1 if first_unit is not None and amount.role != "price" else end
        joint = end + 1 if self.at(end).get("currency") is not None else joint
        between = self.at(amount.start - 1).get("between")
        token = self.at(joint)
        if first_unit is not None and not (token.get("range") or between):
            return
        joins = token.get("range") or (between and token.text == "and")
        small = not amount.number.digits and token.text in ("or",) and amount.value < 20
        if not joins and not small:
            return
        behind = joint + 1
        if self.at(behind).get("currency") is not None:
            behind += 1
        last = number(self.tokens, behind)
        if last is None or (last.to is not None and not small):
            return
        first = amount.value
        shared = last.scale > 1 and amount.number.scale == 1 and first < last.scale
        if shared and last.scale <= first * last.scale <= last.value:
            first *= last.scale  # two to three hundred
        if last.value <= first or (small and last.value > first + 2):
            return
        if small and self.at(behind).text == "one":
            return
        amount.value, amount.to, amount.bound = first, last.value, "between"
        amount.end = last.end
        if between:
            amount.start -= 1
        amount.number = replace(last, start=amount.number.start, digits=amount.number.digits)

    def _unit(self, amount: Amount) -> None:
        end = amount.end
        token = self.at(end)
        if amount.role == "price":
            amount.end += token.get("currency") is not None
            return
        if token.text == "个" and (self.at(end + 1).get("unit") or self._storage(end + 1, amount)):
            unit = self.at(end + 1).get("unit")
            if unit is None or unit.what in ("time", "mass") or self._storage(end + 1, amount):
                end += 1
                token = self.at(end)
        if token.text == "半" and self.at(end + 1).get("unit"):
            amount.value += Decimal("0.5")
            end += 1
            token = self.at(end)
        if token.text == "个" and self.at(end + 1).text == "多" and self.at(end + 2).get("unit"):
            end += 1
            token = self.at(end)
        if token.text in ("多", "来") and (
            self.at(end + 1).get("unit") or self.at(end + 1).text == "个"
        ):
            amount.bound = "more_than" if token.text == "多" else "about"
            end += 1
            token = self.at(end)
        if token.get("age") or (token.text == "岁"):
            self._age(amount, end, "year")
            return
        if storage := self._storage(end, amount):
            amount.role, amount.unit, amount.end = "measure", storage, end + 1
            return
        if token.get("currency") is not None and not self._is_classifier(amount, end):
            self._currency(amount, end)
            return
        unit = token.get("unit")
        if token.text == "c" and not token.spaced and amount.number.digits:
            unit = units.UNITS["°C"]
        if (
            token.text == "g"
            and amount.value in (4, 5)
            and not token.spaced
            and self.at(end - 1).text != "个"
        ):
            amount.counts_nothing = True  # a network
            return
        if unit is None or (token.get("letter") and self._is_capital(token)):
            self._other(amount, end)
            return
        if token.text == "°" and self.at(end + 1).text in ("c", "f"):
            unit, end = units.UNITS["°" + self.at(end + 1).text.upper()], end + 1
        elif unit.name == "°C" and self.at(end + 1).text in ("c", "celsius", "centigrade"):
            end += 1
        amount.unit = unit.name
        amount.end = end + 1
        if token.text == "月" and self.at(end - 1).text not in ("个", "仨", "俩", "半"):
            amount.unit, amount.counts_nothing = None, True  # a month of the year
            return
        if token.text == "年" and amount.number.digits and amount.value >= 1900:
            amount.unit, amount.counts_nothing = None, True  # a year
            return
        if unit.what == "time":
            daily = amount.value == 1 and self.at(amount.start).text == "一"
            if daily and token.text in ("天", "年") and self.at(amount.end).text in _IN_A_DAY:
                amount.unit, amount.counts_nothing = None, True  # how much in a day
                return
            self._time(amount)
        elif unit.what == "people":
            amount.role = "count"
        else:
            amount.role = "measure"
            self._more_of_unit(amount)

    def _is_capital(self, token: Token) -> bool:
        """Whether L or M behind a number is a size rather than litres or metres."""
        return token.spaced and self.text[token.start : token.end].isupper()

    def _storage(self, place: int, amount: Amount) -> str | None:
        """32G, 1T, 8个G: memory; 5G is a network."""
        token = self.at(place)
        if token.text not in ("g", "t"):
            return None
        written = self.text[token.start : token.end]
        if token.text == "t":
            return "TB" if not token.spaced else None
        if amount.value in (4, 5) and not token.spaced:
            return None
        if written == "G" and (amount.value >= 8 or self.at(place - 1).text == "个"):
            return "GB"
        return None

    def _more_of_unit(self, amount: Amount) -> None:
        """一米八, 一公斤半, 6ft4."""
        token = self.at(amount.end)
        if token.text == "半":
            amount.value, amount.end = amount.value + Decimal("0.5"), amount.end + 1
        elif amount.unit == "°C" and self.at(amount.end - 1).text == "度":
            further = number(self.tokens, amount.end)
            if further is not None and not token.spaced and further.value < 10:
                amount.value, amount.end = amount.value + further.value / 10, further.end
        elif amount.unit == "m":
            further = number(self.tokens, amount.end)
            if further is not None and not token.spaced and further.to is None:
                digits = str(int(further.value))
                behind = self.at(further.end)
                if (
                    further.value == int(further.value)
                    and len(digits) <= 2
                    and not (behind.get("unit") or behind.get("each"))
                ):
                    amount.value += Decimal(f"0.{digits}")
                    amount.end = further.end
        elif amount.unit == "ft":
            further = number(self.tokens, amount.end)
            if further is not None and not token.spaced and further.value < 12:
                amount.value += further.value / 12
                amount.end = further.end + bool(self.at(further.end).text in ("in", '"'))
        elif amount.unit == "斤":
            further = number(self.tokens, amount.end)
            if further is not None and self.at(further.end).text == "两" and further.value < 10:
                amount.value, amount.end = amount.value + further.value / 10, further.end + 1
        elif amount.unit == "kg" and self.at(amount.end).get("and_half"):
            amount.value, amount.end = amount.value + Decimal("0.5"), amount.end + 1

    def _time(self, amount: Amount) -> None:
        parts = days.lengths(self.tokens, amount.number.start) if amount.to is None else None
        if parts is not None and len(parts[0]) > 1 and all(u in units.DAYS for _, u in parts[0]):
            amount.value = sum((v * units.DAYS[u] for v, u in parts[0]), Decimal(0))
            amount.unit, amount.end = "day", parts[1]
        token = self.at(amount.end)
        if token.get("and_half") or token.text == "半":
            amount.value, amount.end = amount.value + Decimal("0.5"), amount.end + 1
            token = self.at(amount.end)
        elif token.text == "多":
            amount.bound, amount.end = "more_than", amount.end + 1
            token = self.at(amount.end)
        if amount.unit in ("year", "month", "week", "day") and (
            token.get("old")
            or token.text == "大"
            or token.get("person")
            or (
                token.text == "的"
                and self.at(amount.end + 1).text in ("宝", "宝宝", "娃", "小", "婴")
                and amount.unit != "day"
            )
        ):
            amount.role = "age"
            amount.end += bool(token.get("old") or token.text == "大")
            return
        amount.role = "age" if self._lives(amount, token) else "duration"

    def _lives(self, amount: Amount, after: Token) -> bool:
        """宝宝才十个月, grandson (14 months)."""
        before = self.at(amount.start - 1)
        if amount.unit not in ("year", "month", "week"):
            return False
        if before.text == "(":
            return self._is_person(self.at(amount.start - 2))
        if amount.unit != "month" or not before.text or before.text.isascii():
            return False
        near = [self.at(amount.start - n) for n in (1, 2, 3)]
        ends = after.kind == "sign" or not after.text or after.text in ("，", "的")
        return ends and any(self._is_person(token) for token in near)

    def _age(self, amount: Amount, end: int, unit: str) -> None:
        if self.at(end).text == "岁" and self.at(end + 1).text == "半":
            amount.value, end = amount.value + Decimal("0.5"), end + 1
        elif self.at(end).text == "岁半":
            amount.value += Decimal("0.5")
        amount.role, amount.unit, amount.end = "age", unit, end + 1
        if self.at(amount.end).text in ("多", "来"):
            amount.bound = "more_than" if self.at(amount.end).text == "多" else "about"
            amount.end += 1

    def _is_classifier(self, amount: Amount, place: int) -> bool:
        """两块板子: 块 counts what is named right behind it."""
        token, behind = self.at(place), self.at(place + 1)
        if token.text != "块" or amount.value > 10 or not behind.text:
            return False
        ordinary = "钱的以左上多吧吗呢啊给能够包运便差起九八七六五四三二一点内也都就是没不行可"
        return behind.is_han and behind.text[0] not in ordinary

    def _currency(self, amount: Amount, place: int) -> None:
        token = self.at(place)
        amount.role, amount.unit, amount.end = "price", token.get("currency") or None, place + 1
        if token.text in ("块", "元"):
            further = number(self.tokens, amount.end)
            if further is not None and not self.at(amount.end).spaced and further.value < 100:
                behind = self.at(further.end)
                if further.to is None and not any(
                    behind.get(kind) for kind in ("unit", "each", "times", "range", "currency")
                ):
                    tenth = further.value / (10 if further.value < 10 else 100)
                    amount.value, amount.end = amount.value + tenth, further.end
            if self.at(amount.end).text == "钱":
                amount.end += 1
        elif token.text in ("pound", "pounds") and self._weighs(amount):
            amount.role, amount.unit = "measure", "lb"

    def _weighs(self, amount: Amount) -> bool:
        words = {self.at(amount.start - n).text for n in range(1, 6)}
        words |= {self.at(amount.end + n).text for n in range(3)}
        return bool(
            words & {"weigh", "weighs", "weight", "heavy", "heavier than", "lighter than", "light",
                     "dog", "cat", "below", "load", "lift"}
        )  # fmt: skip

    def _other(self, amount: Amount, place: int) -> None:
        """Counted by a classifier, by times, by x; a size."""
        token = self.at(place)
        once = amount.value == 1 and self.at(amount.start).text == "一" and amount.to is None
        if once and (token.get("times") or token.get("each")):
            amount.counts_nothing = True
            return
        if token.text == "口" and self.at(amount.start - 1).text in ("家", "一家"):
            amount.role, amount.unit, amount.end = "count", "people", place + 1
            return
        if token.get("times") and not (
            token.text == "下" and self.at(place + 1).text in ("单", "载", "架")
        ):
            amount.role, amount.end = "count", place + 1
            return
        if token.text in ("码", "号"):
            around = {self.at(amount.start - n).text for n in (1, 2, 3)}
            if token.text == "码" or (
                SHOES[0] <= amount.value <= SHOES[1]
                and not around & {"门", "牌", "路", "楼", "栋", "门牌"}
            ):
                amount.role, amount.end = "size", place + 1
                amount.written = self.as_written(amount)
                amount.to = None
                amount.bound = "exact"
            return
        # "3000打得住吗" asks whether that will do; nobody orders by hundreds of dozens.
        if token.text == "打" and amount.value < 100:
            amount.value, amount.role, amount.end = amount.value * 12, "count", place + 1
            return
        if not amount.value:
            amount.counts_nothing = True
            return
        if token.text == "x" or token.text == "×":
            further = number(self.tokens, place + 1)
            if further is not None and amount.number.digits and amount.value > 5:
                self._dimensions(amount, place)
                return
            amount.role = "count"
            return
        if token.text == "*" and number(self.tokens, place + 1) is not None:
            self._dimensions(amount, place)
            return
        if token.get("each") and token.is_han:
            amount.role, amount.end = "count", place + 1

    def _dimensions(self, amount: Amount, place: int) -> None:
        """140x200: a size as it is written."""
        end = place
        while self.at(end).text in ("x", "×", "*"):
            further = number(self.tokens, end + 1)
            if further is None:
                break
            end = further.end
        if self.at(end).get("unit") and not self.at(end).get("letter"):
            end += 1
        amount.role, amount.end = "size", end
        amount.written = self.text[self.at(amount.number.start).start : self.tokens[end - 1].end]

    def _bound(self, amount: Amount) -> None:
        if amount.role == "size":
            return
        end = amount.end
        if self.at(end).text in DIMENSIONS and bounds.after(self.tokens, end + 1):
            end += 1
        if self.at(end).text in ("each", "apiece") and bounds.after(self.tokens, end + 1):
            end += 1
        elif self.at(end + 1).text in ("head", "pop") and bounds.after(self.tokens, end + 2):
            end += 2
        behind = bounds.after(self.tokens, end)
        front = bounds.before(self.tokens, amount.start)
        said = None
        if behind is not None and not (
            behind.bound == "at_least"
            and front is not None
            and front.bound in ("at_most", "less_than")
            and self.at(end).text in ("+", "plus")
        ):
            said = behind
            amount.end = behind.end
            if front is not None and front.bound == "about":
                amount.start = front.start
        elif front is not None:
            said = front
            amount.start = front.start
        if said is None and self.at(end + 1).text.startswith("or ") and self.at(end).is_word:
            said = bounds.after(self.tokens, end + 1)  # a 500 lumen headlamp or brighter
        if said is None:
            if self.is_budget(amount):
                amount.bound = "at_most" if amount.bound == "exact" else amount.bound
                amount.role = amount.role or "price"
            return
        if amount.to is not None:
            if self.at(amount.start).text == "from":
                return
            if said.bound in ("at_most", "less_than"):
                amount.value, amount.to, amount.bound = amount.to, None, said.bound
            elif said.bound in ("at_least", "more_than"):
                amount.to, amount.bound = None, said.bound
            return
        if amount.bound == "more_than" and said.bound == "about":
            return
        amount.bound = said.bound
