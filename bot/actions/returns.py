"""Whether something can go back, until when and at what cost: decided by the shop's rules."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import datetime, time

from bot import formats, reading
from bot.actions import mentions, offers, views
from bot.actions.skill import Skill, Turn, tier_of
from data import access
from data.models import Order, OrderLine, Product, ReturnClass, Tier
from data.rules import returns
from data.rules.returns import Reason, ReturnDecision
from data.unit_of_work import UnitOfWork

FAULTY = re.compile(
    r"坏了|坏的|破了|断了|漏水|开胶|质量问题|有问题|瑕疵|发错|不亮|故障|"
    r"\bbroke|\bfault|\bdefect|\bdamaged\b|\bleak|\btorn\b|\bwrong item\b|stopped working"
    r"|not working|n['’]?t work|(?:not|n['’]?t) (?:turn|switch) on",
    re.I,
)
_OPENED = re.compile(
    r"拆[了开封过]|开封|穿过|用过|打开[了过]|\bopened\b|\bused\b|\bworn\b|\bunsealed\b", re.I
)
_USED = re.compile(
    r"用过|穿过|穿了|洗过|改过|户外.{0,4}用|\bused\b|\bworn\b|\bwore\b|\bwashed\b|\baltered\b", re.I
)
_TRIED = re.compile(
    r"没(?:有)?(?:用|穿|洗)过|试穿|试过|试搭"
    r"|\bnot used\b|\bnever (?:used|worn)\b|\btried\b|\bunused\b",
    re.I,
)
_EXCHANGE = re.compile(
    r"换货|换[一个]?[大小]?一?[码号双件]|换个?颜色"
    r"|\bexchange\b|\bswap\b|\b(?:different|bigger|smaller|larger) size\b",
    re.I,
)
_RETURN = re.compile(r"退|\breturn|\brefund|\bsend .{0,10}back\b", re.I)
_STEPS = re.compile(r"怎么退|如何退|退货流程|\bhow (?:do|can|to|would)\b.*\breturn", re.I)


class Returns(Skill):
    action = "action_return"

    def act(self, turn: Turn) -> None:
        if _EXCHANGE.search(turn.text) and not _RETURN.search(turn.text):
            views.say_with_sources(turn, self._exchange(turn), "exchanges")
            return
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow)
            tier = tier_of(customer)
            named = mentions.named_products(turn)
            if named:
                turn.notes["product"] = named[0]
            number = mentions.order_number(turn)
            if number:
                now = self.services.clock()
                order = access.order_for_session(uow, turn.session_id, number, now=now)
                if order is not None:
                    lines = [line for line in order.lines if line.variant.product_id in named]
                    self._say_order(turn, order, lines or order.lines, tier)
                    return
                if customer is not None:
                    turn.say(turn.phrase("order.not_found", number=number))
                    return
                turn.notes["pending"] = {"intent": "order_status", "number": number}
                turn.say(turn.phrase("order.identify"))
                return
            meant = named[:1] or self.services.products.of_kind(turn.text) or ()
            if customer is not None and meant and reading.past_day(turn.text, turn.today) is None:
                bought = self._bought(uow, turn, meant)
                if bought is not None:
                    self._say_order(turn, bought[0], [bought[1]], tier)
                    return
            product = mentions.current(uow, named[0]) if named else None
        self._say_case(turn, product, tier)

    def _bought(
        self, uow: UnitOfWork, turn: Turn, meant: Container[str]
    ) -> tuple[Order, OrderLine] | None:
        """The latest order of this customer with one of these products, and its line: "the down
        jacket" is the one that they bought."""
        for order in access.orders_for_session(uow, turn.session_id, now=self.services.clock()):
            for line in order.lines:
                if line.variant.product_id in meant:
                    return order, line
        return None

    def _decide(
        self, turn: Turn, return_class: ReturnClass, delivered_at: datetime | None, tier: Tier,
        warranty_months: int | None,
    ) -> ReturnDecision:  # fmt: skip
        return returns.decide(
            self.services.rules,
            return_class,
            delivered_at,
            self.services.clock(),
            tier,
            faulty=bool(FAULTY.search(turn.text)),
            sealed=not _OPENED.search(turn.text),
            used=_was_used(turn),
            warranty_months=warranty_months,
        )

    def _say_order(self, turn: Turn, order: Order, lines: list[OrderLine], tier: Tier) -> None:
        arrived = [s.delivered_at for s in order.shipments if s.delivered_at]
        texts: list[str] = []
        documents: list[str] = []
        for line in lines:
            product = line.variant.product
            decision = self._decide(
                turn, product.return_class, max(arrived, default=None), tier,
                product.warranty_months,
            )  # fmt: skip
            texts.append(self._sentence(turn, decision, self._called(turn, product), tier))
            documents += _documents(decision, product.return_class)
        head = turn.phrase("returns.of_order", number=order.number)
        text = "\n".join([head, *(f"· {t}" for t in texts)]) if len(texts) > 1 else texts[0]
        turn.notes |= {"order": order.number}
        buttons = [turn.button("how_to_return"), turn.button("human")]
        views.say_with_sources(turn, text, *dict.fromkeys(documents), buttons=buttons)
        if len(lines) == 1:
            self._offer(turn, lines[0].variant.product)

    def _offer(self, turn: Turn, product: Product) -> None:
        """What is faulty is put right; what only did not suit may have a better match."""
        if not FAULTY.search(turn.text):
            offers.instead_of(turn, product.id)

    def _say_case(self, turn: Turn, product: Product | None, tier: Tier) -> None:
        """A case told in words, or the rule in general when no day is named."""
        since = reading.past_day(turn.text, turn.today)
        return_class = _class_of(turn, product)
        if _STEPS.search(turn.text) and since is None:
            views.say_with_sources(turn, self._steps(turn), "return-steps")
            return
        name = (
            self._called(turn, product) if product else turn.phrase(f"returns.item_{return_class}")
        )
        decision = None
        if since is None and returns.window_days(self.services.rules, return_class, tier):
            text = self._in_general(turn, return_class, name, tier)
        else:
            day = since or turn.today
            delivered = datetime.combine(day, time(12), tzinfo=self.services.rules.timezone)
            decision = self._decide(turn, return_class, delivered, tier, _months(product))
            text = self._sentence(turn, decision, name, tier)
            if since is not None and tier != Tier.GOLD and return_class == ReturnClass.STANDARD:
                text = formats.together([text, self._gold_note(turn, decision)], turn.language)
        documents = _documents(decision, return_class)
        buttons = [turn.button("how_to_return")]
        views.say_with_sources(turn, text, *documents, buttons=buttons)
        if product is not None and (decision is None or decision.allowed):
            self._offer(turn, product)

    def _called(self, turn: Turn, product: Product) -> str:
        """With its article, where the language has one."""
        return turn.phrase("returns.the", name=turn.name_of(product))

    def _steps(self, turn: Turn) -> str:
        days = self.services.rules.returns.refund_working_days
        return turn.phrase("returns.steps", days=days)

    def _exchange(self, turn: Turn) -> str:
        days = returns.window_days(self.services.rules, ReturnClass.STANDARD, Tier.STANDARD)
        return turn.phrase("returns.exchange", days=days)

    def _in_general(self, turn: Turn, return_class: ReturnClass, name: str, tier: Tier) -> str:
        """The rule for goods of this class, where no day of delivery is known."""
        if FAULTY.search(turn.text):
            return turn.phrase("returns.general_faulty", name=name)
        if return_class == ReturnClass.HYGIENE and _OPENED.search(turn.text):
            return turn.phrase("returns.seal_broken", name=name)
        if _was_used(turn):
            return turn.phrase("returns.general_used", name=name)
        return turn.phrase(
            "returns.general",
            name=name,
            days=returns.window_days(self.services.rules, return_class, tier),
            fee=self._fee(turn, self._decide(turn, return_class, None, tier, None).fee),
            condition=turn.phrase(f"returns.condition_{return_class}"),
        )

    def _gold_note(self, turn: Turn, decision: ReturnDecision) -> str:
        """A visitor may be a Gold member who has not signed in."""
        gold = self.services.rules.returns.gold_window
        if decision.allowed or decision.days_since is None or decision.days_since > gold:
            return ""
        return turn.phrase("returns.gold_note", days=gold)

    def _sentence(self, turn: Turn, decision: ReturnDecision, name: str, tier: Tier) -> str:
        last = decision.last_day
        return turn.phrase(
            f"returns.{decision.reason.value}",
            name=name,
            days=decision.window_days,
            since=decision.days_since,
            left=decision.days_left,
            last=formats.day(last, turn.language, today=turn.today) if last else "",
            fee=self._fee(turn, decision.fee),
        )

    def _fee(self, turn: Turn, fee: object) -> str:
        rules = self.services.rules
        if not fee:
            return turn.phrase("returns.fee_none")
        return turn.phrase("returns.fee", fee=formats.money(rules.returns.fee, rules.shop.currency))


