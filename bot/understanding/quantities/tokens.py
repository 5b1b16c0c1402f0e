"""A text as tokens: numbers, words of the closed classes, and whatever else there is.

Both languages share one scanner, as customers mix them ("预算3k封顶"). Every step is linear in the
text, which is cut at `MOST` characters: what is longer is no message to a shop.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bot.understanding.quantities import en, units, zh

TAKEN = "\0"
MOST = 2000  # characters, in plain width

_DAY = r"(?P<ymd>20[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?![0-9]))"
_CLOCK = r"(?P<clock>(?:[01]?[0-9]|2[0-4])[:：][0-5][0-9](?![0-9:]))"
_NUMBER = r"(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?)"
_WORD = r"(?P<word>[a-zà-ɏ]+(?:'[a-zà-ɏ]+)*)"
_PIECE = re.compile(
    rf"{_DAY}|{_CLOCK}|{_NUMBER}|{_WORD}|(?P<space>\s+)|(?P<sign><=|>=|[^\W_]|[\W_])", re.S
)
_LONGEST_NUMBER = 12  # digits; longer ones are numbers of orders or parcels
_CODE = 7  # digits from which a bare number is no sum: an order, a phone
_HALF = "½"
_PLAIN = {
    "’": "'",
    "‘": "'",
    "＇": "'",
    "″": '"',
    "”": '"',
    "−": "-",
    "–": "-",
    "—": "-",
    _HALF: _HALF,
}


@dataclass(slots=True)
class Token:
    """`senses`: what the closed classes say that it is, by class. `number`: of digits alone.
    `code`: a part of a name or a number of something, as in K68, WB26112703."""

    text: str
    start: int
    end: int
    spaced: bool = False
    number: Decimal | None = None
    kind: str = "word"
    code: bool = False
    senses: Mapping[str, Any] = field(default_factory=dict)
    read: Any = None  # the number that begins here, once it is looked for: see numerals.py

    def take(self) -> None:
        """Leave it out: it belongs to a name."""
        self.kind, self.text, self.number = "word", TAKEN, None
        self.code, self.senses = True, {}

    def get(self, kind: str) -> Any:
        return self.senses.get(kind)

    @property
    def is_han(self) -> bool:
        """Whether it begins with a Chinese character."""
        return bool(self.text) and "一" <= self.text[0] <= "鿿"

    @property
    def is_word(self) -> bool:
        return self.kind == "word"


def folded(text: str) -> tuple[str, Sequence[int]]:
    """The text in plain width, small letters and simplified characters, and where each of its
    characters stood."""
    if len(text) <= MOST and text.isascii():
        return text.lower(), range(len(text) + 1)
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text[:MOST]):
        plain = _PLAIN.get(character) or zh.TRADITIONAL.get(character)
        if plain is None:
            plain = character
            if not "\u3400" <= character <= "\u9fff":
                plain = unicodedata.normalize("NFKC", character).lower()
        for each in plain:
            characters.append(each)
            places.append(place)
        if len(characters) >= MOST:
            break
    places.append(places[-1] + 1 if places else 0)
    return "".join(characters[:MOST]), places


def tokens(text: str) -> list[Token]:
    plain, places = folded(text)
    return _phrases(_coded([*_pieces(plain)]), places, text)


def _pieces(plain: str) -> Iterator[Token]:
    spaced = True
    for match in _PIECE.finditer(plain):
        kind = match.lastgroup or "sign"
        if kind == "space":
            spaced = True
            continue
        word = match[0]
        token = Token(word, match.start(), match.end(), spaced)
        if kind == "number":
            bare = word.replace(",", "")
            token.kind = "number"
            if len(bare) <= _LONGEST_NUMBER:
                token.number = Decimal(bare)
            token.code = token.number is None or (len(bare) >= _CODE and "," not in word)
        elif kind in ("ymd", "clock"):
            token.kind = kind
        elif kind == "sign" and not word[0].isalnum():
            token.kind = "sign"
        spaced = False
        yield token


def _coded(pieces: list[Token]) -> list[Token]:
    """Mark the digits of codes, and drop the hyphens that only join words (four-year-old)."""
    found: list[Token] = []
    for at, token in enumerate(pieces):
        before = pieces[at - 1] if at and not token.spaced else None
        after = pieces[at + 1] if at + 1 < len(pieces) and not pieces[at + 1].spaced else None
        if token.kind == "number" and not token.code:
            token.code = _is_code(pieces, at, before, after)
        joins = token.text == "-" and before is not None and after is not None
        if joins and after is not None and after.kind == "word" and after.text[0].isascii():
            continue
        found.append(token)
    return found


def _is_code(pieces: list[Token], at: int, before: Token | None, after: Token | None) -> bool:
    """Whether digits stand in a name: behind letters (K68, OTM-48213) or amid a path of them."""
    if after is not None and after.text == "+" and at + 2 < len(pieces):
        return pieces[at + 2].kind == "number"  # 12+256
    if before is None:
        return False
    if before.text == "+" and at > 1:
        return pieces[at - 2].kind == "number"
    if before.kind == "word" and before.text.isascii():
        known = _SINGLE.get(before.text, {})
        return not (known.keys() & {"currency", "unit", "multiplied", "budget", "before"})
    if before.text in ("#", "_", "@"):
        return True
    if before.text in ("-", ".", "/") and at > 1 and not before.spaced:
        further = pieces[at - 2]
        if before.text == "-" and further.kind == "word" and further.text.isascii():
            return not (_SINGLE.get(further.text, {}).keys() & {"before", "num"})
        return further.kind == "number" and further.code
    return False


def _phrases(pieces: list[Token], places: Sequence[int], text: str) -> list[Token]:
    """Join the pieces that are one word of a closed class, the longest first."""
    found: list[Token] = []
    texts = [piece.text for piece in pieces]
    at = 0
    while at < len(pieces):
        first = pieces[at]
        last, senses = at, first.senses
        for length in _LENGTHS.get(first.text, ()):
            known = _KNOWN.get(tuple(texts[at : at + length]))
            if known is None or at + length > len(pieces):
                continue
            if "idiom" in known and at and _goes_on(pieces[at - 1], first):
                continue  # 十一点, 周一下单
            last, senses = at + length - 1, known
            break
        whole = first.text
        if last > at:
            joint = " " if first.text.isascii() else ""
            whole = joint.join(piece.text for piece in pieces[at : last + 1])
        token = Token(
            whole, places[first.start], places[pieces[last].end - 1] + 1,
            first.spaced, first.number, first.kind, first.code, senses,
        )  # fmt: skip
        if last > at and token.kind != "word":
            token.kind, token.number = "word", None
        if not senses and token.kind == "word" and whole.isascii():
            token.senses = _derived(whole)
        found.append(token)
        at = last + 1
    return found


def _goes_on(before: Token, first: Token) -> bool:
    """Whether a numeral belongs to what stands before it."""
    numeral = first.text in zh.DIGITS or first.text in zh.PLACES
    return numeral and (
        before.text in zh.DIGITS or before.text in zh.PLACES or before.text in "周期拜晨午夜上"
    )


def _derived(word: str) -> Mapping[str, Any]:
    """eightyish, 500s."""
    if word.endswith("ish"):
        base = _SINGLE.get(word[:-3], {}).get("num")
        if base is not None:
            return {"num": base, "ish": True}
    return {}


def _split(form: str) -> tuple[str, ...]:
    return tuple(
        match[0]
        for match in _PIECE.finditer(form)
        if match.lastgroup != "space" and match[0] != "-"
    ) or (form,)


def _senses() -> Iterator[tuple[str, str, Any]]:
    for table, parted in ((zh.WORDS, " "), (en.WORDS, "|")):
        for kind, values in table.items():
            for value, forms in values.items():
                for form in forms.split(parted):
                    yield form, kind, value
    for form, unit in units.WRITTEN.items():
        yield form, "unit", unit
    for form, code in units.CURRENCIES.items():
        yield form, "currency", code
    for form, number in en.NUMBERS.items():
        yield form, "num", Decimal(number)
    for form, number in en.DECADES.items():
        yield form, "decade", Decimal(number)
    for form, number in en.SCALES.items():
        yield form, "scale", Decimal(number)
    for form, number in en.ORDINALS.items():
        yield form, "ordinal", number
    for form in ("st", "nd", "rd", "th"):
        yield form, "suffix", True
    for form in ("xs", "s", "m", "l", "xl", "xxl", "xxxl", "small", "medium", "large"):
        yield form, "letter", True
    for form in ("x", "×"):
        yield form, "multiplied", True


def _built() -> dict[tuple[str, ...], dict[str, Any]]:
    known: dict[tuple[str, ...], dict[str, Any]] = {}
    for form, kind, value in _senses():
        # A word in two values of a class has the first.
        known.setdefault(_split(form), {}).setdefault(kind, value)
    for senses in known.values():
        if len(senses) > 1:
            senses.pop("idiom", None)
    return known


def _lengths() -> dict[str, list[int]]:
    """By their first piece, how many pieces the words have, the longest first."""
    found: dict[str, set[int]] = {}
    for words in _KNOWN:
        found.setdefault(words[0], set()).add(len(words))
    return {first: sorted(lengths, reverse=True) for first, lengths in found.items()}


_KNOWN = _built()
_LENGTHS = _lengths()
_SINGLE = {words[0]: senses for words, senses in _KNOWN.items() if len(words) == 1}
