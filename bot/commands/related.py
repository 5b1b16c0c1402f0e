"""`shopguide related`: what goes with an item, and what people take instead of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.commands.train_recommend import Shop
from bot.settings import Settings
from retrieval.errors import SequencesError
from retrieval.recommend import Recommender
from retrieval.recommend.relations import Relations
from retrieval.recommend.sequences import read_sequences

Row = tuple[str, str]
"""An item, and why it stands there."""


def show_related(item: str, file: Path | None, k: int, settings: Settings) -> None:
    """Print both lists. Raises `SequencesError` for an item that nobody knows."""
    found = _of_shop(item, k, settings) if file is None else _of_file(item, file, k)
    title, companions, substitutes = found
    for heading, why, rows in (
        (f"Goes with {title}", "bought together", companions),
        (f"Instead of {title}", "likeness", substitutes),
    ):
        table = Table("item", why, title=heading, title_justify="left")
        for row in rows or [("–", "")]:
            table.add_row(*row)
        Console(highlight=False, markup=False).print(table)


def _of_shop(item: str, k: int, settings: Settings) -> tuple[str, list[Row], list[Row]]:
    """As the assistant has them: by orders, categories and texts."""
    shop = Shop.open(settings)
    names = {product.id: f"{product.name.zh} / {product.name.en}" for product in shop.catalogue}
    named: Sequence[str] = [item] if item in names else shop.products.match(item)
    if not named:
        raise SequencesError(f"The shop has no product “{item}”; write its name or its id.")
    now = datetime.now(UTC)
    recommender = Recommender.fit(shop.purchases, shop.catalogue, shop.products.vectors, now=now)
    companions = recommender.goes_with(named[0], now=now, k=k)
    substitutes = recommender.similar_to(named[0], k=k)
    return (
        names[named[0]],
        [(names[one.product_id], f"by {one.count} customers") for one in companions],
        [(names[one.product_id], f"{one.score:.2f}") for one in substitutes],
    )


def _of_file(item: str, file: Path, k: int) -> tuple[str, list[Row], list[Row]]:
    """By orders alone."""
    sequences = read_sequences(file)
    if item not in sequences.items:
        raise SequencesError(f"Nobody in {file} bought “{item}”.")
    number = sequences.items.index(item)
    relations = Relations.fit(sequences.histories, len(sequences.items))
    companions = relations.companions(number, k)
    substitutes = relations.substitutes(number, k)
    return (
        item,
        [(sequences.items[one], f"{lift:.1f} times chance") for one, lift in companions],
        [(sequences.items[one], f"{likeness:.2f}") for one, likeness in substitutes],
    )
