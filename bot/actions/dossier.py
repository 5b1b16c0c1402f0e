"""A profile in plain words, each line with what it is known from: for the customer in the chat, and
for the shop's `shopguide profile`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from bot import formats
from bot.phrases import phrase
from data.errors import DataError
from data.models import Product
from data.profile import Evidence, Line, Profile, profile_of
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork

_EVIDENCE = 2  # pieces told of each line


@dataclass(frozen=True)
class Dossier:
    catalogue: Mapping[str, Product]
    rules: ShopRules
    language: Literal["zh", "en"]
    now: datetime

    def lines(self, profile: Profile | None, unwanted: AbstractSet[str]) -> list[str]:
        """· 会买帐篷（10月买过岭线双人三季帐（订单 SP1））. Without a profile there is only what is
        not to be recommended again, which is a wish and no history."""
        told = [self._told(line) for line in profile.lines] if profile else []
        if unwanted:
            told.append(self._say("profile.unwanted", names=self.names(sorted(unwanted))))
        return [f"· {line}" for line in told]

    def category(self, category_id: str) -> str:
        """Its name; its id when the shop no longer has it."""
        of_kind = (p for p in self.catalogue.values() if p.category_id == category_id)
        product = next(of_kind, None)
        return product.category.name[self.language] if product else category_id

    def names(self, product_ids: Iterable[str]) -> str:
        known = [self.catalogue[i] for i in product_ids if i in self.catalogue]
        return formats.listed([product.name[self.language] for product in known], self.language)

    def _say(self, key: str, **facts: object) -> str:
        return phrase(key, self.language, **facts)

    def _told(self, line: Line) -> str:
        today = self.rules.today(self.now)
        due = formats.short_day(self.rules.today(line.due or self.now), self.language, today=today)
        key = f"{line.aspect}_{line.value}" if line.aspect == "price" else line.aspect
        text = self._say(f"profile.{key}", subject=self._subject(line), value=line.value, due=due)
        pieces = [self._piece(evidence) for evidence in line.evidence[:_EVIDENCE]]
        if len(line.evidence) > _EVIDENCE:
            pieces.append(self._say("profile.more", count=len(line.evidence)))
        joint = "；" if self.language == "zh" else "; "
        known_from = joint.join(pieces or [self._say("profile.said")])
        return text + self._say("profile.because", evidence=known_from)

    def _subject(self, line: Line) -> str:
        match line.aspect:
            case "category" | "interest" | "size":
                return self.category(line.subject)
            case "rhythm":
                return self.names([line.subject])
        return line.subject

    def _piece(self, evidence: Evidence) -> str:
        day, today = self.rules.today(evidence.at), self.rules.today(self.now)
        return self._say(
            f"profile.{evidence.kind.value}",
            when=formats.month(day, self.language, today=today),
            product=self.names([evidence.product_id or ""]),
            number=evidence.order_number,
            query=evidence.query,
        )


def of_email(
    uow: UnitOfWork, email: str, rules: ShopRules, language: Literal["zh", "en"] | None = None
) -> list[str]:
    """What the shop's own people are shown of a customer: the same that the customer is shown, in
    the customer's language unless told otherwise. Raises `DataError` for nobody's address."""
    customer = uow.customers.by_email(email)
    if customer is None:
        raise DataError(f"No customer has the e-mail address {email}.")
    spoken: Literal["zh", "en"] = language or ("zh" if customer.language == "zh" else "en")
    now = datetime.now(UTC)
    catalogue = {product.id: product for product in uow.products.catalogue()}
    profile = profile_of(uow, customer, catalogue, now) if customer.personalised else None
    unwanted = uow.behaviour.disliked(customer.id, None)
    lines = Dossier(catalogue, rules, spoken, now).lines(profile, unwanted)
    key = "profile.not_used" if profile is None else "profile.here" if lines else "profile.nothing"
    return [phrase(key, spoken, name=customer.name), *lines]
