"""What a campaign is to be: a YAML file, checked key by key before anything is stored.

Whom it is for can only be said by the fields below. There is none for a name, an address, a sex, an
age, an origin or a language, and kinds of goods that tell of such things (a shop lists them as
`sensitive_kinds` in its campaigns.yaml) can be asked for by nobody.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from data.errors import CampaignRefused
from data.rules.shop import Clock, Money
from data.shop import yaml_of

POLICY = "campaigns.yaml"
# What an audience may be chosen by. Numbers; all of them as of the moment of choosing.
NUMBERS: Mapping[str, str] = {
    "days_since_order": "days since the last order",
    "orders": "orders that were kept",
    "spent": "what all goods of these cost",
    "value": "what the customer is worth a year, by what they bought so far",
    "days_known": "days since they joined",
    "lapse": "days since the last order, by the customer's own usual gap",
    "recency": "1 to 5, the fifth who ordered last being 5",
    "frequency": "1 to 5, the fifth who ordered most often being 5",
    "money": "1 to 5, the fifth who spent most being 5",
    "days_since_cart": "days since something was put into the cart that was not bought",
}
KINDS: Mapping[str, str] = {
    "bought": "a kind of goods that they bought",
    "not_bought": "a kind of goods that they did not buy",
    "interested_in": "a kind that they looked at, searched for or put into the cart lately",
}
WORDS: Mapping[str, str] = {"tier": "a tier of the membership"}
LIKE = "like_buyers_of"
FIELDS = (*NUMBERS, *KINDS, *WORDS, LIKE)
# What a message may hold, in braces.
FACTS = frozenset({"name", "shop", "coupon", "worth", "least", "until"})
Channel = Literal["chat", "email", "platform"]
Language = Literal["zh", "en"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Between(_Part):
    """From and to, both included."""

    from_: Annotated[Decimal | None, Field(alias="from")] = None
    to: Decimal | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.from_ is None and self.to is None:
            raise ValueError("say from, to, or both")
        if self.from_ is not None and self.to is not None and self.from_ > self.to:
            raise ValueError("from must not be above to")
        return self

    def holds(self, number: Decimal | float | None) -> bool:
        if number is None:
            return False
        return (self.from_ is None or number >= self.from_) and (
            self.to is None or number <= self.to
        )


class Rule(_Part):
    """One condition: exactly one field."""

    days_since_order: Between | None = None
    orders: Between | None = None
    spent: Between | None = None
    value: Between | None = None
    days_known: Between | None = None
    lapse: Between | None = None
    recency: Between | None = None
    frequency: Between | None = None
    money: Between | None = None
    days_since_cart: Between | None = None
    bought: str | None = None
    not_bought: str | None = None
    interested_in: str | None = None
    tier: str | None = None
    like_buyers_of: str | None = None  # a product's id

    @model_validator(mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        if isinstance(value, Mapping) and (unknown := sorted(set(map(str, value)) - set(FIELDS))):
            raise ValueError(
                f"{', '.join(unknown)} is nothing that an audience may be chosen by; there are "
                f"{', '.join(FIELDS)}"
            )
        return value

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("write one field in each line of the list")
        return self

    @property
    def field(self) -> str:
        return next(iter(self.model_fields_set))

    @property
    def wanted(self) -> Any:
        return getattr(self, self.field)


class Audience(_Part):
    """Who meets all of `all`, one of `any` where there are some, and none of `but`; at most `most`,
    those of the highest value first."""

    all: tuple[Rule, ...] = ()
    any: tuple[Rule, ...] = ()
    but: tuple[Rule, ...] = ()
    most: Annotated[int, Field(gt=0)] | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        return (*self.all, *self.any, *self.but)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if not self.all and not self.any:
            raise ValueError("say whom it is for, under all or any; orders: {from: 0} is everybody")
        return self


class Text(_Part):
    subject: Annotated[str, Field(min_length=1, max_length=150)]
    text: Annotated[str, Field(min_length=1, max_length=4000)]

    @field_validator("subject", "text")
    @classmethod
    def _facts(cls, value: str) -> str:
        try:
            named = {name for _, name, _, _ in string.Formatter().parse(value) if name is not None}
        except ValueError:
            raise ValueError("close each brace; write {{ for a brace itself") from None
        if unknown := sorted(named - FACTS):
            raise ValueError(
                f"{{{unknown[0]}}} is no fact; there are "
                f"{', '.join(f'{{{name}}}' for name in sorted(FACTS))}"
            )
        return value

    @field_validator("subject")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if any(character in value for character in "\r\n"):
            raise ValueError("a subject has one line")
        return value


class Offer(_Part):
    """A coupon: `percent` off, at most `most`; or `amount` off. For orders from `least` on, within
    `days` of being handed out."""

    percent: Annotated[int, Field(ge=1, le=90)] | None = None
    amount: Annotated[Money, Field(gt=0)] | None = None
    most: Annotated[Money, Field(gt=0)] | None = None
    least: Money = Decimal("0.00")
    days: Annotated[int, Field(ge=1, le=366)]
    combines: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.percent is None) == (self.amount is None):
            raise ValueError("say percent or amount, one of the two")
        if self.percent is not None and self.most is None:
            raise ValueError("percent needs most, or no budget could be kept")
        if self.amount is not None and self.most is not None:
            raise ValueError("most goes with percent")
        if self.amount is not None and self.least < self.amount:
            raise ValueError("least must not be below amount, or goods would be free")
        return self

    @property
    def dearest(self) -> Decimal:
        """The most that one coupon can cost."""
        return (self.most if self.percent is not None else self.amount) or Decimal(0)


class Cap(_Part):
    """At most so many messages to a customer, of all campaigns together, within so many days."""

    messages: Annotated[int, Field(ge=1)]
    days: Annotated[int, Field(ge=1, le=366)]


class Schedule(_Part):
    """When messages may go out. Without a zone, the shop's."""

    from_: Annotated[datetime | None, Field(alias="from")] = None
    until: datetime | None = None


