"""Sentences of delivery, each made of what the shop's rules hold: what they do not is not said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from babel.dates import get_day_names

from bot.wording import formats
from bot.wording.voice import Voice
from data.places import Place
from data.rules import delivery
from data.rules.shop import Area, Delivery

_NAMED = 8  # countries or regions that a sentence can hold
# Names that English says with an article: a closed class.
_WITH_THE = re.compile(
    r"^(?:United |Netherlands|Philippines|Bahamas|Maldives|Gambia|Comoros|Seychelles)"
    r"|(?:Islands|Republic|Territories|Emirates)$"
)


class DeliverySentences:
    def __init__(self, voice: Voice, rules: Delivery) -> None:
        self._voice = voice
        self._rules = rules
        self._shop = voice.rules

    # Where

    def not_served(self, place: Place | None) -> str:
        where = self.place(place) or self._voice.phrase("delivery.abroad")
        sorry = self._voice.phrase("delivery.not_served", place=where)
        return formats.together([sorry, self._served()], self._voice.language)

    def abroad(self) -> str:
        countries = [self._country(code) for code in sorted(delivery.countries_abroad(self._shop))]
        return self._voice.phrase("delivery.served_abroad", countries=self._listed(countries))

    def _served(self) -> str:
        """Where the shop does deliver, as far as its zones can be named."""
        zones = self._rules.zones.values()
        home = self._shop.shop.country
        codes = {code for zone in zones for code in zone.countries}
        served = [self._country(code) for code in sorted(codes, key=lambda c: (c != home, c))]
        if home not in codes:
            served += [self._region(region) for zone in zones for region in self._regions(zone)]
        if not served or len(served) > _NAMED:
            return ""
        but = [self._region(region) for region in self._regions(self._rules.not_served)]
        but += [self._country(code) for code in sorted(self._rules.not_served.countries)]
        if not but or home not in codes:
            return self._voice.phrase("delivery.served", places=self._listed(served))
        return self._voice.phrase(
            "delivery.served_but", places=self._listed(served), but=self._listed(but)
        )

    def _regions(self, area: Area) -> list[str]:
        return sorted(self._shop.regions_of(area))

    def place(self, place: Place | None) -> str:
        """Its name, "" where none is known, or it is the shop's country as a whole."""
        if place is None or (place.region is None and place.country == self._shop.shop.country):
            return ""
        return self._called(self._shop.places.name(place, self._voice.language))

    def _called(self, name: str) -> str:
        """To the United States, but to Canada."""
        english = self._voice.language == "en"
        return f"the {name}" if english and _WITH_THE.search(name) else name

    def where(self, promise: delivery.Promise) -> str:
        key = "delivery.where_slower" if promise.slower else "delivery.where"
        return self._voice.phrase(key)

    # When

    def dispatch(
        self, promise: delivery.Promise, paid_at: datetime, *, ordered: bool = False
    ) -> str:
        """When the parcel leaves, of what is `ordered` already or may be; "" for a shop that says
        no time until which it leaves the same day, except on a day on which nothing leaves."""
        cutoff = self._rules.cutoff
        if cutoff is None and (promise.before_cutoff or promise.late):
            return ""
        language, today = self._voice.language, self._voice.today
        paid = formats.moment(paid_at, language, today=today)
        facts = {
            "paid": self._voice.phrase(f"delivery.{'was' if ordered else 'if'}_paid", paid=paid),
            "dispatch": formats.day(promise.dispatch_on, language, today=today),
        }
        if cutoff is None or not (promise.before_cutoff or promise.late):
            return self._voice.phrase("delivery.leaves_later", **facts, closed=self._closed())
        key = "leaves_same_day" if promise.before_cutoff else "leaves_after_cutoff"
        return self._voice.phrase(f"delivery.{key}", **facts, cutoff=formats.clock(cutoff))

    def _closed(self) -> str:
        """Sundays and public holidays: when nothing leaves."""
        language = self._voice.language
        names = get_day_names("abbreviated" if language == "zh" else "wide", locale=language)
        closed = [
            self._voice.phrase("delivery.weekday", day=names[day])
            for day in delivery.closed_weekdays(self._shop)
        ]
        if self._shop.holidays:
            closed.append(self._voice.phrase("delivery.public_holidays"))
        return self._listed(closed)

    def arrival(self, promise: delivery.Promise, place: Place | None) -> str:
        if not promise.offered:
            return self._voice.phrase(
                "delivery.not_by", method=self._method(promise.method), place=self.place(place)
            )
        key = "ready" if self._rules.methods[promise.method].pickup else "arrives"
        return self._dated(key, promise, place=self._to(place) if key == "arrives" else "")

    def in_time(self, promises: Sequence[delivery.Promise], due: date) -> str:
        """Whether it is there on that day by one of the ways, surely, perhaps, or not."""
        dated = [each for each in promises if each.earliest and each.latest]
        if any(each.latest <= due for each in dated if each.latest):
            key = "delivery.in_time"
        elif any(each.earliest <= due for each in dated if each.earliest):
            key = "delivery.perhaps_in_time"
        else:
            key = "delivery.too_late"
        return self._voice.phrase(key, day=formats.day(due, self._voice.language))

    def other(self, promise: delivery.Promise) -> str:
        pickup = self._rules.methods[promise.method].pickup
        return self._dated("other_ready" if pickup else "other_arrives", promise)

    def _dated(self, key: str, promise: delivery.Promise, **facts: str) -> str:
        if promise.earliest is None or promise.latest is None:
            return ""
        arrival = formats.days(
            promise.earliest, promise.latest, self._voice.language, today=self._voice.today
        )
        method = self._method(promise.method)
        return self._voice.phrase(f"delivery.{key}", method=method, arrival=arrival, **facts)

    def _to(self, place: Place | None) -> str:
        name = self.place(place)
        return self._voice.phrase("delivery.to", place=name) if name else ""

    # What it costs

    def cost(
        self, fee: delivery.Fee, value: Decimal | None, tier: str | None, place: Place | None
    ) -> str:
        """What a method costs; `value` is that of the order, None where no order is spoken of."""
        if not fee.offered:
            return self._voice.phrase(
                "delivery.not_by", method=self._method(fee.method), place=self.place(place)
            )
        facts = {
            "method": self._method(fee.method),
            "fee": self._fee(fee),
            "free_from": self._money(fee.free_from or Decimal(0)),
            "tier": self._tier(fee, tier),
        }
        if fee.free and not fee.free_from:
            key = "always_free_for" if facts["tier"] else "always_free"
        elif fee.free_from is None:
            key = "flat"
        elif value is None:
            key = "general_for" if facts["tier"] else "general"
        else:
            facts |= {
                "value": self._money(value),
                "missing": self._money(fee.missing or Decimal(0)),
            }
            key = "enough" if fee.free else "not_enough"
            key += "_for" if facts["tier"] else ""
        return self._voice.phrase(f"delivery.{key}", **facts)

    def ground_only(self) -> str:
        limits = self._rules.ground_only
        if limits is None:
            return ""
        methods = self._listed([self._method(method) for method in limits.methods])
        goods = limits.goods[self._voice.language]
        return self._voice.phrase("delivery.ground_only", goods=goods, methods=methods)

    def _fee(self, fee: delivery.Fee) -> str:
        if fee.most is None:
            return self._money(fee.fee)
        return self._voice.phrase(
            "delivery.fee_by_place", least=self._money(fee.fee), most=self._money(fee.most)
        )

    def _tier(self, fee: delivery.Fee, tier: str | None) -> str:
        """The customer's tier, where it is what decides; else ""."""
        method, membership = self._rules.methods[fee.method], self._shop.membership
        decides = tier in method.free_by_tier or tier in method.free_from_by_tier
        found = membership.tier(tier) if membership is not None and decides else None
        return found.name[self._voice.language] if found else ""

    def _method(self, method: str) -> str:
        return self._rules.methods[method].name[self._voice.language]

    def _money(self, amount: Decimal) -> str:
        return formats.money(amount, self._shop.shop.currency, self._voice.language)

    def _country(self, code: str) -> str:
        return self._called(self._shop.places.name(Place(code), self._voice.language))

    def _region(self, region: str) -> str:
        return self._shop.places.region_name(region, self._voice.language)

    def _listed(self, items: list[str]) -> str:
        return formats.listed(items, self._voice.language)
