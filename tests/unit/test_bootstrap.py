"""The composition root, with parts of the test's own: skills need neither weights nor Rasa."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from fake_gateway import make_settings
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from test_retrieval_index import PASSAGES, HashEmbedder, WordJudge

from bot.actions.price import Price
from bot.bootstrap import bootstrap
from bot.dialogue.services import Services
from data import access, migrations
from data.database import create_engine
from data.errors import DatabaseUnavailable
from data.models import Category, Localized, Product, Variant
from data.unit_of_work import UnitOfWork
from retrieval.build import build
from retrieval.retriever import Retriever

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
def services(tmp_path: Path) -> Services:
    settings = make_settings(tmp_path, generator="off")
    engine = create_engine(settings.database)
    migrations.upgrade(engine)
    engine.dispose()
    with UnitOfWork.at(settings.database) as uow:
        uow.session.add_all(
            [Category(id="lamps", name=Localized("灯", "Lamps"), aliases={}), lamp()]
        )
        uow.commit()
    embedder = HashEmbedder()
    build(PASSAGES, tmp_path / "own", embedder)
    retriever = Retriever.open(tmp_path / "own", embedder, WordJudge())
    return bootstrap(settings, clock=lambda: NOW, embedder=embedder, retriever=retriever)


def lamp() -> Product:
    return Product(
        id="lamp",
        category_id="lamps",
        brand="Glow",
        name=Localized("亮灯", "Glow Lamp"),
        aliases={},
        summary=Localized("一盏灯。", "A lamp."),
        description=Localized("一盏灯。", "A lamp."),
        attributes=[],
        care=Localized("", ""),
        tags=[],
        launched_on=NOW.date(),
        variants=[
            Variant(
                sku="LAMP",
                position=0,
                price=Decimal("129.00"),
                currency="CNY",
                stock=3,
                options={},
            )
        ],
    )


def test_a_skill_runs_on_given_parts(services: Services) -> None:
    with services.unit_of_work() as uow:
        session = access.open_session(uow, timedelta(hours=1), now=NOW)
    latest = {"text": "how much is the Glow Lamp?", "metadata": {"language": "en"}}
    tracker = Tracker(session.id, {}, latest, [], False, None, {}, "action_price")
    dispatcher = CollectingDispatcher()
    asyncio.run(Price(services).run(dispatcher, tracker, {}))
    (said,) = dispatcher.messages
    assert "129" in said["text"]
    assert services.clock() == NOW


def test_a_database_without_tables_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        bootstrap(make_settings(tmp_path, generator="off"))
