"""What the actions work with, put together once by bot/bootstrap.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.shared import Shared
from bot.sources import Sources
from bot.streams import TurnStreams
from data.experiments.assignment import Experiment
from data.models import Product
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork
from llm.grounded import GroundedWriter
from retrieval.products import ProductSearch
from retrieval.recommend import Recommender
from retrieval.retriever import Retriever


@dataclass(frozen=True)
class Services:
    """`catalogue` holds what does not change between restarts (names, texts, attributes); prices
    and stock are asked of the database in the turn that needs them. `answer_deadline_s` counts from
    the beginning of the turn."""

    unit_of_work: Callable[[], UnitOfWork]
    rules: ShopRules
    catalogue: dict[str, Product]
    retriever: Retriever
    products: ProductSearch
    recommender: Recommender
    writer: GroundedWriter
    sources: Sources
    streams: TurnStreams
    clock: Callable[[], datetime]
    answer_deadline_s: float
    offers: bool = True
    shared: Shared | None = None  # Redis, when several gateways run
    experiment: Experiment | None = None  # of recommendations, when one runs

    def names(self, language: str) -> Sequence[str]:
        return [product.name[language] for product in self.catalogue.values()]
