"""What a shop knows of its sales beside its orders: promotions, past and to come, and when
something could not be had. Both stand in demand.yaml of the shop's folder, which may be absent."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from data.shop import read_optional

FILE = "demand.yaml"


def _several(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Ids = Annotated[tuple[str, ...], BeforeValidator(_several)]


class _Span(BaseModel):
    """Both days belong to it. Without products and categories it is about everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: Annotated[date, Field(alias="from")]
    last: Annotated[date, Field(alias="to")]
    products: _Ids = ()
    categories: _Ids = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("to: lies before from")
        return self

    def about(self, product: str, category: str, sku: str | None = None) -> bool:
        """`products` names products, or variants by their numbers."""
        if not self.products and not self.categories:
            return True
        return bool({product, sku} & set(self.products)) or category in self.categories


class Promotion(_Span):
    """A campaign or a price that was made known: more is sold then than otherwise."""

    name: str = ""


class StockOut(_Span):
    """It could not be had."""


class Events(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    promotions: tuple[Promotion, ...] = ()
    out_of_stock: tuple[StockOut, ...] = ()

    @classmethod
    def of_shop(cls, folder: Path) -> Events:
        """Raises `ShopInvalid`, whose text has a line for each key that is wrong."""
        return read_optional(cls, folder / FILE, "a key of promotions or stock-outs")
