"""The customer's orders, shown only to the customer whom the session is bound to.

The checks are in data/access.py: another customer's order and one that does not exist get the same
words, and the attempts to prove who one is are counted there.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import structlog

from bot.actions import offers
from bot.actions.skill import Skill
from bot.dialogue import ordered, references
from bot.dialogue.notes import Pending
from bot.dialogue.turn import Turn
from bot.runtime.metrics import IDENTIFICATIONS
from bot.understanding import giving_back, plain_words
from bot.wording import formats, identity_sentences, views
from bot.wording.delivery_sentences import DeliverySentences
from bot.wording.return_sentences import ReturnSentences
from data import access
from data.access import Claim, Identification
from data.attempts import Guessing
from data.capabilities import Capability, Level
from data.models import Order, OrderLine, OrderStatus
from data.rules import cancellation, delivery, proofs
from data.rules.shop import Returns, Way
from data.unit_of_work import UnitOfWork

log = structlog.get_logger("identity")

_EMAIL: Sequence[Sequence[Way]] = (("email",),)
_CODE: Sequence[Sequence[Way]] = (("code",),)
_LISTED = 5
_LATEST = 3  # of other orders than the one that is looked for
_LATELY = timedelta(days=14)  # who finds no parcel says so within days
_SMALL_HOURS = timedelta(hours=6)  # "last night" lasts until then
_GONE_BACK = (OrderStatus.RETURN_REQUESTED, OrderStatus.RETURNED, OrderStatus.REFUNDED)
_REFUND = "returns.refund"  # the decision that a page of the shop may prove
# What somebody who waits for a refund is taken to ask.
_WAITING = frozenset(
    {"order_status", "return_eligibility", "policy_question", "problem", "complaint",
     "nlu_fallback"}
)  # fmt: skip
_UNDER_WAY = (
    OrderStatus.PENDING_PAYMENT,
    OrderStatus.PAID,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
)


class OrderStatusSkill(Skill):
    action = "action_order_status"

    def act(self, turn: Turn) -> None:
        if _proves(turn):
            Identify(self.services).act(turn)
            return
        number = references.order_of_parcel(turn) or references.order_number(turn)
        odd = None if number else references.odd_order_number(turn)
        if odd:
            turn.say(identity_sentences.odd_number(turn, odd))
            return
        number = number or references.order_of_page(turn)
        if number is None and "late" in turn.request.facts and (gone := _delivered_lately(turn)):
            # Nothing else can be late: it is said to have come, and has not.
            turn.say(_sentence(turn, gone), cards=[views.order_card(turn, gone)])
            self.serving("problem").act(turn)
            return
        show_status(turn, number)


def _delivered_lately(turn: Turn) -> Order | None:
    """The latest order that was delivered some days ago, where none is on its way or overdue."""
    with turn.services.unit_of_work() as uow:
        placed = access.orders_for_session(uow, turn.session_id, now=turn.services.clock())
    _, placed = ordered.holding(turn, placed)
    for order in placed:
        awaited = order.status in (OrderStatus.PAID, OrderStatus.PACKED)
        if order.status is OrderStatus.SHIPPED or (awaited and not _coming(turn, order)):
            return None
    for order in placed:
        came = views.delivered_on(turn, order)
        if order.status is OrderStatus.DELIVERED and came and turn.today - came <= _LATELY:
            return order
    return None


def _proves(turn: Turn) -> bool:
    """Whether a visitor says who they are: with all that it takes, or with some of it where they
    were just asked."""
    claim = proofs.read(turn.services.rules, turn.text)
    asked = turn.noted(lambda notes: notes.given or notes.pending, within=1)
    if claim == Claim() or not (asked or claim.complete):
        return False
    with turn.services.unit_of_work() as uow:
        return turn.customer(uow, Capability.READ_ORDERS) is None


class OrderHistory(Skill):
    action = "action_order_history"

    def act(self, turn: Turn) -> None:
        if not paid_for(turn):
            show_history(turn)


class Identify(Skill):
    """Who the customer is and what proves it, together or one after the other."""

    action = "action_identify"

    def act(self, turn: Turn) -> None:
        rules = self.services.rules
        if (awaited := turn.awaited_code()) is not None:
            self._try_code(turn, *awaited)
            return
        claim = self._claim(turn)
        pending = turn.noted(lambda notes: notes.pending, within=6)
        number = claim.order_number
        if number is None and rules.shop.order_number is not None:
            number = references.order_number(turn)
        if number and pending is None:
            pending = Pending("order_status", number)
        if claim.email and not claim.complete and self._code_helps(turn):
            self._send_code(turn, claim.email, pending)
            return
        missing = proofs.missing(rules, claim)
        if missing:
            turn.note(pending=pending)
            if claim != Claim():
                turn.note(given=claim)
                _ask(turn, identity_sentences.ask_rest(turn, missing), missing)
            else:
                _ask(turn, identity_sentences.ask(turn), missing)
            return
        services = self.services
        with services.unit_of_work() as uow:
            outcome = access.identify(
                uow,
                turn.session_id,
                claim,
                services.guard,
                services.clock(),
                effect=turn.effect("identify"),
            )
        _count(Guessing.FACTS, outcome)
        if outcome is Identification.MATCHED:
            self._go_on(turn, pending)
            return
        turn.note(pending=pending)
        if outcome is Identification.WRONG:
            _ask(turn, identity_sentences.wrong(turn), proofs.missing(rules, Claim()), person=True)
            return
        by_code = services.sends_codes
        text = identity_sentences.no_more(turn, outcome, by_code=by_code)
        _ask(turn, text, _EMAIL if by_code else (), person=True)

    def _code_helps(self, turn: Turn) -> bool:
        """Whether codes are sent, and one would prove more than is proven."""
        if not self.services.sends_codes:
            return False
        with self.services.unit_of_work() as uow:
            return turn.proof(uow) < Level.CODE

    def _send_code(self, turn: Turn, email: str, pending: Pending | None) -> None:
        """The same is said, and as quickly, whether the shop knows the address or not."""
        services = self.services
        with services.unit_of_work() as uow:
            made = access.new_code(
                uow,
                turn.session_id,
                email,
                services.guard,
                services.clock(),
                effect=turn.effect("new_code"),
            )
        turn.note(pending=pending, given=Claim(email))
        if isinstance(made, Identification):
            _count(Guessing.MAIL, made)
            _ask(turn, identity_sentences.no_more(turn, made, by_code=False), (), person=True)
            return
        if made.customer is not None and services.mailer is not None:
            mail = identity_sentences.mail(turn, made.code)
            services.mailer.send(made.customer.email or email, *mail)
        turn.note(code_for=email)
        _ask(turn, identity_sentences.code_sent(turn, email), _CODE)

    def _try_code(self, turn: Turn, email: str, code: str) -> None:
        services = self.services
        pending = turn.noted(lambda notes: notes.pending, within=6)
        with services.unit_of_work() as uow:
            outcome = access.identify_by_code(
                uow,
                turn.session_id,
                email,
                code,
                services.guard,
                services.clock(),
                effect=turn.effect("code"),
            )
        _count(Guessing.CODE, outcome)
        if outcome is Identification.MATCHED:
            self._go_on(turn, pending)
            return
        turn.note(pending=pending)
        if outcome is Identification.WRONG:
            turn.note(code_for=email)
            _ask(turn, turn.phrase("identify.code_wrong"), _CODE, person=True)
        else:
            _ask(turn, identity_sentences.no_more(turn, outcome, by_code=False), (), person=True)

    def _claim(self, turn: Turn) -> Claim:
        """What this utterance says, and else what the ones just before it said."""
        said = proofs.read(self.services.rules, turn.text)
        before = turn.noted(lambda notes: notes.given, within=3) or Claim()
        return replace(before, **{way: value for way, value in asdict(said).items() if value})

    def _go_on(self, turn: Turn, pending: Pending | None) -> None:
        """Do what was asked before the customer was known."""
        turn.note(proved=True)
        turn.say(turn.phrase("identify.matched"))
        if pending is not None and pending.intent == "order_history":
            show_history(turn)
        elif pending is not None and pending.intent == "refund" and turn.rules.returns:
            show_refund(turn, turn.rules.returns)
        elif pending is not None and pending.intent not in ("order_status", "refund"):
            turn.turn_to(replace(turn.request, act=pending.intent))
            self.serving(pending.intent).act(turn)
        else:
            show_status(turn, pending.number if pending else None)


def _ask(turn: Turn, text: str, missing: Sequence[Sequence[Way]], *, person: bool = False) -> None:
    """Say it, with a field for each way of what is missing; a code spares the proof of whoever has
    said nothing of themselves yet. `person`: one is offered."""
    whole = missing == proofs.missing(turn.rules, Claim())
    turn.say(
        text,
        buttons=[turn.button("human")] if person else [],
        asks="identity",
        wanted=identity_sentences.fields(
            turn, missing, by_code=whole and turn.services.sends_codes
        ),
    )


def _count(guessing: Guessing, outcome: Identification) -> None:
    IDENTIFICATIONS.labels(guessing=guessing.value, outcome=outcome.value).inc()
    if outcome is Identification.REFUSED:
        log.warning("too many guesses at who a customer is", guessing=guessing.value)


def show_status(turn: Turn, number: str | None) -> None:
    """One order by its number, else those with the goods that are named, else those under way, else
    the latest; none where no order holds what is named."""
    services = turn.services
    with services.unit_of_work() as uow:
        customer = turn.customer(uow, Capability.READ_ORDERS)
        if customer is None:
            ask_identity(turn, Pending("order_status", number))
            return
        words, held, recent = "", list[Order](), list[Order]()
        if number:
            order = access.order_for_session(uow, turn.session_id, number, now=services.clock())
            orders = [order] if order else []
        else:
            recent = list(access.orders_for_session(uow, turn.session_id, now=services.clock()))
            words, held = ordered.holding(turn, recent)
            orders = [o for o in held if o.status in _UNDER_WAY][:3] or held[:1]
    if recent and not held:
        say_none_with(turn, words, recent)
        return
    if not orders:
        none = turn.phrase("order.none")
        turn.say(identity_sentences.not_found(turn, number) if number else none)
        return
    latest = ""
    if words and len(held) > len(orders) == 1:
        latest = turn.phrase("order.latest_with", goods=words, count=len(held))
    text = "\n".join(filter(None, [latest, *(_sentence(turn, order) for order in orders)]))
    turn.note(orders=tuple(order.number for order in orders))
    turn.say(text, cards=[views.order_card(turn, order) for order in orders])
    if orders[0].status is OrderStatus.DELIVERED:
        offers.goes_with(turn, *(line.variant.product_id for line in orders[0].lines))


def refund_awaited(turn: Turn) -> bool:
    """Tell when the money for what went back comes, and how far it is; False, and nothing said,
    where it is not awaited, or the shop has not decided when."""
    terms = turn.services.rules.returns
    waits = turn.intent in _WAITING and giving_back.awaits_money(turn.text)
    if not waits or terms is None or terms.refund_working_days is None:
        return False
    show_refund(turn, terms)
    return True


def show_refund(turn: Turn, terms: Returns) -> None:
    """How far the latest return of this customer is, of what is named, and when the money comes."""
    when = ReturnSentences(turn, terms).refund()
    with turn.services.unit_of_work() as uow:
        if turn.customer(uow, Capability.READ_ORDERS) is None:
            turn.say_with_sources(formats.together(when, turn.language), _REFUND)
            ask_identity(turn, Pending("refund"))
            return
        placed = access.orders_for_session(uow, turn.session_id, now=turn.services.clock())
        words, held = ordered.holding(turn, placed)
    back = next((order for order in held if order.status in _GONE_BACK), None)
    if back is None:
        key = "none_back_with" if words else "none_back"
        lines = [turn.phrase(f"order.{key}", goods=words), *when]
    else:
        lines = [_sentence(turn, back), *when[1:]]  # the first stands in it
    turn.say_with_sources(
        formats.together(lines, turn.language), _REFUND, buttons=[turn.button("human")]
    )


def show_history(turn: Turn) -> None:
    with turn.services.unit_of_work() as uow:
        if turn.customer(uow, Capability.READ_ORDERS) is None:
            ask_identity(turn, Pending("order_history"))
            return
        every = access.orders_for_session(uow, turn.session_id, now=turn.services.clock())
        words, held = ordered.holding(turn, every)
    orders = held or list(every)
    if not orders:
        turn.say(turn.phrase("order.none"))
        return
    missing = "" if held else turn.phrase("order.none_with", goods=words)
    key = "history_with" if words and held else "history"
    shown = min(_LISTED, len(orders))
    listed = turn.phrase(f"order.{key}", goods=words, count=len(orders), shown=shown)
    turn.say(
        "\n".join(filter(None, (missing, listed))),
        cards=[views.order_card(turn, order, with_events=False) for order in orders[:_LISTED]],
    )


def paid_for(turn: Turn) -> bool:
    """Answer what was paid for goods that are named; False, and nothing said, for any other
    question, and where it is not known who asks."""
    meant = ordered.goods(turn) or turn.services.products.sold_as(turn.text)
    if not meant or not plain_words.asks_price(turn.text):
        return False
    with turn.services.unit_of_work() as uow:
        if turn.customer(uow, Capability.READ_ORDERS) is None:
            return False
        orders = access.orders_for_session(uow, turn.session_id, now=turn.services.clock())
        bought = [(o, ln) for o in orders for ln in o.lines if ln.variant.product_id in meant]
    if not bought:
        show_history(turn)
        return True
    lines = [
        turn.phrase(
            "order.paid_for",
            goods=views.line_text(turn, line),
            each=formats.money(line.unit_price, order.currency),
            number=order.number,
            placed=views.local_day(turn, order),
        )
        for order, line in bought[:_LISTED]
    ]
    turn.note(product=bought[0][1].variant.product_id)
    turn.say("\n".join(lines))
    return True


def say_none_with(turn: Turn, words: str, placed: Sequence[Order]) -> None:
    """That none of the orders holds what is named, and the latest ones instead: people call goods
    otherwise than their shop does, and another order is no answer."""
    turn.say(
        formats.together(
            [turn.phrase("order.none_with", goods=words), turn.phrase("order.latest")],
            turn.language,
        ),
        cards=[views.order_card(turn, order, with_events=False) for order in placed[:_LATEST]],
        buttons=[turn.button("human")],
    )


def bought(
    turn: Turn, uow: UnitOfWork, meant: Container[str], option: str = ""
) -> tuple[Order, OrderLine] | None:
    """The latest order of this customer with one of these products, and its line: "the down
    jacket" is the one that they bought, "the blue one" that in the `option`, where there is one."""
    placed = access.orders_for_session(uow, turn.session_id, now=turn.services.clock())
    held = [(o, line) for o in placed for line in o.lines if line.variant.product_id in meant]
    so = (pair for pair in held if ordered.comes_so(turn, pair[1], option))
    return next(so, None) or next(iter(held), None)


