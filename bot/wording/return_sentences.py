"""The sentences of a return, built from what the shop's rules hold: what they do not say is not
promised."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from bot.wording import formats
from bot.wording.tiers import tier_name
from bot.wording.voice import Voice
from data.models import Product
from data.rules import returns, warranty
from data.rules.returns import Reason, ReturnDecision
from data.rules.shop import Returns, ReturnTerms


class ReturnSentences:
    def __init__(self, voice: Voice, rules: Returns) -> None:
        self._voice = voice
        self._rules = rules

    def name_of(self, product: Product) -> str:
        """With its article, where the language has one."""
        return self._phrase("the", name=product.name[self._voice.language])

    def name_of_class(self, return_class: str) -> str:
        name = returns.terms(self._rules, return_class).name
        return name[self._voice.language] if name else self._phrase("item")

    def period(self, days: int) -> str:
        """签收后 30 天, 14 working days after purchase."""
        return self._phrase(f"period_{self._rules.from_}_{self._rules.count}", days=days)

    def conditions(self, ids: Iterable[str]) -> str:
        """拆封、用过或洗过; opened, used or washed."""
        said = list(dict.fromkeys(self._condition(each) for each in ids))
        if len(said) < 2:
            return "".join(said)
        joint, last = ("、", "或") if self._voice.language == "zh" else (", ", " or ")
        return joint.join(said[:-1]) + last + said[-1]

    def decided(self, decision: ReturnDecision, name: str, product: Product | None) -> str:
        """The decision of a case whose days are known."""
        rest = {
            Reason.IN_WINDOW: [self._keep(), *self._cost(decision.cost)],
            Reason.FAULTY: self._cost(decision.cost),
            Reason.NOT_DELIVERED: [self._runs(decision.window_days)],
            Reason.WINDOW_OVER: [self._fault(decision.fault_until)],
            Reason.VOIDED: [self._fault(decision.fault_until)],
            Reason.NO_RETURNS: [self._belongs(product)],
        }.get(decision.reason, [])
        first = self._phrase(
            decision.reason.value,
            name=name,
            period=self.period(decision.window_days),
            since=decision.days_since,
            last=self._day(decision.last_day),
            conditions=self.conditions(decision.voided),
        )
        return self._together([first, *rest])

    def in_general(
        self, return_class: str, name: str, tier: str | None, told: Collection[str]
    ) -> str:
        """The rule for goods of this class, where no day is known; `told` are the conditions of
        the case."""
        rules = self._voice.rules
        days = returns.window_days(rules, return_class, tier)
        if not days:
            return self._phrase("no_returns", name=name)
        terms = returns.terms(self._rules, return_class)
        if voided := returns.voided_by(self._rules, return_class, told):
            conditions = self.conditions(voided)
            first = self._phrase("general_voided", name=name, conditions=conditions)
            return self._together([first, self._phrase("unless_faulty")])
        return self._together(
            [
                self._phrase("general", name=name, period=self.period(days)),
                self._keep(),
                self._not_once(terms),
                *self._cost(returns.cost(rules, tier)),
            ]
        )

    def in_short(self, tier: str | None) -> str:
        """Within how many days goods of no special class go back."""
        name = self.name_of_class(returns.STANDARD)
        days = returns.window_days(self._voice.rules, returns.STANDARD, tier)
        if not days:
            return self._phrase("no_returns", name=name)
        return self._phrase("general", name=name, period=self.period(days))

    def how(self, *, swap: bool) -> str:
        """What the customer does; "" where the shop does not say."""
        steps = self._rules.exchange.how if swap and self._rules.exchange else self._rules.how
        return steps[self._voice.language] if steps else ""

    def or_swap(self) -> list[str]:
        """Beside a return: that a swap is possible too, where the shop does it."""
        terms = self._rules.exchange
        if terms is None:
            return []
        return [self._phrase("or_swap"), *([self._phrase("exchange_free")] if terms.free else [])]

    def other_classes(self, tier: str | None) -> str:
        """For who asks of goods in general: what holds for those of the other classes."""
        listed = []
        usual = returns.terms(self._rules, returns.STANDARD).voided_by
        for return_class, terms in self._rules.classes.items():
            if return_class == returns.STANDARD or terms.name is None:
                continue
            name = self.name_of_class(return_class)
            days = returns.window_days(self._voice.rules, return_class, tier)
            text = self._phrase("other_none", name=name)
            if days:
                text = self._phrase("other_days", name=name, period=self.period(days))
                if further := [each for each in terms.voided_by if each not in usual]:
                    note = self._phrase("not_if", conditions=self.conditions(further))
                    text += formats.bracketed(note, self._voice.language)
            listed.append(text)
        joint = "；" if self._voice.language == "zh" else "; "
        return self._phrase("others", list=joint.join(listed)) if listed else ""

    def once(self, told: Collection[str], tier: str | None) -> str:
        """For who asks of goods in general, in a state that bars those of some classes: of which,
        and what holds for the others; "" where it bars none."""
        barred: dict[tuple[str, ...], list[str]] = {}
        free = []
        for return_class in self._rules.classes:
            days = returns.window_days(self._voice.rules, return_class, tier)
            voided = returns.voided_by(self._rules, return_class, told)
            if days and voided:
                barred.setdefault(voided, []).append(return_class)
            elif days:
                name = self.name_of_class(return_class)
                free.append(self._phrase("other_days", name=name, period=self.period(days)))
        if not barred:
            return ""
        language = self._voice.language
        if len(barred) == 1 and not free:
            (voided,) = barred
            conditions = self.conditions(voided)
            first = self._phrase("general_voided", name=self._phrase("item"), conditions=conditions)
            return self._together([first, self._phrase("unless_faulty")])
        sentences = [
            self._phrase(
                "barred",
                conditions=self.conditions(voided),
                list=formats.clauses([self.name_of_class(each) for each in classes], language),
            )
            for voided, classes in barred.items()
        ]
        if free:
            sentences.append(self._phrase("others", list=formats.clauses(free, language)))
        return self._together([*sentences, self._phrase("unless_faulty")])

    def costs(self, tier: str | None, *, faulty: bool) -> str:
        """What sending something back costs this customer, and that it is their tier that makes it
        free; "" where the shop does not say."""
        own = returns.cost(self._voice.rules, tier, faulty=faulty)
        usual = returns.cost(self._voice.rules, None, faulty=faulty)
        if own.told and own.nothing and not usual.nothing and tier:
            return self._phrase("fee_none_for", tier=tier_name(self._voice, tier))
        if faulty and own.nothing and own.told:
            return self._phrase("fee_none_faulty")
        return self._together(self._cost(own))

    def ask_day(self) -> str:
        return self._phrase(f"ask_{self._rules.from_}")

    def fault_free(self, decision: ReturnDecision, name: str) -> str:
        """For who asks what putting a fault right costs: nothing, until the day of the decision."""
        return self._phrase("fault_free", name=name, last=self._day(decision.last_day))

    def faulty_in_general(
        self,
        name: str | None = None,
        return_class: str = returns.STANDARD,
        months: int | None = None,
    ) -> str:
        """What holds for faulty goods; `months` is the product's own warranty."""
        rules = self._voice.rules
        name = name or self._phrase("item")
        covered = warranty.months(rules, months)
        days = returns.window_days(rules, return_class, None) or 0
        days = days or returns.window_days(rules, returns.STANDARD, None) or 0
        first = (
            self._phrase("general_warranty", name=name, months=covered)
            if covered
            else self._phrase("general_faulty", name=name, period=self.period(days))
        )
        cost = self._cost(returns.cost(rules, None, faulty=True))
        return self._together([first, *cost, self._phrase(f"ask_faulty_{self._rules.from_}")])

    def tier_note(self, return_class: str, tier: str) -> str:
        """For a visitor, who may have a tier and not be signed in."""
        days = returns.window_days(self._voice.rules, return_class, tier) or 0
        name = tier_name(self._voice, tier)
        return self._phrase("tier_note", tier=name, period=self.period(days))

    def steps(self) -> str:
        """ "" where the shop does not say how."""
        if self._rules.how is None:
            return ""
        return self._together([self._rules.how[self._voice.language], *self.refund()])

    def refund(self) -> list[str]:
        """When the shop sends the money for what came back, and when it shows; as far as the shop
        says it."""
        if self._rules.refund_working_days is None:
            return []
        lines = [self._phrase("refund", days=self._rules.refund_working_days)]
        if self._rules.bank_days is not None:
            first, last = self._rules.bank_days
            span = f"{first}–{last}" if first < last else f"{first}"
            lines.append(self._phrase("bank", span=span))
        return lines

    def exchange(
        self, return_class: str, name: str, tier: str | None, last: date | None = None
    ) -> str:
        """The rule of exchanges for goods of this class, to the `last` day where it is known; ""
        where the shop says nothing of them."""
        terms = self._rules.exchange
        days = returns.window_days(self._voice.rules, return_class, tier)
        if terms is None or not days:
            return ""
        return self._together(
            [
                self._phrase("exchange", name=name, period=self.period(days)),
                self._phrase("exchange_until", last=self._day(last)) if last else "",
                self._keep(),
                self._phrase("exchange_once") if terms.once else "",
                self._phrase("exchange_free") if terms.free else "",
                terms.how[self._voice.language] if terms.how else "",
            ]
        )

    def _condition(self, condition: str) -> str:
        known = self._rules.conditions.get(condition)
        if known is not None:
            return known.says[self._voice.language]
        return self._voice.phrase(f"condition.{condition}")

    def _keep(self) -> str:
        keep = self._rules.keep
        return self._phrase("keep", keep=keep[self._voice.language]) if keep else ""

    def _not_once(self, terms: ReturnTerms) -> str:
        if not terms.voided_by:
            return ""
        return self._phrase("not_once", conditions=self.conditions(terms.voided_by))

    def _cost(self, cost: returns.Cost) -> list[str]:
        if not cost.told:
            return []
        if cost.nothing:
            return [self._phrase("fee_none")]
        shop = self._voice.rules.shop
        percent = cost.restocking_percent
        return [
            self._phrase("fee", fee=formats.money(cost.fee, shop.currency)) if cost.fee else "",
            self._phrase("postage") if cost.postage else "",
            self._phrase("restocking", percent=percent) if percent else "",
        ]

    def _runs(self, days: int) -> str:
        return self._phrase("runs", period=self.period(days)) if days else self._phrase("never")

    def _fault(self, until: date | None) -> str:
        return self._phrase("fault_until", last=self._day(until)) if until else ""

    def _belongs(self, product: Product | None) -> str:
        if product is None or returns.terms(self._rules, product.return_class).name is None:
            return ""
        kind = self.name_of_class(product.return_class)
        return self._phrase("belongs", name=self.name_of(product), kind=kind)

    def _day(self, when: date | None) -> str:
        voice = self._voice
        return formats.day(when, voice.language, today=voice.today) if when else ""

    def _phrase(self, key: str, **facts: object) -> str:
        return self._voice.phrase(f"returns.{key}", **facts)

    def _together(self, sentences: Sequence[str]) -> str:
        return formats.together(sentences, self._voice.language)
