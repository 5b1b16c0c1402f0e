"""Puts the parts together, in one place: settings in, services and applications out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from bot import tracing
from bot.actions import SKILLS
from bot.bus import Bus
from bot.channels import registry
from bot.channels.http import Http
from bot.channels.service import Channels
from bot.gateway.conversations import Conversations
from bot.gateway.door import Door
from bot.recommender import load_recommender
from bot.services import Services
from bot.settings import Settings
from bot.shared import Shared
from bot.sources import SentenceVectors, Sources
from bot.streams import TurnStreams
from data import database
from data.experiments.assignment import Experiment
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork
from llm.engines import load_engine
from llm.errors import LLMError
from llm.grounded import GroundedWriter
from llm.types import Engine
from retrieval.embedders import load_embedder
from retrieval.products import ProductSearch
from retrieval.retriever import Retriever
from retrieval.text import prepare as prepare_languages
from weights import WeightsError, locate

log = structlog.get_logger("bootstrap")


def bootstrap(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Services:
    """Open the database, the index and the generator; fit the recommender.

    Raises the packages' own errors, each a sentence with what to do. A generator that cannot be
    loaded is no reason to close the shop: answers are quotes then, and readiness says so.
    """
    tracing.configure()
    clock = clock or (lambda: datetime.now(UTC))
    engine = database.create_engine(settings.database)
    database.check(engine)
    sessions = database.session_factory(engine)

    def unit_of_work() -> UnitOfWork:
        return UnitOfWork(sessions)

    shared = Shared(settings.redis_url) if settings.redis_url else None
    embedder = load_embedder(locate(settings.embedder), threads=1)
    retriever = Retriever.open(settings.index_folder, embedder)
    vectors = SentenceVectors(embedder)
    prepare_languages()
    with unit_of_work() as uow:
        catalogue = {product.id: product for product in uow.products.catalogue()}
        categories = uow.products.categories()
        purchases = uow.orders.purchases()
    products = ProductSearch(retriever, list(catalogue.values()), categories)
    recommender = load_recommender(
        settings.recommend_folder,
        purchases,
        list(catalogue.values()),
        products.vectors,
        now=clock(),
        exploration=settings.exploration,
    )
    return Services(
        unit_of_work=unit_of_work,
        rules=ShopRules.load(settings.rules),
        catalogue=catalogue,
        retriever=retriever,
        products=products,
        recommender=recommender,
        writer=_writer(settings, retriever, vectors),
        sources=Sources(retriever, vectors),
        streams=TurnStreams(Bus(shared)),
        shared=shared,
        clock=clock,
        answer_deadline_s=settings.answer_deadline_s,
        offers=settings.offers,
        experiment=Experiment.parse(settings.experiment) if settings.experiment else None,
    )


def _writer(settings: Settings, retriever: Retriever, vectors: SentenceVectors) -> GroundedWriter:
    def similarity(text: str, others: Sequence[str]) -> Sequence[float]:
        return [float(cosine) for cosine in vectors.of(others) @ retriever.embed(text)]

    writer = GroundedWriter(_generator(settings), similarity=similarity)
    writer.prepare()
    return writer


def _generator(settings: Settings) -> Engine | None:
    try:
        return load_engine(
            settings.generator,
            threads=settings.generator_threads,
            model=settings.generator_model or None,
            api_key=settings.generator_key.get_secret_value() or None,
        )
    except (LLMError, WeightsError) as error:
        log.error("the generator cannot be loaded; answers will be quotes", cause=str(error))
        return None


def create_door(settings: Settings, services: Services, *, traced: bool = False) -> Door:
    """The public side: `bot.gateway.app.create_app` makes the application of it."""
    lifetime = timedelta(hours=settings.session_hours)
    conversations = Conversations(services.unit_of_work, lifetime, services.rules)

    def database_answers() -> bool:
        with services.unit_of_work() as uow:
            return uow.products.get("") is None

    checks = {
        "database": database_answers,
        "index": lambda: bool(services.retriever.search("ready", k=1)),
        "generator": lambda: settings.generator == "off" or services.writer.ready(),
    }
    return Door(
        settings, conversations, services.streams, checks, traced=traced, shared=services.shared
    )


def create_channels(settings: Settings, services: Services, door: Door) -> Channels:
    """The messaging platforms whose settings are complete."""
    http = Http()
    return Channels(
        registry.make(http, settings.public_url),
        door,
        services.unit_of_work,
        http=http,
        shared=services.shared,
    )


def create_actions_app(services: Services) -> FastAPI:
    """The private side: rasa-sdk's executor behind the one path that Rasa calls.

    An application of its own, so that it can listen where only Rasa reaches it: whoever may call
    actions may say in whose conversation they run.
    """
    executor = ActionExecutor()
    for skill in SKILLS:
        executor.register_action(skill(services))
    app = FastAPI(openapi_url=None)

    @app.post("/webhook")
    async def run(request: Request) -> JSONResponse:
        call = await request.json()
        try:
            name = str(call.get("next_action"))
            with tracing.span("action", _carried(request, call), action=name):
                result = await executor.run(call)
        except ActionExecutionRejection as error:
            body = {"error": str(error), "action_name": error.action_name}
            return JSONResponse(body, 400)
        except ActionNotFoundException as error:
            body = {"error": str(error), "action_name": error.action_name}
            return JSONResponse(body, 404)
        return JSONResponse(result.model_dump() if result else {"events": [], "responses": []})

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


def _carried(request: Request, call: dict[str, Any]) -> Mapping[str, Any]:
    """The trace that the action belongs to: Rasa's, when it is traced too, else the gateway's,
    which came with the customer's message."""
    if "traceparent" in request.headers:
        return request.headers
    latest = (call.get("tracker") or {}).get("latest_message") or {}
    return latest.get("metadata") or {}
