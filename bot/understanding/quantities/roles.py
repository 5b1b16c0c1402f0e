"""What a bare number is, by its neighbours: a price, a count, a size, an age, a height.

Nothing is decided where nothing tells: the role is then left open.
"""

from __future__ import annotations

from decimal import Decimal

from bot.understanding.quantities.en import WORDS
from bot.understanding.quantities.sentence import Amount, Sentence
from bot.understanding.quantities.tokens import TAKEN, Token

_LEAST_PRICE = 5  # a bare number behind "under" that is less, before a noun, counts things
_LEAST_BARE_PRICE = 12  # "it was 9" may be o'clock
_NO_MONEY = frozenset(
    {"%", "/", "*", "x", "号", "楼", "栋", "路", "开", "弄", "室", "deep", "wide", "long"}
)
_NO_SUM = 5  # digits from which a bare number without a comma is one of an order or a house
_MEMORIES = frozenset(Decimal(n) for n in (64, 128, 256, 512, 1024))  # GB, said without
_STREETS = frozenset(
    "road street lane ave avenue drive row yard close court terrace gardens square st rd".split()
)
# "a three-seater" is one thing.
_NO_GOODS = frozenset(
    "seater seaters pack packs way door drawer tier star seat gang fps k k's one ones stars".split()
)
_MOST_COUNTED = 999
DIMENSIONS = frozenset("deep wide long high tall thick across".split())
SHOES = (Decimal(22), Decimal(50))  # sizes of shoes and trousers
_LEAST_BARE_SIZE = 26  # "a 32" is a size of trousers or shoes, "a 20" a note
_HUMAN_AGES = (Decimal(1), Decimal(110))
_BODY_HEIGHTS = (Decimal(140), Decimal(199))  # cm, of whom clothes are sold to
_ASIDE = 14  # tokens from a person to the age told behind a comma
_FAR = 12  # tokens on either side that tell of whom a bare number is the height
_TO_AN_AGE = frozenset(
    "is are of ( , ， ： : 's was just only about nearly aged now and s turning".split()
)
NOTES = {"tenner": 10, "fiver": 5}


