"""What a shop's files are read by: its currency, country and clock, and how its amounts and days
are written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from data.rules import ShopRules

DecimalMark = Literal["point", "comma"]
DayForm = Literal["YYYY-MM-DD", "MM/DD/YYYY", "DD/MM/YYYY", "DD.MM.YYYY"]
DECIMAL_MARKS: tuple[DecimalMark, ...] = get_args(DecimalMark)
DAY_FORMS: tuple[DayForm, ...] = get_args(DayForm)


@dataclass(frozen=True, slots=True)
class Terms:
    """`country`: two letters; addresses and telephone numbers without one are of it. `zone`: the
    clock of times without an offset. Without `decimal` or `dates` an amount or a day that can be
    read in two ways is refused; without `encoding` a file is UTF-8 or Chinese in GB 18030."""

    currency: str
    country: str
    zone: ZoneInfo
    languages: tuple[str, ...]
    website: str = ""
    decimal: DecimalMark | None = None
    dates: DayForm | None = None
    encoding: str | None = None

    @classmethod
    def of_shop(
        cls,
        folder: Path,
        *,
        decimal: DecimalMark | None = None,
        dates: DayForm | None = None,
        encoding: str | None = None,
    ) -> Terms:
        """By the shop's own shop.yaml. Raises `RulesInvalid`."""
        shop = ShopRules.load(folder).shop
        return cls(
            currency=shop.currency,
            country=shop.country,
            zone=ZoneInfo(shop.timezone),
            languages=shop.languages,
            website=(shop.website or "").rstrip("/"),
            decimal=decimal,
            dates=dates,
            encoding=encoding,
        )
