"""The customer's tier, what it brings, and what is missing to the next one."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

from bot import formats, reading
from bot.actions import views
from bot.actions.answer import Answer
from bot.actions.skill import Skill, Turn
from data.models import Tier
from data.rules import membership

_TIERS = {Tier.GOLD: r"金卡|\bgold\b", Tier.SILVER: r"银卡|\bsilver\b"}
_ABOUT_TIERS = re.compile(
    r"等级|升级|级别|金卡|银卡|(?:什么|哪[种级个]|啥)会员|会员(?:有|权益|好处|福利|制度|怎么)|还差"
    r"|\btiers?\b|\blevels?\b|\bstatus\b|\bgold\b|\bsilver\b|\bupgrade|\bmembership\b",
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
_OWN = re.compile(r"我|还差|\bmy\b|\bI\b|\bme\b|\bam I\b", re.I)


def about_tiers(text: str) -> bool:
    return _ABOUT_TIERS.search(text) is not None


class Membership(Skill):
    action = "action_membership"

    def act(self, turn: Turn) -> None:
        named = [tier for tier, words in _TIERS.items() if re.search(words, turn.text, re.I)]
        asked = named[0] if len(named) == 1 else None  # "silver or gold?" is about all
        spent = reading.amounts(turn.text)
        if spent and _POINTS.search(turn.text) and _EARNED.search(turn.text):
            self._say_points(turn, spent[0], asked)
            return
        if spent and asked is None and _WHICH.search(turn.text):
            self._say_tier_of(turn, spent[0])
            return
        # Points, birthdays and the like have pages of their own.
        if not _ABOUT_TIERS.search(turn.text) and Answer(self.services).answered(turn):
            return
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow)
            if customer is not None and (_OWN.search(turn.text) or asked is None):
                window = timedelta(self.services.rules.membership.window_days)
                spend = uow.orders.spend(customer.id, self.services.clock() - window)
                self._say_own(turn, customer.tier, spend)
                return
        self._say_general(turn, asked)

    def _say_own(self, turn: Turn, tier: Tier, spend: Decimal) -> None:
        rules = self.services.rules
        progress = membership.progress(rules, spend)
        facts = {
            "tier": turn.phrase(f"tier.{tier.value}"),
            "spend": self._money(spend),
            "missing": self._money(progress.missing or Decimal(0)),
            "next": turn.phrase(f"tier.{(progress.next_tier or tier).value}"),
        }
        key = "membership.own" if progress.next_tier else "membership.own_highest"
        text = f"{turn.phrase(key, **facts)}\n{self._benefits(turn, tier)}"
        views.say_with_sources(turn, text, "gold-and-silver-benefits")

    def _say_points(self, turn: Turn, spent: Decimal, asked: Tier | None) -> None:
        """The points that goods of this price bring: to the customer's tier, or to all of them."""
        with self.services.unit_of_work() as uow:
            customer = turn.customer(uow)
        one = asked or (customer.tier if customer is not None else None)
        joint, end = ("，", "。") if turn.language == "zh" else (", ", ".")
        earned = joint.join(
            turn.phrase(
                "membership.points_of_tier",
                tier=turn.phrase(f"tier.{tier.value}"),
                points=membership.points(self.services.rules, tier, spent),
            )
            for tier in ([one] if one else [Tier.STANDARD, Tier.SILVER, Tier.GOLD])
        )
        text = turn.phrase("membership.points_earned", amount=self._money(spent), earned=earned)
        views.say_with_sources(turn, text + end, "points")

    def _say_tier_of(self, turn: Turn, spent: Decimal) -> None:
        """The tier that so much spending brings; how much more the next one takes."""
        progress = membership.progress(self.services.rules, spent)
        key = "would_be" if progress.next_tier else "would_be_highest"
        text = turn.phrase(
            f"membership.{key}",
            spend=self._money(spent),
            tier=turn.phrase(f"tier.{progress.tier.value}"),
            missing=self._money(progress.missing or Decimal(0)),
            next=turn.phrase(f"tier.{(progress.next_tier or progress.tier).value}"),
        )
        views.say_with_sources(turn, text, "membership")

    def _say_general(self, turn: Turn, asked: Tier | None) -> None:
        tiers = [asked] if asked else [Tier.SILVER, Tier.GOLD]
        lines = [
            turn.phrase(
                "membership.from",
                tier=turn.phrase(f"tier.{tier.value}"),
                amount=self._money(membership.benefits(self.services.rules, tier).from_spend),
            )
            + self._benefits(turn, tier)
            for tier in tiers
        ]
        views.say_with_sources(turn, "\n".join(lines), "membership")

    def _benefits(self, turn: Turn, tier: Tier) -> str:
        benefits = membership.benefits(self.services.rules, tier)
        parts = [
            turn.phrase(f"membership.{method}_free")
            if threshold == 0
            else turn.phrase(f"membership.{method}_from", amount=self._money(threshold))
            for method, threshold in benefits.free_from.items()
            if threshold is not None
        ]
        parts.append(turn.phrase("membership.returns", days=benefits.return_days))
        if benefits.return_fee == 0:
            parts.append(turn.phrase("membership.return_free"))
        parts.append(turn.phrase("membership.points", rate=f"{benefits.points_rate.normalize():f}"))
        if benefits.birthday_coupon:
            parts.append(
                turn.phrase("membership.coupon", amount=self._money(benefits.birthday_coupon))
            )
        joint = "；" if turn.language == "zh" else "; "
        end = "。" if turn.language == "zh" else "."
        return turn.phrase("membership.benefits", list=joint.join(parts)) + end

    def _money(self, amount: Decimal) -> str:
        return formats.money(amount, self.services.rules.shop.currency)
