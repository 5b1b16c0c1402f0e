"""Reads a catalogue written as YAML, one file a category, into the shop's models.

The shape of a file stands in demo/catalogue/. Besides what the models hold, a file says which
products go together; `parse` returns that too, for the demo shop's purchases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, cast

import yaml

from data.errors import DataError
from data.models import Category, Localized, Product, Variant

FOLDER = Path(__file__).parent / "catalogue"


class CatalogueError(DataError):
    """A catalogue file that cannot be read as one; the message names the file and the entry."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`goes_with` maps a product's id to the ids of the products that people need beside it."""

    categories: list[Category]
    products: list[Product]
    goes_with: dict[str, tuple[str, ...]]


def read(folder: Path = FOLDER) -> tuple[list[Category], list[Product]]:
    """The categories and products (with their variants), not yet added to a session."""
    catalogue = parse(folder)
    return catalogue.categories, catalogue.products


def parse(folder: Path = FOLDER, *, currency: str = "CNY") -> Catalogue:
    """Raises CatalogueError when the folder holds no catalogue, or names a thing twice."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise CatalogueError(
            f"There is no catalogue in {folder}: put one .yaml file a category there."
        )
    catalogue = Catalogue([], [], {})
    for file in files:
        _read_file(file, catalogue, currency)
    _check_unique("category", (category.id for category in catalogue.categories))
    _check_unique("product", (product.id for product in catalogue.products))
    _check_unique("SKU", (v.sku for product in catalogue.products for v in product.variants))
    for product_id, companions in catalogue.goes_with.items():
        for companion in companions:
            if companion not in catalogue.goes_with:
                raise CatalogueError(
                    f"{product_id} goes with {companion}, which no file of {folder} describes."
                )
    return catalogue


def _read_file(file: Path, catalogue: Catalogue, currency: str) -> None:
    try:
        content = yaml.load(file.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{file.name} is not valid YAML in UTF-8: {error}") from error
    entry = _Entry(content, file.name)
    category = entry.inner("category")
    catalogue.categories.append(
        Category(
            id=category.text("id"), name=category.localized("name"), aliases=category.aliases()
        )
    )
    for raw in entry.sequence("products"):
        # The id first, so that what is wrong with the rest can be said with it.
        product_id = _Entry(raw, f"{file.name}, a product").text("id")
        fields = _Entry(raw, f"{file.name}, {product_id}")
        catalogue.products.append(_product(fields, category.text("id"), currency))
        catalogue.goes_with[product_id] = tuple(
            str(companion) for companion in fields.optional("goes_with") or ()
        )


def _product(fields: _Entry, category_id: str, currency: str) -> Product:
    launched_on = fields.required("launched_on")
    if not isinstance(launched_on, date):
        raise CatalogueError(f"{fields.where}: launched_on is a day such as 2025-03-12.")
    variants = [
        _variant(_Entry(raw, f"{fields.where}, variant {position + 1}"), position, currency)
        for position, raw in enumerate(fields.sequence("variants"))
    ]
    return Product(
        id=fields.text("id"),
        category_id=category_id,
        brand=fields.text("brand"),
        name=fields.localized("name"),
        aliases=fields.aliases(),
        summary=fields.localized("summary"),
        description=fields.localized("description"),
        attributes=fields.sequence("attributes"),
        sizing=fields.localized("sizing") if fields.optional("sizing") else None,
        care=fields.localized("care"),
        tags=[str(tag) for tag in fields.optional("tags") or ()],
        return_class=fields.text("return_class"),
        warranty_months=fields.optional("warranty_months"),
        min_age=fields.optional("min_age"),
        rebuy_days=fields.optional("rebuy_days"),
        launched_on=launched_on,
        variants=variants,
    )


def _variant(fields: _Entry, position: int, currency: str) -> Variant:
    stock = fields.required("stock")
    if not isinstance(stock, int) or stock < 0:
        raise CatalogueError(f"{fields.where}: stock is a whole number, 0 or more.")
    return Variant(
        sku=fields.text("sku"),
        position=position,
        options=dict(fields.optional("options") or {}),
        price=fields.money("price"),
        list_price=fields.money("list_price") if fields.optional("list_price") else None,
        currency=currency,
        stock=stock,
    )


class _Entry:
    """A mapping out of a file together with the words that say where it stands."""

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, Mapping):
            raise CatalogueError(f"{where} is not a mapping of keys to values.")
        self._content = cast("Mapping[str, Any]", content)
        self.where = where

    def optional(self, key: str) -> Any:
        return self._content.get(key)

    def required(self, key: str) -> Any:
        value = self._content.get(key)
        if value is None or value == "":
            raise CatalogueError(f"{self.where}: {key} is missing.")
        return value

    def text(self, key: str) -> str:
        return str(self.required(key)).strip()

    def inner(self, key: str) -> _Entry:
        return _Entry(self.required(key), f"{self.where}, {key}")

    def sequence(self, key: str) -> list[Any]:
        value = self.required(key)
        if not isinstance(value, list) or not value:
            raise CatalogueError(f"{self.where}: {key} is a list with at least one entry.")
        return value

    def localized(self, key: str) -> Localized:
        texts = self.inner(key)
        return Localized(zh=texts.text("zh"), en=texts.text("en"))

    def aliases(self) -> dict[str, list[str]]:
        value = self.inner("aliases")
        return {
            language: [str(alias) for alias in value.optional(language) or ()]
            for language in ("zh", "en")
        }

    def money(self, key: str) -> Decimal:
        value = self.required(key)
        try:
            amount = Decimal(str(value))
        except InvalidOperation as error:
            raise CatalogueError(
                f'{self.where}: {key} is an amount such as "899.00", not {value!r}.'
            ) from error
        if amount <= 0 or amount != amount.quantize(Decimal("0.01")):
            raise CatalogueError(f"{self.where}: {key} is above 0 and has at most two decimals.")
        return amount


def _check_unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise CatalogueError(f"The {what} {name} is described twice.")
        seen.add(name)


# libyaml reads the catalogue ten times faster where PyYAML was built with it.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
