"""Whole exports of other systems into a database: tests/imports has them as those systems write
them, with the odd cases that real ones have."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from data.access import Claim, Identification, identify, open_session
from data.attempts import Guard
from data.errors import ImportRejected
from data.importer import Imported, Terms, import_sheets
from data.importer.__main__ import main
from data.importer.problems import Notices, Problems
from data.importer.systems import read_export, read_mapped, terms_for
from data.models import Customer, Order, Product, Variant
from data.unit_of_work import UnitOfWork

EXPORTS = Path(__file__).parents[1] / "imports"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
US = Terms("USD", "US", ZoneInfo("America/Chicago"), ("en",), "https://shop.example")
DE = Terms("EUR", "DE", ZoneInfo("Europe/Berlin"), ("en",), "https://tasse.example")


def take(
    system: str, uow: UnitOfWork, terms: Terms, *paths: Path, dry_run: bool = False
) -> Imported:
    problems, notices = Problems(), Notices()
    terms = terms_for(system, terms)
    sheets = read_export(system, paths or [EXPORTS / system], terms, NOW, problems, notices)
    return import_sheets(sheets, uow, problems, notices, terms=terms, dry_run=dry_run)


def take_mapped(uow: UnitOfWork, folder: Path) -> Imported:
    problems, notices = Problems(), Notices()
    sheets, terms = read_mapped(folder / "mapping.yaml", [folder], DE, problems, notices)
    return import_sheets(sheets, uow, problems, Notices(), terms=terms)


def changed(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


NewUow = Callable[[], UnitOfWork]


def test_a_shopify_catalogue(new_uow: NewUow) -> None:
    imported = take("shopify", new_uow(), US)
    with new_uow() as uow:
        catalogue = {product.id: product for product in uow.products.catalogue()}
        categories = {category.id: category.name.en for category in uow.products.categories()}
    serum = catalogue["dewdrop-serum"]
    assert serum.description.en == (
        "A light serum with 2% salicylic acid & niacinamide.\n\n- For oily skin\n- Fragrance free"
        "\n\nPatch test first."
    )
    assert (serum.brand, serum.tags) == ("Quillfern", ["vegan", "oily skin"])
    assert serum.page_url == "https://shop.example/products/dewdrop-serum"
    assert serum.picture_url is not None
    assert serum.picture_url.endswith("dewdrop-1.jpg?v=1")  # by its position, not by its row
    small, large = serum.variants
    assert (small.price, small.list_price, small.stock) == (Decimal(24), Decimal(30), 41)
    assert small.options == {"size": {"zh": "30 ml", "en": "30 ml"}}
    assert (large.sku, large.stock) == ("DDS 60/REFILL", 0)
    assert [v.sku for v in catalogue["petal-lipstick"].variants] == [
        "Petal Lipstick - Fair / Light / Satin",
        "Petal Lipstick - Deep / Satin",
    ]
    butter = next(p for p in catalogue.values() if p.name.en == "Café Crème Body Butter")
    assert (butter.brand, butter.summary, butter.launched_on) == (None, None, None)
    assert "alert" not in butter.description.en
    assert (butter.variants[0].sku, butter.variants[0].list_price) == ("0042", None)
    assert categories[butter.category_id] == "Bath & Body"  # no type: Shopify's own category
    assert all(variant.stock > 3 for variant in catalogue["gift-card"].variants)  # not counted
    assert "spring-mist" not in catalogue  # a draft
    assert not {"mists", "toners", "no-longer-sold"} & set(categories)
    assert catalogue["travel-pouch"].variants[0].sku == "Travel Pouch"  # its own was another's
    assert any("Oversold variants" in notice for notice in imported.notices)
    assert any("mystery-box" in notice for notice in imported.notices)


def test_shopify_orders_keep_their_history(new_uow: NewUow) -> None:
    take("shopify", new_uow(), US)
    with new_uow() as uow:
        orders = {order.number: order for order in uow.session.scalars(select(Order)).unique()}
        dana = uow.customers.by_email("dana.whitlock@mail.example")
        assert dana is not None
        assert {order.number for order in dana.orders} == {"1001", "1008", "1009"}
        assert (dana.phone, dana.joined_at, dana.tier) == ("+15125550148", None, None)
        noor = uow.session.scalars(select(Customer).where(Customer.email.is_(None))).one()
        assert (noor.phone, noor.addresses[0].postcode) == ("+353851234567", None)
        assert set(orders) == {"1001", "1002", "1003", "1005", "1006", "1007", "1008", "1009"}
        assert orders["1005"].customer is noor
        latest, discounted = orders["1009"], orders["1008"]
        assert latest.total == Decimal("51.42")  # with its tax
        assert [line.variant.product.id for line in latest.lines] == [
            "dewdrop-serum",
            "petal-lipstick",
        ]
        assert latest.placed_at == datetime(2026, 11, 24, 15, 15, 2, tzinfo=UTC)
        assert discounted.subtotal == Decimal("36.00")
        assert discounted.address.city == "Dallas"
        assert not discounted.address.is_default
        gone = orders["1007"].lines[1].variant
        assert (gone.product.name.en, gone.stock, gone.product.sold) == (
            "Discontinued Clay Mask",
            0,
            False,
        )
        assert gone.product_id not in {p.id for p in uow.products.catalogue()}
        assert gone.product_id not in uow.products.offers()
        assert gone.product_id not in uow.products.matching()
        assert orders["1007"].lines[0].variant.product.name.en == "Rose Toner"  # archived
        assert [len(orders[n].lines) for n in ("1001", "1003")] == [3, 1]
        session = open_session(uow, timedelta(hours=1))
        claim = Claim("dana.whitlock@mail.example", postcode="75201")
        assert identify(uow, session.id, claim, Guard(b"key")) is Identification.MATCHED
        session = open_session(uow, timedelta(hours=1))
        claim = Claim(phone="+353851234567", order_number="1005")
        assert identify(uow, session.id, claim, Guard(b"key")) is Identification.MATCHED


@pytest.mark.parametrize("system", ["shopify", "woocommerce"])
def test_again_changes_nothing(new_uow: NewUow, system: str) -> None:
    terms = US if system == "shopify" else DE

    def rows() -> list[tuple[object, ...]]:
        with new_uow() as uow:
            return [
                *uow.session.execute(select(Variant.sku, Variant.stock, Variant.price)),
                *uow.session.execute(select(Customer.email, Customer.phone, Customer.name)),
                *uow.session.execute(select(Order.number, Order.status, Order.total)),
                *uow.session.execute(select(Product.id, Product.sold, Product.category_id)),
            ]

    take(system, new_uow(), terms, dry_run=True)
    assert rows() == []
    take(system, new_uow(), terms)
    before = rows()
    imported = take(system, new_uow(), terms)
    replaced = ("order_lines.csv", "attributes.csv")
    assert sorted(map(str, rows())) == sorted(map(str, before))
    assert all(count.new == 0 for count in imported.counts if count.file not in replaced)


def test_a_product_that_is_sold_again(new_uow: NewUow, tmp_path: Path) -> None:
    take("shopify", new_uow(), US)
    shutil.copy(EXPORTS / "shopify" / "products_export.csv", tmp_path)
    changed(tmp_path, "products_export.csv", "archived", "active")
    changed(tmp_path, "products_export.csv", "30.00", "")
    take("shopify", new_uow(), US, tmp_path)
    with new_uow() as uow:
        assert "rose-toner" in {product.id for product in uow.products.catalogue()}
        serum = uow.products.variant("DDS-30")
        assert serum is not None
        assert serum.list_price is None  # the reduction is over


def test_orders_alone_do_not_rename_customers(new_uow: NewUow) -> None:
    take("shopify", new_uow(), US)
    with new_uow() as uow:
        dana = uow.customers.by_email("dana.whitlock@mail.example")
        assert dana is not None
        dana.name = "Dana W. Whitlock"
        uow.commit()
    take("shopify", new_uow(), US, EXPORTS / "shopify" / "orders_export.csv")
    with new_uow() as uow:
        dana = uow.customers.by_email("dana.whitlock@mail.example")
        assert dana is not None
        assert dana.name == "Dana W. Whitlock"
        assert [a.line for a in dana.addresses if a.is_default] == ["418 Linden Street, Apt 2"]


def test_problems_name_the_exports_own_places(new_uow: NewUow, tmp_path: Path) -> None:
    folder = tmp_path / "shopify"
    shutil.copytree(EXPORTS / "shopify", folder)
    changed(folder, "orders_export.csv", "USD,34.00", "EUR,34.00")
    changed(folder, "products_export.csv", "16.00", "sixteen")
    with pytest.raises(ImportRejected) as caught:
        take("shopify", new_uow(), US, folder)
    assert [problem.split(": ")[0] for problem in caught.value.problems] == [
        "products_export.csv, line 20, column Variant Price",
        "products_export.csv, line 21, column Variant Price",
        "orders_export.csv, line 10, column Currency",
        "orders_export.csv, line 11, column Currency",
    ]
    with new_uow() as uow:
        assert uow.session.scalars(select(Product)).first() is None


def test_a_woocommerce_shop(new_uow: NewUow) -> None:
    imported = take("woocommerce", new_uow(), DE)
    with new_uow() as uow:
        catalogue = {product.id: product for product in uow.products.catalogue()}
        orders = {order.number: order for order in uow.session.scalars(select(Order)).unique()}
        pot = catalogue["teekanne"]
        assert (pot.category.name.en, pot.brand) == ("Kannen", "Tassenwerk")
        assert pot.summary is not None
        assert pot.summary.en == "Gusseisen, 1 Liter"
        assert pot.description.en == "Hält lange warm.\n\n- innen emailliert\n- mit Sieb"
        assert pot.page_url == "https://tasse.example/?p=44"
        assert [(a["key"], a["value"]["en"]) for a in pot.attributes] == [("material", "Gusseisen")]
        black, red = pot.variants
        assert (black.sku, black.price, black.stock) == ("KANNE-S", Decimal("79.90"), 6)
        assert black.options == {"farbe": {"zh": "Schwarz", "en": "Schwarz"}}
        assert (red.sku, red.price, red.list_price, red.stock) == (
            "Teekanne - Rot",
            Decimal("69.90"),
            Decimal("79.90"),
            0,
        )
        sieve = catalogue["teesieb"].variants[0]
        assert (sieve.price, sieve.list_price) == (Decimal("1299.00"), None)  # a sale of 2020
        assert catalogue["tasse"].variants[0].stock > 3  # in stock, not counted
        assert catalogue["loffel-vergoldet"].variants[0].stock == 0
        assert catalogue["tasse-55"].category.name.en == "Tassen, groß"
        assert not {"alte-dose", "teeset", "ohne-preis"} & set(catalogue)
        assert {n: o.status for n, o in orders.items()} == {
            "201": "paid",
            "202": "delivered",
            "203": "refunded",
            "301": "pending_payment",
        }
        assert [line.variant.product.name.en for line in orders["203"].lines] == [
            "Teekanne",
            "Altes Tablett",
        ]
        assert (orders["202"].lines[0].quantity, orders["202"].total) == (3, Decimal("42.40"))
        assert orders["301"].lines[0].quantity == 2
        ida = uow.customers.by_email("ida@post.example")
        guest = uow.customers.by_email("gast@post.example")
        assert ida is not None
        assert guest is not None
        assert (ida.phone, guest.name) == ("+4915123456789", "Gerd Ast")
    assert any("Teeset" in notice for notice in imported.notices)


def test_any_other_system_by_a_mapping(new_uow: NewUow) -> None:
    take_mapped(new_uow(), EXPORTS / "mapped")
    with new_uow() as uow:
        cup = uow.products.get("Tasse")
        assert cup is not None
        assert [(v.sku, v.price, v.stock) for v in cup.variants] == [
            ("T-1", Decimal("12.50"), 4),
            ("T-2", Decimal("12.50"), 0),
        ]
        ida = uow.customers.by_email("ida@post.example")
        assert ida is not None
        assert (ida.name, ida.phone) == ("Ida Born", "+4915123456789")
        order = uow.orders.for_customer(ida.id, "B-1")
        assert order is not None
        assert (order.status, order.subtotal) == ("shipped", Decimal("1336.50"))
        assert [line.quantity for line in order.lines] == [2, 1, 1]
        assert order.placed_at == datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
        otto = uow.session.scalars(select(Customer).where(Customer.email.is_(None))).one()
        assert (otto.name, otto.phone) == ("Otto", "+493641123456")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("orders.csv:", "oders.csv:", "oders.csv: is none of our files"),
        ("postcode: PLZ", "zip: PLZ", "'zip' is none of our columns"),
        ("email: E-Mail", "email: E-mail", "'E-mail' is none of its columns; perhaps E-Mail"),
        ("from: kunden.csv", "from: leute.csv", "'leute.csv' is none of the files given"),
        ("decimal: comma", "decimal: komma", "decimal: Input should be 'point' or 'comma'"),
        ("{constant: DE}", "{constant: DE, column: Ort}", "give either column or constant"),
        ("files:", "sheets:", "files: Field required"),
        ("otherwise: paid", "otherwise: lost", "write one of pending_payment, paid"),
    ],
)
def test_a_mapping_that_does_not_fit(
    new_uow: NewUow, tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "mapped"
    shutil.copytree(EXPORTS / "mapped", folder)
    changed(folder, "mapping.yaml", old, new)
    with pytest.raises(ImportRejected) as caught:
        take_mapped(new_uow(), folder)
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


def test_the_command(database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "shop.yaml").write_text(
        "name: Own\nlanguages: [en]\ncountry: US\ncurrency: USD\ntimezone: America/Chicago\n"
    )
    arguments = ["--shop", str(tmp_path), "--database", database]
    shopify = str(EXPORTS / "shopify")
    assert main(["shopify", shopify, *arguments, "--dry-run"]) == 0
    assert "Dry run: nothing was stored." in capsys.readouterr().out
    assert main(["shopify", shopify, *arguments]) == 0
    said = capsys.readouterr().out
    assert "orders.csv: 8 rows\n" in said
    assert "Note: Oversold variants, whose stock is taken as 0: 1 (DDS 60/REFILL).\n" in said
    for wrong, what in (
        (["shopify"], "Name the files that shopify exported"),
        (["shopify", "nowhere"], "nowhere does not exist"),
        (["woocommerce", shopify], "is an export of woocommerce"),
        ([shopify, shopify], "before an export write shopify or woocommerce"),
        ([shopify], "`shopguide import shopify"),
        (["events"], "Name one file behind events"),
    ):
        assert main([*wrong, *arguments]) == 1
        assert what in capsys.readouterr().err


def test_a_shop_without_an_identity(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(tmp_path), "--shop", str(tmp_path), "--database", database]
    assert main(arguments) == 1
    assert "shop.yaml cannot be read" in capsys.readouterr().err
    (tmp_path / "shop.yaml").write_text("currency: USD\n")
    assert main(arguments) == 1
    assert "country is missing" in capsys.readouterr().err


def test_many_orders(new_uow: NewUow, tmp_path: Path) -> None:
    """Each with its customer: nothing grows with the square of the file."""
    with (EXPORTS / "shopify" / "orders_export.csv").open(encoding="utf-8", newline="") as file:
        first, *_ = csv.DictReader(file)
    with (tmp_path / "orders_export.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        for number in range(300):
            writer.writerow({**first, "Name": f"#{number:05}", "Email": f"c{number}@mail.example"})
    imported = take("shopify", new_uow(), replace(US), tmp_path)
    assert [count.new for count in imported.counts] == [300, 300, 300]
