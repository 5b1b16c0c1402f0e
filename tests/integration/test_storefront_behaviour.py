"""What the shop's pages keep of signed-in customers, and of nobody else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import demo
from bot.bootstrap import bootstrap
from bot.dialogue.services import Services
from bot.settings import ROOT, Settings
from data.database import create_engine
from data.models import BehaviourEvent, EventKind, Impression
from demo.storefront import create_site
from weights import WeightsError

SHOP = "http://shop.example"
EMMA = "emma.clarke@example.com"
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> tuple[Services, Settings]:
    state = tmp_path_factory.mktemp("state")
    if not (ROOT / "var" / "index").is_dir():
        pytest.skip("There is no index yet; run `make setup`.")
    (state / "index").symlink_to(ROOT / "var" / "index")
    shutil.copy(sqlite_template, state / "shop.db")
    engine = create_engine(f"sqlite:///{state / 'shop.db'}")
    with Session(engine) as session:
        demo.load(session, today=date(2026, 11, 22))
        session.commit()
    engine.dispose()
    settings = Settings(
        _env_file=None,
        state=state,
        generator="off",
        session_secret=SecretStr("the key of the sessions, long enough for HS256"),
    )
    try:
        return bootstrap(settings, clock=lambda: NOW), settings
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture
def browser(shop: tuple[Services, Settings]) -> Iterator[TestClient]:
    with TestClient(create_site(*shop), base_url=SHOP) as client:
        yield client


def post(browser: TestClient, path: str, **fields: str) -> None:
    answer = browser.post(path, data=fields, headers={"Origin": SHOP}, follow_redirects=False)
    assert answer.status_code == 303


def events(shop: tuple[Services, Settings]) -> list[BehaviourEvent]:
    with shop[0].unit_of_work() as uow:
        return list(uow.session.scalars(select(BehaviourEvent).order_by(BehaviourEvent.id)))


def test_a_customers_steps_are_kept_once_a_day_and_a_visitors_not(
    shop: tuple[Services, Settings], browser: TestClient
) -> None:
    browser.get("/products/ridgeline-2-tent")
    browser.get("/search?q=warm+jacket")
    browser.get("/")
    assert events(shop) == []
    with shop[0].unit_of_work() as uow:
        assert uow.impressions.experiments() == []

    post(browser, "/account/sign-in", email=EMMA)
    for _ in range(2):
        browser.get("/products/ridgeline-2-tent")
        browser.get("/search?q=warm+jacket")
        post(browser, "/cart/add", product="ridgeline-2-tent")
    found = [(e.kind, e.product_id, e.query) for e in events(shop)]
    assert found == [
        (EventKind.VIEW, "ridgeline-2-tent", None),
        (EventKind.SEARCH, None, "warm jacket"),
        (EventKind.CART, "ridgeline-2-tent", None),
    ]


def test_a_recommended_products_link_tells_that_it_was_followed(
    shop: tuple[Services, Settings], browser: TestClient
) -> None:
    post(browser, "/account/sign-in", email=EMMA)
    page = browser.get("/").text
    product_id, ref = re.findall(r'/products/([^"?]+)\?ref=([\w-]{22})', page)[0]
    browser.cookies.clear()  # whoever opens the link
    assert browser.get(f"/products/{product_id}?ref={ref}").status_code == 200
    browser.get(f"/products/{product_id}?ref={ref}")
    browser.get(f"/products/{product_id}?ref={'0' * 22}")
    browser.get(f"/products/ridgeline-2-tent?ref={ref}")  # not what it was handed out for
    clicks = [e for e in events(shop) if e.kind is EventKind.CLICK]
    assert [e.product_id for e in clicks] == [product_id]
    with shop[0].unit_of_work() as uow:
        shown = uow.session.get_one(Impression, clicks[0].impression_id)
        emma = uow.customers.by_email(EMMA)
    assert (shown.ref, shown.surface, shown.rank) == (ref, "home", 1)
    assert emma is not None
    assert clicks[0].customer_id == shown.customer_id == emma.id


def test_nothing_is_kept_of_a_customer_who_switched_it_off(
    shop: tuple[Services, Settings], browser: TestClient
) -> None:
    with shop[0].unit_of_work() as uow:
        emma = uow.customers.by_email(EMMA)
        assert emma is not None
        emma.personalised = False
        uow.commit()
    before = len(events(shop))
    post(browser, "/account/sign-in", email=EMMA)
    browser.get("/products/stormwall-2-tent")
    assert "?ref=" not in browser.get("/").text
    assert len(events(shop)) == before