class Uplift(_Part):
    """Leave out whom a coupon does not pay, as learned from an earlier campaign's outcome."""

    learned_from: str


Hours = tuple[Clock, Clock]


class Plan(_Part):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    channel: Channel
    audience: Audience
    message: Annotated[dict[Language, Text], Field(min_length=1)]
    coupon: Offer | None = None
    budget: Annotated[Money, Field(gt=0)] | None = None
    products: tuple[
        str, ...
    ] = ()  # that the message shows, for the report's share of the long tail
    holdout: Annotated[Decimal, Field(ge=0, le=Decimal("0.9"), max_digits=3)] = Decimal("0.2")
    schedule: Schedule = Schedule()
    cap: Cap | None = None
    quiet: Hours | None = None
    observe_days: Annotated[int, Field(ge=1, le=180)] = 14
    uplift: Uplift | None = None

    @field_validator("budget", mode="before")
    @classmethod
    def _not_nothing(cls, value: object) -> object:
        if str(value) in ("0", "0.00", "0.0"):
            raise ValueError(
                "a budget of 0 pays for no coupon; name an amount, or leave coupon out"
            )
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.coupon is not None and self.budget is None:
            raise ValueError("a coupon needs a budget")
        if self.coupon is not None and self.budget is not None:
            if self.budget < self.coupon.dearest:
                raise ValueError(
                    f"the budget of {self.budget} pays for no coupon, which can cost "
                    f"{self.coupon.dearest}"
                )
            for language, text in self.message.items():
                if "{coupon}" not in text.text:
                    raise ValueError(f"message.{language}.text does not name the {{coupon}}")
        if self.coupon is None:
            for language, text in self.message.items():
                if used := {"coupon", "worth", "least", "until"} & _facts(text):
                    raise ValueError(
                        f"message.{language} names {{{min(used)}}}, but there is no coupon"
                    )
        return self

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `CampaignRefused`, one line for each key that is wrong."""
        return cls.of(yaml_of(path), str(path))

    @classmethod
    def of(cls, content: object, what: str) -> Self:
        if not isinstance(content, dict) or not content:
            raise CampaignRefused(f"{what} has no keys; docs/marketing-campaigns.md shows a plan.")
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            lines = "\n".join(_sentences(error))
            raise CampaignRefused(f"{what} is no campaign; nothing was stored.\n{lines}") from None

    def plain(self) -> dict[str, Any]:
        """As it is stored."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def held(self) -> int:
        """The held-out share in thousandths."""
        return round(1000 * self.holdout)