def placed_then(turn: Turn, placed: Sequence[Order], moment: datetime) -> Order | None:
    """The latest of the orders, newest first, that was placed on that day, or in the night that
    follows it."""
    for order in placed:
        at = turn.rules.local(order.placed_at)
        if moment.date() in (at.date(), (at - _SMALL_HOURS).date()):
            return order
    return None


def arrived(order: Order) -> datetime | None:
    """When its last parcel came."""
    return max((s.delivered_at for s in order.shipments if s.delivered_at), default=None)


def ask_identity(turn: Turn, pending: Pending) -> None:
    """Who asks, where that is not known; what the utterance proves need not be sent again."""
    turn.note(pending=pending)
    claim = proofs.read(turn.services.rules, turn.text)
    if claim != Claim():
        turn.note(given=claim)
    _ask(turn, identity_sentences.ask(turn, claim), proofs.missing(turn.rules, claim))


def _sentence(turn: Turn, order: Order) -> str:
    """What the customer wants to know first: where it is and when it comes."""
    shipment = order.shipments[-1] if order.shipments else None
    rules = turn.services.rules
    facts: dict[str, object] = {
        "number": order.number,
        "placed": views.local_day(turn, order),
        "items": formats.listed(
            [turn.name_of(line.variant.product) for line in order.lines], turn.language
        ),
    }
    if shipment is not None:
        facts["carrier"] = shipment.carrier[turn.language]
        facts["tracking"] = shipment.tracking_number
        facts["expected"] = formats.day(shipment.expected_on, turn.language, today=turn.today)
        if shipment.events:
            last = shipment.events[-1]
            facts["event"] = views.event_text(turn, last).rstrip("。.")
            facts["event_at"] = formats.moment(
                rules.local(last.at), turn.language, today=turn.today
            )
    arrived = views.delivered_on(turn, order)
    if arrived is not None:
        facts["delivered"] = formats.day(arrived, turn.language, today=turn.today)
    key = f"order.{order.status.value}"
    if order.status is OrderStatus.SHIPPED and "event" not in facts:
        key = "order.shipped_unseen"
    lines = [turn.phrase(key, **facts), *_what_follows(turn, order)]
    return formats.together(lines, turn.language)


