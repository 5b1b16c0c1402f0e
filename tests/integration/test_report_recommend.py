"""The report on the demo shop, with customers simulated whose truth is known."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import demo
from bot.commands import main
from bot.dialogue import impressions
from data.database import create_engine, session_factory
from data.experiments import report
from data.experiments.assignment import Experiment
from data.models import Customer, Impression, Order, OrderLine, OrderStatus, Product
from data.unit_of_work import UnitOfWork

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CLICKS = {"popular": 0.05, "personal": 0.2}  # of what is shown
BUYS = {"popular": 0.15, "personal": 0.45}  # of customers
SETTING = "winter: popular=50, personal=50"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> str:
    path = tmp_path_factory.mktemp("report") / "shop.db"
    shutil.copy(sqlite_template, path)
    engine = create_engine(f"sqlite:///{path}")
    with Session(engine) as session:
        demo.load(session, today=DAY)
        session.commit()
    engine.dispose()
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def truth(url: str) -> Counter[str]:
    """Every customer of the demo shop is shown three things by their arm, clicks and buys by
    chance; what they did is counted here too."""
    counted: Counter[str] = Counter()
    rng = np.random.default_rng(11)
    experiment = Experiment.parse(SETTING)
    with UnitOfWork(session_factory(create_engine(url))) as uow:
        products = uow.session.scalars(select(Product).order_by(Product.id)).all()
        for n, customer in enumerate(uow.session.scalars(select(Customer).order_by(Customer.id))):
            arm = experiment.arm_of(f"customer:{customer.id}")
            at = NOW + timedelta(minutes=n)
            counted[f"{arm} people"] += 1
            for rank in range(1, 4):
                product = products[(n + rank) % len(products)]
                shown = Impression(
                    ref=f"{n:019}{rank:03}",
                    customer_id=customer.id,
                    product_id=product.id,
                    surface="recommend",
                    model=arm,
                    rank=rank,
                    reason="popular",
                    experiment="winter",
                    arm=arm,
                    shown_at=at,
                )
                uow.impressions.add(shown)
                uow.session.flush()
                if rng.random() < CLICKS[arm]:
                    counted[f"{arm} clicks"] += 1
                    uow.behaviour.record([impressions.click(shown, at + timedelta(minutes=1))])
            if rng.random() < BUYS[arm]:
                counted[f"{arm} buyers"] += 1
                counted[f"{arm} money"] += 100
                _order(uow, customer, products[n % len(products)], at + timedelta(days=2))
            if rng.random() < 0.3:  # later than anybody would ascribe to what was shown
                _order(uow, customer, products[0], at + timedelta(days=30))
        uow.commit()
    return counted


def _order(uow: UnitOfWork, customer: Customer, product: Product, at: datetime) -> None:
    uow.orders.add(
        Order(
            number=f"T{customer.id:08}{at:%d}",
            customer_id=customer.id,
            status=OrderStatus.PAID,
            placed_at=at,
            delivery_method="standard",
            address_id=customer.addresses[0].id,
            currency="CNY",
            subtotal=Decimal(100),
            delivery_fee=Decimal(0),
            total=Decimal(100),
            lines=[OrderLine(sku=product.variants[0].sku, quantity=2, unit_price=Decimal(50))],
        )
    )


def test_the_report_counts_what_was_done_and_its_intervals_hold_the_truth(
    url: str, truth: Counter[str]
) -> None:
    with UnitOfWork.at(url) as uow:
        found = report.read(uow, "winter", Experiment.parse(SETTING).arms)
    assert [arm.name for arm in found.arms] == ["popular", "personal"]
    for arm in found.arms:
        assert arm.people == arm.customers == truth[f"{arm.name} people"]
        assert arm.shown == 3 * arm.people
        assert arm.clicks == truth[f"{arm.name} clicks"]
        assert arm.buyers == truth[f"{arm.name} buyers"]
        assert arm.click_through.low <= CLICKS[arm.name] <= arm.click_through.high
        assert arm.conversion.low <= BUYS[arm.name] <= arm.conversion.high
        assert arm.revenue.value * arm.people == pytest.approx(truth[f"{arm.name} money"])
        assert arm.revenue.low <= 100 * BUYS[arm.name] <= arm.revenue.high
        assert arm.claimed == 0  # everybody bought something else than they were shown
    (compared,) = found.comparisons
    assert compared.ahead == "personal"
    assert compared.ratio.low <= BUYS["personal"] / BUYS["popular"] <= compared.ratio.high
    assert found.warnings == []


def test_the_command_prints_it(
    url: str,
    truth: Counter[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SHOPGUIDE_DATABASE_URL", url)
    monkeypatch.setenv("SHOPGUIDE_EXPERIMENT", SETTING)

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["shopguide", "report", "recommend", *arguments])
        with pytest.raises(SystemExit) as end:
            main.main()
        assert not end.value.code
        return capsys.readouterr().out

    told = run()
    assert f"popular: {truth['popular people']} people" in told
    assert "STOP: personal is better" in told
    assert "personal beside popular, by clicks" in run("--by", "clicks", "--days", "14")
    assert "There is something of: winter." in run("--experiment", "none-such")
