"""The words beside a number that make it a bound: no more than, 以内, or so, 别超过."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.understanding.quantities.quantity import Bound
from bot.understanding.quantities.tokens import Token

_FILLERS = frozenset(
    {"of", "a", "the", "is", "are", "be", "cost", "costs", "an", "是", "在", "就", "的", ":", "：",
     "只", "it", "price", "weight", "价", "价格", "总", "共", "(", "for", "just", "or", "you", "到"}
)  # fmt: skip
_FAR = 3  # tokens between the comparing word and the number
_CLAUSE = 5  # tokens between the negation and the comparing word: no jackets that cost over 500
# "about" compares nothing behind these: what about 3? nobody told me about 30 days
_TALKED = frozenset("what how me us you know told asked ask asking read heard sure worried".split())
# "over" is no comparison behind these: to pay over six months.
_SPREAD = frozenset("pay paying split spread turn twice paid spreading instalments".split())
_STOPS = frozenset(",，。.;；?？!！\n、")
# The other side of each comparison, as its negation says it.
_TURNED: dict[Bound, Bound] = {
    "more_than": "at_most",
    "less_than": "at_least",
    "at_least": "less_than",
}


@dataclass(frozen=True, slots=True)
class Bounded:
    bound: Bound
    start: int
    end: int


def before(tokens: Sequence[Token], at: int, *, when: bool = False) -> Bounded | None:
    """The comparing word in front of the token; `when`: of a day or an hour."""
    for back in range(1, _FAR + 2):
        place = at - back
        if place < 0:
            return None
        token = tokens[place]
        kinds = ("until", "since", "before") if when else ("before",)
        bound = next((token.get(kind) for kind in kinds if token.get(kind)), None)
        if when and not token.text.isascii() and not token.get("before"):
            bound = None  # 之前 stands behind what it bounds
        if bound is not None and _is_comparing(tokens, place, when=when):
            return _turned(tokens, place, bound, at, when=when)
        if token.text in _STOPS or token.number is not None:
            return None
        if not (token.text in _FILLERS or token.get("currency") or token.get("about")):
            return None
    return None


def _is_comparing(tokens: Sequence[Token], place: int, *, when: bool) -> bool:
    token = tokens[place]
    if token.text in ("min", "max", "minimum", "maximum", "plus") and place:
        # "20 max for a mug" belongs to the number before it.
        return tokens[place - 1].number is None
    if token.text == "about" and place and tokens[place - 1].text in _TALKED:
        return False
    if token.text == "from":
        behind = {tokens[n].text for n in range(place + 1, min(place + 3, len(tokens)))}
        return not (when or behind & {"the", "to", "my", "a"})
    if token.text in ("like", "say", "mid", "some", "past", "gone") and when:
        return token.text == "past"
    if when and token.text in ("maybe", "约", "估计", "快", "近", "超"):
        return False
    if token.text == "over":
        behind = {tokens[n].text for n in range(max(0, place - 3), place)}
        spent = any(tokens[n].get("unit") for n in range(max(0, place - 2), place))
        return not (when or spent or behind & _SPREAD)
    return not (token.text in ("past", "gone") and not when)


def _turned(tokens: Sequence[Token], place: int, bound: Bound, at: int, *, when: bool) -> Bounded:
    """With the negation that stands before the comparing word in its clause."""
    if bound in _TURNED:
        for back in range(1, _CLAUSE + 1):
            further = place - back
            if further < 0:
                break
            token = tokens[further]
            if token.text in _STOPS or token.number is not None or token.get("before"):
                break
            if when and back > 1:
                break
            if token.text in ("but", "and", "但", "而", "可以", "有"):
                break
            if token.get("neg") and not _says_no(tokens, further):
                return Bounded(_TURNED[bound], further, at)
    return Bounded(bound, place, at)


def _says_no(tokens: Sequence[Token], at: int) -> bool:
    """不 at the end of a question (能不能, 有没有, 好不好) negates nothing."""
    text = tokens[at].text
    if text == "不" and at + 1 < len(tokens) and tokens[at + 1].text == "是":
        return True
    if text not in ("不", "没", "无"):
        return False
    around = tokens[at - 1].text if at else "", tokens[at + 1].text if at + 1 < len(tokens) else ""
    return around[0] != "" and around[0] == around[1]


def after(tokens: Sequence[Token], end: int, *, when: bool = False) -> Bounded | None:
    """The comparing word behind the token before `end`."""
    if end >= len(tokens):
        return None
    token = tokens[end]
    kinds = ("until", "since", "after") if when else ("after",)
    bound: Bound | None = next((token.get(kind) for kind in kinds if token.get(kind)), None)
    if bound is None or not token.text:
        return None
    if token.text.isascii() and token.get("until"):  # "by" and its like stand before
        return None
    if token.text.isascii() and token.get("since"):
        return None
    following = tokens[end + 1] if end + 1 < len(tokens) else None
    if token.text in ("内", "起", "来", "多", "余", "前", "后") and following is not None:
        inside = (
            following.is_han and following.text not in "的我你能可有送到发吗呢吧左就要给去了收买"
        )
        if token.text in ("内", "起", "来") and inside and not following.get("each"):
            return None
    if token.text in ("min", "max", "+", "plus", "limit", "odd", "cap", "like") and when:
        return None
    if token.text == "+" and token.spaced:
        return None
    if token.text in ("plus", "+") and following is not None and not _ends(following):
        return None
    if token.text == "at least" and following is not None and following.number is not None:
        return None
    if token.text == "at most" and following is not None and following.number is not None:
        return None
    return Bounded(bound, end, end + 1)


def _ends(token: Token) -> bool:
    return token.text in _STOPS or bool(token.get("function"))
