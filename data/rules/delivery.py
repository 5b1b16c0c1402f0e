"""What delivery costs and when a parcel comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from data.errors import UnknownChoice
from data.models import Tier
from data.rules import provinces
from data.rules.shop import WEEKDAYS, Method, ShopRules, Zone

_ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Fee:
    """`free_from` is the order value from which this customer pays nothing, None when no value is
    enough; `missing` is what the order lacks to it, 0.00 when it is reached."""

    method: str
    fee: Decimal
    free: bool
    free_from: Decimal | None
    missing: Decimal | None


@dataclass(frozen=True, slots=True)
class Promise:
    """`earliest` and `latest` are days of arrival; None where the shop does not deliver.

    `before_cutoff`: the parcel leaves on the day of payment. `zone` is None when the province is
    not known: the days then hold for all but the remote provinces.
    """

    dispatch_on: date
    earliest: date | None
    latest: date | None
    before_cutoff: bool
    served: bool
    zone: Zone | None


def fee(rules: ShopRules, subtotal: Decimal, tier: Tier, method: str = "standard") -> Fee:
    """`subtotal` is the value of the goods after reductions."""
    chosen = _method(rules, method)
    free_from = (
        _ZERO
        if tier in chosen.free_by_tier
        else chosen.free_from_by_tier.get(tier, chosen.free_from)
    )
    missing = None if free_from is None else max(_ZERO, free_from - subtotal)
    free = missing == 0
    return Fee(method, _ZERO if free else chosen.fee, free, free_from, missing)


def promise(
    rules: ShopRules, paid_at: datetime, method: str = "standard", province: str | None = None
) -> Promise:
    """`province` in any spelling; one that nobody knows counts as not told."""
    chosen = _method(rules, method)
    paid_on = rules.today(paid_at)
    dispatch_on = dispatch_day(rules, paid_at)
    name = provinces.find(province) if province is not None else None
    before_cutoff = dispatch_on == paid_on
    if name in rules.delivery.not_served:
        return Promise(dispatch_on, None, None, before_cutoff, served=False, zone=None)
    zone = _zone(rules, name)
    first = chosen.days[zone or "near"][0]
    last = chosen.days[zone or "mainland"][1]
    return Promise(
        dispatch_on,
        dispatch_on + timedelta(first),
        dispatch_on + timedelta(last),
        before_cutoff,
        served=True,
        zone=zone,
    )


def by_ground_only(rules: ShopRules, tags: Iterable[str]) -> bool:
    """Whether goods with these tags go by standard delivery only, and everything ordered with
    them."""
    return not rules.delivery.ground_only.isdisjoint(tags)


def dispatch_day(rules: ShopRules, paid_at: datetime) -> date:
    """The day on which a parcel paid at that moment leaves the warehouse."""
    local = rules.local(paid_at)
    day = local.date()
    if local.time() >= rules.delivery.cutoff:
        day += timedelta(1)
    while not _dispatches(rules, day):
        day += timedelta(1)
    return day


def _dispatches(rules: ShopRules, day: date) -> bool:
    return WEEKDAYS[day.weekday()] in rules.delivery.dispatch_days and day not in rules.holidays


def _zone(rules: ShopRules, province: str | None) -> Zone | None:
    if province is None:
        return None
    if province in rules.delivery.near:
        return "near"
    return "remote" if province in rules.delivery.remote else "mainland"


def _method(rules: ShopRules, method: str) -> Method:
    try:
        return rules.delivery.methods[method]
    except KeyError:
        known = ", ".join(rules.delivery.methods)
        raise UnknownChoice(f"No delivery method {method!r}; the shop has {known}.") from None
