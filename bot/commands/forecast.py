"""`shopguide forecast`: what will be sold, what runs out when, what to order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.commands.naming import names_of
from bot.errors import ShopguideError
from bot.settings import Settings

if TYPE_CHECKING:
    from data.demand.choosing import Outlook
    from data.demand.reading import Sales, Thing
    from data.demand.stock import Line, Terms

_SHOWN = 25  # lines of a table that people still read; --csv has all
_FEW = 3
_REACH = 8  # weeks at least, so that "runs out" can be told of more than the next month


class ForecastRefused(ShopguideError):
    """What was asked for cannot be forecast; the text says why and what can."""


def forecast(
    products: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PRODUCT]...",
            help="Names, ids or kinds of products, or variants' numbers; without any, all.",
            show_default=False,
        ),
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=26, help="How far ahead.")] = 4,
    lead_days: Annotated[
        int, typer.Option(min=0, max=180, help="From an order at the supplier to the goods.")
    ] = 14,
    review_days: Annotated[
        int, typer.Option(min=1, max=90, help="Between two orders at the supplier.")
    ] = 7,
    service: Annotated[
        float,
        typer.Option(min=0.5, max=0.999, help="Share of such times in which nothing runs out."),
    ] = 0.95,
    variants: Annotated[
        bool, typer.Option("--variants", help="Colours, sizes and packs one by one.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A picture: .png, .svg or .pdf.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="All lines, as a table.")
    ] = None,
    sales: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="What was sold so far, step by step, as a table."),
    ] = None,
    by: Annotated[str, typer.Option(help="Steps of --sales: day or week.")] = "week",
    as_json: Annotated[bool, typer.Option("--json", help="All lines as JSON.")] = False,
) -> None:
    """How many will be sold, what runs out when, and what to order: by the shop's orders.

    \b
    shopguide forecast
    shopguide forecast "NAME OF A PRODUCT" "NAME OF A KIND" --weeks 8 --plot sales.png
    shopguide forecast --lead-days 30 --review-days 14 --service 0.98 --csv order.csv
    shopguide forecast --variants --csv variants.csv
    shopguide forecast --sales sold.csv --by day

    Promotions and stock-outs that the shop knows of stand in demand.yaml of its folder
    (docs/marketing.md).
    """
    from data.demand.stock import Terms

    if by not in ("day", "week"):
        raise typer.BadParameter("Write day or week.", param_hint="--by")
    settings = Settings()
    if sales is not None:
        _write_sales(_read(settings, by, variants), sales)
        return
    found = _read(settings, "week", variants)
    rows = _rows(products or [], found.things)
    terms = Terms(lead_days, review_days, service)
    reach = max(weeks, terms.steps(7), _REACH)
    from data.demand import stock
    from data.demand.choosing import forecast as look_ahead
    from weights.progress import shown

    with shown() as told:
        outlook = look_ahead(found.panel, reach, told=told)
    lines = stock.lines(found, outlook, terms, weeks)
    chosen = [lines[row] for row in rows]
    if table is not None:
        _write_table(chosen, weeks, table)
        typer.echo(f"Written: {table}, {len(chosen)} lines.", err=as_json)
    if plot is not None:
        _write_plot(outlook, rows, lines, plot)
        typer.echo(f"Written: {plot}.", err=as_json)
    if as_json:
        typer.echo(json.dumps([_as_row(line) for line in chosen], ensure_ascii=False, indent=2))
        return
    _show(found, outlook, chosen, terms, weeks)


def _read(settings: Settings, step: Any, variants: bool) -> Sales:
    from data.demand.events import Events
    from data.demand.reading import read
    from data.rules import ShopRules
    from data.unit_of_work import open_database

    rules = ShopRules.load(settings.shop)
    with open_database(settings.database)() as uow:
        return read(
            uow,
            zone=rules.timezone,
            today=rules.today(datetime.now(UTC)),
            country=rules.shop.country,
            events=Events.of_shop(settings.shop),
            step=step,
            variants=variants,
        )


def _rows(named: Sequence[str], things: Sequence[Thing]) -> list[int]:
    """The rows that are meant, each once. Raises `ForecastRefused` for what is nobody's name."""
    if not named:
        return list(range(len(things)))
    found: dict[int, None] = {}
    for name in named:
        hit = _meant(name, things)
        if not hit:
            raise ForecastRefused(
                f"The shop sells nothing that is called “{name}”; write a product's name or id, a "
                "variant's number (with --variants), or a kind of products."
            )
        found |= dict.fromkeys(hit)
    return list(found)


def _meant(name: str, things: Sequence[Thing]) -> list[int]:
    """By the whole name of something; else by a part of a product's."""
    word = name.strip().casefold()
    whole = [row for row, thing in enumerate(things) if word in _names(thing)]
    if whole or not word:
        return whole
    return [
        row
        for row, thing in enumerate(things)
        if any(word in text.casefold() for text in (thing.product.name.zh, thing.product.name.en))
    ]


def _names(thing: Thing) -> set[str]:
    return names_of(thing.product) | {thing.id.casefold()}


def title_of(thing: Thing) -> str:
    name = thing.product.name
    both = name.en if name.en == name.zh else f"{name.zh} / {name.en}"
    return f"{both} ({thing.sku})" if thing.sku else both


