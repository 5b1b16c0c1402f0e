"""Rows of other systems in our columns, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from data.importer.problems import Notices
from data.importer.reading import Given
from data.importer.sheets import Record, Source
from data.importer.systems import shopify, woocommerce
from data.importer.systems.translation import sku_of, slug
from data.importer.terms import Terms

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
US = Terms("USD", "US", ZoneInfo("America/Chicago"), ("en",), "https://shop.example")


def source(file: str, *records: dict[str, str]) -> Source:
    columns = dict.fromkeys(name for record in records for name in record)
    return Source(
        file,
        tuple(columns),
        [
            Record(line, {name: record.get(name, "") for name in columns})
            for line, record in enumerate(records, start=2)
        ],
        whole=True,
    )


def rows_of(
    *sources: Source, system=shopify, notices: Notices | None = None
) -> dict[str, list[Given]]:
    sheets = system.translate(sources, US, NOW, notices or Notices())
    return {file: sheet.rows for file, sheet in sheets.items()}


def order(**cells: str) -> dict[str, str]:
    return {
        "Name": "#1001",
        "Email": "a@mail.example",
        "Financial Status": "paid",
        "Fulfillment Status": "unfulfilled",
        "Cancelled at": "",
        "Fulfilled at": "",
        "Created at": "2026-11-20 10:00:00 -0600",
        "Subtotal": "20.00",
        "Lineitem name": "Mug",
        "Lineitem quantity": "2",
        "Lineitem price": "10.00",
        "Lineitem sku": "MUG",
        **{name.replace("_", " "): cell for name, cell in cells.items()},
    }


@pytest.mark.parametrize(
    ("cells", "status"),
    [
        ({}, "paid"),
        ({"Financial_Status": "authorized"}, "paid"),
        ({"Financial_Status": "pending"}, "pending_payment"),
        ({"Financial_Status": "voided"}, "cancelled"),
        ({"Financial_Status": "expired"}, "cancelled"),
        ({"Financial_Status": "refunded"}, "refunded"),
        ({"Financial_Status": "refunded", "Cancelled_at": "2026-11-21"}, "refunded"),
        ({"Cancelled_at": "2026-11-21 10:00:00 -0600"}, "cancelled"),
        (
            {"Fulfillment_Status": "fulfilled", "Fulfilled_at": "2026-11-21 10:00:00 -0600"},
            "shipped",
        ),
        (
            {"Fulfillment_Status": "fulfilled", "Fulfilled_at": "2026-10-01 10:00:00 -0600"},
            "delivered",
        ),
        ({"Fulfillment_Status": "partial"}, "shipped"),
        ({"Financial_Status": "partially_refunded", "Fulfillment_Status": "fulfilled"}, "shipped"),
    ],
)
def test_the_status_of_a_shopify_order(cells: dict[str, str], status: str) -> None:
    (row,) = rows_of(source("orders.csv", order(**cells)))["orders.csv"]
    assert row.cells["status"] == status


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("wc-processing", "paid"),
        ("On hold", "pending_payment"),
        ("Pending payment", "pending_payment"),
        ("completed", "delivered"),
        ("failed", "cancelled"),
        ("refunded", "refunded"),
        ("in-transit", "in-transit"),  # a plugin's own: the checks tell of it
    ],
)
def test_the_status_of_a_woocommerce_order(status: str, ours: str) -> None:
    orders = source(
        "orders.csv",
        {
            "order_number": "277",
            "order_date": "2026-01-02 10:00:00",
            "status": status,
            "billing_email": "a@mail.example",
            "line_item_1": "name:Mug: the big one|product_id:3|sku:MUG|quantity:2|total:19.00",
        },
    )
    rows = rows_of(orders, system=woocommerce)
    assert rows["orders.csv"][0].cells["status"] == ours
    (line,) = rows["order_lines.csv"]
    assert (line.cells["name"], line.cells["unit_price"]) == ("Mug: the big one", "9.50")


def test_a_discount_is_what_the_lines_come_to_above_the_subtotal() -> None:
    (row,) = rows_of(source("orders.csv", order(Subtotal="17.50")))["orders.csv"]
    assert row.cells["discount"] == "2.50"
    (row,) = rows_of(source("orders.csv", order()))["orders.csv"]
    assert row.cells["discount"] == "-"


def test_the_same_article_at_the_same_price_is_one_line() -> None:
    more = {
        "Name": "#1001",
        "Lineitem name": "Mug",
        "Lineitem quantity": "1",
        "Lineitem sku": "MUG",
    }
    lines = rows_of(
        source(
            "orders.csv",
            order(),
            {**more, "Lineitem price": "10.0"},
            {**more, "Lineitem price": "8.00"},
            {**more, "Lineitem price": "5.00", "Lineitem quantity": "0"},
        )
    )["order_lines.csv"]
    assert [(line.cells["quantity"], line.cells["unit_price"]) for line in lines] == [
        ("3", "10.0"),
        ("1", "8.00"),
    ]


def test_who_stands_in_no_customers_file_is_taken_from_the_newest_order() -> None:
    rows = rows_of(
        source(
            "orders.csv",
            order(Shipping_Name="Ann B", Shipping_Address1="1 New St", Shipping_Zip="'97201"),
            order(Name="#1000", Shipping_Name="Ann A", Shipping_Address1="1 Old St"),
        )
    )
    ann = rows["customers.csv"][0]
    assert ann.only_new
    assert (ann.cells["name"], ann.cells["line"]) == ("Ann B", "1 New St")
    assert ann.cells["postcode"] == "97201"
    assert [row.cells["line"] for row in rows["orders.csv"]] == ["1 New St", "1 Old St"]


def test_orders_that_nobody_can_be_asked_about_are_left_out_and_told() -> None:
    notices = Notices()
    rows = rows_of(
        source(
            "orders.csv",
            order(Email=""),
            order(Name="A/1"),
            order(Name="#1003", Lineitem_quantity="0"),
        ),
        notices=notices,
    )
    assert rows == {}
    assert len(notices.told()) == 3
    assert all("left out: 1 (" in line for line in notices.told())


def test_pieces_at_all_locations_count() -> None:
    product = {
        "Handle": "mug",
        "Title": "Mug",
        "Option1 Name": "Size",
        "Option1 Value": "L",
        "Variant Price": "9.00",
    }
    place = {"Handle": "mug", "SKU": "", "Option1 Value": "L"}
    stock = source(
        "inventory_export.csv",
        {**place, "Location": "Here", "Available (not editable)": "3"},
        {**place, "Location": "There", "Available (not editable)": "4"},
        {**place, "Location": "Nowhere", "Available (not editable)": "not stocked"},
    )
    notices = Notices()
    rows = rows_of(source("products_export.csv", product), stock, notices=notices)
    assert rows["variants.csv"][0].cells["stock"] == "7"
    assert notices.told() == []
    rows = rows_of(source("products_export.csv", product), notices=notices)
    assert rows["variants.csv"][0].cells["stock"] == "-"
    assert "export the inventory too" in notices.told()[0]


def test_ids_for_every_name() -> None:
    assert slug("Kannen & Tassen", 40) == "kannen-tassen"
    assert slug("Zubehör", 40) == "zubehor"
    chinese, other = slug("手机", 40), slug("耳机", 40)
    assert chinese != other
    assert chinese.isascii()
    long, longer = slug("a" * 50, 40), slug("a" * 51, 40)
    assert long != longer
    assert len(long) <= 40


def test_a_long_name_makes_a_sku_that_fits() -> None:
    assert sku_of("Mug  - L /  Red ") == "Mug - L / Red"
    assert len(sku_of("x" * 200)) == 80
    assert sku_of("x" * 200) != sku_of("x" * 201)


def test_other_files_are_told_of() -> None:
    notices = Notices()
    assert rows_of(source("notes.csv", {"Note": "x"}), notices=notices) == {}
    assert notices.told() == ["Files that are none of Shopify's exports, left out: 1 (notes.csv)."]
