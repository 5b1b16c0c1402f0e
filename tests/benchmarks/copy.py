"""Marketing texts of four trades' records, half of them Chinese: whether they are true, tell what
was asked, are lawful and in their room.

Each record of `ground/shops/` gets one text of every kind (a post for each platform), in turn in
each tone and length. By the templates alone unless `--generator` names a model.

`invented`: texts with a figure that stands nowhere in the record, by a comparison of digits that
shares nothing with the writer's own review, or with a claim that the review finds. `covered`: of
the attributes that a text was to tell, those that it tells. `length_kept` is strict;
`length_kept_or_all_said` also takes texts that are short because the record holds no more.
`preferred_over_plain` needs people who do not know which is which; nobody is asked here, so it is
null.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from data import migrations
from data.database import create_engine, session_factory
from data.importer import import_folder
from data.importer.terms import Terms
from data.models import Product
from data.unit_of_work import UnitOfWork
from llm.copy import KINDS, LENGTHS, PLATFORMS, TONES, CopyWriter, Order, Record
from llm.copy.law import Law
from llm.copy.plans import Plan, holds, plan
from llm.copy.review import invented
from llm.engines import load_engine
from llm.errors import EngineUnavailable
from tests.benchmarks import _bench

_TRADES = ("electronics", "cosmetics", "groceries", "furniture")
_OF_EACH = 25
_Row = dict[str, Any]
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")


def measure(options: argparse.Namespace) -> _bench.Figures:
    try:
        engine = load_engine(options.generator)
    except EngineUnavailable as error:
        raise _bench.Missing(str(error)) from error
    law = Law.of()
    turns = count()
    rows: list[_Row] = []
    records = 0
    for trade in _TRADES:
        products = _products(trade)
        others = [name for each in products for name in (each.name.zh, each.name.en)]
        writer = CopyWriter(engine, law, shop=trade, others=others)
        for number, product in enumerate(products[: options.records]):
            language = ("zh", "en")[number % 2]
            record = Record.of(product, language, others=others)  # type: ignore[arg-type]
            records += 1
            for order in _orders(record, next(turns)):
                started = time.perf_counter()
                text = writer.write(record, order)
                took = time.perf_counter() - started
                rows.append(
                    {"kind": order.kind, "language": language, "origin": text.origin, "s": took}
                    | _judged(text.text, record, plan(record, order, law, shop=trade), law)
                )
    return _figures(rows, records, options.generator)


def _orders(record: Record, turn: int) -> Iterator[Order]:
    for kind in KINDS:
        for platform in PLATFORMS if kind == "post" else (None,):
            tone, length = TONES[turn % len(TONES)], LENGTHS[turn % len(LENGTHS)]
            yield Order(kind, record.language, tone, length, platform, 1 + turn % 2)
            turn += 1


def _judged(text: str, record: Record, planned: Plan, law: Law) -> dict[str, float]:
    room = planned.room
    size = room.size(text)
    kept = not room.too_long(text) and size >= room.least
    claims = planned.claims if text == planned.text else text
    return {
        "invented": bool(_foreign_figures(text, record) or invented(claims, record)),
        "asked": len(planned.asked),
        "told": sum(holds(text, each) for each in planned.asked),
        "forbidden": bool(law.broken(text, record.language)),
        "kept": kept,
        "all_said": kept or (size < room.least and planned.exhausted),
    }


def _foreign_figures(text: str, record: Record) -> set[str]:
    """Runs of digits that no source has; the months of the warranty are the record's too."""
    held = {_plain(each) for source in record.sources for each in _DIGITS.findall(source)}
    return {_plain(each) for each in _DIGITS.findall(text)} - held - {str(record.warranty)}


def _plain(digits: str) -> str:
    return digits.replace(",", "")


def _figures(rows: Sequence[_Row], records: int, generator: str) -> _bench.Figures:
    def share(of: Sequence[_Row], key: str) -> float:
        return round(sum(float(row[key]) for row in of) / len(of), 4)

    def covered(of: Sequence[_Row]) -> float | None:
        asked = sum(float(row["asked"]) for row in of)
        return round(sum(float(row["told"]) for row in of) / asked, 4) if asked else None

    languages = {each: sum(row["language"] == each for row in rows) for each in ("zh", "en")}
    figures: _bench.Figures = {
        "generator": generator,
        "records": records,
        "texts": len(rows),
        "languages": languages,
        "by_generator": sum(row["origin"] == "model" for row in rows),
        "invented": sum(int(row["invented"]) for row in rows),
        "covered": covered(rows),
        "forbidden": sum(int(row["forbidden"]) for row in rows),
        "length_kept": share(rows, "kept"),
        "length_kept_or_all_said": share(rows, "all_said"),
        "s_per_text": round(sum(float(row["s"]) for row in rows) / len(rows), 4),
        "preferred_over_plain": None,
    }
    table = []
    for kind in KINDS:
        for language in languages:
            of = [row for row in rows if (row["kind"], row["language"]) == (kind, language)]
            if of:
                table.append(
                    [
                        f"{kind}, {language}",
                        len(of),
                        sum(int(row["invented"]) for row in of),
                        covered(of),
                        sum(int(row["forbidden"]) for row in of),
                        share(of, "kept"),
                        share(of, "all_said"),
                        share(of, "s"),
                    ]
                )
    _bench.show(
        f"{records} records of {len(_TRADES)} trades, generator {generator}",
        ["", "texts", "invented", "covered", "forbidden", "length", "or all said", "s"],
        table,
    )
    _bench.say(
        "preferred_over_plain is null: it needs blind readers, and a benchmark has none."
        + (" The generator was not measured." if generator == "off" else "")
    )
    return figures


def _products(trade: str) -> list[Product]:
    folder = _bench.ROOT / "ground" / "shops" / trade
    with tempfile.TemporaryDirectory() as state:
        engine = create_engine(f"sqlite:///{Path(state) / 'shop.db'}")
        try:
            migrations.upgrade(engine)
            work = UnitOfWork(session_factory(engine))
            import_folder(
                folder / "catalogue", work, terms=Terms.of_shop(folder), now=datetime.now(UTC)
            )
            with work as uow:
                found = list(uow.products.catalogue())
                uow.session.expunge_all()
                return found
        finally:
            engine.dispose()


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--generator", default="off", help="a generator's name (default: off)")
    parser.add_argument("--records", type=int, default=_OF_EACH, help="at most, of each trade")


def main(arguments: Sequence[str] | None = None) -> int:
    return _bench.run("copy", __doc__, measure, arguments, options=_options)


if __name__ == "__main__":
    sys.exit(main())
