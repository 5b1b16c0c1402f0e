"""The customer's tier, what it brings, and what is missing to the next one."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from bot.actions import coupons
from bot.actions.answer import Answer
from bot.actions.skill import Skill
from bot.dialogue.turn import Turn
from bot.understanding import quantities
from bot.understanding.named import named, words_of
from bot.wording import formats
from bot.wording.return_sentences import ReturnSentences
from bot.wording.tiers import tier_name
from data.capabilities import Capability
from data.models import Customer
from data.rules import membership
from data.rules.returns import STANDARD, terms
from data.rules.shop import Membership as Tiers

_ABOUT_TIERS = re.compile(
    r"等级|升级|级别|(?:什么|哪[种级个]|啥)会员|会员(?:有|权益|好处|福利|制度|怎么)|还差"
    r"|\btiers?\b|\blevels?\b|\bstatus\b|\bupgrade|\bmembership\b",
    re.I,
)
_WHICH = re.compile(
    r"(?:什么|哪[种级个]|啥)(?:会员|等级|级别)|(?:算|是|到|升).{0,4}会员"
    r"|\b(?:which|what) (?:tier|level|status)\b",
    re.I,
)
_POINTS = re.compile(r"积分|\bpoints?\b", re.I)
_EARNED = re.compile(
    r"(?:得|有|送|积|攒|拿)到?多少|\bhow many\b.*\bpoints\b|\bpoints\b.*\b(?:earn|get)\b", re.I
)
_COUNTED = re.compile(r"多少|几|余额|\bhow many\b|\bbalance\b|\bworth\b", re.I)
_OWN = re.compile(r"我|还差|\bmy\b|\bI\b|\bme\b|\bam I\b", re.I)


def about_tiers(turn: Turn) -> bool:
    """Whether the turn asks about the shop's tiers; never where it has none."""
    tiers = turn.services.rules.membership
    if tiers is None:
        return False
    reached = any(tier.from_ for tier in tiers.tiers if tier.id in _named(turn, tiers))
    return reached or _ABOUT_TIERS.search(turn.text) is not None


