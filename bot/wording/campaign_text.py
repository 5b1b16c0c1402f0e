"""How coupons and campaigns are told: what a coupon takes off, why somebody was chosen, a message
with its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.messages import BotMessage
from bot.wording import formats
from bot.wording.phrases import Phrases
from data import consent
from data.campaigns.plan import KINDS, LIKE, Text
from data.campaigns.tables import Arm, Coupon
from data.models import Customer, Product
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork
from retrieval.types import Language


def as_line(text: str, language: Language) -> dict[str, Any]:
    """A message of the assistant as a conversation keeps it."""
    return BotMessage(text=text, language=language).model_dump(mode="json")


@dataclass(frozen=True)
class CampaignText:
    catalogue: Mapping[str, Product]
    rules: ShopRules
    phrases: Phrases
    language: Language
    now: datetime

    def coupons(self, coupons: Sequence[Coupon]) -> str:
        """What the customer has, each with its code, until when, and that nobody uses it for
        them."""
        lines = [self._say("have", count=len(coupons)), *map(self._coupon, coupons)]
        if not all(coupon.combines for coupon in coupons):
            lines.append(self._say("alone"))
        return "\n".join([*lines, self._say("how")])

    def _coupon(self, coupon: Coupon) -> str:
        return self._say(
            "coupon" if coupon.least else "coupon_any",
            code=coupon.code,
            worth=self._worth(coupon),
            least=self._money(coupon.least, coupon),
            until=self._until(coupon),
        )

    def _worth(self, coupon: Coupon) -> str:
        if coupon.percent is None:
            return self._money(coupon.amount or coupon.most, coupon)
        most = self._money(coupon.most, coupon)
        return self._say("worth_percent", percent=coupon.percent, most=most)

    def why(self, why: Sequence[Mapping[str, Any]]) -> str:
        """The reasons that there are, each once: "your last order was 143 days ago and …"."""
        told = dict.fromkeys(self._reason(each["field"], each["was"]) for each in why)
        # Whole clauses, which Chinese joins by a comma and English by "and".
        return "，".join(told) if self.language == "zh" else formats.listed([*told], "en")

    def _reason(self, field: str, was: Any) -> str:
        if field in KINDS:
            of_kind = (p for p in self.catalogue.values() if p.category_id == was)
            product = next(of_kind, None)
            shown = product.category.name[self.language] if product else str(was)
        elif field == LIKE:
            product = self.catalogue.get(str(was))
            shown = product.name[self.language] if product else str(was)
        elif field == "tier":
            tiers = self.rules.membership
            tier = tiers.tier(str(was)) if tiers else None
            shown = tier.name[self.language] if tier else str(was)
        else:
            shown = f"{float(was):.0f}"
        return self._say(f"why_{field}", was=shown)

    def message(
        self,
        text: Text,
        name: str,
        coupon: Coupon | None,
        why: Sequence[Mapping[str, Any]],
        no_more: str,
    ) -> tuple[str, str]:
        """(subject, text) of the shop's own text with its facts, why it comes, and how to get no
        more of these (`no_more`)."""
        facts = {"name": name, "shop": self.rules.name[self.language]}
        if coupon is not None:
            facts |= {"coupon": coupon.code, "worth": self._worth(coupon)}
            facts["until"] = self._until(coupon)
            facts["least"] = self._money(coupon.least, coupon)
        because = self._say("because", why=self.why(why)) if why else self._say("because_all")
        said = "\n\n".join([text.text.format_map(facts).strip(), f"{because}\n{no_more}"])
        return text.subject.format_map(facts), said

    def standing(self, uow: UnitOfWork, customer: Customer) -> list[str]:
        """What campaigns the customer is in and why, and what they said of campaigns."""
        lines = []
        match consent.word_on_campaigns(uow.session, customer.id):
            case "no":
                lines.append(self._say("wants_none"))
            case "yes":
                lines.append(self._say("wants_mail"))
        today = self.rules.today(self.now)
        for member, campaign in uow.campaigns.of_customer(customer.id):
            day = formats.short_day(self.rules.today(member.chosen_at), self.language, today=today)
            if member.arm == Arm.HELD.value:
                lines.append(self._say("held", day=day, name=campaign.name))
            else:
                why = self.why(member.why)
                lines.append(self._say("chosen", day=day, name=campaign.name, why=why))
        return lines

    def _until(self, coupon: Coupon) -> str:
        local = self.rules.local(coupon.expires_at)
        return formats.moment(local, self.language, today=self.rules.today(self.now))

    def _money(self, amount: Decimal, coupon: Coupon) -> str:
        return formats.money(amount, coupon.currency, self.language)

    def _say(self, key: str, **facts: object) -> str:
        return self.phrases.say(f"campaign.{key}", self.language, **facts)
