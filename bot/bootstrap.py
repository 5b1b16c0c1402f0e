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

from bot.actions import SKILLS
from bot.app import AssistantForChannels
from bot.channels import notices, registry
from bot.channels.http import Http
from bot.channels.service import Channels
from bot.dialogue.notices import Notices
from bot.dialogue.services import Services
from bot.gateway.conversations import Conversations
from bot.gateway.gateway import Gateway
from bot.rasa import examples
from bot.runtime import mail, tracing
from bot.runtime.bus import Bus
from bot.runtime.redis_link import RedisLink
from bot.runtime.streams import TurnStreams
from bot.settings import Settings, listed
from bot.wording import phrases
from bot.wording.citations import SentenceVectors, Sources
from bot.wording.meanings import meanings
from bot.wording.phrases import Phrases
from data.experiments.assignment import Experiment
from data.rules import ShopRules
from data.shop import ShopFolder
from data.unit_of_work import UnitOfWork, open_database
from llm import concepts
from llm.engines import load_engine
from llm.errors import LLMError
from llm.grounded import GroundedWriter
from llm.types import Engine
from retrieval.curated import CuratedAnswers, Written
from retrieval.embedder import TextEmbedder
from retrieval.embedders import load_embedder
from retrieval.judge import load_judge, merit
from retrieval.live import LiveRetriever
from retrieval.products import ProductSearch
from retrieval.recommend.loading import load_recommender
from retrieval.retriever import Retriever
from retrieval.text import prepare as prepare_languages
from weights import WeightsError, locate

log = structlog.get_logger("bootstrap")


def bootstrap(
    settings: Settings,
    *,
    clock: Callable[[], datetime] | None = None,
    embedder: TextEmbedder | None = None,
    retriever: Retriever | None = None,
    engine: Engine | None = None,
) -> Services:
    """Open the database, the index and the generator; fit the recommender.

    Each part that is not given is made as the settings say: without weights, give an `embedder` and
    a `retriever` on an index of its own.

    Raises the packages' own errors, each a sentence with what to do. A generator that cannot be
    loaded is no reason to close the shop: answers are quotes then, and readiness says so.
    """
    tracing.configure()
    clock = clock or (lambda: datetime.now(UTC))
    shop = ShopFolder.open(settings.shop)
    wording = Phrases.load(shop)
    phrases.speak(wording)
    unit_of_work = open_database(settings.database)
    redis_link = RedisLink(settings.redis_url) if settings.redis_url else None
    embedder = embedder or load_embedder(locate(settings.embedder), threads=1)
    vectors = SentenceVectors(embedder)
    prepare_languages()
    with unit_of_work() as uow:
        catalogue = {product.id: product for product in uow.products.catalogue()}
        categories = uow.products.categories()
        purchases = uow.orders.purchases()
    retriever = retriever or LiveRetriever(
        settings.index_folder, embedder, frozenset(catalogue), load_judge()
    )
    rules = ShopRules.load(settings.shop)
    concepts.learn(meanings(rules, catalogue.values()))
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
        shop=shop,
        phrases=wording,
        rules=rules,
        catalogue=catalogue,
        retriever=retriever,
        products=products,
        recommender=recommender,
        writer=_writer(engine or _generator(settings), retriever, vectors),
        sources=Sources(retriever, vectors, shop.sources),
        streams=TurnStreams(Bus(redis_link)),
        redis_link=redis_link,
        clock=clock,
        guard=settings.guard,
        mailer=mail.mailer(settings),
        notices=_notices(settings),
        curated=curated_answers(unit_of_work, embedder),
        answer_deadline_s=settings.answer_deadline_s,
        actions=examples.actions(),
        keep_days=settings.keep_days,
        keep_ticket_days=settings.keep_ticket_days,
        worded_elsewhere=settings.generator.startswith(("http://", "https://")),
        offers=settings.offers,
        experiment=Experiment.parse(settings.experiment) if settings.experiment else None,
    )


def _notices(settings: Settings) -> Notices | None:
    mails = listed(settings.notify_email)
    return Notices(bool(settings.notify_url), mails) if settings.notify_url or mails else None


def curated_answers(
    unit_of_work: Callable[[], UnitOfWork], embedder: TextEmbedder
) -> CuratedAnswers:
    """The shop's own answers, as the database has them at the moment of a question."""

    def state() -> object:
        with unit_of_work() as uow:
            return uow.curated.state()

    def read() -> list[Written]:
        with unit_of_work() as uow:
            return [
                Written(each.id, each.language, each.question, each.answer)
                for each in uow.curated.all()
            ]

    return CuratedAnswers(state, read, embedder)


def _writer(
    engine: Engine | None, retriever: Retriever, vectors: SentenceVectors
) -> GroundedWriter:
    def merits(question: str, sentences: Sequence[str]) -> Sequence[float]:
        cosines = vectors.of(sentences) @ retriever.embed(question)
        judged = retriever.judge.judge(question, sentences)
        return [merit(each, float(cos)) for each, cos in zip(judged, cosines, strict=True)]

    writer = GroundedWriter(engine, similarity=merits)
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


def create_gateway(settings: Settings, services: Services, *, traced: bool = False) -> Gateway:
    """The public side: `bot.app.create_app` makes the application of it."""
    lifetime = timedelta(hours=settings.session_hours)
    conversations = Conversations(
        services.unit_of_work,
        lifetime,
        services.rules,
        services.notices,
        (each.picture_url for each in services.catalogue.values() if each.picture_url),
    )

    def database_takes_rows() -> bool:
        """Reading works on a full disk, too, when nobody can be answered any more."""
        with services.unit_of_work() as uow:
            uow.marks.put("ready", datetime.now(UTC))
            uow.commit()
        return True

    checks = {
        "database": database_takes_rows,
        "index": lambda: bool(services.retriever.search("ready", k=1)),
        "generator": lambda: settings.generator == "off" or services.writer.ready(),
    }
    return Gateway(
        settings,
        conversations,
        services.streams,
        checks,
        traced=traced,
        redis_link=services.redis_link,
    )


def create_channels(settings: Settings, services: Services, gateway: Gateway) -> Channels:
    """The messaging platforms whose settings are complete."""
    http = Http()
    return Channels(
        [*registry.make(http, settings.public_url), *notices.make(settings, http)],
        AssistantForChannels(gateway),
        services.unit_of_work,
        settings=settings,
        bus=gateway.bus,
        http=http,
        redis_link=services.redis_link,
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
