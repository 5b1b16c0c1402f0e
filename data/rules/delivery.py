"""Where the shop delivers, what it costs and when a parcel comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from data.errors import UnknownChoice
from data.places import Place
from data.rules import days
from data.rules.shop import WEEKDAYS, Area, Delivery, Method, ShopRules, Weekday

_ZERO = Decimal("0.00")
# So many days are looked through for one on which parcels leave.
_FAR = 366


@dataclass(frozen=True, slots=True)
class Fee:
    """`free_from` is the order value from which this customer pays nothing, None when no value is
    enough; `missing` is what the order lacks to it, 0.00 when it is reached. `most` is given where
    the fee depends on the place, and the place is not known: it lies between `fee` and `most`.
    `offered` is False where the method is not to be had at the place."""

    method: str
    fee: Decimal
    free: bool
    free_from: Decimal | None
    missing: Decimal | None
    most: Decimal | None = None
    offered: bool = True


@dataclass(frozen=True, slots=True)
class Promise:
    """`earliest` and `latest` are days of arrival (of being ready, where the customer collects it);
    None where the shop does not deliver (`served`), where it does not by this method (`offered`),
    and where it promises no time.

    `before_cutoff`: the parcel leaves on the day of payment; `late`: it would have left then, had
    it been paid before the cutoff. `zone` is None where there is one only, or the place is not
    known: the days then hold from the nearest zone to the country at large, and `slower` says that
    some places of it take longer.
    """

    method: str
    dispatch_on: date
    earliest: date | None
    latest: date | None
    before_cutoff: bool
    late: bool
    served: bool
    offered: bool
    zone: str | None
    slower: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the shop delivers: `zone` is None where it is not known which."""

    served: bool
    zone: str | None


def fee(
    rules: ShopRules,
    subtotal: Decimal,
    tier: str | None,
    method: str | None = None,
    place: Place | None = None,
) -> Fee:
    """`subtotal` is the value of the goods after reductions; without a `method` it is the shop's
    first. Raises UnknownChoice for a method that the shop does not have."""
    name, chosen = _method(rules, method)
    free_from = (
        _ZERO
        if tier in chosen.free_by_tier
        else chosen.free_from_by_tier.get(tier or "", chosen.free_from)
    )
    zone = reach(rules, place).zone
    least, most = _fees(rules, chosen, zone)
    missing = None if free_from is None else max(_ZERO, free_from - subtotal)
    free = missing == 0 or most == 0
    return Fee(
        method=name,
        fee=_ZERO if free else least,
        free=free,
        free_from=free_from,
        missing=missing,
        most=most if most > least and not free else None,
        offered=_is_offered(chosen, zone),
    )


def promise(
    rules: ShopRules,
    paid_at: datetime,
    method: str | None = None,
    place: Place | str | None = None,
) -> Promise:
    """`place` as `rules.places` knows it, or in words; words that name none count as not told."""
    name, chosen = _method(rules, method)
    where = rules.places.find(place) if isinstance(place, str) else place
    paid_on, dispatch_on = rules.today(paid_at), dispatch_day(rules, paid_at)
    reached = reach(rules, where)
    offered = _is_offered(chosen, reached.zone)
    span, slower = None, False
    if reached.served and offered and chosen.days is not None:
        span, slower = _days(rules, chosen, reached.zone)
    first, last = (_after(rules, chosen, dispatch_on, n) for n in span) if span else (None, None)
    return Promise(
        method=name,
        dispatch_on=dispatch_on,
        earliest=first,
        latest=last,
        before_cutoff=dispatch_on == paid_on,
        late=dispatch_on != paid_on and dispatches(rules, paid_on),
        served=reached.served,
        offered=offered,
        zone=reached.zone,
        slower=slower,
    )


def reach(rules: ShopRules, place: Place | None) -> Reach:
    """Whether the shop delivers to a place, as far as that can be told from what is known of it."""
    delivery = _of(rules)
    if place is None:
        return Reach(True, None)
    if place.country is None:  # abroad
        return Reach(not delivery.zones or bool(countries_abroad(rules)), None)
    if _holds(rules, delivery.not_served, place):
        return Reach(False, None)
    if place.region is None and place.postcode is None and _may_be_served(rules, place):
        return Reach(True, None)  # "the UK": some of its postcodes have a zone of their own
    for name, zone in delivery.zones.items():
        if _holds(rules, zone, place):
            return Reach(True, name)
    return Reach(not delivery.zones or _may_be_served(rules, place), None)


def countries_abroad(rules: ShopRules) -> frozenset[str]:
    """ISO codes of the other countries to which the shop delivers."""
    zones = _of(rules).zones.values()
    served = frozenset(country for zone in zones for country in zone.countries)
    return served - {rules.shop.country} - _of(rules).not_served.countries


