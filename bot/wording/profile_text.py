"""A profile in plain words, each line with what it is known from: for the customer in the chat, and
for the shop's `shopguide profile`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import languages
from bot.wording import formats
from bot.wording.campaign_text import CampaignText
from bot.wording.phrases import Phrases
from data.errors import DataError
from data.models import Customer, Product
from data.profile import Evidence, Profile, ProfileLine, profile_of
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork
from retrieval.types import Language

_EVIDENCE = 2  # pieces told of each line


@dataclass(frozen=True)
class Dossier:
    catalogue: Mapping[str, Product]
    rules: ShopRules
    phrases: Phrases
    language: Language
    now: datetime

    def lines(self, profile: Profile | None, unwanted: AbstractSet[str]) -> list[str]:
        """· 会买台灯（10月买过亮灯（订单 A1））. Without a profile there is only what is
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
        return self.phrases.say(key, self.language, **facts)

    def _told(self, line: ProfileLine) -> str:
        today = self.rules.today(self.now)
        due = formats.short_day(self.rules.today(line.due or self.now), self.language, today=today)
        key = f"{line.aspect}_{line.value}" if line.aspect == "price" else line.aspect
        text = self._say(f"profile.{key}", subject=self._subject(line), value=line.value, due=due)
        pieces = [self._piece(evidence) for evidence in line.evidence[:_EVIDENCE]]
        if len(line.evidence) > _EVIDENCE:
            pieces.append(self._say("profile.more", count=len(line.evidence)))
        known_from = formats.clauses(pieces or [self._say("profile.said")], self.language)
        return text + self._say("profile.because", evidence=known_from)

    def _subject(self, line: ProfileLine) -> str:
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
    uow: UnitOfWork,
    email: str,
    rules: ShopRules,
    phrases: Phrases,
    language: Language | None = None,
) -> list[str]:
    """As `of_customer`. Raises `DataError` for nobody's address."""
    customer = uow.customers.by_email(email)
    if customer is None:
        raise DataError(f"No customer has the e-mail address {email}.")
    return of_customer(uow, customer, rules, phrases, language)


def of_customer(
    uow: UnitOfWork,
    customer: Customer,
    rules: ShopRules,
    phrases: Phrases,
    language: Language | None = None,
) -> list[str]:
    """What the shop's own people are shown of a customer: the same that the customer is shown, in
    the customer's language unless told otherwise."""
    spoken = languages.spoken(language or customer.language, languages.of_shop(rules))
    now = datetime.now(UTC)
    catalogue = {product.id: product for product in uow.products.catalogue()}
    profile = profile_of(uow, customer, catalogue, now) if customer.personalised else None
    unwanted = uow.behaviour.disliked(customer.id, None)
    lines = Dossier(catalogue, rules, phrases, spoken, now).lines(profile, unwanted)
    campaigns = CampaignText(catalogue, rules, phrases, spoken, now)
    lines += [f"· {line}" for line in campaigns.standing(uow, customer)]
    key = "profile.not_used" if profile is None else "profile.here" if lines else "profile.nothing"
    return [phrases.say(key, spoken, name=customer.name), *lines]
