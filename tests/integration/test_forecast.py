"""`shopguide forecast` and `shopguide needs`: the database as a panel of sales, on SQLite and on
PostgreSQL, and what the commands say."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from data_rows import customer, order, product, variant

from bot.commands import main
from data import migrations
from data.database import create_engine, session_factory
from data.demand import people
from data.demand.events import Events, Promotion, StockOut
from data.demand.reading import NoSales, read
from data.models import BehaviourEvent, Category, EventKind, Localized, OrderStatus
from data.unit_of_work import UnitOfWork

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 11, 22)


def at(days_ago: int, today: date = TODAY) -> datetime:
    """Noon in the shop."""
    day = today - timedelta(days_ago)
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZONE)


def shop(
    uow: UnitOfWork, orders: list[tuple[int, str, int, str, OrderStatus]], today: date
) -> None:
    """Orders of (days ago, variant, pieces, price, state) by one customer; a second one said no to
    the use of their history."""
    with uow:
        uow.session.add_all(
            [
                Category(id="tents", name=Localized("帐篷", "Tents"), aliases={"zh": [], "en": []}),
                Category(id="food", name=Localized("食品", "Food"), aliases={"zh": [], "en": []}),
            ]
        )
        uow.session.flush()
        tea = product("green-tea", "food", [variant("TEA-1", "30.00", 5)])
        tea.rebuy_days, tea.launched_on = 30, None
        mug = product("steel-mug", "tents", [variant("MUG-1", "59.90", 0)])
        tent = product("ridge-tent", "tents", [variant("RIDGE-1", "699.00", 4, 0),
                                               variant("RIDGE-2", "899.00", 0, 1)])  # fmt: skip
        mug.launched_on = tent.launched_on = None
        lin, chen = (customer(f"{name}@example.com", name, "310000") for name in ("lin", "chen"))
        chen.personalised = False
        uow.session.add_all([tea, mug, tent, lin, chen])
        uow.session.flush()
        for number, (days, sku, pieces, price, status) in enumerate(orders):
            owner = chen if number % 10 == 9 else lin
            uow.session.add(
                order(f"SP{number:08}", owner, at(days, today), [(sku, pieces, price)], status)
            )
        uow.commit()


def test_returned_called_off_and_unpaid_are_not_sold(new_uow: Callable[[], UnitOfWork]) -> None:
    kept = OrderStatus.DELIVERED
    shop(
        new_uow(),
        [
            (20, "TEA-1", 1, "30.00", kept),
            (9, "TEA-1", 2, "30.00", kept),
            (8, "TEA-1", 3, "30.00", OrderStatus.SHIPPED),
            (3, "TEA-1", 10, "30.00", OrderStatus.RETURNED),
            (3, "TEA-1", 20, "30.00", OrderStatus.REFUNDED),
            (3, "TEA-1", 40, "30.00", OrderStatus.CANCELLED),
            (3, "TEA-1", 80, "30.00", OrderStatus.PENDING_PAYMENT),
            (1, "TEA-1", 4, "24.00", kept),
            (0, "TEA-1", 99, "30.00", kept),  # today is not over
        ],
        TODAY,
    )
    with new_uow() as uow:
        weeks = read(uow, zone=ZONE, today=TODAY)
        days = read(uow, zone=ZONE, today=TODAY, step="day")
    tea = weeks.panel.series("green-tea")
    assert weeks.last == TODAY - timedelta(1)
    assert tea.starts[-1] == TODAY - timedelta(7)
    assert tea.sold.tolist() == [5, 4]  # 20 days back lies before the first whole week
    assert tea.promoted.tolist() == [False, True]
    assert tea.price[-1] == pytest.approx(24 / 30, abs=0.12)
    assert np.nansum(days.panel.series("green-tea").sold) == 10
    assert days.panel.series("green-tea").sold[-1] == 4


def test_what_is_sold_out_is_missing_and_events_are_taken(
    new_uow: Callable[[], UnitOfWork],
) -> None:
    kept = OrderStatus.DELIVERED
    orders = [(7 * week + 3, "TEA-1", 2, "30.00", kept) for week in range(12)]
    orders += [(7 * week + 3, "MUG-1", 1, "59.90", kept) for week in range(5, 12)]
    orders += [(80, "RIDGE-1", 1, "699.00", kept), (80, "RIDGE-2", 1, "899.00", kept)]
    shop(new_uow(), orders, TODAY)
    weeks_ago = [TODAY - timedelta(7 * n) for n in range(20)]
    events = Events(
        promotions=(
            Promotion.model_validate({"from": weeks_ago[2], "to": weeks_ago[1],
                                      "categories": "food"}),
            Promotion.model_validate({"from": TODAY + timedelta(8), "to": TODAY + timedelta(9)}),
        ),
        out_of_stock=(
            StockOut.model_validate({"from": weeks_ago[10], "to": weeks_ago[9],
                                     "products": "TEA-1"}),
            StockOut.model_validate({"from": weeks_ago[4], "to": weeks_ago[1],
                                     "products": ["RIDGE-1", "RIDGE-2"]}),
        ),
    )  # fmt: skip
    with new_uow() as uow:
        found = read(uow, zone=ZONE, today=TODAY, events=events)
        by_variant = read(uow, zone=ZONE, today=TODAY, variants=True)
    panel = found.panel
    mug, tea, tent = (panel.series(name) for name in ("steel-mug", "green-tea", "ridge-tent"))
    assert np.isnan(mug.sold[-5:]).all()  # no stock, and the last one sold six weeks ago
    assert not np.isnan(mug.sold[:-5]).any()
    assert not np.isnan(tea.sold).any()  # a week with sales says at least so much
    assert np.isnan(tent.sold[-4:]).any()
    assert tea.promoted.any()
    assert not mug.promoted.any()
    assert panel.planned is not None
    assert panel.planned[:, :3].tolist() == [[False, True, False]] * 3
    two = by_variant.panel.series("RIDGE-2")
    assert np.isnan(two.sold[-10:]).all()
    assert by_variant.panel.series("RIDGE-1").sold[-1] == 0


def test_views_are_counted_without_those_who_said_no(new_uow: Callable[[], UnitOfWork]) -> None:
    kept = OrderStatus.DELIVERED
    shop(new_uow(), [(7 * week + 3, "TEA-1", 1, "30.00", kept) for week in range(4)], TODAY)
    with new_uow() as uow:
        said_no = uow.customers.by_email("chen@example.com")
        assert said_no is not None
        for number, (whose, kind, thing, query) in enumerate(
            [
                (None, EventKind.VIEW, "green-tea", None),
                (said_no.id, EventKind.VIEW, "green-tea", None),
                (None, EventKind.CART, "green-tea", None),
                (None, EventKind.SEARCH, None, "有没有帐篷"),
            ]
        ):
            uow.session.add(
                BehaviourEvent(
                    origin="test", event_id=str(number), customer_id=whose, kind=kind,
                    product_id=thing, query=query, at=at(2),
                )
            )  # fmt: skip
        uow.commit()
    with new_uow() as uow:
        panel = read(uow, zone=ZONE, today=TODAY).panel
    tea, tent = panel.series("green-tea"), panel.series("ridge-tent")
    assert (tea.signals["views"][-1], tea.signals["carts"][-1]) == (1, 1)
    assert (tea.signals["searches"][-1], tent.signals["searches"][-1]) == (0, 1)


def test_needs_are_only_of_those_who_let_their_history_be_used(
    new_uow: Callable[[], UnitOfWork],
) -> None:
    orders = [(n, "TEA-1", 1, "30.00", OrderStatus.DELIVERED) for n in range(20, 0, -1)]
    shop(new_uow(), orders, TODAY)
    with new_uow() as uow:
        assert len({one.customer for one in people.bought(uow, ZONE)}) == 1
        buyers = people.buyers(uow, ZONE, TODAY, "CNY")
    assert buyers.repeats.tolist() == [17]
    assert buyers.mean.tolist() == [30]


def test_no_orders_are_a_sentence(new_uow: Callable[[], UnitOfWork]) -> None:
    with new_uow() as uow, pytest.raises(NoSales, match="no orders yet"):
        read(uow, zone=ZONE, today=TODAY)


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.delenv("SHOPGUIDE_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    migrations.upgrade(engine)
    engine.dispose()
    return tmp_path


def fill(state: Path, weeks: int) -> None:
    today = datetime.now(UTC).astimezone(ZONE).date()
    rng = np.random.default_rng(0)
    orders = [
        (7 * week + 3, sku, int(pieces), price, OrderStatus.DELIVERED)
        for week in range(weeks)
        for sku, price, mean in (("TEA-1", "30.00", 4), ("RIDGE-1", "699.00", 0.4))
        if (pieces := rng.poisson(mean))
    ]
    engine = create_engine(f"sqlite:///{state / 'shop.db'}")
    shop(UnitOfWork(session_factory(engine)), orders, today)
    engine.dispose()


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["shopguide", *arguments])
    try:
        code = main.main()
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_forecast_tells_what_runs_out_and_what_to_order(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state, 28)
    files = {name: state / name for name in ("out.csv", "out.svg", "sold.csv")}
    code, out, _ = run(
        monkeypatch, capsys, "forecast", "--csv", str(files["out.csv"]), "--plot",
        str(files["out.svg"]),
    )  # fmt: skip
    assert code == 0
    assert "云杉 green-tea / Spruce green-tea" in out
    assert "To order:" in out
    with files["out.csv"].open(encoding="utf-8", newline="") as file:
        rows = {row["product"]: row for row in csv.DictReader(file)}
    tea = rows["green-tea"]
    assert 10 < float(tea["expected"]) < 22
    assert float(tea["low"]) <= float(tea["expected"]) <= float(tea["high"])
    # Four a week and five in stock: gone within two weeks; three weeks take a dozen and more.
    assert int(tea["order"]) == int(float(tea["cover"])) - 5 > 6
    assert tea["earliest"] <= tea["runs_out"]
    assert files["out.svg"].read_text(encoding="utf-8").startswith("<?xml")
    code, out, _ = run(monkeypatch, capsys, "forecast", "食品", "--json", "--weeks", "2")
    assert [row["product"] for row in json.loads(out)] == ["green-tea"]
    code, out, _ = run(monkeypatch, capsys, "forecast", "--sales", str(files["sold.csv"]))
    assert code == 0
    header = files["sold.csv"].read_text(encoding="utf-8").splitlines()[0]
    assert header == "product,variant,from,sold,promoted,price"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["forecast", "qwerty"], "sells nothing that is called “qwerty”"),
        (["forecast", "--plot", "x.doc"], "no picture that can be written"),
        (["forecast", "--csv", "x.doc"], "no table that can be written"),
        (["needs", "nobody@example.com"], "No customer has the address"),
        (["needs", "--lifetimes"], "too few to tell who will come back"),
    ],
)
def test_bad_input_is_a_sentence(
    arguments: list[str],
    sentence: str,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(state)
    fill(state, 3)
    code, _, error = run(monkeypatch, capsys, *arguments)
    assert code == 1
    assert sentence in error
    assert not (state / "x.doc").exists()


@pytest.mark.parametrize("command", ["forecast", "needs"])
def test_a_shop_without_orders_is_told_so(
    command: str, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, error = run(monkeypatch, capsys, command)
    assert "There are no orders yet" in out + error


def test_one_sale_is_a_guess_that_says_so(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).astimezone(ZONE).date()
    engine = create_engine(f"sqlite:///{state / 'shop.db'}")
    shop(UnitOfWork(session_factory(engine)), [(2, "TEA-1", 1, "30.00", OrderStatus.PAID)], today)
    engine.dispose()
    code, out, _ = run(monkeypatch, capsys, "forecast")
    assert code == 0
    assert "too few to try models on" in out
    code, out, _ = run(monkeypatch, capsys, "needs")
    assert code == 0
    assert "no rhythm can be told" in out


def test_a_customer_who_said_no_is_not_worked_out(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state, 12)
    code, out, _ = run(monkeypatch, capsys, "needs", "chen@example.com")
    assert code == 0
    assert "does not want their history used" in out
    code, out, _ = run(monkeypatch, capsys, "needs", "lin@example.com", "--weeks", "8")
    assert code == 0
    assert "green-tea" in out
    assert "lin@example.com" not in out
