"""What the actions work with, put together once by bot/bootstrap.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.dialogue.notices import Notices
from bot.dialogue.page import Places
from bot.runtime.mail import Mailer
from bot.runtime.redis_link import RedisLink
from bot.runtime.streams import TurnStreams
from bot.understanding.quantities import Units
from bot.wording.citations import Sources
from bot.wording.phrases import Phrases
from data.attempts import Guard
from data.experiments.assignment import Experiment
from data.models import Product
from data.rules import ShopRules
from data.shop import ShopFolder
from data.unit_of_work import UnitOfWork
from llm.grounded import GroundedWriter
from retrieval.curated import CuratedAnswers
from retrieval.products import ProductSearch
from retrieval.recommend import Recommender
from retrieval.retriever import Retriever


@dataclass(frozen=True)
class Services:
    """`catalogue` holds what does not change between restarts (names, texts, attributes); prices
    and stock are asked of the database in the turn that needs them. `answer_deadline_s` counts from
    the beginning of the turn."""

    unit_of_work: Callable[[], UnitOfWork]
    shop: ShopFolder
    phrases: Phrases
    rules: ShopRules
    catalogue: dict[str, Product]
    retriever: Retriever
    products: ProductSearch
    recommender: Recommender
    writer: GroundedWriter
    sources: Sources
    streams: TurnStreams
    clock: Callable[[], datetime]
    guard: Guard
    answer_deadline_s: float
    actions: Mapping[str, str]  # by act, the action that serves it: bot/rasa/intents/
    keep_days: int  # after its end that a conversation is kept
    keep_ticket_days: int  # after its last change, one that was passed on and not closed
    worded_elsewhere: bool = False  # by a generator that another server runs
    curated: CuratedAnswers | None = None  # the shop's own answers
    offers: bool = True
    mailer: Mailer | None = None  # where the shop has a mail server
    notices: Notices | None = None  # where the shop's agents are told of tickets
    redis_link: RedisLink | None = None  # Redis, when several gateways run
    experiment: Experiment | None = None  # of recommendations, when one runs

    @property
    def sends_codes(self) -> bool:
        """Whether customers prove who they are by a one-time code by e-mail."""
        return self.mailer is not None and self.rules.shop.by_code

    @cached_property
    def units(self) -> Units:
        """The units of the catalogue's figures."""
        return Units.of(self.catalogue.values(), self.shop.lexicon)

    @cached_property
    def places(self) -> Places:
        """Where the products are on the shop's pages."""
        return Places(self.rules, self.catalogue.values())

    def names(self, language: str) -> Sequence[str]:
        return [product.name[language] for product in self.catalogue.values()]
