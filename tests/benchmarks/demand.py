"""Demand: monthly sales of spare parts (demand/carparts.csv) and the demo shop's weekly sales, at
four cuts each; what the shop's own choice of models expects beside the naive forecast, the seasonal
naive one, ETS and TSB alone, all with the same conformal bands.

`rmsse` and `pinball` are means over things and cuts, each on the thing's own scale (M5's); the keys
that begin with a model's name are of it. `demo_…` are the demo shop's. `coverage80` is the share of
sums over the whole horizon within the band of four in five. `needs_auc` is of who buys what again
within four weeks, by what was known at the demo's last cut. `parts` says how many parts were drawn.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score
from sqlalchemy.orm import Session

import demo
from data import migrations
from data.database import create_engine
from data.demand import people, rhythm
from data.demand.choosing import CANDIDATES, Outlook, forecast
from data.demand.measures import LEVELS, absolute_scale, rmsse, scaled_pinball, squared_scale
from data.demand.panel import Floats, Panel
from data.demand.reading import Sales, read
from data.rules import ShopRules
from data.unit_of_work import open_database
from demo.population import SHOP
from tests.benchmarks import _bench

_ALONE = ("naive", "seasonal", "ets", "tsb")
_CUTS = 4
_MONTHS, _WEEKS = 6, 4
_DAY = date(2026, 11, 22)
_NEEDS_DAYS = 28

Row = tuple[str, str, str, float, float]
"""(class, thing, model, RMSSE, scaled pinball loss)."""


def measure(options: argparse.Namespace) -> _bench.Figures:
    figures = _demo()
    try:
        path = _bench.data_folder(options.data, "demand") / "carparts.csv"
    except _bench.Missing as missing:
        _bench.skipped("the spare parts", missing)
        return figures
    return {**_parts(path, options.parts), **figures}


def _parts(path: Path, wanted: int) -> _bench.Figures:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    sold = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
    if wanted and wanted < len(sold):
        chosen = np.random.default_rng(0).choice(len(sold), wanted, replace=False)
        sold = sold[np.sort(chosen)]
    panel = Panel.of(sold, step="month", first=date(1998, 1, 1))
    title = f"{len(sold):,} of {len(rows):,} spare parts, {_CUTS} cuts, {_MONTHS} months ahead"
    return {"parts": len(sold), **_compare(panel, _MONTHS, title, "")}


def _demo() -> _bench.Figures:
    rules = ShopRules.load(SHOP)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/shop.db"
        engine = create_engine(url)
        migrations.upgrade(engine)
        with Session(engine) as session:
            demo.load(session, today=_DAY)
            session.commit()
        engine.dispose()
        with open_database(url)() as uow:
            sales = read(uow, zone=rules.timezone, today=_DAY, country=rules.shop.country)
            purchases = people.bought(uow, rules.timezone)
            usual = {product.id: product.rebuy_days for product in uow.products.catalogue()}
    title = f"The demo shop's {len(sales.things)} products, {_CUTS} cuts, {_WEEKS} weeks ahead"
    return {
        **_compare(sales.panel, _WEEKS, title, "demo_"),
        **_needs(sales, purchases, usual),
    }


def _compare(panel: Panel, horizon: int, title: str, prefix: str) -> _bench.Figures:
    rows: list[Row] = []
    inside: list[float] = []
    took = 0.0
    for number in range(_CUTS, 0, -1):
        cut = panel.steps - number * horizon
        known, actual = panel.until(cut), panel.sold[:, cut : cut + horizon]
        # Nothing is known beforehand of what is promoted: neither set plans any.
        started = time.perf_counter()
        ours = forecast(known, horizon)
        took += time.perf_counter() - started
        rows += _rows("", ours, actual)
        inside += _inside(ours, actual)
        for name in _ALONE:
            alone = forecast(known, horizon, candidates=dict.fromkeys(CANDIDATES, (name,)))
            rows += _rows(name, alone, actual)
    names = ("", *_ALONE)
    table = []
    found = defaultdict(list)
    for of, thing, name, error, loss in rows:
        if not np.isnan(error):
            found["all", name].append((error, loss, thing))
            found[of, name].append((error, loss, thing))
    classes = [of for of in dict.fromkeys(of for of, _ in found) if of != "all"]
    unbeaten = []
    for of in (*sorted(classes), "all"):
        errors = {name: _mean(found[of, name], 0) for name in names}
        losses = {name: _mean(found[of, name], 1) for name in names}
        table.append([of, len(found[of, ""]), *errors.values(), *losses.values()])
        if errors["naive"] <= min(error for name, error in errors.items() if name != "naive"):
            unbeaten.append(of)
    headings = ["ours", *_ALONE]
    _bench.show(
        f"{title}: RMSSE, then scaled pinball loss",
        ["class", "n", *headings, *(f"{name} p" for name in headings)],
        table,
    )
    print(
        f"Nothing beats the naive forecast in: {', '.join(unbeaten)}."
        if unbeaten
        else "In every class something beats the naive forecast."
    )
    figures: _bench.Figures = {
        f"{prefix}series": len({thing for _, thing, name, error, _ in rows if not np.isnan(error)}),
        f"{prefix}coverage80": round(float(np.mean(inside)), 3),
        f"{prefix}fit_s": round(took / _CUTS, 1),
        f"{prefix}unbeaten_naive": unbeaten,
        f"{prefix}by_class": {
            str(row[0]): dict(
                zip(["n", *headings], [row[1], *row[2 : 2 + len(names)]], strict=True)
            )
            for row in table
        },
    }
    for name in names:
        key = f"{prefix}{name}_" if name else prefix
        figures[f"{key}rmsse"] = round(_mean(found["all", name], 0), 4)
        figures[f"{key}pinball"] = round(_mean(found["all", name], 1), 4)
    return figures


def _rows(name: str, outlook: Outlook, actual: Floats) -> list[Row]:
    sold = outlook.panel.sold
    errors = rmsse(actual, outlook.mean, squared_scale(sold))
    quantiles = [outlook.steps(level) for level in LEVELS]
    losses = scaled_pinball(actual, quantiles, absolute_scale(sold))
    return [
        (of.value, thing, name, float(error), float(loss))
        for of, thing, error, loss in zip(
            outlook.demand, outlook.panel.names, errors, losses, strict=True
        )
    ]


def _inside(outlook: Outlook, actual: Floats) -> list[float]:
    total = actual.sum(axis=1)
    known = ~np.isnan(total)
    low, high = outlook.sums(0.1)[:, -1], outlook.sums(0.9)[:, -1]
    return [float(each) for each in ((low <= total) & (total <= high))[known]]


def _mean(found: Sequence[tuple[float, float, str]], part: int) -> float:
    values = [one[part] for one in found]
    return float(np.mean(values)) if values else float("nan")


def _needs(
    sales: Sales, purchases: Sequence[rhythm.Bought], usual: Mapping[str, int | None]
) -> _bench.Figures:
    cut = sales.last + timedelta(1 - _NEEDS_DAYS)
    before = [one for one in purchases if one.day < cut]
    needs = rhythm.needs(before, rhythm.habits(before, cut, usual), cut, _NEEDS_DAYS)
    later = {(one.customer, one.thing) for one in purchases if one.day >= cut}
    came = np.array([(need.customer, need.thing) in later for need in needs], float)
    chance = np.array([need.chance for need in needs])
    auc = float(roc_auc_score(came, chance))
    _bench.show(
        f"Bought again within {_NEEDS_DAYS} days, {len(needs):,} customers' things",
        ["chance told", "n", "mean chance", "came"],
        [
            [f"{low:.1f}–{low + 0.2:.1f}", int(part.sum()), float(chance[part].mean()),
             float(came[part].mean())]
            for low in (0.0, 0.2, 0.4, 0.6)
            if (part := (chance >= low) & (chance < low + 0.2)).any()
        ],
    )  # fmt: skip
    print(f"Area under the curve: {auc:.3f}.")
    return {
        "needs": len(needs),
        "needs_auc": round(auc, 3),
        "needs_told": round(float(chance.sum()), 1),
        "needs_came": int(came.sum()),
    }


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parts", type=int, default=500, help="so many parts, drawn; 0: all (default: 500)"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("demand", __doc__, measure, arguments, options=_options)


if __name__ == "__main__":
    sys.exit(main())
