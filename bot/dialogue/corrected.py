"""The request of before, put right: with the value that the customer corrects ("no sorry, 68 kg not
58"), or for another order than the one told of ("not that one, the one with the stove")."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.dialogue import basket, ordered, thread
from bot.dialogue.turn import Turn
from bot.understanding import colours, corrections, follow_ups, quantities
from bot.understanding.corrections import Correction
from bot.understanding.quantities import Quantity, units
from bot.understanding.reading import COURTESIES, Request, Span
from data import access
from data.capabilities import Capability
from data.models import Order
from data.rules import order_numbers
from retrieval.lexical import terms
from retrieval.text import tokenize

_WITHIN = 2  # turns; a word of thanks may stand between
_LONGEST = 200  # characters of a request that is kept
# What is asked of one order, and so can be asked of another one.
_OF_ORDERS = frozenset(
    {"order_status", "cancel_order", "change_order", "return_eligibility", "exchange"}
)
# What asks nothing that could be asked again.
_NOT_ASKED = COURTESIES | {
    "affirm", "deny", "provide_identity", "human", "help", "bot_challenge", "feedback", "why",
    "history_off", "history_on", "see_profile",
}  # fmt: skip
# Roles of a figure, any of which a bare one may be.
_BARE = frozenset({"number", "count"})
_COUNTED = frozenset({"count", "people"})  # both are numbers without a measure
_LONGEST_PLACE = 3  # words of a place's name
_MORE_WORDS = 2  # beside the value, in what says by itself that something was wrong


@dataclass(frozen=True, slots=True)
class _Value:
    """`words`, which stand at `start` of a text, are a value of this `kind`: a role of figures, a
    place, an option, a kind of goods, a product."""

    kind: str
    start: int
    words: str
    figure: Quantity | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.words)

    @property
    def number(self) -> object:
        return self.figure.value if self.figure else self.words.lower()


def kept(turn: Turn, request: Request) -> tuple[Request, ...] | None:
    """The requests of this utterance that were served so far, with this one."""
    before = turn.notes.served or ()
    if request.act in _NOT_ASKED or len(request.words) > _LONGEST:
        return before or None
    return (*before, request)


def again(turn: Turn) -> list[Request]:
    """The requests of before that the utterance puts right; none where it does nothing of the
    kind."""
    served = turn.noted(lambda notes: notes.served, within=_WITHIN)
    if not served:
        return []
    if order := _of_other_order(turn, served[-1]):
        return [order]
    said = _said(turn)
    if said is None:
        return []
    new = list(_values(turn, said.meant))
    old = list(_values(turn, said.instead)) if said.instead else []
    right = (_put_right(turn, each, said, new, old) for each in served)
    return [request for request in right if request is not None]


def of_nothing(turn: Turn) -> str | None:
    """The words of a correction that there is nothing to correct by: no request of before has such
    a value; None where the utterance is none."""
    said = _said(turn)
    if said is None:
        return None
    values = [value for value in _values(turn, said.meant) if value.kind != "product"]
    return said.meant if values and not _more(said.meant, values, "") else None


def _said(turn: Turn) -> Correction | None:
    """What the utterance puts right; None where it does not, or asks something of its own."""
    said = corrections.read(turn.whole.words)
    return None if said is None or follow_ups.asks(said.meant) else said


def _put_right(
    turn: Turn, earlier: Request, said: Correction, new: Sequence[_Value], old: Sequence[_Value]
) -> Request | None:
    """The earlier request with the values `new` in the places of `old`; None where it has none."""
    if not new:
        return _of_one_pointed_to(turn, earlier, said)
    more = _more(said.meant, new, earlier.words)
    if len(more) > (_MORE_WORDS if said.sure else 0):
        return None
    right = earlier
    for value in new:
        right = _with_value(turn, right, value, old) or right
    return None if right is earlier else replace(right, start=0, end=len(right.words))


def _more(text: str, values: Sequence[_Value], known: str) -> set[str]:
    """What a text says beside its values, and was not said before."""
    for value in values:
        text = text.replace(value.words, " ")
    return set(terms(corrections.beside(text))) - set(terms(known))


def _with_value(turn: Turn, earlier: Request, new: _Value, old: Sequence[_Value]) -> Request | None:
    """The request with this value in the place of the one that it corrects; None where it has
    none."""
    if new.kind == "order":
        return _put(earlier, 0, 0, f"{new.words} ") if earlier.act in _OF_ORDERS else None
    if new.kind == "product":
        start, end = thread.subject(turn, earlier)
        if earlier.act not in thread.ASKED:
            return None
        return thread.with_name(earlier, start, end, new.words if end else f"{new.words} ")
    known = [each for each in _values(turn, earlier.words, earlier) if _may_be(new, each)]
    wrong = {each.number for each in old}
    meant = [each for each in known if each.number in wrong] or [
        each for each in known if each.kind == new.kind or not wrong
    ]
    if not meant:
        return None
    behind = set(terms(_behind(turn, new)))
    place = max(
        meant, key=lambda v: (v.kind == new.kind, _alike(v, new), _names(earlier, v, behind))
    )
    words = _in_place(place, new)
    return None if words == place.words else _put(earlier, place.start, place.end, words)


def _behind(turn: Turn, new: _Value) -> str:
    """What is counted: mats of "no, three mats"."""
    _, _, behind = turn.whole.words.partition(new.words)
    return new.words + behind if new.figure else ""


def _names(earlier: Request, value: _Value, counted: set[str]) -> int:
    near = earlier.words[value.start : value.end + 30]
    return len(set(terms(near)) & counted)


def _alike(value: _Value, new: _Value) -> float:
    """How near two figures are; what stands later is the nearer of others."""
    one, other = value.number, new.number
    if isinstance(one, Decimal) and isinstance(other, Decimal) and one and other:
        return round(float(min(one, other) / max(one, other)), 1)
    return 0.0


def _may_be(new: _Value, old: _Value) -> bool:
    if new.figure is None or old.figure is None:
        unnamed = "option" in (new.kind, old.kind) and new.kind.startswith("option")
        return new.kind == old.kind or (unnamed and old.kind.startswith("option"))
    if new.kind == old.kind:
        return True
    return bool(_BARE & {new.kind, old.kind}) and (
        new.figure.unit is None or old.figure.unit is None or {new.kind, old.kind} <= _COUNTED
    )


def _in_place(old: _Value, new: _Value) -> str:
    """The words of the new value as they stand in the place of the old one's: with its bound and
    unit, where it says none."""
    if old.figure is None or new.figure is None or old.figure.to is not None:
        return new.words
    same = new.figure.unit in (None, old.figure.unit) or {old.kind, new.kind} <= _COUNTED
    put = corrections.with_number if same else corrections.with_value
    if not same and old.figure.unit is not None:
        return new.words
    return put(old.words, new.words) or new.words


def _values(turn: Turn, text: str, request: Request | None = None) -> Iterator[_Value]:
    """The values in a text, each of its words in one alone. `request`: that whose text it is."""
    taken: list[tuple[int, int]] = []
    for value in _found(turn, text, request):
        if all(value.end <= start or end <= value.start for start, end in taken):
            taken.append((value.start, value.end))
            yield value


def _found(turn: Turn, text: str, request: Request | None) -> Iterator[_Value]:
    for number in order_numbers.find(turn.rules, text):
        if (at := text.upper().find(number)) >= 0:
            yield _Value("order", at, text[at : at + len(number)])
    if (named := _product_in(turn, text)) is not None and request is None:
        yield named
    for said in quantities.read(text, turn.today):
        yield _Value(_kind(said), said.start, text[said.start : said.end], said)
    if (place := _place_in(turn, text)) is not None:
        yield place
    lexicon = turn.services.products.lexicon
    for each in lexicon.find(text, ("option", "category")):
        words = text[each.start : each.end]
        if each.kind == "category":
            yield _Value("goods", each.start, words)
        elif not colours.named(words):
            yield _Value(f"option {each.owner}", each.start, words)
        else:
            yield _Value("colour", each.start, words)
    lowered = text.lower()
    for word in colours.named(text):
        at = lowered.find(word)
        yield _Value("colour", at, text[at : at + len(word)])
    for start, word in colours.lone(text):
        yield _Value("colour", start, word)
    for span in request.spans if request else ():
        at = span.start - (request.start if request else 0)
        words = text[at : at + len(span.words)]
        if span.kind == "place":
            yield _Value("place", at, words)
        elif span.kind == "option":
            yield _Value("colour" if colours.named(words) else "option", at, words)


def _kind(said: Quantity) -> str:
    unit = units.UNITS.get(said.unit or "")
    if said.unit == "people":
        return "people"
    if said.role == "measure" and unit is not None:
        return unit.what
    return said.role or (unit.what if unit is not None else "number")


def _product_in(turn: Turn, text: str) -> _Value | None:
    """The only product that a text names, with the place of its name."""
    request = turn.request
    turn.turn_to(Request("", 1.0, "", 0, len(text), text))
    found = [each for each in basket.mentions(turn) if each.product_id is not None]
    turn.turn_to(request)
    if len(found) != 1:
        return None
    return _Value("product", found[0].start, found[0].words)


def _place_in(turn: Turn, text: str) -> _Value | None:
    """The place that a text names, with where its name stands."""
    places = turn.rules.places
    if (whole := places.find(text)) is None:
        return None
    said = tokenize(text)
    for count in range(1, _LONGEST_PLACE + 1):
        for first in range(len(said) - count + 1):
            start, end = said[first].start, said[first + count - 1].end
            if places.find(text[start:end]) == whole:
                return _Value("place", start, text[start:end])
    return None


def _put(request: Request, start: int, end: int, words: str) -> Request:
    """The request with other words in the place of `words[start:end]`; what was marked there is
    marked still."""
    longer = len(words) - (end - start)
    begin, behind = request.start + start, request.start + end
    text = request.words[:start] + words + request.words[end:]
    spans = []
    for span in request.spans:
        first, last = span.start, span.end
        if first >= behind:
            first, last = first + longer, last + longer
        elif last > begin:
            first, last = min(first, begin), max(last, behind) + longer
        at, to = first - request.start, last - request.start
        spans.append(Span(span.kind, first, last, text[at:to]))
    return replace(request, words=text, spans=tuple(spans), end=request.start + len(text))


def _of_one_pointed_to(turn: Turn, earlier: Request, said: Correction) -> Request | None:
    """What was asked, of the one of those shown that the correction points to: "no, the smaller
    one"."""
    if earlier.act not in thread.ASKED:
        return None
    turn.turn_to(Request("refine", 1.0, "", 0, len(said.meant), said.meant))
    named = thread.by_name(turn)
    turn.turn_to(turn.whole)
    if named.words == said.meant or (value := _product_in(turn, named.words)) is None:
        return None
    start, end = thread.subject(turn, earlier)
    right = thread.with_name(earlier, start, end, value.words if end else f"{value.words} ")
    return replace(right, start=0, end=len(right.words))