class Membership(Skill):
    action = "action_membership"

    def act(self, turn: Turn) -> None:
        if coupons.answered(turn):
            return
        tiers = self.services.rules.membership
        if tiers is None:
            Answer(self.services).act(turn)
            return
        found = _named(turn, tiers)
        asked = found[0] if len(found) == 1 else None  # "silver or gold?" is about all
        spent = quantities.amounts(turn.text)
        if spent and _POINTS.search(turn.text) and _EARNED.search(turn.text):
            self._say_points(turn, tiers, spent[0], asked)
            return
        if spent and asked is None and _WHICH.search(turn.text):
            self._say_tier_of(turn, tiers, spent[0])
            return
        if self._say_balance(turn, tiers):
            return
        # Points, birthdays and the like have pages of their own.
        if not about_tiers(turn) and Answer(self.services).answered(turn):
            return
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.OWN_TERMS)
            if customer is not None and (_OWN.search(turn.text) or asked is None):
                since = self.services.clock() - timedelta(tiers.window_days)
                self._say_own(turn, tiers, customer, uow.orders.spend(customer.id, since))
                return
        self._say_general(turn, tiers, asked)

    def _say_own(self, turn: Turn, tiers: Tiers, customer: Customer, spend: Decimal) -> None:
        progress = membership.progress(self.services.rules, spend)
        held = tiers.tier(customer.tier)
        tier = held.id if held else progress.tier
        key = "membership.own" if progress.next_tier else "membership.own_highest"
        lines = [
            turn.phrase(
                "membership.own_none" if tier is None else key,
                window=tiers.window_days,
                tier=tier_name(turn, tier),
                spend=self._money(spend),
                missing=self._money(progress.missing or Decimal(0)),
                next=tier_name(turn, progress.next_tier or tier),
            ),
            self._benefits(turn, tier) if tier else "",
        ]
        text = "\n".join(line for line in lines if line)
        turn.say_with_sources(text, "membership.own")

    def _say_points(self, turn: Turn, tiers: Tiers, spent: Decimal, asked: str | None) -> None:
        """The points that goods of this price bring: to the customer's tier, or to all of them."""
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.OWN_TERMS)
        one = tiers.tier(asked or (customer.tier if customer is not None else None))
        earned = [
            turn.phrase("membership.points_of_tier", tier=tier.name[turn.language], points=points)
            for tier in ([one] if one else tiers.tiers)
            if (points := membership.points(self.services.rules, tier.id, spent)) is not None
        ]
        if not earned:
            Answer(self.services).act(turn)
            return
        joint, end = ("，", "。") if turn.language == "zh" else (", ", ".")
        amount = self._money(spent)
        text = turn.phrase("membership.points_earned", amount=amount, earned=joint.join(earned))
        turn.say_with_sources(text + end, "membership.points")

    def _say_balance(self, turn: Turn, tiers: Tiers) -> bool:
        """Where this customer sees their points, how many more their tier brings and what they are
        worth: how many they are, the shop's system knows alone. False, and nothing said, for who
        does not ask of their own or is not known, and where the shop does not say where."""
        points = tiers.points
        asked = all(words.search(turn.text) for words in (_POINTS, _COUNTED, _OWN))
        if points is None or points.balance is None or not asked:
            return False
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow, Capability.OWN_TERMS)
        if customer is None:
            return False
        tier = tiers.tier(customer.tier)
        rate = tier.points_rate if tier else None
        lines = [
            turn.phrase("membership.balance_unseen"),
            points.balance[turn.language],
            turn.phrase(
                "membership.points_worth",
                points=points.per_unit,
                amount=self._money(Decimal(1)),
                least=max(points.least, 1),
            ),
        ]
        if tier is not None and rate is not None:
            rated = f"{rate.normalize():f}"
            facts = {"tier": tier_name(turn, tier.id), "rate": rated}
            lines.append(turn.phrase("membership.points_rate", **facts))
        turn.say_with_sources(formats.together(lines, turn.language), "membership.points")
        return True

    def _say_tier_of(self, turn: Turn, tiers: Tiers, spent: Decimal) -> None:
        """The tier that so much spending brings; how much more the next one takes."""
        progress = membership.progress(self.services.rules, spent)
        key = "would_be" if progress.next_tier else "would_be_highest"
        text = turn.phrase(
            f"membership.{key if progress.tier else 'would_be_none'}",
            window=tiers.window_days,
            spend=self._money(spent),
            tier=tier_name(turn, progress.tier),
            missing=self._money(progress.missing or Decimal(0)),
            next=tier_name(turn, progress.next_tier or progress.tier),
        )
        turn.say_with_sources(text, "membership.tiers")

    def _say_general(self, turn: Turn, tiers: Tiers, asked: str | None) -> None:
        """The tier asked for, else those that have to be reached, or the only one."""
        reached = [tier for tier in tiers.tiers if tier.from_ > 0] or tiers.tiers
        lines = [
            formats.together(
                [
                    turn.phrase(
                        "membership.from" if tier.from_ else "membership.from_start",
                        tier=tier.name[turn.language],
                        window=tiers.window_days,
                        amount=self._money(tier.from_),
                    ),
                    self._benefits(turn, tier.id),
                ],
                turn.language,
            )
            for tier in ([tier for tier in tiers.tiers if tier.id == asked] or reached)
        ]
        turn.say_with_sources("\n".join(lines), "membership.tiers")

    def _benefits(self, turn: Turn, tier: str) -> str:
        """ "" where the shop's rules tie nothing to tiers."""
        benefits = membership.benefits(self.services.rules, tier)
        parts = [
            turn.phrase(
                "membership.method_from" if threshold else "membership.method_free",
                method=_method_name(turn, method),
                amount=self._money(threshold),
            )
            for method, threshold in benefits.free_from.items()
            if threshold is not None
        ]
        returns = self.services.rules.returns
        by_tier = returns is not None and terms(returns, STANDARD).days_by_tier
        if returns is not None and by_tier and benefits.return_days:
            period = ReturnSentences(turn, returns).period(benefits.return_days)
            parts.append(turn.phrase("membership.returns", period=period))
        if returns is not None and tier in returns.fee_free_by_tier:
            parts.append(turn.phrase("membership.return_free"))
        if benefits.points_rate is not None:
            rate = f"{benefits.points_rate.normalize():f}"
            parts.append(turn.phrase("membership.points", rate=rate))
        if benefits.birthday_coupon:
            coupon = self._money(benefits.birthday_coupon)
            parts.append(turn.phrase("membership.coupon", amount=coupon))
        if not parts:
            return ""
        joint, end = ("；", "。") if turn.language == "zh" else ("; ", ".")
        return turn.phrase("membership.benefits", list=joint.join(parts)) + end

    def _money(self, amount: Decimal) -> str:
        return formats.money(amount, self.services.rules.shop.currency)


def _named(turn: Turn, tiers: Tiers) -> list[str]:
    """Ids of the tiers that the turn names. The one that everybody begins with has a common word
    for its name ("standard delivery"), and does not count beside another."""
    words = {tier.id: words_of(tier.name, tier.words) for tier in tiers.tiers}
    found = named(turn.text, words)
    first = [tier.id for tier in tiers.tiers if not tier.from_]
    return [tier for tier in found if tier not in first] or found


def _method_name(turn: Turn, method: str) -> str:
    rules = turn.services.rules.delivery
    return rules.methods[method].name[turn.language] if rules else ""