def by_ground_only(rules: ShopRules, tags: Iterable[str]) -> bool:
    """Whether goods with these tags go by some methods only, and everything ordered with them."""
    limits = rules.delivery.ground_only if rules.delivery else None
    return limits is not None and not limits.tags.isdisjoint(tags)


def dispatch_day(rules: ShopRules, paid_at: datetime) -> date:
    """The day on which a parcel paid at that moment leaves the warehouse."""
    local = rules.local(paid_at)
    cutoff = _of(rules).cutoff
    day = local.date()
    if cutoff is not None and local.time() >= cutoff:
        day += timedelta(1)
    return next(later for n in range(_FAR) if dispatches(rules, later := day + timedelta(n)))


def dispatches(rules: ShopRules, day: date) -> bool:
    return _weekday(day) in _of(rules).dispatch_days and day not in rules.holidays


def closed_weekdays(rules: ShopRules) -> tuple[int, ...]:
    """The days of the week on which no parcel leaves, 0 being Monday."""
    return tuple(n for n, day in enumerate(WEEKDAYS) if day not in _of(rules).dispatch_days)


def _weekday(day: date) -> Weekday:
    return WEEKDAYS[day.weekday()]


def _after(rules: ShopRules, method: Method, day: date, count: int) -> date:
    """The day that is so many days after; business days are none of the weekend, and none on which
    no parcel leaves."""
    if method.count == "calendar":
        return day + timedelta(count)
    while count:
        day += timedelta(1)
        count -= days.is_business(rules, day) and dispatches(rules, day)
    return day


def _holds(rules: ShopRules, area: Area, place: Place) -> bool:
    countries = {place.country, rules.places.twin(place.region) if place.region else None}
    if countries & area.countries:
        return True
    if place.region is not None and place.region in rules.regions_of(area):
        return True
    code = place.postcode
    home = place.country == rules.shop.country
    return home and code is not None and code.startswith(area.postcodes or ("\0",))


def _may_be_served(rules: ShopRules, place: Place) -> bool:
    """Whether a place of which only a part is known may be in a zone: some regions of its country,
    or some postcodes, make one."""
    for zone in _of(rules).zones.values():
        if place.region is None and any(
            region.startswith(f"{place.country}/") for region in rules.regions_of(zone)
        ):
            return True
        if place.postcode is None and place.country == rules.shop.country and zone.postcodes:
            return True
    return False


def _fees(rules: ShopRules, method: Method, zone: str | None) -> tuple[Decimal, Decimal]:
    if not isinstance(method.fee, dict):
        return method.fee, method.fee
    if zone in method.fee:
        return method.fee[zone], method.fee[zone]
    at_home = [fee for name, fee in method.fee.items() if _is_at_home(rules, name)]
    fees = at_home or list(method.fee.values())
    return min(fees), max(fees)


def _days(rules: ShopRules, method: Method, zone: str | None) -> tuple[tuple[int, int], bool]:
    """The days after dispatch, and whether some places of the shop's country take longer."""
    if not isinstance(method.days, dict):
        return method.days or (0, 0), False
    if zone in method.days:
        return method.days[zone], False
    home = {name: span for name, span in method.days.items() if _is_at_home(rules, name)}
    spans = home or method.days
    longest = max(last for _, last in spans.values())
    general = _general(rules)
    last = spans[general][1] if general in spans else longest
    return (min(first for first, _ in spans.values()), last), longest > last


def _is_offered(method: Method, zone: str | None) -> bool:
    return zone is None or method.zones is None or zone in method.zones


def _general(rules: ShopRules) -> str | None:
    """The zone of the shop's country at large."""
    zones = _of(rules).zones.items()
    return next((name for name, zone in zones if rules.shop.country in zone.countries), None)


def _is_at_home(rules: ShopRules, zone: str) -> bool:
    area = _of(rules).zones[zone]
    home = rules.shop.country
    return bool(
        home in area.countries
        or area.postcodes
        or any(region.startswith(f"{home}/") for region in rules.regions_of(area))
    )


def _of(rules: ShopRules) -> Delivery:
    if rules.delivery is None:
        raise UnknownChoice("The shop's rules say nothing of delivery; ask rules.delivery before.")
    return rules.delivery


def _method(rules: ShopRules, method: str | None) -> tuple[str, Method]:
    delivery = _of(rules)
    name = method or delivery.default
    try:
        return name, delivery.methods[name]
    except KeyError:
        known = ", ".join(delivery.methods)
        raise UnknownChoice(f"No delivery method {method!r}; the shop has {known}.") from None
