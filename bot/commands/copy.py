"""`shopguide copy`: descriptions, ads, posts, slogans, titles and e-mails from the record of a
product, into a table that a person accepts or mends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from bot.commands.naming import meant
from bot.errors import ShopguideError
from bot.settings import Settings

if TYPE_CHECKING:
    from bot.commands.copysheet import Row, Sheet
    from data.models import Product
    from llm.copy import CopyWriter, Order, Record
    from llm.copy.law import Law
    from llm.types import Engine


class CopyRefused(ShopguideError):
    """The text that was asked for cannot be written; the message says why and what can."""


class For(StrEnum):
    description = "description"
    ad = "ad"
    post = "post"
    slogan = "slogan"
    titles = "title"  # `title` is a method of every str
    e_mail = "e-mail"


class On(StrEnum):
    xiaohongshu = "xiaohongshu"
    douyin = "douyin"
    weibo = "weibo"
    instagram = "instagram"
    x = "x"


class In(StrEnum):
    plain = "plain"
    warm = "warm"
    lively = "lively"
    expert = "expert"


class Of(StrEnum):
    short = "short"
    medium = "medium"
    long = "long"


class Tongue(StrEnum):
    zh = "zh"
    en = "en"


def copy(
    products: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PRODUCT]...", help="Names, ids or kinds of products.", show_default=False
        ),
    ] = None,
    kind: Annotated[For, typer.Option("--for", help="What for.")] = For.description,
    platform: Annotated[
        On | None, typer.Option(help="Of a post: whose lengths and habits are kept.")
    ] = None,
    tone: Annotated[In, typer.Option(help="How it sounds.")] = In.plain,
    length: Annotated[Of, typer.Option(help="How long it is.")] = Of.medium,
    language: Annotated[
        list[Tongue] | None,
        typer.Option(help="May be given twice; without it, the shop's first.", show_default=False),
    ] = None,
    variants: Annotated[int, typer.Option(min=1, max=9, help="So many wordings.")] = 1,
    price: Annotated[bool, typer.Option("--price", help="Tell today's price.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="The whole catalogue.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv|json", help="A table; what stands in it already is kept."),
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Accept or mend what --out holds, one by one.")
    ] = False,
    accepted: Annotated[
        bool, typer.Option("--accepted", help="List what is accepted in --out.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="By the templates alone, without the generator.")
    ] = False,
    temperature: Annotated[
        float, typer.Option(min=0.0, max=1.5, help="Of the generator; 0 writes the same again.")
    ] = 0.0,
) -> None:
    """Texts that sell, by the product's record alone; nothing is published.

    \b
    shopguide copy "NAME OF A PRODUCT" --for ad --tone lively
    shopguide copy "NAME OF A PRODUCT" --for post --platform xiaohongshu --language zh --variants 3
    shopguide copy --all --for description --language zh --language en --out texts.csv
    shopguide copy --review --out texts.csv
    shopguide copy --accepted --out texts.csv

    What the record does not hold and what advertising law or the shop's copy.yaml forbids is not
    written. docs/marketing-copy.md tells more.
    """
    from bot.commands.copysheet import Sheet
    from data.own_words import OwnWords
    from llm.copy.law import Law

    settings = Settings()
    own = OwnWords.of_shop(settings.shop)
    law = Law.of({each: own[each] for each in ("zh", "en")})
    if review or accepted:
        if out is None:
            raise CopyRefused("Name the table: --out FILE.csv.")
        if not out.exists():
            raise CopyRefused(f"There is no {out}. `shopguide copy --all --out {out}` writes it.")
        sheet = Sheet.open(out)
        _review(sheet, law) if review else _list(sheet, law)
        return
    if platform is not None and kind is not For.post:
        raise CopyRefused("--platform goes with --for post; leave it out, or ask for a post.")
    if bool(products) is everything:
        raise CopyRefused("Name products, or write --all for the whole catalogue.")
    orders = _orders(settings, kind, platform, tone, length, language or [], variants)
    sheet_out = Sheet.open(out) if out is not None else None
    engine = None if plain else _generator(settings, temperature)
    try:
        _write(settings, products or [], orders, law, engine, sheet_out, priced=price)
    finally:
        if engine is not None:
            engine.close()


def _orders(
    settings: Settings,
    kind: For,
    platform: On | None,
    tone: In,
    length: Of,
    languages: Sequence[Tongue],
    variants: int,
) -> list[Order]:
    from data.rules import ShopRules
    from llm.copy import Order

    spoken = ShopRules.load(settings.shop).shop.languages
    wanted = [*dict.fromkeys(each.value for each in languages)] or [spoken[0]]
    for each in wanted:
        if each not in spoken:
            raise CopyRefused(f"The shop does not speak {each}; it speaks {', '.join(spoken)}.")
    on = platform.value if platform is not None else None
    return [
        cast(Any, Order)(kind.value, each, tone.value, length.value, on, variant)
        for each in wanted
        for variant in range(1, variants + 1)
    ]


def _generator(settings: Settings, temperature: float) -> Engine | None:
    from llm.engines import load_engine

    return load_engine(
        settings.generator,
        threads=settings.generator_threads,
        model=settings.generator_model or None,
        api_key=settings.generator_key.get_secret_value() or None,
        temperature=temperature,
    )


def _write(
    settings: Settings,
    named: Sequence[str],
    orders: Sequence[Order],
    law: Law,
    engine: Engine | None,
    sheet: Sheet | None,
    *,
    priced: bool,
) -> None:
    from data.rules import ShopRules
    from data.shop import ShopFolder
    from data.unit_of_work import open_database
    from llm.copy import CopyWriter
    from weights.progress import shown

    rules, folder = ShopRules.load(settings.shop), ShopFolder.open(settings.shop)
    with open_database(settings.database)() as uow:
        catalogue = list(uow.products.catalogue())
        chosen = _chosen(named, catalogue)
        others = [name for each in catalogue for name in (each.name.zh, each.name.en)]
        writers = {
            each: CopyWriter(engine, law, shop=rules.shop.name[each], others=others)
            for each in {order.language for order in orders}
        }
        work = [
            (product, order)
            for product in chosen
            for order in orders
            if sheet is None or not sheet.has(product.id, order)
        ]
        known = len(chosen) * len(orders) - len(work)
        if sheet is None:
            for product, order in work:
                record = _record(product, order, folder, others, priced)
                _show(product.id, order, writers[order.language], record, alone=len(work) == 1)
            return
        by = {"plan": 0, "model": 0}
        mend = 0
        try:
            with shown() as told:
                for number, (product, order) in enumerate(work):
                    told("texts", number, len(work))
                    record = _record(product, order, folder, others, priced)
                    text = writers[order.language].write(record, order)
                    sheet.put(product.id, order, text)
                    by[text.origin] += 1
                    mend += bool(text.problems)
                told("texts", len(work), len(work))
        finally:  # what is written stays written, also at Ctrl-C
            if work:
                sheet.save()
    typer.echo(
        f"{len(work)} texts written to {sheet.path}, {by['model']} worded by the generator; "
        f"{known} were there already."
    )
    if mend:
        typer.echo(f"{mend} are “to be mended”: the column note says why.")
    if work:
        typer.echo(f"Next: `shopguide copy --review --out {sheet.path}`, or any spreadsheet.")


def _chosen(named: Sequence[str], catalogue: Sequence[Product]) -> list[Product]:
    if not catalogue:
        raise CopyRefused("The shop has no products yet; `shopguide import` takes them over.")
    if not named:
        return list(catalogue)
    found: dict[str, Product] = {}
    for name in named:
        hits = meant(name, catalogue)
        if not hits:
            raise CopyRefused(
                f"The shop sells nothing that is called “{name}”; write a product's name or id, or "
                "a kind of products."
            )
        found |= {each.id: each for each in hits}
    return list(found.values())


def _record(
    product: Product, order: Order, folder: Any, others: Sequence[str], priced: bool
) -> Record:
    from bot.wording.views import price_text
    from llm.copy import Record

    language = order.language
    return Record.of(
        product,
        language,
        price=price_text(product, language) if priced and product.variants else "",
        topics=list(_topics(product, folder, language)),
        others=others,
    )


def _topics(product: Product, folder: Any, language: str) -> Iterator[str]:
    """What the shop calls the product's tags."""
    for tag in product.tags:
        if tag in folder.lexicon.tags:
            yield from folder.lexicon.tags[tag][language]


