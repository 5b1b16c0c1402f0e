"""The shop as data: who it is (shop.yaml) and what it has decided (rules.yaml), checked key by
key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from babel.numbers import is_currency
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from data.errors import RulesInvalid
from data.models import Localized, OrderStatus
from data.places import Places, is_country
from data.rules.texts import Id, Text, Words

SHOP, RULES = "shop.yaml", "rules.yaml"
Language = Literal["zh", "en"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Way = Literal["email", "phone", "postcode", "order_number", "code"]


def _money(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('write amounts in quotes with two places: "8.00"')
    return value


def _clock(value: object) -> object:
    if not isinstance(value, str):  # YAML reads 16:00 as a number in base 60
        raise ValueError('write times in quotes: "16:00"')
    return value


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError("name a time zone such as Asia/Shanghai") from None
    return value


Money = Annotated[Decimal, BeforeValidator(_money), Field(ge=0, max_digits=12, decimal_places=2)]
Rate = Annotated[Decimal, BeforeValidator(_money), Field(ge=0)]
Clock = Annotated[time, BeforeValidator(_clock)]
Count = Annotated[int, Field(ge=0)]
Range = Annotated[tuple[Count, Count], AfterValidator(lambda days: _ascending(days))]
Hours = Annotated[tuple[Clock, Clock], AfterValidator(lambda hours: _ascending(hours))]


def _ascending(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    if pair[0] > pair[1]:
        raise ValueError("the first must not come after the second")
    return pair


# The way of an order that nothing stops.
STEPS = (
    OrderStatus.PENDING_PAYMENT,
    OrderStatus.PAID,
    OrderStatus.PACKED,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
)


def _step(status: OrderStatus) -> OrderStatus:
    if status not in STEPS:
        raise ValueError(f"name a step of an order: {', '.join(STEPS)}")
    return status


def _condition(value: object) -> object:
    """A condition with words of its own, or only what is said of it."""
    return value if isinstance(value, Mapping) and "says" in value else {"says": value}


Step = Annotated[OrderStatus, AfterValidator(_step)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _country(value: object) -> object:
    return "NO" if value is False else value  # how YAML reads Norway


def _known_country(value: str) -> str:
    if not is_country(value):
        raise ValueError("name a country by its ISO 3166 code, such as CN or US")
    return value


def _known_currency(value: str) -> str:
    if not is_currency(value):
        raise ValueError("name a currency by its ISO 4217 code, such as CNY or USD")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"it is no regular expression: {error}") from None
    return value


Country = Annotated[str, BeforeValidator(_country), AfterValidator(_known_country)]


class OrderNumber(_Part):
    """The shape of the shop's order numbers. `pattern` is matched against the whole of a number
    that data.normalise has spelled; `says` tells a customer of it."""

    pattern: Annotated[str, AfterValidator(_pattern)]
    says: Text | None = None


class ServiceHours(_Part):
    """When people answer; None: not on that day."""

    days: dict[Weekday, Hours]
    holidays: Hours | None = None

    @model_validator(mode="before")
    @classmethod
    def _spans(cls, value: object) -> object:
        """{"mon-fri": hours, "holidays": hours} as the file has it."""
        if not isinstance(value, Mapping):
            return value
        days: dict[str, object] = {}
        for key, hours in value.items():
            for day in _days_of(str(key)) if key != "holidays" else ():
                if day in days:
                    raise ValueError(f"{day} is said twice")
                days[day] = hours
        return {"days": days, "holidays": value.get("holidays")}


def _days_of(span: str) -> Iterator[Weekday]:
    """mon → mon; mon-fri → mon, tue, wed, thu, fri; sat-mon goes over the end of the week."""
    ends = span.split("-")
    if len(ends) > 2 or not set(ends) <= set(WEEKDAYS):
        raise ValueError(
            f"{span!r} is no day of the week; write mon, mon-fri or holidays, "
            f"of {', '.join(WEEKDAYS)}"
        )
    first, last = (WEEKDAYS.index(day) for day in (ends[0], ends[-1]))
    for offset in range((last - first) % len(WEEKDAYS) + 1):
        yield WEEKDAYS[(first + offset) % len(WEEKDAYS)]


def _web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\S*", value):
        raise ValueError("write the whole address, https://…")
    return value


class Pages(_Part):
    """Addresses of the shop's own pages; {id} is the product's."""

    product: str | None = None
    picture: str | None = None
    # What the shop does with personal data; the chat leads there.
    privacy: Annotated[str, AfterValidator(_web_address)] | None = None
    # Where customers sign in, and where their cart is: the chat leads there.
    sign_in: Annotated[str, AfterValidator(_web_address)] | None = None
    cart: Annotated[str, AfterValidator(_web_address)] | None = None
    # Of the people behind the assistant, beside their names.
    agent_picture: Annotated[str, AfterValidator(_web_address)] | None = None


class Shop(_Part):
    """Who the shop is. What is None or empty the shop does not have, and nobody is told of it.
    `stores`: the towns or regions where customers can come; empty where there is none, None where
    the shop does not say."""

    name: Text
    languages: Annotated[tuple[Language, ...], Field(min_length=1)]
    country: Country
    currency: Annotated[str, AfterValidator(_known_currency)]
    timezone: Annotated[str, AfterValidator(_zone_name)]
    email: str | None = None
    phone: str | None = None
    website: str | None = None
    stores: tuple[Text, ...] | None = None
    order_number: OrderNumber | None = None
    identify: tuple[Way, ...] = ("email", "postcode")
    service_hours: ServiceHours | None = None
    holidays: frozenset[date] = frozenset()
    pages: Pages = Pages()

    @model_validator(mode="after")
    def _proves(self) -> Self:
        if not (self.identified_by and self.proved_by):
            raise ValueError(
                "identify: name email or phone, and postcode or order_number, which only the "
                "customer knows"
            )
        if self.by_code and "email" not in self.identify:
            raise ValueError("identify: a code goes to an e-mail address; name email too")
        return self

    @property
    def identified_by(self) -> tuple[Way, ...]:
        """By which customers say who they are; either will do."""
        return tuple(way for way in self.identify if way in ("email", "phone"))

    @property
    def by_code(self) -> bool:
        """Whether a one-time code by e-mail will do too, where there is a mail server."""
        return "code" in self.identify

    @property
    def proved_by(self) -> tuple[Way, ...]:
        """By which they prove it; either will do."""
        return tuple(way for way in self.identify if way in ("postcode", "order_number"))


def _names(value: object) -> object:
    """One name, or several of the same region."""
    return (value,) if isinstance(value, str) else value


def _prefix(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('write postcodes in quotes: "310"')
    return re.sub(r"[ \-]", "", value.upper())


class Area(_Part):
    """A part of the world: all places of its regions, its countries and the postcodes that begin
    so. A region has its ISO 3166-2 code or its name in any language; a list is one region with
    further names, where customers use one that is not known."""

    regions: tuple[Annotated[tuple[str, ...], BeforeValidator(_names)], ...] = ()
    countries: frozenset[Country] = frozenset()
    postcodes: tuple[Annotated[str, BeforeValidator(_prefix)], ...] = ()


def _span(value: object) -> object:
    return (value, value) if isinstance(value, int) else value


Days = Annotated[Range, BeforeValidator(_span)]


class Method(_Part):
    """A way of delivery. `fee` and `days` hold everywhere, or by zone: it is then not offered in
    the zones that are left out. `days` follow the day of dispatch; None: no time is promised.
    `pickup`: the customer collects it, when it is ready after so many days."""

    name: Text
    words: Words = ()
    fee: Money | dict[str, Money]
    free_from: Money | None = None
    free_from_by_tier: dict[Id, Money] = Field(default_factory=dict)
    free_by_tier: frozenset[Id] = frozenset()
    days: Days | dict[str, Days] | None = None
    count: Literal["calendar", "business"] = "calendar"
    pickup: bool = False

    @property
    def zones(self) -> frozenset[str] | None:
        """Where it is offered; None: everywhere."""
        by_zone = [set(part) for part in (self.fee, self.days) if isinstance(part, dict)]
        return frozenset(set.intersection(*by_zone)) if by_zone else None


class GroundOnly(_Part):
    """Goods that only some methods carry; those with one of the `tags`."""

    tags: frozenset[str]
    goods: Text
    methods: Annotated[tuple[Id, ...], Field(min_length=1)]


class Delivery(_Part):
    """The first of `zones` that holds a place counts, and the first of `methods` is taken where
    none is named. A place in none of the zones is not served, if there are any."""

    dispatch_days: Annotated[frozenset[Weekday], Field(min_length=1)] = frozenset(WEEKDAYS[:5])
    cutoff: Clock | None = None
    zones: dict[Id, Area] = Field(default_factory=dict)
    not_served: Area = Area()
    methods: Annotated[dict[Id, Method], Field(min_length=1)]
    ground_only: GroundOnly | None = None
    locker_days: Count | None = None

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, method in self.methods.items():
            for key, part in (("fee", method.fee), ("days", method.days)):
                unknown = set(part) - set(self.zones) if isinstance(part, dict) else set()
                if unknown:
                    raise ValueError(
                        f"methods.{name}.{key}: {', '.join(sorted(unknown))} is none of the zones "
                        f"({', '.join(self.zones) or 'there are none'})"
                    )
        strange = set(self.ground_only.methods) - set(self.methods) if self.ground_only else set()
        if strange:
            raise ValueError(
                f"ground_only.methods: {', '.join(sorted(strange))} is none of the methods "
                f"({', '.join(self.methods)})"
            )
        return self

    @property
    def default(self) -> str:
        return next(iter(self.methods))

    def areas(self) -> Iterator[tuple[str, Area]]:
        """Each with the key of the file under which it stands."""
        yield "not_served", self.not_served
        for name, zone in self.zones.items():
            yield f"zones.{name}", zone


class Cancellation(_Part):
    """Free of charge as long as the order has not reached the status `until`; the address can
    change until `address_until`, None where the shop promises nothing of it. `how` and
    `address_how` are what the customer does, in the shop's words; None where only people can.
    `parts`: whether one item of several can be cancelled by itself; None where the shop does not
    say."""

    until: Step
    parts: bool | None = None
    address_until: Step | None = None
    how: Text | None = None
    address_how: Text | None = None


# Conditions that the assistant knows words for; a shop may name others, with words of its own.
CONDITIONS = ("opened", "used", "worn", "washed", "altered", "activated", "damaged")


class Condition(_Part):
    """A state of goods. `says` completes "once … it cannot be returned" and "…的不能退"; `words`
    are further ones by which a customer tells of it."""

    says: Text
    words: Words = ()


class ReturnTerms(_Part):
    """Of the products of one class. `days` of 0: they go back only when faulty. `voided_by` are ids
    of conditions in which they do not go back. By `words` customers name goods of the class."""

    days: Count
    days_by_tier: dict[Id, Count] = Field(default_factory=dict)
    name: Text | None = None
    words: Words = ()
    voided_by: tuple[Id, ...] = ()


class Exchange(_Part):
    """`free`: it costs the customer nothing, the postage both ways included."""

    once: bool = False
    free: bool = False
    how: Text | None = None


class Returns(_Part):
    """`fee` is None where the shop says nothing of one; `keep` is the state in which goods must
    come back, `how` the steps of a return in the shop's words."""

    classes: dict[Id, ReturnTerms]
    from_: Annotated[Literal["delivery", "purchase"], Field(alias="from")] = "delivery"
    count: Literal["calendar", "business"] = "calendar"
    conditions: dict[Id, Annotated[Condition, BeforeValidator(_condition)]] = Field(
        default_factory=dict
    )
    keep: Text | None = None
    fee: Money | None = None
    fee_free_by_tier: frozenset[Id] = frozenset()
    customer_pays_postage: bool = False
    restocking_percent: Annotated[int, Field(ge=0, le=100)] = 0
    faulty_free: bool = True
    refund_working_days: Count | None = None
    bank_days: Range | None = None
    exchange: Exchange | None = None
    how: Text | None = None

    @model_validator(mode="after")
    def _known(self) -> Self:
        if "standard" not in self.classes:
            raise ValueError("classes: needs standard too, the class of products that name none")
        for name, terms in self.classes.items():
            unknown = set(terms.voided_by) - set(CONDITIONS) - set(self.conditions)
            if unknown:
                raise ValueError(
                    f"classes.{name}.voided_by: {', '.join(sorted(unknown))} is not known; "
                    f"name it in conditions, or take one of {', '.join(CONDITIONS)}"
                )
        return self


