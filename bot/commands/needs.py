"""`shopguide needs`: what customers will need again and when, and who still buys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.settings import Settings

if TYPE_CHECKING:
    from data.models import Product
    from data.rules import ShopRules

_SHOWN = 20
_LIKELY = 0.5


def needs(
    customer: Annotated[
        str | None,
        typer.Argument(
            metavar="[CUSTOMER]", help="An e-mail address or telephone number; without it, all."
        ),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=52, help="How far ahead.")] = 4,
    lifetimes: Annotated[
        bool,
        typer.Option("--lifetimes", help="Who still buys, how often, for how much in a year."),
    ] = False,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="All lines, as a table.")
    ] = None,
) -> None:
    """What customers will need again and when, by how long things last and by their own rhythm.

    \b
    shopguide needs
    shopguide needs lin.yue@example.com --weeks 12
    shopguide needs --weeks 2 --csv again.csv
    shopguide needs --lifetimes

    Only of customers who let their history be used. Customers are told by their number here, not
    by name; a table that is written is personal data all the same: delete it in time.
    """
    from data import personal
    from data.rules import ShopRules
    from data.unit_of_work import open_database

    settings = Settings()
    rules = ShopRules.load(settings.shop)
    with open_database(settings.database)() as uow:
        asked = None
        if customer is not None:
            found = personal.find(uow, customer)
            asked = found.id
            if not found.personalised:
                typer.echo("This customer does not want their history used: nothing is worked out.")
                return
        rows, more = (
            _lifetimes(uow, rules, asked) if lifetimes else _needs(uow, rules, asked, weeks)
        )
    if table is not None:
        from bot.commands.forecast import write_rows

        write_rows(rows, table)
        typer.echo(f"Written: {table}, {len(rows)} lines.")
    if rows:
        _show(rows)
    for line in more:
        typer.echo(line)


def _needs(
    uow: Any, rules: ShopRules, asked: int | None, weeks: int
) -> tuple[list[dict[str, Any]], list[str]]:
    from data.demand import people, rhythm

    today = rules.today(datetime.now(UTC))
    products: dict[str, Product] = {each.id: each for each in uow.products.catalogue()}
    purchases = [each for each in people.bought(uow, rules.timezone) if each.thing in products]
    if not purchases:
        return [], [
            "There are no orders yet of customers who let their history be used; import some with "
            "`shopguide import` (docs/import.md)."
        ]
    known = rhythm.habits(
        purchases, today, {id_: product.rebuy_days for id_, product in products.items()}
    )
    found = rhythm.needs(purchases, known, today, 7 * weeks)
    found = [each for each in found if asked in (None, each.customer)]
    rows = [
        {
            "customer": each.customer,
            "product": _title(products[each.thing]),
            "bought": each.bought,
            "last": each.last.isoformat(),
            "due": each.due.isoformat(),
            "from": each.early.isoformat(),
            "to": each.late.isoformat(),
            "chance": round(each.chance, 3),
            "ever": round(each.ever, 3),
        }
        for each in found
        if each.due <= today + timedelta(7 * weeks) or each.chance >= _LIKELY or asked is not None
    ]
    if not known:
        return [], [
            "Nothing was bought again yet that people use up (products with rebuy_days), so no "
            "rhythm can be told."
        ]
    expected = sum(each.chance for each in found)
    return rows, [
        f"{len(rows)} needs fall due in {weeks} weeks; {expected:.0f} purchases are expected of "
        f"{len(found)} customers' things. `chance` is that of these weeks, `ever` that of ever."
    ]


def _lifetimes(
    uow: Any, rules: ShopRules, asked: int | None
) -> tuple[list[dict[str, Any]], list[str]]:
    import numpy as np

    from data.demand import people
    from data.demand.lifetimes import Purchasing, Spending

    today = rules.today(datetime.now(UTC))
    all_ = people.buyers(uow, rules.timezone, today, rules.shop.currency)
    fitted = Purchasing.fit(all_.repeats, all_.last, all_.age)
    amounts = Spending.fit(all_.repeats, all_.mean)
    alive = fitted.alive(all_.repeats, all_.last, all_.age)
    orders = fitted.expected(365.0, all_.repeats, all_.last, all_.age)
    spent = amounts.expected(all_.repeats, all_.mean)
    rows = [
        {
            "customer": int(all_.customers[row]),
            "orders": int(all_.repeats[row]) + 1,
            "last": (today - timedelta(int(all_.age[row] - all_.last[row]))).isoformat(),
            "still_buys": round(float(alive[row]), 3),
            "orders_in_a_year": round(float(orders[row]), 2),
            "an_order": round(float(spent[row]), 2),
            "a_year": round(float(orders[row] * spent[row]), 2),
        }
        for row in np.argsort(-orders * spent)
        if asked in (None, int(all_.customers[row]))
    ]
    return rows, [
        f"BG/NBD of {len(all_.repeats)} customers: r {fitted.r:.3f}, alpha {fitted.alpha:.1f} "
        f"days, a {fitted.a:.3f}, b {fitted.b:.3f}. Gamma-Gamma: p {amounts.p:.2f}, q "
        f"{amounts.q:.2f}, gamma {amounts.gamma:.2f}. {float(alive.sum()):.0f} of "
        f"{len(alive)} still buy; {float(orders.sum()):.0f} orders are expected in a year. "
        f"Amounts are {rules.shop.currency}, of goods alone."
    ]


def _title(product: Product) -> str:
    name = product.name
    return name.en if name.en == name.zh else f"{name.zh} / {name.en}"


def _show(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    shown = Table(*(key.replace("_", " ") for key in rows[0]))
    for column, value in zip(shown.columns, rows[0].values(), strict=True):
        column.justify = "left" if isinstance(value, str) else "right"
    for row in rows[:_SHOWN]:
        shown.add_row(*(str(value) for value in row.values()))
    Console(highlight=False, markup=False, width=None if console.is_terminal else 130).print(shown)
    if len(rows) > _SHOWN:
        console.print(f"{len(rows) - _SHOWN} more: --csv writes all.")