class Roles(Sentence):
    def decide(self, amount: Amount) -> None:
        if amount.role is not None or amount.counts_nothing:
            if amount.role == "duration":
                self._duration(amount)
            return
        before, after = self.at(amount.start - 1), self.at(amount.end)
        first = self.at(amount.number.start)
        bounded = amount.bound not in ("exact", "between")
        if self.is_budget(amount) or self.at(amount.number.end - 1).text in NOTES:
            amount.role = "price"
            return
        if first.text in ("俩", "仨") and amount.end == amount.number.end:
            amount.role = "count"
            return
        if self._is_size(amount, before, after):
            amount.role, amount.written = "size", self.as_written(amount)
            amount.to, amount.bound = None, "exact"
            if before.text.startswith("size") or before.text == "a size":
                amount.start -= 1
            return
        if amount.number.short and not bounded and amount.bound == "exact":
            return  # 2K: a resolution
        if self._is_age(amount, before, after):
            amount.role, amount.unit = "age", "year"
            amount.start -= before.text in ("age", "aged", "ages", "turning")
            return
        if self._is_height(amount, before, after) or after.text in DIMENSIONS:
            amount.role = "measure"
            amount.end += after.text in DIMENSIONS
            return
        if self._is_count(amount, before, after, first):
            amount.role = "count"
            return
        if self._is_price(amount, before, after, bounded):
            amount.role = "price"

    def is_budget(self, amount: Amount) -> bool:
        return any(self.at(amount.start - n).get("budget") for n in (1, 2, 3))

    def as_written(self, amount: Amount) -> str:
        first = self.tokens[amount.number.start]
        last = self.tokens[amount.number.end - 1]
        written = self.text[first.start : last.end]
        return written if written.isascii() else plain(amount.value)

    def _duration(self, amount: Amount) -> None:
        if amount.unit == "year" and self.at(amount.start - 1).text in ("aged", "age"):
            amount.role = "age"

    def _is_size(self, amount: Amount, before: Token, after: Token) -> bool:
        digits = amount.number.digits and not amount.number.short
        if before.get("size_before") and before.text.isascii() and digits:
            return before.text not in ("in a",) or SHOES[0] <= amount.value <= SHOES[1]
        if not digits or not SHOES[0] <= amount.value <= SHOES[1] or amount.bound != "exact":
            return False
        if (
            after.get("currency")
            or self.at(amount.start).kind == "sign"
            or after.text in (".", "%", "/")
        ):
            return False
        if before.text in ("a", "the") and amount.value >= _LEAST_BARE_SIZE:
            return after.kind == "sign" or not after.text or bool(after.get("function"))
        chinese = [before.is_han, after.is_han]
        if not any(chinese) or (before.text in ("，", ",") and not after.text):
            return False
        if before.kind == "sign" and before.text != "" and not chinese[1]:
            return False
        priced = (
            before.get("price_before") and before.text not in ("换", "要", "收", "是")
        ) or after.text in ("卖", "便", "包", "拿", "以", "拿下", "包邮", "买")
        return not priced and not before.get("before")

    def _is_age(self, amount: Amount, before: Token, after: Token) -> bool:
        """A number behind a person: "my lad's 5", "son (9)", "for my dad, seventy", 他六十一了."""
        if not _HUMAN_AGES[0] <= amount.value <= _HUMAN_AGES[1] or amount.number.short:
            return False
        if amount.to is None and amount.value != int(amount.value):
            return False
        if amount.bound == "more_than" and amount.number.bound != "more_than":
            return False
        if (
            amount.bound == "at_least"
            and amount.value <= 18
            and self.at(amount.end - 1).text in ("and up", "+", "and over", "or older", "and above")
        ):
            return True
        if after.code or after.text in ("%", "x", "/", "*"):
            return False
        chinese = not self.at(amount.number.start).text.isascii()
        if (
            chinese
            and amount.value >= 10
            and (
                after.text in ("了", "岁")
                or (after.text == "大" and self.at(amount.end + 1).text == "寿")
            )
        ):
            return True
        noun = after.is_word and after.text and not after.get("function")
        if noun and after.text.isascii() and after.get("modifier") is None:
            return False
        if self._is_said_of(amount, before, after):
            return True
        if (
            before.text in ("and", "or", ",")
            and self.last_role == "age"
            and self.last_end >= amount.start - 1
        ):
            return True
        aside = before.text in (",", "，") and (after.kind == "sign" or not after.text)
        if aside and any(
            self._is_person(self.at(n)) for n in range(amount.start - _ASIDE, amount.start - 1)
        ):
            return True
        for back in range(1, 4):
            token = self.at(amount.start - back)
            if self._is_person(token):
                aside = amount.number.digits and before.kind == "sign"
                return aside if token.is_han else True
            if token.text not in _TO_AN_AGE:
                return False
        return False

    def _is_said_of(self, amount: Amount, before: Token, after: Token) -> bool:
        """我妈55, 儿子十三, 我才35."""
        if not before.text or before.text.isascii() or amount.value >= _HUMAN_AGES[1]:
            return False
        if after.is_word and after.text not in ("", "了", "可以", "吧", "还", "能"):
            return False
        person = self.at(amount.start - 2) if before.text in ("才", "今年", "都", "快") else before
        return bool(person.get("person")) or (person.text == "我" and person is not before)

    def _is_person(self, token: Token) -> bool:
        return bool(
            token.get("person")
            or (token.text.endswith("'s") and token.text.removesuffix("'s") in _PERSONS)
        )

    def _is_height(self, amount: Amount, before: Token, after: Token) -> bool:
        """他178 170斤; 155 of 小个子."""
        if not amount.number.digits or amount.bound != "exact" or amount.to is not None:
            return False
        if not _BODY_HEIGHTS[0] <= amount.value <= _BODY_HEIGHTS[1]:
            return False
        place = amount.start
        near = [self.at(n) for n in range(place - _FAR, amount.end + _FAR)]
        priced = {self.at(place - 1).text, after.text} & {"卖", "便宜", "花", "价", "块", "元"}
        return any(token.get("body") for token in near) and not priced

    def _is_count(self, amount: Amount, before: Token, after: Token, first: Token) -> bool:
        """three bulbs, 40 of the unscented, x2, "id have two"."""
        value, digits = amount.value, amount.number.digits
        if value != int(value) or amount.number.short or first.text == "one" or not value:
            return False
        if before.get("multiplied") and not first.spaced and before.spaced:
            return True
        if first.get("pair"):
            return True
        if before.text in ("/", "x") or not first.text.isascii() or after.text in _NO_GOODS:
            return False
        if {self.at(amount.end + n).text for n in range(3)} & _STREETS and digits:
            return False
        if after.get("of_them") or (after.text == "of" and after.spaced):
            return True
        if digits and (
            (value > _MOST_COUNTED and not after.get("each"))
            or (len(first.text) > 1 and first.text[0] == "0")
        ):
            return False
        noun = (
            after.is_word and after.spaced and after.text.isascii()
            and after.text not in ("", TAKEN) and not after.code
            and not after.get("function") and not after.get("before")
        )  # fmt: skip
        if amount.bound not in ("exact", "between", "about"):
            return bool(noun) and (value < 50 or (not digits and value < 100))
        if digits:
            if before.text == "the" and value > 20:
                return False
            if before.is_word and before.text:
                known = before.get("doing") or before.get("function")
                return bool(noun and before.text.isascii() and known)
            return bool(noun) and before.text != "("
        if noun:
            return True
        alone = not amount.number.scale > 12 and value <= 20 and bool(before.text)
        return alone and before.is_word and not before.get("at") and not before.get("person")

    def _is_price(self, amount: Amount, before: Token, after: Token, bounded: bool) -> bool:
        first = self.at(amount.number.start)
        if amount.value <= 0 or after.code or after.text in _NO_MONEY:
            return False
        if (
            amount.number.digits
            and len(first.text.partition(".")[0]) >= _NO_SUM
            and "," not in first.text
            and not bounded
        ):
            return False
        if after.is_word and after.text and not after.spaced and after.text.isascii():
            return False
        if bounded:
            return before.text != "值" and amount.value >= _LEAST_PRICE
        if amount.number.digits and "." in first.text and len(first.text.partition(".")[2]) == 2:
            return True
        if amount.to is not None and amount.value >= 20:
            return True
        if not amount.number.digits and amount.number.scale >= 100:
            return True
        if not amount.number.digits and not first.text.isascii():
            return bool(amount.value >= 10 and before.get("price_before"))
        noun = after.is_word and after.text and after.text.isascii() and not after.get("function")
        if before.text == "at" and not amount.number.digits:
            return False
        if before.text.isascii() and before.get("price_before"):
            return (
                amount.value >= _LEAST_BARE_PRICE and not noun and after.text not in ("too", "not")
            )
        if before.text == "that" and amount.number.digits:
            return amount.value >= _LEAST_BARE_PRICE
        if {self.at(amount.start - n).text for n in (1, 2, 3)} & {"尾", "号", "尾号", "邮编"}:
            return False
        chinese = before.is_han or after.is_han
        if not chinese or amount.value < _LEAST_PRICE or amount.value in _MEMORIES:
            return False
        near = [self.at(n) for n in range(amount.start - 3, amount.end + 4)]
        return any(t.get("price_before") for t in near) and (
            not amount.number.digits or amount.value >= 50
        )

    def _is_open(self, amount: Amount) -> bool:
        """Whether a bare number is one that somebody may ask for, and no part of a name."""
        first = self.at(amount.number.start)
        return not amount.counts_nothing and (first.text.isascii() or amount.number.scale > 1)


_PERSONS = frozenset(
    word for forms in WORDS["person"].values() for word in forms.split("|") if " " not in word
)


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