class Warranty(_Part):
    """Months from delivery, where a product does not say its own."""

    months: Count


class TierRule(_Part):
    """A tier, for customers who spent `from_` or more within the membership's window. What is None
    the tier does not bring."""

    id: Id
    name: Text
    words: Words = ()
    from_: Annotated[Money, Field(alias="from")]
    points_rate: Rate | None = None
    birthday_coupon: Money | None = None


class Points(_Part):
    """So many points are worth one unit of money; fewer than `least` are not taken at a time.
    `balance` says, in the shop's words, where customers see how many they have."""

    per_unit: Annotated[int, Field(gt=0)]
    least: Count = 0
    valid_days: Count | None = None
    balance: Text | None = None


class Membership(_Part):
    window_days: Count
    tiers: Annotated[tuple[TierRule, ...], Field(min_length=1)]
    points: Points | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        ids = [tier.id for tier in self.tiers]
        if len(set(ids)) < len(ids):
            raise ValueError("tiers: each needs an id of its own")
        sums = [tier.from_ for tier in self.tiers]
        if sums != sorted(set(sums)):
            raise ValueError("tiers: write them in ascending order, each from a higher amount")
        return self

    def tier(self, tier_id: str | None) -> TierRule | None:
        return next((tier for tier in self.tiers if tier.id == tier_id), None)


