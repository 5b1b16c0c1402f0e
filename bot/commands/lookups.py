"""Writes the names in the catalogue out of the database for Rasa: var/lookups.json.

`python -m bot.commands.lookups` does it for the configured database. Rasa's LookupExtractor reads
the file and notices when it changes, so it is written anew whenever the catalogue changes, and
nothing has to be trained.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from bot.settings import Settings
from data.errors import DataError
from data.models import Category, Product
from data.unit_of_work import UnitOfWork
from retrieval.lexicon import names_of, without_brand

FILE = "lookups.json"

Names = dict[str, dict[str, list[str]]]


def names(products: Iterable[Product], categories: Iterable[Category]) -> Names:
    """`{"products": {id: [names]}, "categories": {id: [names]}, "brands": {brand: [brand]}}`, names
    and aliases together.

    A product's name that begins with its brand is also known without it.
    """
    products = list(products)
    return {
        "products": {product.id: _distinct(_names_of(product)) for product in products},
        "categories": {category.id: _distinct(names_of(category)) for category in categories},
        "brands": {product.brand: [product.brand] for product in products if product.brand},
    }


def export(work: UnitOfWork, path: Path) -> bool:
    """Write the file when its content would change; True when it did. Readers never see half."""
    with work:
        found = names(work.products.catalogue(), work.products.categories())
    text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}.half")
    half.write_text(text, encoding="utf-8")
    half.replace(path)
    return True


def _names_of(product: Product) -> list[str]:
    called = names_of(product)
    return called + [without_brand(name, product.brand or "") for name in called]


def _distinct(words: list[str]) -> list[str]:
    """In order, without repeats that differ only in case, without names of a single character."""
    kept: dict[str, str] = {}
    for word in words:
        if len(word.strip()) > 1:
            kept.setdefault(word.casefold(), word)
    return list(kept.values())


def main() -> int:
    os.umask(0o077)  # what is written is the shop's and its customers': nobody else reads it
    settings = Settings()
    path = settings.state / FILE
    try:
        changed = export(UnitOfWork.at(settings.database), path)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path} {'is written' if changed else 'was up to date'}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