def _of_other_order(turn: Turn, earlier: Request) -> Request | None:
    """What was asked of an order, of the other one that the utterance means; of the goods that it
    names, where no order holds them."""
    other = corrections.other_order(turn.whole.words)
    if other is None or earlier.act not in _OF_ORDERS:
        return None
    with turn.services.unit_of_work() as uow:
        if turn.customer(uow, Capability.READ_ORDERS) is None:
            return None
        placed = access.orders_for_session(uow, turn.session_id, now=turn.services.clock())
        told = turn.noted(lambda notes: notes.orders, within=_WITHIN) or ()
        if not other.goods:
            meant = _before(placed, told)
            return _of_order(turn, earlier, meant, "") if meant else None
        words, products = other.goods, turn.services.products
        if not (other.surely or products.kinds(words) or products.match(words)):
            return None  # "the blue one": of what is talked of
        turn.turn_to(Request(earlier.act, 1.0, "", 0, len(words), words, _goods(words, 0)))
        _, held = ordered.holding(turn, placed)
        turn.turn_to(turn.whole)
        others = [order for order in held if order.number not in told]
        if held:
            return _of_order(turn, earlier, (others or held)[0], words)
    text = f"{earlier.words} {words}"
    spans = [s for s in earlier.spans if s.kind not in ("goods", "product", "option")]
    marked = _goods(words, len(text) - len(words))
    return replace(earlier, words=text, start=0, end=len(text), spans=(*spans, *marked))


def _goods(words: str, start: int) -> tuple[Span, ...]:
    return (Span("goods", start, start + len(words), words),)


def _before(placed: Sequence[Order], told: Sequence[str]) -> Order | None:
    """The order before those that were told of, else a later one; the orders are newest first."""
    last = max((i for i, order in enumerate(placed) if order.number in told), default=0)
    rest = [*placed[last + 1 :], *placed[:last]]
    return next((order for order in rest if order.number not in told), None)


def _of_order(turn: Turn, earlier: Request, order: Order, goods: str) -> Request:
    """What was asked, of this order. Of what goes back its goods are told too."""
    number = turn.phrase("order.called", number=order.number)
    spans = tuple(s for s in earlier.spans if s.kind not in ("goods", "product", "order"))
    text = f"{number} {earlier.words}"
    right = replace(earlier, spans=spans)
    if goods and earlier.act not in ("order_status", "cancel_order", "change_order"):
        text += f" {goods}"
        right = replace(right, spans=(*spans, *_goods(goods, len(text) - len(goods))))
    return replace(right, words=text, start=0, end=len(text))