_CLASSES = {
    ReturnClass.CLEARANCE: (
        r"清仓|特价|打折|降价|促销|\bsale\b|\bclearance\b|\bdiscount|\breduced\b"
    ),
    ReturnClass.HYGIENE: r"内衣|袜|打底|贴身|\bsocks?\b|\bunderwear\b|\bbase layers?\b",
    ReturnClass.CONSUMABLE: (
        r"食品|吃的|气罐|燃料|\bfood\b|\bmeals?\b|\bgas\b|\bcanisters?\b|\bfuel\b"
    ),
}


def _class_of(turn: Turn, product: Product | None) -> ReturnClass:
    if product is not None:
        return product.return_class
    for return_class, pattern in _CLASSES.items():
        if re.search(pattern, turn.text, re.I):
            return return_class
    return ReturnClass.STANDARD


def _was_used(turn: Turn) -> bool:
    """More than tried on at home, by the customer's own words."""
    return bool(_USED.search(turn.text)) and not _TRIED.search(turn.text)


def _months(product: Product | None) -> int | None:
    return product.warranty_months if product else None


def _documents(decision: ReturnDecision | None, return_class: ReturnClass) -> list[str]:
    if decision is not None and decision.reason == Reason.FAULTY:
        return ["faulty-goods"]
    return {
        ReturnClass.CLEARANCE: ["sale-items"],
        ReturnClass.HYGIENE: ["hygiene-and-consumables"],
        ReturnClass.CONSUMABLE: ["hygiene-and-consumables"],
    }.get(return_class, ["returns"])
