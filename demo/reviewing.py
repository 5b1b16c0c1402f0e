"""Writes the reviews of the demo shop from a bank of sentences that people wrote for it.

The bank (demo/reviews/, one file a language) knows for each kind of product how it is used,
what pleases, what annoys a little and what goes wrong. A review takes from these what its rating
calls for; a placeholder such as {weight} or {size} is filled with the product's own attribute or
the variant that this customer bought. odd.yaml adds a bad batch, and praise that was ordered.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from data.models import Customer, OrderStatus, Product, Review
from demo.fulfilment import Plan
from demo.purchases import PurchaseLine

FOLDER = Path(__file__).parent / "reviews"

_RATINGS = {
    OrderStatus.DELIVERED: (0.02, 0.04, 0.11, 0.3, 0.53),
    OrderStatus.REFUNDED: (0.25, 0.35, 0.3, 0.1, 0.0),  # who sends it back is seldom happy
}
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

ReviewTexts = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _Subject:
    """One product that one customer received, and may now write about."""

    plan: Plan
    line: PurchaseLine
    delivered_at: datetime


class PhraseBank:
    """The sentences of one language."""

    def __init__(self, path: Path) -> None:
        content = yaml.safe_load(path.read_text("utf-8"))
        self.general: ReviewTexts = content.pop("general")
        self._kinds: dict[str, list[ReviewTexts]] = content

    def kind(self, product: Product) -> ReviewTexts:
        """The sentences about such products; only general ones for an unknown category."""
        words = set(product.id.split("-"))
        for kind in self._kinds.get(product.category_id, ()):
            if "words" not in kind or words.intersection(kind["words"]):
                return kind
        return {"story": [], "good": [], "niggle": [], "bad": []}

    def sentences(self) -> list[str]:
        kinds = [kind for kinds in self._kinds.values() for kind in kinds]
        return [
            sentence
            for kind in (*kinds, self.general)
            for what, sentences in kind.items()
            if what != "words"
            for sentence in sentences
        ]


def write(rng: random.Random, plans: Iterable[Plan], now: datetime, count: int) -> list[Review]:
    """About `count` reviews, at most one by each customer of each product, oldest first."""
    banks = _banks()
    subjects = _subjects(plans, now)
    chosen = rng.sample(list(subjects.values()), min(count, len(subjects)))
    texts: set[str] = set()
    reviews = []
    for subject in chosen:
        customer = subject.plan.shopper.customer
        rating = rng.choices(range(1, 6), _RATINGS[subject.plan.status])[0]
        bank = banks[customer.language]
        text = _compose(rng, bank, subject, rating)
        for _ in range(6):  # people rarely write the very same words
            if text not in texts:
                break
            text = _compose(rng, bank, subject, rating)
        texts.add(text)
        waited = timedelta(days=min(rng.expovariate(1 / 12) + 0.5, 60))
        reviews.append(
            Review(
                product_id=subject.line.product.id,
                sku=subject.line.variant.sku,
                customer=customer,
                rating=rating,
                language=customer.language,
                text=text,
                created_at=min(subject.delivered_at + waited, now - timedelta(hours=rng.random())),
            )
        )
    return sorted(reviews, key=lambda review: review.created_at)


def write_odd(
    rng: random.Random, plans: Sequence[Plan], now: datetime, written: Iterable[Review]
) -> tuple[list[Review], list[Review]]:
    """Of a bad batch, by buyers who have not written yet; and ordered praise, by customers who
    never bought what they praise."""
    odd = yaml.safe_load((FOLDER / "odd.yaml").read_text("utf-8"))
    banks = _banks()
    done = {
        (str(review.customer.email), review.product_id) for review in written if review.customer
    }
    batch, ordered = odd["batch"], odd["ordered"]
    since = now - timedelta(days=batch["since_days"])
    complaints = []
    for (email, product), subject in _subjects(plans, now).items():
        got = subject.line.variant.sku == batch["sku"] and subject.delivered_at > since
        if not got or (email, product) in done or rng.random() > batch["share"]:
            continue
        customer = subject.plan.shopper.customer
        story = rng.choice(banks[customer.language].kind(subject.line.product)["story"])
        joint = "" if customer.language == "zh" else " "
        complaints.append(
            Review(
                product_id=product,
                sku=batch["sku"],
                customer=customer,
                rating=rng.choice(batch["ratings"]),
                language=customer.language,
                text=story + joint + rng.choice(batch[customer.language]),
                created_at=subject.delivered_at + timedelta(days=rng.uniform(0.5, 3.5)),
            )
        )
    product = ordered["product"]
    buyers = {
        str(plan.shopper.customer.email)
        for plan in plans
        if any(line.product.id == product for line in plan.lines)
    }
    strangers: dict[str, Customer] = {
        str(plan.shopper.customer.email): plan.shopper.customer
        for plan in plans
        if str(plan.shopper.customer.email) not in buyers
    }
    begun = now - timedelta(days=ordered["days_ago"])
    praise = [
        Review(
            product_id=product,
            customer=customer,
            rating=5,
            language=customer.language,
            text=rng.choice(ordered[customer.language]),
            created_at=begun + timedelta(hours=rng.uniform(0, ordered["within_hours"])),
        )
        for customer in rng.sample(list(strangers.values()), ordered["count"])
    ]
    return complaints, praise


def _banks() -> dict[str, PhraseBank]:
    return {language: PhraseBank(FOLDER / f"{language}.yaml") for language in ("zh", "en")}


def _subjects(plans: Iterable[Plan], now: datetime) -> dict[tuple[str, str], _Subject]:
    """By the customer's address and the product: the first time that they got it."""
    subjects: dict[tuple[str, str], _Subject] = {}
    for plan in plans:
        delivered_at = plan.delivered_at
        if plan.status in _RATINGS and delivered_at and now - delivered_at > timedelta(days=4):
            for line in plan.lines:
                key = (str(plan.shopper.customer.email), line.product.id)
                subjects.setdefault(key, _Subject(plan, line, delivered_at))
    return subjects