def _show(sales: Sales, outlook: Outlook, chosen: Sequence[Line], terms: Terms, weeks: int) -> None:
    from rich.console import Console
    from rich.table import Table

    from data.demand.stock import most_urgent

    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"{sales.lines:,} lines of orders in {sales.panel.steps} weeks up to {sales.last}. "
        f"Expected from {outlook.panel.after(1)[0]} on; bands hold four times in five."
    )
    if not outlook.tried:
        console.print(
            f"{sales.panel.steps} weeks are too few to try models on: these are first guesses, "
            "and their bands are untested."
        )
    table = Table(
        "product", "demand", "model", "sold, 4 weeks", f"next {_weeks(weeks)}", "stock",
        "runs out", "order",
    )  # fmt: skip
    for column in table.columns[3:]:
        column.justify = "right"
    ordered = most_urgent(chosen)
    for line in ordered[:_SHOWN]:
        table.add_row(
            title_of(line.thing),
            line.demand.value,
            line.model,
            "–" if line.sold is None else f"{line.sold:.0f}",
            f"{_pieces(line.expected)} ({line.low:.0f}–{line.high:.0f})",
            str(line.thing.stock),
            _when(line, outlook),
            str(line.order) if line.order else "–",
        )
    Console(highlight=False, markup=False, width=None if console.is_terminal else 150).print(table)
    if len(ordered) > _SHOWN:
        console.print(
            f"{len(ordered) - _SHOWN} more that last longer: name them, or write all with --csv."
        )
    pieces = sum(line.order for line in chosen)
    console.print(
        f"In {_weeks(weeks)}: {_pieces(sum(line.expected for line in chosen))} pieces expected of "
        f"{len(chosen)} {'line' if len(chosen) == 1 else 'lines'}. To order: {pieces} pieces of "
        f"{sum(line.order > 0 for line in chosen)}, so that for {terms.lead_days} + "
        f"{terms.review_days} days nothing runs out in {terms.service:.1%} of cases; what is on "
        "its way already is not known here: take it off."
    )


def _pieces(expected: float) -> str:
    """Of a few, the tenths count."""
    return f"{expected:.1f}" if expected < _FEW else f"{expected:.0f}"


def _weeks(weeks: int) -> str:
    return "week" if weeks == 1 else f"{weeks} weeks"


def _when(line: Line, outlook: Outlook) -> str:
    if line.thing.stock <= 0:
        return "is out"
    if line.runs_out is None and line.earliest is None:
        return f"after {_short(outlook.panel.after(outlook.horizon + 1)[-1])}"
    middle = _short(line.runs_out) if line.runs_out else "later"
    last = _short(line.latest) if line.latest else "…"
    return f"{middle} ({_short(line.earliest) if line.earliest else '…'}–{last})"


def _short(day: date) -> str:
    return f"{day:%m-%d}"


def _as_row(line: Line) -> dict[str, Any]:
    def day(value: date | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "product": line.thing.product.id,
        "variant": line.thing.sku,
        "name_zh": line.thing.product.name.zh,
        "name_en": line.thing.product.name.en,
        "demand": line.demand.value,
        "model": line.model,
        "sold_4_weeks": line.sold,
        "expected": round(line.expected, 2),
        "low": line.low,
        "high": line.high,
        "stock": line.thing.stock,
        "runs_out": day(line.runs_out),
        "earliest": day(line.earliest),
        "latest": day(line.latest),
        "cover": line.cover,
        "order": line.order,
    }


def _write_table(chosen: Iterable[Line], weeks: int, path: Path) -> None:
    rows = [{**_as_row(line), "weeks": weeks} for line in chosen]
    write_rows(rows, path)


def write_rows(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """As CSV, cells so that a spreadsheet computes nothing of them."""
    import pandas as pd

    from data.sequences import write

    if path.suffix.lower() not in (".csv", ".parquet"):
        raise ForecastRefused(f"{path} is no table that can be written; name a .csv file.")
    write(pd.DataFrame(rows), path)


def _write_sales(sales: Sales, path: Path) -> None:
    import numpy as np

    panel = sales.panel
    rows: list[dict[str, Any]] = []
    for row, thing in enumerate(sales.things):
        for step, start in enumerate(panel.starts):
            sold = panel.sold[row, step]
            rows.append(
                {
                    "product": thing.product.id,
                    "variant": thing.sku,
                    "from": start.isoformat(),
                    "sold": None if np.isnan(sold) else int(sold),
                    "promoted": bool(panel.promoted[row, step]),
                    "price": round(float(panel.price[row, step]), 3),
                    **{key: int(of[row, step]) for key, of in panel.signals.items()},
                }
            )
    write_rows(rows, path)
    typer.echo(
        f"Written: {path}, {len(rows):,} rows; a {panel.step} without a number could not be "
        "bought in, or lies before the first sale."
    )


def _write_plot(outlook: Outlook, rows: Sequence[int], lines: Sequence[Line], path: Path) -> None:
    from data.demand import plot
    from data.pictures import has_chinese

    shown = sorted(rows, key=lambda row: -lines[row].expected)[: plot.MOST]
    chinese = has_chinese()
    titles = []
    for row in shown:
        name = lines[row].thing.product.name
        words = name.zh if chinese else name.en
        if not chinese and not words.isascii():
            words = lines[row].thing.product.id
        titles.append(f"{words} {lines[row].thing.sku or ''}".strip())
    plot.write(outlook, shown, titles, path)
    if len(rows) > plot.MOST:
        typer.echo(f"The picture shows the {plot.MOST} of which most is expected.", err=True)
