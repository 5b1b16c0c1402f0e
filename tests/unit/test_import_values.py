"""Cells as shops write them: amounts, days, countries, telephone numbers, HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from data.importer import values
from data.importer.terms import DayForm, DecimalMark, Terms

US = Terms("USD", "US", ZoneInfo("America/Chicago"), ("en",))


def said(parse: Callable[[str], Any], cell: str) -> str:
    with pytest.raises(ValueError, match=r"\w") as caught:
        parse(cell)
    return str(caught.value)


@pytest.mark.parametrize(
    ("cell", "decimal", "amount"),
    [
        ("49.95", None, "49.95"),
        ("49,95", None, "49.95"),
        ("$49.95", None, "49.95"),
        ("49.95 USD", None, "49.95"),
        ("US$1,299.00", None, "1299.00"),
        ("1.299,00", None, "1299.00"),
        ("1 299,00", None, "1299.00"),
        ("1'299.00", None, "1299.00"),
        ("899", None, "899.00"),
        ("0", None, "0.00"),
        ("9.9900", None, "9.99"),
        ("1,299", "point", "1299.00"),
        ("1.299", "comma", "1299.00"),
        ("49,95", "comma", "49.95"),
        ("1,234,567.8", "point", "1234567.80"),
    ],
)
def test_amounts(cell: str, decimal: DecimalMark | None, amount: str) -> None:
    assert values.money(replace(US, decimal=decimal))(cell) == Decimal(amount)


@pytest.mark.parametrize("cell", ["1,299", "1.299", "$12.500"])
def test_an_amount_that_can_be_two_is_refused(cell: str) -> None:
    assert "say which with --decimal point or --decimal comma" in said(values.money(US), cell)


@pytest.mark.parametrize("cell", ["", "-1", "1e3", "€5", "5 EUR", "12.34.5", "1,2,3", "1" * 30])
def test_what_is_no_amount_in_the_currency(cell: str) -> None:
    assert "is not an amount in USD" in said(values.money(US), cell)


def test_an_amount_in_another_form_than_the_stated_one() -> None:
    parse = values.money(replace(US, decimal="point"))
    assert "is not an amount" in said(parse, "49,95")


@pytest.mark.parametrize(
    ("cell", "form", "day"),
    [
        ("2026-11-22", None, date(2026, 11, 22)),
        ("2026/1/2", None, date(2026, 1, 2)),
        ("11/26/2026", None, date(2026, 11, 26)),
        ("26.11.2026", None, date(2026, 11, 26)),
        ("03/03/2026", None, date(2026, 3, 3)),
        ("03/04/2026", "MM/DD/YYYY", date(2026, 3, 4)),
        ("03.04.2026", "DD.MM.YYYY", date(2026, 4, 3)),
        ("03/04/2026", "DD/MM/YYYY", date(2026, 4, 3)),
        ("2026-11-22", "DD.MM.YYYY", date(2026, 11, 22)),
    ],
)
def test_days(cell: str, form: DayForm | None, day: date) -> None:
    assert values.day(form)(cell) == day


@pytest.mark.parametrize(
    ("cell", "form", "what"),
    [
        ("03/04/2026", None, "could be 2026-03-04 or 2026-04-03; say which with --dates"),
        ("26/11/2026", "MM/DD/YYYY", "is not a day; write 2026-11-22 or MM/DD/YYYY"),
        ("1/2/26", None, "is not a day"),
        ("soon", None, "is not a day"),
    ],
)
def test_days_that_cannot_be_told(cell: str, form: DayForm | None, what: str) -> None:
    assert what in said(values.day(form), cell)


@pytest.mark.parametrize(
    ("cell", "utc"),
    [
        ("2026-11-22 09:05", "2026-11-22T15:05:00+00:00"),
        ("2026-11-22 09:05:30 +0100", "2026-11-22T08:05:30+00:00"),
        ("2026-11-22T09:05:00Z", "2026-11-22T09:05:00+00:00"),
        ("2026-11-22 09:05:00 UTC", "2026-11-22T09:05:00+00:00"),
        ("11/22/2026 9:05 PM", "2026-11-23T03:05:00+00:00"),
        ("11/22/2026 12:05 am", "2026-11-22T06:05:00+00:00"),
        ("2026-11-22", "2026-11-22T06:00:00+00:00"),
        ("2026-11-22T09:05:00.123-06:00", "2026-11-22T15:05:00+00:00"),
    ],
)
def test_times(cell: str, utc: str) -> None:
    assert values.moment(US.zone)(cell).isoformat() == utc


@pytest.mark.parametrize("cell", ["yesterday", "2026-11-22 25:00", "09:05", "2026-02-30 09:00"])
def test_what_is_no_time(cell: str) -> None:
    assert said(values.moment(US.zone), cell)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("us", "US"),
        ("USA", "US"),
        ("UK", "GB"),
        ("United States", "US"),
        ("德国", "DE"),
        ("Österreich", "AT"),
    ],
)
def test_countries(cell: str, code: str) -> None:
    assert values.country(("de",))(cell) == code


def test_no_country() -> None:
    assert "is not a country" in said(values.country(("en",)), "Atlantis")


def test_telephone_numbers_are_stored_in_one_form() -> None:
    parse = values.phone("US")
    assert parse("(512) 555-0148") == "+15125550148"
    assert parse("+353 85 123 4567") == "+353851234567"
    assert parse("ask at the desk") == "ask at the desk"
    assert values.phone("CN")("１３８ 0013 8000") == "+8613800138000"


def test_html_becomes_text_with_paragraphs_and_lists() -> None:
    html = (
        "<p>Light &amp; <b>soft</b>.</p><ul><li>One</li><li>Two</li></ul>"
        "<style>p { color: red }</style><script>alert(1)</script><p>End<br>of it</p>"
    )
    assert values.prose(500)(html) == "Light & soft.\n\n- One\n- Two\n\nEnd\nof it"


@pytest.mark.parametrize("plain", ["a < b and c > d", "R&D", "两门。\n\n抗风。", "x <3"])
def test_text_without_html_stays_as_it_is(plain: str) -> None:
    assert values.prose(500)(plain) == plain


def test_skus_as_they_are() -> None:
    assert values.sku("DDS 60/REFILL — é") == "DDS 60/REFILL — é"
    assert "is not a SKU" in said(values.sku, "a\tb")


def test_currency() -> None:
    assert values.currency("USD")("usd") == "USD"
    assert "the shop's currency, which is USD" in said(values.currency("USD"), "EUR")


@pytest.mark.parametrize("cell", ["7.81234E+11", "7,8E+11", "8E+15", "７.８E+11"])
def test_numbers_that_a_spreadsheet_shortened_are_refused(cell):
    with pytest.raises(ValueError, match="shortened by a spreadsheet"):
        values.code(values.text(40))(cell)


@pytest.mark.parametrize(
    ("cell", "kept"), [("781234567890.0", "781234567890"), ("1.0", "1.0"), ("SF12.0", "SF12.0")]
)
def test_decimals_that_a_spreadsheet_added_go(cell, kept):
    assert values.code(values.text(40))(cell) == kept


@pytest.mark.parametrize(
    ("cell", "kept"),
    [
        ("Gram", "g"), ("克", "g"), ("g", "g"), ("ML", "ml"), ("毫升", "ml"), ("l", "L"),
        ("Liter", "L"), ("升", "L"), ("Lumen", "lm"), ("kgs.", "kg"), ("℃", "°C"),
        ("people", "people"), ("g/m²", "g/m²"),
    ],
)  # fmt: skip
def test_units_are_kept_as_the_catalogue_writes_them(cell, kept):
    assert values.unit(cell) == kept
