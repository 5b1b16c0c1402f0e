"""A shop of this folder made ready for use: its database by the importer, its index, its services.
Everything is on this machine and the generator is off."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.bootstrap import bootstrap
from bot.dialogue.services import Services
from bot.settings import Settings
from data import migrations
from data.database import create_engine, session_factory
from data.importer import import_folder
from data.importer.terms import Terms
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork
from retrieval import build
from tests.shops.files import TODAY, ShopFiles
from weights import WeightsError, locate


def build_state(shop: ShopFiles, state: Path) -> Settings:
    """Make the shop's database and index in the folder `state`; skips where a model is missing."""
    settings = Settings(
        _env_file=None,
        shop=shop.folder,
        state=state,
        database_url="",
        generator="off",
        session_secret=SecretStr("the key of the sessions, long enough for HS256"),
        identity_secret=SecretStr("the key that the shop shares, long enough for HS256"),
    )
    try:
        locate("search")
    except WeightsError as error:
        pytest.skip(str(error))
    import_catalogue(shop, settings.database)
    index = ["--shop", str(shop.folder), "--database", settings.database]
    assert build.main([*index, "--out", str(state / "index")]) == 0
    return settings


def import_catalogue(shop: ShopFiles, url: str) -> None:
    """The shop's CSV files into a new database, by the importer as its owner would."""
    engine = create_engine(url)
    try:
        migrations.upgrade(engine)
        work = UnitOfWork(session_factory(engine))
        import_folder(
            shop.folder / "catalogue",
            work,
            terms=Terms.of_shop(shop.folder),
            now=_day(shop.folder),
        )
    finally:
        engine.dispose()


def services(settings: Settings) -> Services:
    """The shop's services on the tests' day."""
    now = moment(settings)
    return bootstrap(settings, clock=lambda: now)


def moment(settings: Settings) -> datetime:
    """The tests' day and hour on the shop's own clock."""
    return _day(settings.shop)


def _day(shop: Path) -> datetime:
    return datetime.fromisoformat(TODAY).replace(tzinfo=ShopRules.load(shop).timezone)