def _compose(rng: random.Random, bank: PhraseBank, subject: _Subject, rating: int) -> str:
    kind = bank.kind(subject.line.product)
    values = _values(subject)

    def some(sources: Sequence[str], count: int) -> list[str]:
        return _draw(rng, sources, count, values)

    story = some(kind["story"], 1) if rng.random() < 0.62 else []
    if not story and rng.random() < 0.35:
        story = some(bank.general["story"], 1)
    good, niggle, bad = kind["good"], kind["niggle"], kind["bad"]
    if rating == 5:
        body = some(good, rng.choice((1, 2, 2, 3)))
        body += some(bank.general["good"], 1 if rng.random() < 0.6 else 0)
    elif rating == 4:
        body = some(good, rng.choice((1, 2, 2)))
        body += some(niggle, 1) if rng.random() < 0.6 else some(bank.general["good"], 1)
    elif rating == 3:
        body = some(good, 1) + some(niggle, 1)
        body += some(bank.general["niggle"], 1 if rng.random() < 0.7 else 0)
    elif rating == 2:
        body = some(bad, 1) + some(niggle, 1 if rng.random() < 0.5 else 0)
        body += some(bank.general["bad"], 1 if rng.random() < 0.6 else 0)
    else:
        body = some(bad, 2) + some(bank.general["bad"], 1)
    # A kind without sentences of its own still says what such a rating says.
    body = body or some(
        bank.general["bad" if rating < 3 else "niggle" if rating < 4 else "good"], 2
    )
    delivery = _delivery(rng, bank, subject, rating)
    return ("" if subject.plan.shopper.customer.language == "zh" else " ").join(
        [*story, *body, *delivery]
    )


def _delivery(rng: random.Random, bank: PhraseBank, subject: _Subject, rating: int) -> list[str]:
    """A word on the parcel, true to how long this one took."""
    days = (subject.delivered_at.date() - subject.plan.placed_at.date()).days
    if days <= 1 and rating >= 4 and rng.random() < 0.22:
        return [rng.choice(bank.general["fast"])]
    if days >= 5 and rng.random() < 0.2:
        return [rng.choice(bank.general["slow"])]
    return []


def _values(subject: _Subject) -> dict[str, str]:
    language = subject.plan.shopper.customer.language
    options = subject.line.variant.options
    return {
        # A product's own "size" is a measure; {size} means the one that was bought.
        **{
            a["key"]: a["value"][language]
            for a in subject.line.product.attributes
            if a["key"] != "size"
        },
        **{key: value[language] for key, value in options.items()},
        "name": subject.line.product.name[language],
        "city": subject.plan.address.city,
    }


def _draw(
    rng: random.Random, sentences: Sequence[str], count: int, values: dict[str, str]
) -> list[str]:
    """`count` different sentences, those left out whose placeholders this product cannot fill."""
    usable = [s for s in sentences if set(_PLACEHOLDER.findall(s)) <= values.keys()]
    chosen = rng.sample(usable, min(count, len(usable)))
    return [s.format_map(values) for s in chosen]
