"""Numbers among tokens: 2, 1,299, 3k, 两百五, 两三百, 十几, three and a half, a couple hundred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.understanding.quantities.quantity import Bound
from bot.understanding.quantities.tokens import Token
from bot.understanding.quantities.zh import DIGITS, PLACES

_MULTIPLES = {"k": 1000, "w": 10_000, "grand": 1000}
_WATTS = 20  # from here on "w" is a watt, below it may be 万
_LONGEST = 12  # characters or words of a numeral
_HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Number:
    """`tokens[start:end]` are a number; `digits`: written in digits alone. `scale` is the power of
    ten or the dozen that it is counted in, for "2 to 300" is "200 to 300" only said so."""

    value: Decimal
    start: int
    end: int
    to: Decimal | None = None
    bound: Bound = "exact"
    digits: bool = False
    scale: Decimal = Decimal(1)
    short: bool = False  # 3k


def number(tokens: Sequence[Token], at: int) -> Number | None:
    """The number that begins at a token; None where none does."""
    if not 0 <= at < len(tokens):
        return None
    token = tokens[at]
    if token.read is None:  # several readers ask for the same one
        token.read = _number(tokens, at) or False
    return token.read or None


def _number(tokens: Sequence[Token], at: int) -> Number | None:
    token = tokens[at]
    if token.number is not None:
        return None if token.code else _digits(tokens, at)
    if token.text in DIGITS or token.text in PLACES:
        return _chinese(tokens, at)
    return _english(tokens, at) if token.senses or token.text == "½" else None


def _digits(tokens: Sequence[Token], at: int) -> Number | None:
    value = tokens[at].number
    if value is None:
        return None
    end = at + 1
    after = tokens[end] if end < len(tokens) else None
    spaced = after is not None and after.spaced
    if after is not None and after.number is not None and spaced and _thousands(tokens, at):
        return Number(value * 1000 + after.number, at, end + 1, digits=True)
    if after is None:
        return Number(value, at, end, digits=True)
    if after.text in PLACES and not spaced:
        scale = Decimal(PLACES[after.text])
        return _more(tokens, Number(value * scale, at, end + 1, scale=scale, digits=False))
    further = tokens[end + 1] if end + 1 < len(tokens) else None
    watts = after.text == "w" and (value >= _WATTS or further is None or further.text.isascii())
    kelvin = after.text == "k" and value >= 1000
    if (
        after.text in _MULTIPLES and not spaced and not watts and not kelvin
    ) or after.text == "grand":
        scale = Decimal(_MULTIPLES[after.text])
        short = after.text != "grand"
        return Number(value * scale, at, end + 1, scale=scale, digits=True, short=short)
    if after.get("scale") and after.is_word:
        scale = after.get("scale")
        return Number(value * scale, at, end + 1, scale=scale)
    if after.text == "ish" and not spaced:
        return Number(value, at, end + 1, bound="about", digits=True)
    if after.get("and_half"):
        return Number(value + _HALF, at, end + 1)
    if after.text == "½":
        return Number(value + _HALF, at, end + 1)
    return _more(tokens, Number(value, at, end, digits=True))


def _thousands(tokens: Sequence[Token], at: int) -> bool:
    """1 299: a space for the comma."""
    one, two = tokens[at], tokens[at + 1]
    further = tokens[at + 2] if at + 2 < len(tokens) else None
    before = tokens[at - 1] if at else None
    joined = further is not None and (further.get("unit") or not further.spaced)
    return (
        len(one.text) <= 3 and len(two.text) == 3 and two.text.isdigit() and one.text.isdigit()
        and not (joined and further is not None and further.kind in ("word", "number"))
        and before is not None
        and bool(before.get("before") or before.get("currency") or before.get("budget"))
    )  # fmt: skip


def _more(tokens: Sequence[Token], found: Number) -> Number:
    """七十多, 十来次, 三百来块, 一百出头: more than it, or about it."""
    end = found.end
    after = tokens[end].text if end < len(tokens) else ""
    further = tokens[end + 1] if end + 1 < len(tokens) else None
    round_ = found.value % 10 == 0 and found.value
    if round_ and after in ("多", "余") and not (further and further.text in ("少", "久", "大")):
        scaled = further is not None and further.text in PLACES
        scale = PLACES[further.text] if scaled and further is not None else 1
        return replace(
            found, value=found.value * scale, end=end + 1 + scaled, bound="more_than", digits=False
        )
    if round_ and after == "来" and further is not None and _counts(further):
        return replace(found, end=end + 1, bound="about", digits=False)
    if round_ and after == "几" and found.to is None:
        return replace(
            found, value=found.value + 1, to=found.value + 9, bound="between", end=end + 1
        )
    return found


def _counts(token: Token) -> bool:
    return any(token.get(kind) for kind in ("unit", "each", "currency", "times", "age")) or (
        token.text in ("岁", "万", "千")
    )


def _chinese(tokens: Sequence[Token], at: int) -> Number | None:
    end = at
    characters = ""
    while end < len(tokens) and end - at < _LONGEST:
        token = tokens[end]
        if token.text not in DIGITS and token.text not in PLACES:
            break
        if end > at and token.spaced:
            break
        characters += token.text
        end += 1
    if characters in ("两", "俩") and end < len(tokens) and tokens[end].text == "三":
        return None
    if characters[0] in "百千万亿":
        return _round(tokens, at, end, characters)
    split = _two(characters)
    if split is not None:
        low, high = split
        after = tokens[end] if end < len(tokens) else None
        bare = len(characters) == 2 and not any(c in PLACES for c in characters)
        if bare and (after is None or not _counts(after)):
            return None
        return _more(tokens, Number(low, at, end, to=high, bound="between"))
    value = _value(characters)
    if value is None:
        return None
    scale = max((PLACES[c] for c in characters if c in PLACES), default=1)
    if end < len(tokens) and tokens[end].text == "点" and end + 1 < len(tokens):
        value, end = _point(tokens, end, value)
    return _more(tokens, Number(value, at, end, scale=Decimal(scale)))


def _round(tokens: Sequence[Token], at: int, end: int, characters: str) -> Number | None:
    """百来块, 百十块: about a hundred."""
    after = tokens[end].text if end < len(tokens) else ""
    further = tokens[end + 1] if end + 1 < len(tokens) else None
    value = Decimal(PLACES[characters[0]])
    if characters in ("百", "千") and after in ("来", "把") and further and _counts(further):
        return Number(value, at, end + 1, bound="about", scale=value)
    if characters == "百十" and end < len(tokens) and _counts(tokens[end]):
        return Number(value, at, end, bound="about", scale=value)
    return None


def _point(tokens: Sequence[Token], end: int, value: Decimal) -> tuple[Decimal, int]:
    """三点五公斤; 三点五分 is a time."""
    after = tokens[end + 1]
    further = tokens[end + 2] if end + 2 < len(tokens) else None
    unit = further.get("unit") if further is not None else None
    if after.text in DIGITS and unit is not None and unit.what != "time":
        return value + Decimal(DIGITS[after.text]) / 10, end + 2
    return value, end


def _two(characters: str) -> tuple[Decimal, Decimal] | None:
    """The ends of 两三百, 十七八, 八九十, 三五百; None of what is one number."""
    for n in range(len(characters) - 1):
        one, two = DIGITS.get(characters[n]), DIGITS.get(characters[n + 1])
        if not one or not two:
            continue
        near = two == one + 1 or (one, two) == (3, 5)
        others = characters[:n] + characters[n + 2 :]
        if not near or any(c in DIGITS for c in characters[n + 2 :]):
            return None
        if others and not any(c in PLACES for c in others):
            return None
        low = _value(characters[: n + 1] + characters[n + 2 :])
        high = _value(characters[:n] + characters[n + 1 :])
        if low is None or high is None:
            return None
        return low, high
    return None


def _value(characters: str) -> Decimal | None:
    if not any(c in PLACES for c in characters):
        if len(characters) == 1:
            return Decimal(DIGITS[characters])
        return Decimal("".join(str(DIGITS[c]) for c in characters))  # 二〇二六
    total = section = 0
    digit: int | None = None
    unit = 1
    for c in characters:
        if c in DIGITS:
            if digit and digit != 0:
                return None
            digit = DIGITS[c]
            unit = 1 if digit == 0 else unit
            continue
        unit = PLACES[c]
        if unit >= 10_000:
            total = (total + section + (digit or 0)) * unit
            section = 0
        else:
            section += (1 if digit is None or digit == 0 else digit) * unit
        digit = None
    # A last digit right after a place stands for the next lower one: 两百五 is 250, 一万二 12000.
    short = digit and unit >= 100 and characters[-2] in PLACES
    return Decimal(total + section + ((digit or 0) * unit // 10 if short else (digit or 0)))


def _english(tokens: Sequence[Token], at: int) -> Number | None:
    """Words of number from `at` on: two hundred and five, a couple hundred, half a dozen."""
    token = tokens[at]
    for kind in ("six", "couple", "pair"):
        value = token.get(kind)
        if value:
            end = at + 1
            scale = tokens[end].get("scale") if end < len(tokens) else None
            if scale and kind == "couple":
                return Number(Decimal(value) * scale, at, end + 1, bound="about")
            if kind == "couple" and end + 1 < len(tokens) and tokens[end].text == "of":
                scale = tokens[end + 1].get("scale")
                if scale:
                    return Number(Decimal(value) * scale, at, end + 2, bound="about")
            return Number(Decimal(value), at, end)
    if token.get("third"):
        return Number(Decimal(token.get("third")), at, at + 1)
    if token.text == "½":
        return Number(_HALF, at, at + 1)
    total = section = Decimal(0)
    scale = Decimal(1)
    end, seen, about = at, False, False
    if token.get("article") and at + 1 < len(tokens) and tokens[at + 1].get("scale"):
        end, section, seen = at + 1, Decimal(1), True
    while end < len(tokens) and end - at < _LONGEST:
        word = tokens[end]
        if (value := word.get("num")) is not None and word.kind == "word":
            if section % 100 and not (section % 10 == 0 and value < 10 and section % 100 >= 20):
                break
            if seen and section % 100 == 0 and section == 0 and total == 0:
                break
            section += value
            about |= bool(word.get("ish"))
        elif (of := word.get("scale")) is not None and seen:
            if of == 100 or of == 12:
                section = (section or Decimal(1)) * of
            else:
                total, section = total + (section or Decimal(1)) * of, Decimal(0)
            scale = max(scale, of)
        elif (
            word.text == "and" and seen and scale > 1 and end + 1 < len(tokens)
            and tokens[end + 1].get("num") is not None
        ):  # fmt: skip
            end += 1
            continue
        else:
            break
        seen = True
        end += 1
    if not seen:
        return None
    value = total + section
    if end < len(tokens) and tokens[end].get("and_half"):
        value, end = value + _HALF * (scale if scale > 1 else 1), end + 1
    if end < len(tokens) and tokens[end].text == "ish":
        about, end = True, end + 1
    return Number(value, at, end, scale=scale, bound="about" if about else "exact")