class Instalments(_Part):
    from_: Annotated[Money, Field(alias="from")]
    months: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1)]
    interest_free: frozenset[int] = frozenset()


class Payment(_Part):
    methods: tuple[str, ...] = ()
    cash_on_delivery: bool | None = None
    instalments: Instalments | None = None
    pay_within_minutes: Count | None = None


class Invoice(_Part):
    within_days: Count | None = None
    sent_within_hours: Count | None = None


class Gift(_Part):
    wrapping_fee: Money | None = None
    card_free: bool = False


class ShopRules(_Part):
    """All rules of one shop. `ShopRules.load(path)` reads them."""

    shop: Shop
    delivery: Delivery | None = None
    cancellation: Cancellation | None = None
    returns: Returns | None = None
    price_protection_days: Count | None = None
    warranty: Warranty | None = None
    membership: Membership | None = None
    payment: Payment | None = None
    invoice: Invoice | None = None
    gift: Gift | None = None

    @model_validator(mode="after")
    def _tiers_exist(self) -> Self:
        tiers = [tier.id for tier in self.membership.tiers] if self.membership else []
        for section, named in (("delivery", self._of_delivery()), ("returns", self._of_returns())):
            unknown = named - set(tiers)
            if unknown:
                raise ValueError(
                    f"{section}: {', '.join(sorted(unknown))} is no tier of the membership; "
                    f"it has {', '.join(tiers) or 'none'}"
                )
        return self

    def _of_delivery(self) -> set[str]:
        """The tiers that the section names."""
        methods = self.delivery.methods.values() if self.delivery else ()
        return {tier for m in methods for tier in (*m.free_by_tier, *m.free_from_by_tier)}

    def _of_returns(self) -> set[str]:
        named = set(self.returns.fee_free_by_tier) if self.returns else set()
        for terms in self.returns.classes.values() if self.returns else ():
            named |= set(terms.days_by_tier)
        return named

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The shop in that folder. Raises `RulesInvalid`, whose text has one line for each key that
        is wrong, in either file."""
        problems: list[str] = []
        identity = _read(folder / SHOP, problems)
        decided = _read(folder / RULES, problems) if (folder / RULES).exists() else {}
        try:
            shop: object = Shop.model_validate(identity)
        except ValidationError as error:
            shop = identity
            if identity is not None:
                problems += _under(folder / SHOP, _sentences(error))
        rules = None
        try:
            rules = cls.model_validate({**(decided or {}), "shop": shop})
            lines = list(_unknown_places(rules))
        except ValidationError as error:
            lines = _sentences(error, but="shop")
        problems += _under(folder / RULES, lines) if lines else []
        if rules is None or problems:
            raise RulesInvalid("\n".join(problems))
        return rules

    @property
    def name(self) -> Localized:
        return self.shop.name

    @property
    def holidays(self) -> frozenset[date]:
        return self.shop.holidays

    @cached_property
    def places(self) -> Places:
        """The world from where the shop sells, with the names that its zones add."""
        groups = [names for _, area in self._areas() for names in area.regions if len(names) > 1]
        return Places(self.shop.country, groups)

    @cached_property
    def area_regions(self) -> dict[Area, frozenset[str]]:
        """See `regions_of`."""
        found = {}
        for _, area in self._areas():
            known = (self.places.called(name) for names in area.regions for name in names)
            found[area] = frozenset(place.region for place in known if place and place.region)
        return found

    def regions_of(self, area: Area) -> frozenset[str]:
        """The regions of a zone, as `places` keeps them."""
        return self.area_regions[area]

    def _areas(self) -> Iterator[tuple[str, Area]]:
        yield from self.delivery.areas() if self.delivery else ()

    @cached_property
    def timezone(self) -> ZoneInfo:
        return ZoneInfo(self.shop.timezone)

    def local(self, at: datetime) -> datetime:
        """The shop's wall clock at that moment."""
        if at.tzinfo is None:
            raise ValueError(f"{at} has no time zone; pass an aware datetime.")
        return at.astimezone(self.timezone)

    def today(self, at: datetime) -> date:
        """The shop's calendar day at that moment."""
        return self.local(at).date()