def _what_follows(turn: Turn, order: Order) -> list[str]:
    """What the shop's rules say of an order that stands so."""
    rules = turn.services.rules
    match order.status:
        case OrderStatus.PENDING_PAYMENT:
            minutes = rules.payment.pay_within_minutes if rules.payment else None
            return [turn.phrase("order.pay_within", minutes=minutes)] if minutes else []
        case OrderStatus.PAID | OrderStatus.PACKED:
            return [*_changes(turn, order), *_coming(turn, order)]
        case OrderStatus.RETURN_REQUESTED | OrderStatus.RETURNED:
            days = rules.returns.refund_working_days if rules.returns else None
            return [] if days is None else [turn.phrase("order.refund_within", days=days)]
        case _:
            return []


def _coming(turn: Turn, order: Order) -> list[str]:
    """When it leaves and arrives, by the way and to the place that were ordered; nothing where no
    time is promised, and once it should have left."""
    rules = turn.services.rules.delivery
    if rules is None:
        return []
    method = order.delivery_method if order.delivery_method in rules.methods else rules.default
    paid_at = turn.rules.local(order.placed_at)
    at = order.address
    place = turn.rules.places.of_address(
        at.country, at.province or "", at.city or "", at.postcode or ""
    )
    promise = delivery.promise(turn.rules, paid_at, method, place)
    if promise.dispatch_on < turn.today or promise.earliest is None:
        return []
    sentences = DeliverySentences(turn, rules)
    return [
        sentences.dispatch(promise, paid_at, ordered=True),
        sentences.arrival(promise, place),
    ]


def _changes(turn: Turn, order: Order) -> list[str]:
    """Until when the order can be cancelled and its address changed."""
    decision = cancellation.decide(turn.services.rules, order.status)
    if decision is None:
        return []
    until = {
        "cancel": decision.until if decision.allowed else None,
        "readdress": decision.address_until if decision.address_changeable else None,
    }
    if until["cancel"] is not None and until["cancel"] == until["readdress"]:
        until = {"change": until["cancel"]}
    return [
        turn.phrase(f"order.{what}_until", step=turn.phrase(f"order.step_{step.value}"))
        for what, step in until.items()
        if step is not None
    ]