def _show(product: str, order: Order, writer: CopyWriter, record: Record, *, alone: bool) -> None:
    text = writer.write(record, order)
    if not alone:
        on = f" {order.platform}" if order.platform else ""
        typer.echo(f"── {product}, {order.kind}{on}, {order.language}, {order.variant}")
    typer.echo(text.text)
    for each in text.problems:
        typer.echo(f"To be mended: {each}.", err=True)
    if not alone:
        typer.echo()


def _review(sheet: Sheet, law: Law) -> None:
    """Ask for each text that nobody has spoken of; what was answered is kept at once."""
    from bot.commands.copysheet import ACCEPTED, MEND, OPEN

    waiting = [*sheet.with_status(OPEN), *sheet.with_status(MEND)]
    if not waiting:
        typer.echo("Nothing waits for review.")
        return
    for number, row in enumerate(waiting, start=1):
        typer.echo(f"\n── {number} of {len(waiting)}: {_title(row)}\n{row['text']}")
        if row.get("note"):
            typer.echo(f"To be mended: {row['note']}")
        answer = typer.prompt("a(ccept), m(end), r(efuse), l(ater), q(uit)", default="l")
        match answer.strip().lower()[:1]:
            case "a":
                row["status"] = ACCEPTED
            case "m":
                mended = typer.prompt(r"The text, \n for a new line").replace(r"\n", "\n")
                row |= {"text": mended.strip(), "origin": "person", "status": ACCEPTED}
                row["note"] = ""
            case "r":
                row["status"] = "refused"
            case "q":
                return
            case _:
                continue
        _warn(row, law)
        sheet.save()


def _list(sheet: Sheet, law: Law) -> None:
    from bot.commands.copysheet import ACCEPTED

    rows = sheet.with_status(ACCEPTED)
    for row in rows:
        typer.echo(f"── {_title(row)}\n{row['text']}\n")
        _warn(row, law)
    waiting = len(sheet.rows) - len(rows)
    typer.echo(f"{len(rows)} accepted, {waiting} not.", err=True)


def _warn(row: Row, law: Law) -> None:
    """A person may say what they like; they are told all the same."""
    language = "zh" if row["language"] == "zh" else "en"
    for each in law.broken(row["text"], cast(Any, language)):
        typer.echo(f"“{each.word}” is forbidden: {each.source}.", err=True)


def _title(row: Row) -> str:
    parts = (row["product"], row["kind"], row["platform"], row["language"], row["variant"])
    return ", ".join(part for part in parts if part)