def _read(path: Path, problems: list[str]) -> dict[str, Any] | None:
    """What stands in the file; None, and why among the problems, when nothing can be read."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        problems.append(f"{path} cannot be read: {error}.")
        return None
    except yaml.YAMLError as error:
        problems.append(f"{path} is not YAML: {error}")
        return None
    if content is not None and not isinstance(content, dict):
        problems.append(f"{path} has no keys; docs/your-shop.md lists those that it can have.")
        return None
    return content or {}


def _under(path: Path, lines: list[str]) -> list[str]:
    return [f"{path} cannot be used:", *lines]


def _unknown_places(rules: ShopRules) -> Iterator[str]:
    places = rules.places  # built now, or the first customer would wait for it
    for key, area in rules.delivery.areas() if rules.delivery else ():
        for names in area.regions:
            if not any(places.called(name) for name in names):
                yield (
                    f"- delivery.{key}.regions: {names[0]!r} does not do: name a region of "
                    f"{rules.shop.country} as people there write it, or by its ISO 3166-2 code."
                )


def _sentences(error: ValidationError, but: str = "") -> list[str]:
    """One line for each key that is wrong, those below `but` left out."""
    lines = []
    for problem in error.errors(include_url=False):
        parts = [str(part) for part in problem["loc"] if part != "[key]"]
        if parts[:1] == [but]:
            continue
        key = ".".join(parts)
        message = problem["msg"].removeprefix("Value error, ")
        match problem["type"]:
            case "missing":
                what = f"{key} is missing"
            case "extra_forbidden":
                what = f"{key} is not known; check the spelling"
            case "value_error" if isinstance(problem["input"], dict | BaseModel):
                what = f"{key}: {message}" if key else message
            case _:
                what = f"{key}: {problem['input']!r} does not do: {message[0].lower()}{message[1:]}"
        lines.append(f"- {what}.")
    return lines
