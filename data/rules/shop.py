"""The shop's rules as data: read from YAML, checked key by key."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
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
from data.models import Localized, OrderStatus, ReturnClass, Tier

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Zone = Literal["near", "mainland", "remote"]


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


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Names(_Part):
    zh: str
    en: str


class Shop(_Part):
    name: Names
    timezone: Annotated[str, AfterValidator(_zone_name)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    email: str
    phone: str


class ServiceHours(_Part):
    weekdays: Hours
    weekend: Hours


class Method(_Part):
    """A way of delivery. `days`: calendar days after the day of dispatch, by zone."""

    fee: Money
    free_from: Money | None = None
    free_from_by_tier: dict[Tier, Money] = Field(default_factory=dict)
    free_by_tier: frozenset[Tier] = frozenset()
    days: dict[Zone, Range]

    @model_validator(mode="after")
    def _all_zones(self) -> Self:
        missing = {"near", "mainland", "remote"} - set(self.days)
        if missing:
            raise ValueError(f"days: needs {', '.join(sorted(missing))} too")
        return self


class Delivery(_Part):
    dispatch_days: Annotated[frozenset[Weekday], Field(min_length=1)]
    cutoff: Clock
    methods: Annotated[dict[str, Method], Field(min_length=1)]
    near: frozenset[str]
    remote: frozenset[str]
    not_served: frozenset[str]
    ground_only: frozenset[str] = frozenset()  # tags of goods that no express carries
    pickup_locker_days: Count


class Cancellation(_Part):
    """Free of charge as long as the order has not reached the status `until`."""

    until: OrderStatus


class Returns(_Part):
    windows: dict[ReturnClass, Count]
    gold_window: Count
    fee: Money
    fee_free_by_tier: frozenset[Tier]
    faulty_free: bool
    refund_working_days: Count
    bank_days: Range
    exchange_once: bool

    @model_validator(mode="after")
    def _all_classes(self) -> Self:
        missing = set(ReturnClass) - set(self.windows)
        if missing:
            raise ValueError(f"windows: needs {', '.join(sorted(missing))} too")
        return self


class Warranty(_Part):
    default: Count


class TierRule(_Part):
    from_: Annotated[Money, Field(alias="from")]
    points_rate: Rate
    birthday_coupon: Money


class Membership(_Part):
    window_days: Count
    tiers: dict[Tier, TierRule]
    points_per_yuan: Annotated[int, Field(gt=0)]
    points_least: Count = 0
    points_valid_days: Count

    @model_validator(mode="after")
    def _all_tiers(self) -> Self:
        missing = set(Tier) - set(self.tiers)
        if missing:
            raise ValueError(f"tiers: needs {', '.join(sorted(missing))} too")
        if min(rule.from_ for rule in self.tiers.values()) != 0:
            raise ValueError('tiers: one must begin from "0.00"')
        return self


class Instalments(_Part):
    from_: Annotated[Money, Field(alias="from")]
    months: Annotated[tuple[Annotated[int, Field(gt=0)], ...], Field(min_length=1)]
    interest_free: frozenset[int] = frozenset()


class Payment(_Part):
    methods: Annotated[tuple[str, ...], Field(min_length=1)]
    cash_on_delivery: bool
    instalments: Instalments
    pay_within_minutes: Count


class Invoice(_Part):
    within_days: Count
    sent_within_hours: Count


class Gift(_Part):
    wrapping_fee: Money
    card_free: bool


class ShopRules(_Part):
    """All rules of one shop. `ShopRules.load(path)` reads them."""

    shop: Shop
    service_hours: ServiceHours
    holidays: frozenset[date]
    delivery: Delivery
    cancellation: Cancellation
    returns: Returns
    price_protection_days: Count
    warranty: Warranty
    membership: Membership
    payment: Payment
    invoice: Invoice
    gift: Gift

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises `RulesInvalid`, whose text has one line for each key that is wrong."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RulesInvalid(f"The rules in {path} cannot be read: {error}.") from None
        try:
            return cls.model_validate(yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise RulesInvalid(f"{path} is not YAML: {error}") from None
        except ValidationError as error:
            lines = [f"{path} has rules that cannot be used:", *_sentences(error)]
            raise RulesInvalid("\n".join(lines)) from None

    @property
    def name(self) -> Localized:
        return Localized(zh=self.shop.name.zh, en=self.shop.name.en)

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


def _sentences(error: ValidationError) -> list[str]:
    lines = []
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"] if part != "[key]") or "the file"
        match problem["type"]:
            case "missing":
                what = "is missing"
            case "extra_forbidden":
                what = "is not a rule that the shop can have; check the spelling"
            case _:
                message = problem["msg"].removeprefix("Value error, ")
                what = f"{problem['input']!r} does not do: {message[0].lower()}{message[1:]}"
        lines.append(f"- {key}: {what}.")
    return lines
