"""Money, dates and lists as each language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot import formats

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("99.00", "CNY", "¥99"),
        ("98.50", "CNY", "¥98.50"),
        ("1299.00", "CNY", "¥1,299"),
        ("0.01", "CNY", "¥0.01"),
        ("100.00", "USD", "$100"),
        ("100.00", "CHF", "100 CHF"),
    ],
)
def test_money(amount: str, currency: str, text: str) -> None:
    assert formats.money(Decimal(amount), currency) == text


def test_days() -> None:
    tuesday = date(2026, 11, 24)
    assert formats.day(tuesday, "zh", today=TODAY) == "11月24日（周二）"
    assert formats.day(tuesday, "en", today=TODAY) == "Tuesday 24 November"
    assert formats.day(date(2027, 1, 4), "zh", today=TODAY) == "2027年1月4日（周一）"
    assert formats.days(tuesday, tuesday, "en", today=TODAY) == "Tuesday 24 November"
    assert (
        formats.days(tuesday, date(2026, 11, 26), "zh", today=TODAY)
        == "11月24日（周二）至11月26日（周四）"
    )
    assert formats.month(date(2025, 5, 3), "en", today=TODAY) == "May 2025"
    assert formats.short_day(date(2026, 5, 3), "zh", today=TODAY) == "5月3日"
    at = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    assert formats.moment(at, "zh", today=TODAY) == "11月24日（周二）15:30"
    assert formats.moment(at, "en", today=TODAY) == "Tuesday 24 November, 15:30"


@pytest.mark.parametrize(
    ("items", "zh", "en"),
    [
        ([], "", ""),
        (["A"], "A", "A"),
        (["A", "B"], "A和B", "A and B"),
        (["A", "B", "C"], "A、B和C", "A, B and C"),
    ],
)
def test_lists(items: list[str], zh: str, en: str) -> None:
    assert formats.listed(items, "zh") == zh
    assert formats.listed(items, "en") == en
