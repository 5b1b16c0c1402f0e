"""An order called off or changed: whether the shop's rules allow it, and who does it.

The assistant changes no order itself; it says what holds for this one and offers a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from bot.actions import orders
from bot.actions.answer import Answer
from bot.actions.skill import Skill
from bot.dialogue import ordered, references
from bot.dialogue.notes import Pending
from bot.dialogue.turn import Turn
from bot.understanding import quantities
from bot.wording import formats
from data import access
from data.capabilities import Capability
from data.models import Order, OrderStatus
from data.rules import cancellation
from data.rules.cancellation import CancelDecision, Reason
from data.unit_of_work import UnitOfWork

# What is changed where it is not where the order goes.
_OF_GOODS = ("option", "product", "goods")


class ChangeOrder(Skill):
    action = "action_change_order"

    def act(self, turn: Turn) -> None:
        number = references.order_number(turn) or references.order_of_page(turn)
        with self.services.unit_of_work() as uow:
            known = turn.customer(uow, Capability.READ_ORDERS) is not None
            recent = (
                access.orders_for_session(uow, turn.session_id, now=self.services.clock())
                if known
                else ()
            )
            words, held = ordered.holding(turn, recent)
            order = self._order(uow, turn, number, held or recent) if known else None
        if number is None and words and recent and not held and _of_these(turn):
            orders.say_none_with(turn, words, recent)
            self._say_rule(turn)
        elif known and order is None and number is None:
            turn.say(turn.phrase("order.none"))
        elif order is not None:
            self._say(turn, order)
        elif known or number is not None:
            orders.show_status(turn, number)
        else:
            self._say_rule(turn)

    def _order(
        self, uow: UnitOfWork, turn: Turn, number: str | None, recent: Sequence[Order]
    ) -> Order | None:
        """The order that is named, else the latest of these that may still change, else the latest
        of them."""
        now = self.services.clock()
        if number is not None:
            return access.order_for_session(uow, turn.session_id, number, now=now)
        local = self.services.rules.local(now)
        then = quantities.past_moment(turn.text, local, done=True)
        if then is not None and (placed := orders.placed_then(turn, recent, then)):
            return placed
        for order in recent:
            decision = cancellation.decide(self.services.rules, order.status)
            if decision is not None and (decision.allowed or decision.address_changeable):
                return order
        return next(iter(recent), None)

    def _say(self, turn: Turn, order: Order) -> None:
        decision = cancellation.decide(self.services.rules, order.status)
        if decision is None:
            self._say_rule(turn)
            return
        turn.note(orders=(order.number,))
        facts = {
            "number": order.number,
            "items": formats.listed(
                [turn.name_of(line.variant.product) for line in order.lines], turn.language
            ),
        }
        key, step = _key(turn, decision), _step(turn, decision)
        part = self._part(turn, order) if turn.intent == "cancel_order" and decision.allowed else ""
        if part:
            key, facts["part"] = self._of_part(), part
        lines = [self._no_such_day(turn, order), turn.phrase(f"changes.{key}", step=step, **facts)]
        if decision.reason is Reason.DELIVERED and self.services.rules.returns is not None:
            lines.append(turn.phrase("changes.return_instead"))
        if self._may(turn, decision):
            whole = not part or key == "part_not_alone"
            how = self._how(turn) if whole else ""
            lines.append(how)
            lines.append(turn.phrase("changes.or_person" if how else "changes.by_person"))
            turn.note(expects="human")
        self._close(turn, lines)

    def _part(self, turn: Turn, order: Order) -> str:
        """The goods that are to be cancelled, where the order holds others too that are kept."""
        lines = ordered.lines_meant(turn, order)
        if not lines or len(lines) == len(order.lines):
            return ""
        names = [turn.name_of(line.variant.product) for line in lines]
        return formats.listed(names, turn.language)

    def _of_part(self) -> str:
        """The phrase for a part of an order, as far as the shop has decided on it."""
        rules = self.services.rules.cancellation
        parts = rules.parts if rules else None
        return {True: "part_in_time", False: "part_not_alone", None: "part_unknown"}[parts]

    def _no_such_day(self, turn: Turn, order: Order) -> str:
        """Where a day is told on which this order was not placed."""
        local = self.services.rules.local(self.services.clock())
        then = quantities.past_moment(turn.text, local, done=True)
        if then is None or orders.placed_then(turn, [order], then):
            return ""
        day = formats.day(then.date(), turn.language, today=turn.today)
        return turn.phrase("order.none_on", day=day)

    def _may(self, turn: Turn, decision: CancelDecision) -> bool:
        """Whether what is wanted can still be done."""
        if turn.intent == "cancel_order" or _of_goods(turn):
            return decision.allowed
        return decision.address_changeable

    def _how(self, turn: Turn) -> str:
        """What the customer does about it; "" where only the shop's people can."""
        rules = self.services.rules.cancellation
        if rules is None:
            return ""
        cancels = turn.intent == "cancel_order" or _of_goods(turn)
        how = rules.how if cancels else rules.address_how
        return how[turn.language] if how else ""

    def _say_rule(self, turn: Turn) -> None:
        """What holds in general, for whoever is not known yet; the shop's pages where it has no
        rule."""
        decision = cancellation.decide(self.services.rules, OrderStatus.PENDING_PAYMENT)
        if decision is None:
            if not Answer(self.services).answered(turn):
                turn.note(expects="human")
                turn.say(turn.phrase("changes.unknown"), buttons=[turn.button("human")])
            return
        asked: Literal["cancel_order", "change_order"] = (
            "cancel_order" if turn.intent == "cancel_order" else "change_order"
        )
        what = asked.removesuffix("_order")
        if what == "change" and decision.address_until is None:
            what = "cancel"
        lines = [
            turn.phrase(f"changes.{what}_rule", step=_step(turn, decision)),
            self._how(turn),
            turn.phrase("changes.who"),
        ]
        turn.note(pending=Pending(asked))
        self._close(turn, lines)

    def _close(self, turn: Turn, lines: list[str]) -> None:
        turn.say_with_sources(
            formats.together(lines, turn.language),
            "orders.cancellation",
            buttons=[turn.button("human")],
        )


def _key(turn: Turn, decision: CancelDecision) -> str:
    """The phrase for what is wanted and what holds."""
    if turn.intent == "cancel_order" or decision.reason in (Reason.CANCELLED, Reason.RETURNING):
        return f"cancel_{decision.reason.value}"
    if _of_goods(turn):
        return "goods_in_time" if decision.allowed else "goods_too_late"
    return "readdress_in_time" if decision.address_changeable else "readdress_too_late"


def _of_these(turn: Turn) -> bool:
    """Whether the goods that are named are said to be in the order, and shall not come to it."""
    return turn.intent == "cancel_order" or "wrong_size" in turn.request.facts


def _of_goods(turn: Turn) -> bool:
    return any(turn.request.said(kind) for kind in _OF_GOODS)


def _step(turn: Turn, decision: CancelDecision) -> str:
    """Until when, in words."""
    wanted = decision.until if turn.intent == "cancel_order" else decision.address_until
    return turn.phrase(f"order.step_{(wanted or decision.until).value}")