def _sentences(error: ValidationError) -> Iterator[str]:
    """One line a wrong key, which never repeats a whole part of the file."""
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"] if part != "[key]")
        message = problem["msg"].removeprefix("Value error, ")
        message = message[:1].lower() + message[1:]
        match problem["type"]:
            case "missing":
                told = f"{key} is missing"
            case "extra_forbidden":
                told = f"{key} is nothing that can stand there; check the spelling"
            case _ if isinstance(problem["input"], dict | list) or not key:
                told = f"{key}: {message}" if key else message
            case _:
                told = f"{key}: {problem['input']!r} does not do: {message}"
        yield f"- {told}."


def _facts(text: Text) -> set[str]:
    both = text.subject + text.text
    return {name for _, name, _, _ in string.Formatter().parse(both) if name}


class Policy(_Part):
    """What holds for all campaigns of the shop: its campaigns.yaml, or what is here."""

    # Two messages in a week are what people put up with before they unsubscribe; no law says so.
    cap: Cap = Cap(messages=2, days=7)
    quiet: Hours = (time(21, 0), time(9, 0))
    sensitive_kinds: frozenset[str] = frozenset()
    # The share of the price of goods that is the shop's, before a coupon. Without it no margin is
    # told: nothing else in the shop's data says what goods cost the shop.
    margin: Annotated[Decimal, Field(gt=0, lt=1)] | None = None

    @classmethod
    def load(cls, shop: Path) -> Self:
        """Of a shop's folder. Raises `CampaignRefused`."""
        path = shop / POLICY
        if not path.exists():
            return cls()
        try:
            return cls.model_validate(yaml_of(path))
        except ValidationError as error:
            lines = "\n".join(_sentences(error))
            raise CampaignRefused(f"{path} cannot be used:\n{lines}") from None


def check(
    plan: Plan,
    policy: Policy,
    *,
    kinds: frozenset[str],
    products: Mapping[str, str],
    tiers: frozenset[str],
) -> None:
    """Whether the shop has what the plan names, and allows it. `products`: the kind of each, by its
    id. Raises `CampaignRefused`."""
    lines = list(_unknown(plan, policy, kinds, products, tiers))
    if lines:
        raise CampaignRefused("\n".join(["Nothing was stored.", *(f"- {line}" for line in lines)]))


def _unknown(
    plan: Plan,
    policy: Policy,
    kinds: frozenset[str],
    products: Mapping[str, str],
    tiers: frozenset[str],
) -> Iterator[str]:
    for rule in plan.audience.rules:
        wanted = rule.wanted
        if isinstance(wanted, str) and {wanted, products.get(wanted)} & policy.sensitive_kinds:
            yield (
                f"{rule.field}: {wanted} tells of what nobody may be chosen by "
                f"(sensitive_kinds in {POLICY})."
            )
        elif rule.field in KINDS:
            if wanted not in kinds:
                yield f"{rule.field}: the shop has no kind {wanted}; it has {_some(kinds)}."
        elif rule.field == LIKE and wanted not in products:
            yield f"{LIKE}: the shop has no product {wanted}."
        elif rule.field == "tier" and wanted not in tiers:
            yield f"tier: the shop has no tier {wanted}; it has {_some(tiers)}."
    for product in plan.products:
        if product not in products:
            yield f"products: the shop has no product {product}."


def _some(names: frozenset[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:12]) + (" …" if len(listed) > 12 else "") if listed else "none"


def is_quiet(at: time, hours: Hours) -> bool:
    """Whether nobody is written to at that time of the shop's day; the hours may span midnight."""
    begin, end = hours
    if begin <= end:
        return begin <= at < end
    return at >= begin or at < end


def next_loud(at: datetime, hours: Hours) -> datetime:
    """The end of the quiet hours that `at` (in the shop's zone) lies in; `at` itself elsewhere."""
    if not is_quiet(at.time(), hours):
        return at
    end = at.replace(hour=hours[1].hour, minute=hours[1].minute, second=0, microsecond=0)
    return end if end > at else end + timedelta(days=1)
