"""A shop's own files: taken over whole, or refused with every reason."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from data import consent
from data.access import Claim, Identification, identify, open_session, order_for_session
from data.attempts import Guard
from data.database import create_engine, session_factory
from data.errors import ImportRejected
from data.importer import Count, Terms, import_folder
from data.importer.__main__ import main
from data.importer.tables import UNCOUNTED, tables
from data.models import (
    Address,
    Category,
    Customer,
    Localized,
    Order,
    OrderLine,
    PaymentMethod,
    Product,
    Review,
)
from data.unit_of_work import UnitOfWork

TERMS = Terms("CNY", "CN", ZoneInfo("Asia/Shanghai"), ("zh", "en"))
FILES = {
    "categories.csv": (
        "id,name_zh,name_en,aliases_zh,aliases_en\ntents,帐篷,Tents,帐篷|露营帐,tent\n"
    ),
    "products.csv": (
        "id,category,brand,name_zh,name_en,summary_en,description_zh,care_zh,tags,launched_on,"
        "return_class,warranty_months\n"
        'ridge,tents,Spruce,岭线帐,Ridge Tent,Light,"两门，两前厅。\n\n抗风。",晾干,light|gift,'
        "2024/3/1,clearance,24\n"
    ),
    "attributes.csv": (
        "product,key,name_zh,name_en,value_zh,value_en,number,unit\n"
        "ridge,weight,重量,Weight,1.85 公斤,1.85 kg,1850,g\n"
        "ridge,colour,颜色,Colour,绿,green,,\n"
    ),
    "variants.csv": (
        "sku,product,price,list_price,currency,stock,option_color_zh,option_color_en,option_size_en\n"
        'RIDGE-G,ridge,"1,299.00",1499,CNY,5,松绿,pine,L\n'
        "RIDGE-S,ridge,¥899.5,,CNY,0,沙色,,\n"
    ),
    "customers.csv": (
        "email,name,phone,language,tier,joined_at,personalised,recipient,line,city,province,postcode\n"
        "Wang@Example.com,王芳,,zh,gold,2025/1/2 9:05,否,王芳,中山路 2 号,南京,江苏,２１００００\n"
        "ann@example.com,Ann,,en,,2025-01-02T09:05+00:00,,Ann,1 High St,Shanghai,Shanghai,200000\n"
    ),
    "orders.csv": (
        "number,email,status,placed_at,currency,discount,delivery_fee,payment_kind,payment_label,"
        "carrier_zh,tracking_number,shipped_at,expected_on,delivered_at\n"
        "a-1001,wang@example.com,delivered,2026-11-01 10:00,CNY,100,8,card,Visa •••• 4242,"
        "顺丰速运,SF1,2026-11-01 18:00,2026-11-03,2026-11-03 11:00\n"
        "A-1002,ann@example.com,paid,2026-11-20 10:00,CNY,,0,card,Visa •••• 1111,,,,,\n"
    ),
    "order_lines.csv": (
        "order,sku,quantity,unit_price\nA-1001,RIDGE-G,1,1299\nA-1001,RIDGE-S,2,899.50\n"
        "A-1002,RIDGE-S,1,899.50\n"
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def uow(sqlite_template: Path, tmp_path: Path) -> Iterator[UnitOfWork]:
    """On SQLite alone, for what comes before the database."""
    shutil.copy(sqlite_template, tmp_path / "shop.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    yield UnitOfWork(session_factory(engine))
    engine.dispose()


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def rejected(folder: Path, uow) -> list[str]:
    with pytest.raises(ImportRejected) as caught:
        import_folder(folder, uow, terms=TERMS)
    assert str(caught.value).endswith("Nothing was stored.")
    with uow:
        assert rows(uow) == {}
    return caught.value.problems


def rows(uow) -> dict[str, int]:
    """How many rows each table has, without the empty ones."""
    counted = {
        model.__tablename__: uow.session.scalar(select(func.count()).select_from(model))
        for model in (Category, Product, Customer, Address, PaymentMethod, Order, OrderLine)
    }
    return {name: count for name, count in counted.items() if count}


def test_everything_is_taken_over(folder, new_uow):
    imported = import_folder(folder, new_uow(), terms=TERMS)
    assert Count("variants.csv", 2, 0) in imported.counts
    with new_uow() as uow:
        product = uow.products.get("ridge")
        wang = uow.customers.by_email("wang@example.com")
        ann = uow.customers.by_email("ann@example.com")
        order = uow.orders.for_customer(wang.id, "a-1001")
        plain = uow.orders.for_customer(ann.id, "A-1002")
        labels = uow.session.scalars(select(PaymentMethod.label)).all()
    assert product.category.aliases == {"zh": ["帐篷", "露营帐"], "en": ["tent"]}
    assert product.name["en"] == "Ridge Tent"
    assert product.summary["zh"] == "Light"  # the other language stands in
    assert product.description["en"] == "两门，两前厅。\n\n抗风。"
    assert (product.tags, product.return_class) == (["light", "gift"], "clearance")
    assert (product.warranty_months, product.min_age, product.sizing) == (24, None, None)
    assert product.launched_on.isoformat() == "2024-03-01"
    assert product.attributes == [
        {
            "key": "weight",
            "name": {"zh": "重量", "en": "Weight"},
            "value": {"zh": "1.85 公斤", "en": "1.85 kg"},
            "number": 1850,
            "unit": "g",
        },
        {
            "key": "colour",
            "name": {"zh": "颜色", "en": "Colour"},
            "value": {"zh": "绿", "en": "green"},
        },
    ]
    green, sand = product.variants
    assert (green.price, green.list_price, green.stock) == (Decimal(1299), Decimal(1499), 5)
    assert green.options == {"color": {"zh": "松绿", "en": "pine"}, "size": {"zh": "L", "en": "L"}}
    assert sand.options == {"color": {"zh": "沙色", "en": "沙色"}}
    assert (sand.price, sand.list_price) == (Decimal("899.50"), None)
    assert (wang.tier, wang.personalised, wang.phone) == ("gold", False, None)
    assert wang.joined_at.isoformat() == "2025-01-02T01:05:00+00:00"
    assert wang.addresses[0].postcode == "210000"
    assert (ann.tier, ann.personalised, ann.language) == (None, True, "en")
    assert ann.joined_at.isoformat() == "2025-01-02T09:05:00+00:00"
    assert order.subtotal == Decimal("2998.00")
    assert order.total == Decimal("3006.00")
    assert order.delivery_method is None
    assert len(order.lines) == 2
    assert order.shipments[0].carrier["en"] == "顺丰速运"
    assert order.shipments[0].delivered_at.isoformat() == "2026-11-03T03:00:00+00:00"
    assert plain.shipments == []
    assert sorted(labels) == ["Visa •••• 1111", "Visa •••• 4242"]


def test_its_customers_can_identify_themselves(folder, new_uow):
    import_folder(folder, new_uow(), terms=TERMS)
    with new_uow() as uow:
        session = open_session(uow, timedelta(hours=1))
        claim = Claim("wang@example.com", postcode="210000")
        answer = identify(uow, session.id, claim, Guard(b"key"))
        assert answer is Identification.MATCHED
        assert order_for_session(uow, session.id, "a-1001").number == "A-1001"
        assert order_for_session(uow, session.id, "A-1002") is None


def test_again_changes_nothing(folder, new_uow):
    import_folder(folder, new_uow(), terms=TERMS)
    with new_uow() as uow:
        before = rows(uow)
    imported = import_folder(folder, new_uow(), terms=TERMS)
    assert Count("products.csv", 0, 1) in imported.counts
    with new_uow() as uow:
        assert rows(uow) == before


def test_updates_by_key(folder, new_uow):
    import_folder(folder, new_uow(), terms=TERMS)
    for name in FILES:
        if name not in ("variants.csv", "customers.csv", "orders.csv", "order_lines.csv"):
            (folder / name).unlink()
    change(folder, "variants.csv", "RIDGE-S,ridge,¥899.5,,CNY,0", "RIDGE-S,ridge,799,899.5,CNY,7")
    change(folder, "customers.csv", "中山路 2 号", "中山路 3 号")
    (folder / "orders.csv").write_text(
        "number,email,status,placed_at,currency,delivery_fee\n"
        "A-1001,wang@example.com,return_requested,2026-11-01 10:00,CNY,8\n"
    )
    (folder / "order_lines.csv").write_text(
        "order,sku,quantity,unit_price\nA-1001,RIDGE-G,1,1299\n"
    )
    import_folder(folder, new_uow(), terms=TERMS)
    with new_uow() as uow:
        variant = uow.products.variant("RIDGE-S")
        wang = uow.customers.by_email("wang@example.com")
        order = uow.orders.for_customer(wang.id, "A-1001")
        assert uow.products.get("ridge").tags == ["light", "gift"]
    assert (variant.price, variant.list_price, variant.stock) == (
        Decimal(799),
        Decimal("899.50"),
        7,
    )
    assert {(a.line, a.is_default) for a in wang.addresses} == {
        ("中山路 2 号", False),
        ("中山路 3 号", True),
    }
    assert order.address.line == "中山路 2 号"
    assert (order.status, order.total, len(order.lines)) == ("return_requested", Decimal(1307), 1)
    assert len(order.shipments) == 1  # columns left out keep what was there


def own_files(folder: Path, **files: str) -> None:
    """Only these files, by name."""
    for path in folder.iterdir():
        path.unlink()
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def test_an_empty_cell_changes_nothing_and_a_dash_empties(folder, new_uow):
    import_folder(folder, new_uow(), terms=TERMS)
    own_files(
        folder,
        products="id,brand,warranty_months,care,summary_en\nridge,-,,-,\n",
        variants="sku,list_price,stock\nRIDGE-G,-,\n",
        customers="email,tier,phone\nwang@example.com,,138 0013 8000\n",
        orders="number,status\nA-1001,return_requested\n",
    )
    import_folder(folder, new_uow(), terms=TERMS)
    with new_uow() as uow:
        product = uow.products.get("ridge")
        wang = uow.customers.by_email("wang@example.com")
        order = uow.orders.for_customer(wang.id, "A-1001")
        green = product.variants[0]
    assert (product.brand, product.care, product.warranty_months) == (None, None, 24)
    assert product.summary["en"] == "Light"
    assert (green.list_price, green.stock, green.price) == (None, 5, Decimal(1299))
    assert (wang.tier, wang.phone, wang.name) == ("gold", "+8613800138000", "王芳")
    assert [a.line for a in wang.addresses] == ["中山路 2 号"]
    assert (order.status, order.total, len(order.lines)) == (
        "return_requested",
        Decimal("3006.00"),
        2,
    )


def test_a_shop_with_one_language_and_little_to_say(folder, new_uow):
    """No brand, no care, no day, no address; customers with telephone numbers alone."""
    own_files(
        folder,
        categories="id,name,aliases\nphones,手机,智能机|话机\n",
        products="id,category,name,page_url,picture_url\n"
        "x5,phones,衡川 X5,https://s.example/x5,https://s.example/x5.jpg\n",
        variants="sku,product,price,stock,option_memory,option_机身 颜色\n"
        "X5/256 黑,x5,4299,-2,12+256GB,曜石黑\nX5/256 白,x5,4299,,12+256GB,雪原白\n",
        customers="phone,name\n19900001203,胡静怡\n",
        orders="number,phone,status,placed_at,total\n"
        "332605180071854001332605180071854001,+86 199 0000 1203,paid,2026-11-20 10:00,4200\n",
        order_lines="order,sku,quantity,unit_price,name\n"
        "332605180071854001332605180071854001,X5/256 黑,1,4299,\n"
        "332605180071854001332605180071854001,K1,1,9.90,旧充电器\n",
    )
    imported = import_folder(folder, new_uow(), terms=TERMS)
    assert imported.notices == [
        "Oversold variants, whose stock is taken as 0: 1 (X5/256 黑).",
        "Articles of orders that are in no catalogue, kept as no longer sold: 1 (旧充电器).",
    ]
    with new_uow() as uow:
        (product,) = uow.products.catalogue()
        customer = uow.session.scalars(select(Customer)).one()
        order = uow.orders.for_customer(customer.id, "332605180071854001332605180071854001")
        assert [c.id for c in uow.products.categories()] == ["phones"]
        assert [line.variant.product.name["zh"] for line in order.lines] == [
            "衡川 X5",
            "旧充电器",
        ]
    assert product.name == Localized(zh="衡川 X5", en="衡川 X5")
    assert product.category.aliases == {"zh": ["智能机", "话机"], "en": ["智能机", "话机"]}
    assert (product.brand, product.summary, product.care) == (None, None, None)
    assert (product.page_url, product.picture_url) == (
        "https://s.example/x5",
        "https://s.example/x5.jpg",
    )
    black, white = product.variants
    assert black.options["机身 颜色"] == {"zh": "曜石黑", "en": "曜石黑"}
    assert (black.stock, white.stock) == (0, UNCOUNTED)
    assert (customer.email, customer.phone, customer.tier) == (None, "+8619900001203", None)
    assert (order.total, order.delivery_fee) == (Decimal(4200), Decimal(0))
    assert order.address.postcode is None


def test_customers_who_share_a_telephone(folder, new_uow):
    customers = "email,phone,name\na@example.com,13800138000,A\nb@example.com,13800138000,B\n"
    own_files(folder, customers=customers)
    import_folder(folder, new_uow(), terms=TERMS)
    own_files(folder, customers="phone,name\n13800138000,C\n")
    with pytest.raises(ImportRejected, match="is the number of several customers"):
        import_folder(folder, new_uow(), terms=TERMS)


def test_somebody_known_by_a_number_gets_an_address(folder, new_uow):
    own_files(folder, customers="phone,name\n13800138000,A\n")
    import_folder(folder, new_uow(), terms=TERMS)
    own_files(folder, customers="phone,name,email\n13800138000,A,a@example.com\n")
    import_folder(folder, new_uow(), terms=TERMS)
    with new_uow() as uow:
        customer = uow.session.scalars(select(Customer)).one()
        assert (customer.email, customer.phone) == ("a@example.com", "+8613800138000")


def test_a_dry_run_stores_nothing(folder, new_uow):
    imported = import_folder(folder, new_uow(), terms=TERMS, dry_run=True)
    assert Count("orders.csv", 2, 0) in imported.counts
    with new_uow() as uow:
        assert rows(uow) == {}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write(folder, uow, encoding, delimiter):
    for path in folder.iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            records = list(csv.reader(file))
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter=delimiter).writerows(records)  # \r\n at the ends
    change_encoding = (folder / "customers.csv").read_text(encoding=encoding)
    assert "王芳" in change_encoding
    import_folder(folder, uow, terms=TERMS)
    with uow:
        assert uow.customers.by_email("wang@example.com").name == "王芳"
        assert uow.products.variant("RIDGE-G").price == Decimal(1299)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "customers.csv",
            "ann@example.com",
            "ann.example.com",
            "customers.csv, line 3, column email: 'ann.example.com' is not an e-mail address; "
            "write name@example.com.",
        ),
        (
            "customers.csv",
            "2025/1/2 9:05",
            "yesterday",
            "customers.csv, line 2, column joined_at: 'yesterday' is not a time",
        ),
        ("customers.csv", "gold", "our best", "column tier: 'our best' is not an id"),
        ("customers.csv", "否", "perhaps", "column personalised: 'perhaps' is neither"),
        ("customers.csv", "王芳,", ",", "line 2, column name: is empty, and a new row needs it"),
        ("customers.csv", "２１００００", "21", "column postcode: '21' is not a postcode"),
        ("customers.csv", "ann@example.com", "WANG@example.com", "stands on line 2 already"),
        ("customers.csv", "王芳", "王\0芳", "holds a NUL character"),
        ("customers.csv", "王芳", "芳" * 81, "has 81 characters; 80 fit"),
        ("customers.csv", "personalised", "personalized", "perhaps personalised is meant"),
        ("customers.csv", ",phone", ",", "the 3. column has no name"),
        ("customers.csv", ",phone", ",EMAIL", "line 1, column EMAIL: stands twice"),
        ("customers.csv", "email,", "mail,", "'mail' is not a column of this file; perhaps email"),
        ("customers.csv", "ann@example.com", "", "is empty, and so is phone; one of the two"),
        ("customers.csv", "ann@example.com,Ann,", ",Ann,12", "'12' is not a telephone number"),
        ("customers.csv", "Ann,1 High St", "Ann,1, High St", "line 3: has 13 cells where"),
        ("customers.csv", "Ann,1 High St", 'Ann,"1 High St', "line 3: is not CSV from here on"),
        ("variants.csv", "¥899.5", "899.555", "'899.555' could be 899.555 or 899555; say which"),
        ("variants.csv", "¥899.5", "899.5555", "'899.5555' is not an amount in CNY"),
        ("variants.csv", "¥899.5", "€899.5", "'€899.5' is not an amount in CNY"),
        ("variants.csv", "¥899.5", "-1", "'-1' is not an amount"),
        ("variants.csv", "¥899.5", "1e3", "'1e3' is not an amount"),
        ("variants.csv", "CNY,5", "CNY,lots", "column stock: 'lots' is not a whole number"),
        ("variants.csv", "CNY,5", "CNY,99999999999", "is not a whole number"),
        ("variants.csv", "CNY,5", "EUR,5", "'EUR' is not the shop's currency, which is CNY"),
        (
            "variants.csv",
            "RIDGE-S,ridge",
            "RIDGE-S,rigde",
            "column product: 'rigde' stands neither",
        ),
        ("products.csv", "ridge,tents", "ridge,boats", "column category: 'boats' stands neither"),
        ("products.csv", "ridge,tents", "my ridge,tents", "column id: 'my ridge' is not an id"),
        ("products.csv", "2024/3/1", "2024/13/1", "'2024/13/1' is not a day"),
        ("products.csv", "2024/3/1", "3/4/2024", "could be 2024-03-04 or 2024-04-03; say which"),
        ("products.csv", "岭线帐,Ridge Tent", ",", "is empty; fill name or name_zh or name_en"),
        ("products.csv", "name_zh,name_en", "min_age,brand", "column brand: stands twice"),
        ("products.csv", "name_zh,name_en", "summary_zh,sizing_en", "column name_zh: is missing"),
        ("orders.csv", "a-1001,wang", "a-1001,wong", "column email: 'wong@example.com' stands"),
        ("orders.csv", "CNY,100,8", "CNY,9999,8", "is more than the lines come to (3098.00)"),
        ("orders.csv", "SF1,2026-11-01 18:00", "SF1,", "column shipped_at: is needed where"),
        ("orders.csv", "2026-11-03 11:00", "2026-10-03 11:00", "comes before shipped_at"),
        ("orders.csv", "•••• 4242", "4111 1111 1111 4242", "holds a whole card number"),
        ("orders.csv", "delivered,", "lost,", "write one of pending_payment, paid"),
        ("order_lines.csv", "A-1002", "A-1003", "'A-1002' has no row in order_lines.csv"),
        ("order_lines.csv", "RIDGE-S,2", "RIDGE-S,0", "is not a whole number from 1 on"),
        ("order_lines.csv", "RIDGE-S,2", "RIDGE-X,2", "column sku: 'RIDGE-X' stands neither"),
        (
            "order_lines.csv",
            "RIDGE-S,2,899.50",
            "RIDGE-G,2,1299.00",
            "'A-1001 RIDGE-G 1299.00' stands on line 2 already",
        ),
        ("attributes.csv", "1850", "heavy", "column number: 'heavy' is not a number"),
    ],
)
def test_problems_name_the_place(folder, uow, file, old, new, said):
    change(folder, file, old, new)
    problems = rejected(folder, uow)
    assert any(said in problem for problem in problems), problems
    assert all(problem.startswith(tuple(FILES)) for problem in problems)


def test_an_unknown_order_of_a_line(folder, uow):
    with (folder / "order_lines.csv").open("a") as file:
        file.write("A-9,RIDGE-G,1,1299\n")
    assert rejected(folder, uow) == [
        "order_lines.csv, line 5, column order: 'A-9' does not stand in orders.csv."
    ]


def test_all_problems_at_once_and_none_that_follow_from_others(folder, uow):
    change(folder, "categories.csv", "tents,", "t ents,")
    change(folder, "products.csv", "2024/3/1", "soon")
    change(folder, "customers.csv", "gold", "our best")
    change(folder, "variants.csv", "CNY,5", "CNY,lots")
    change(folder, "order_lines.csv", "RIDGE-S,1,899.50", "RIDGE-S,1,899.505")
    problems = rejected(folder, uow)
    assert [problem.split(":")[0] for problem in problems] == [
        "categories.csv, line 2, column id",
        "products.csv, line 2, column launched_on",
        "variants.csv, line 2, column stock",
        "customers.csv, line 2, column tier",
        "order_lines.csv, line 4, column unit_price",
    ]


def test_a_hundred_problems_are_told_and_the_rest_counted(folder, uow):
    with (folder / "customers.csv").open("a", encoding="utf-8") as file:
        for number in range(130):
            file.write(f"nobody{number},N,,,,2025-01-02,,N,S,C,P,100000\n")
    with pytest.raises(ImportRejected) as caught:
        import_folder(folder, uow, terms=TERMS)
    assert len(caught.value.problems) == 100
    assert "… and 30 more." in str(caught.value)
    assert "line 103, column email" in str(caught.value)


def test_lines_are_counted_as_an_editor_does(folder, uow):
    """A cell with line breaks takes several lines; blank lines count."""
    text = (folder / "products.csv").read_text(encoding="utf-8")
    second = text.split("\n", 1)[1].replace("ridge,", "dome,").replace("2024/3/1", "soon")
    (folder / "products.csv").write_text(f"{text}\n{second}", encoding="utf-8")
    assert rejected(folder, uow)[0].startswith("products.csv, line 6, column launched_on")


def test_a_product_without_a_variant(folder, uow):
    text = (folder / "products.csv").read_text(encoding="utf-8")
    second = text.split("\n", 1)[1].replace("ridge,", "dome,")
    (folder / "products.csv").write_text(text + second, encoding="utf-8")
    assert rejected(folder, uow) == ["variants.csv, column product: no row for the product 'dome'."]


def test_an_order_never_changes_its_customer(folder, new_uow):
    import_folder(folder, new_uow(), terms=TERMS)
    change(folder, "orders.csv", "a-1001,wang", "a-1001,ann")
    with pytest.raises(ImportRejected, match="another customer's order already"):
        import_folder(folder, new_uow(), terms=TERMS)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("id,name_zh\n".encode("utf-16"), "is UTF-16; save it as"),
        (b"id,name_zh\ntents,\xff\xff\n", "line 2: is neither UTF-8 nor GB 18030"),
        (b"", "line 1, column id: is missing"),
    ],
)
def test_unreadable_files(folder, uow, raw, said):
    (folder / "categories.csv").write_bytes(raw)
    assert any(said in problem for problem in rejected(folder, uow))


def test_no_files(tmp_path, uow):
    assert "holds none of categories.csv" in rejected(tmp_path, uow)[0]
    assert "is not a folder" in rejected(tmp_path / "missing", uow)[0]


def test_a_failure_midway_stores_nothing(folder, new_uow):
    """The last file is wrong: what the others had flushed is rolled back."""
    change(folder, "order_lines.csv", "A-1002,RIDGE-S", "A-1002,RIDGE-X")
    rejected(folder, new_uow())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with what an import reads of it."""
    identity = (
        "name: Own\nlanguages: [zh, en]\ncountry: CN\ncurrency: CNY\ntimezone: Asia/Shanghai\n"
    )
    (tmp_path / "shop.yaml").write_text(identity)
    return tmp_path


def test_the_command(folder, shop, database, capsys):
    arguments = [str(folder), "--database", database, "--shop", str(shop)]
    assert main([*arguments, "--dry-run"]) == 0
    assert "Dry run: nothing was stored." in capsys.readouterr().out
    assert main(arguments) == 0
    assert "customers.csv: 2 rows\n" in capsys.readouterr().out
    assert main(arguments) == 0
    assert "customers.csv: 0 new, 2 updated\n" in capsys.readouterr().out
    change(folder, "customers.csv", "gold", "our best")
    assert main(arguments) == 1
    assert "customers.csv, line 2, column tier" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, "--dates", "DD/YYYY"])


def test_the_documentation_has_the_same_columns():
    text = (Path(__file__).parents[2] / "docs/import.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (\S+\.csv)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    known = tables(TERMS)
    assert list(sections) == [table.file for table in known]
    for table in known:
        cells = [
            (name.strip(), "●" in line.split("|")[2])
            for line in sections[table.file].splitlines()
            if line.startswith("| ") and not line.startswith("| column")
            for name in line.split("|")[1].split(",")
            if not name.strip().startswith("option_") and "…" not in name
        ]
        assert [name for name, _ in cells] == table.names
        required = [
            name
            for column in table.columns
            if column.required
            for name in getattr(column, "columns", (column.name,))
        ]
        assert [name for name, marked in cells if marked] == required


REVIEWS = (
    "id,product,sku,email,rating,text,written_at\n"
    "r1,ridge,RIDGE-G,wang@example.com,2,拉链第二次就卡住了。,2026-11-02 09:00\n"
    "r2,ridge,,nobody@example.com,5,Light and dry.,2026-11-03 09:00\n"
    "r3,ridge,,,4,,2026-11-04\n"
)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_reviews_are_taken_over_with_or_without_a_known_writer(folder, uow, form):
    import_folder(folder, uow, terms=TERMS)
    file = only(folder, "reviews.csv", REVIEWS)
    if form == "jsonl":
        rows = list(csv.DictReader(io.StringIO(REVIEWS)))
        rows[0]["rating"] = 2  # numbers may be numbers
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (file / "reviews.csv").unlink()
        (file / "reviews.jsonl").write_text(lines, encoding="utf-8")
    for new in (3, 0):  # again, and they are known
        found = import_folder(file, uow, terms=TERMS)
        assert found.counts == [Count("reviews.csv", new, 3 - new)]
    with uow:
        reviews = uow.session.scalars(select(Review).order_by(Review.key)).all()
        assert [(r.rating, r.sku, r.customer and r.customer.email) for r in reviews] == [
            (2, "RIDGE-G", "wang@example.com"), (5, None, None), (4, None, None),
        ]  # fmt: skip
        assert [review.text for review in reviews] == ["拉链第二次就卡住了。", "Light and dry.", ""]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("r2,ridge", "r2,rigde"), "line 3, column product"),
        (("RIDGE-G", "RIDGE-X"), "line 2, column sku"),
        ((",2,拉链", ",6,拉链"), "line 2, column rating"),
        (("2026-11-04", "2999-11-04"), "line 4, column written_at"),
    ],
)
def test_one_wrong_review_and_none_is_stored(folder, uow, change, place):
    import_folder(folder, uow, terms=TERMS)
    with pytest.raises(ImportRejected, match=place):
        import_folder(only(folder, "reviews.csv", REVIEWS.replace(*change)), uow, terms=TERMS)
    with uow:
        assert not uow.session.scalar(select(func.count()).select_from(Review))


def only(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    """A folder beside it with one file."""
    other = folder.with_name("only")
    shutil.rmtree(other, ignore_errors=True)
    other.mkdir()
    (other / name).write_text(text, encoding=encoding)
    return other


@pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
def test_another_encoding_is_refused_or_named(folder, uow, encoding):
    name = {"big5": "馬克杯與保溫瓶", "shift_jis": "マグカップ"}[encoding]
    other = only(folder, "categories.csv", f"id,name\nmugs,{name}\n", encoding)
    with pytest.raises(ImportRejected) as caught:
        import_folder(other, uow, terms=TERMS)
    assert caught.value.problems[0].startswith("categories.csv: is not UTF-8, and makes no sense")
    import_folder(other, uow, terms=replace(TERMS, encoding=encoding))
    with uow:
        assert uow.session.get(Category, "mugs").name.zh == name


def test_korean_is_refused(folder, uow):
    other = only(folder, "categories.csv", "id,name\nmugs,머그컵과 보온병 그리고 텐트\n", "euc_kr")
    with pytest.raises(ImportRejected):
        import_folder(other, uow, terms=TERMS)


def test_chinese_of_old_spreadsheets_is_read_and_told(folder, uow):
    other = only(folder, "categories.csv", "id,name\nmugs,马克杯与保温瓶\n", "gb18030")
    imported = import_folder(other, uow, terms=TERMS)
    assert imported.notices == [
        "Files that are not UTF-8, read as Chinese in GB 18030: 1 (categories.csv)."
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026/11/20", "2096/11/20", "is still to come"),
        ("2026-11-02", "2026-10-02", "comes before"),
    ],
)
def test_times_that_cannot_be(folder, uow, old, new, said):
    number = "SP20417388"
    (folder / "orders.csv").write_text(
        "number,email,status,placed_at,carrier,tracking_number,shipped_at,expected_on,delivered_at\n"
        f"{number},ann@example.com,delivered,2026-11-01 09:00,SF,SF1,2026-11-02 09:00,2026-11-05,"
        "2026/11/20 09:00\n",
        encoding="utf-8",
    )
    (folder / "order_lines.csv").write_text(
        f"order,sku,quantity,unit_price\n{number},RIDGE-G,1,899\n", encoding="utf-8"
    )
    change(folder, "orders.csv", old, new)
    assert any(said in problem for problem in rejected(folder, uow))


def test_a_delivery_without_its_day_is_told(folder, uow):
    (folder / "orders.csv").write_text(
        "number,email,status,placed_at\nSP1,ann@example.com,delivered,2026-11-01\n", "utf-8"
    )
    (folder / "order_lines.csv").write_text(
        "order,sku,quantity,unit_price\nSP1,RIDGE-G,1,899\n", "utf-8"
    )
    imported = import_folder(folder, uow, terms=TERMS)
    assert any("without delivered_at" in notice for notice in imported.notices)


def test_keys_that_differ_in_capitals_are_the_same(folder, uow):
    variants = folder / "variants.csv"
    both = f"{variants.read_text(encoding='utf-8')}ridge-g,ridge,899,,CNY,1,,,\n"
    kept = variants.read_text(encoding="utf-8")
    variants.write_text(both, encoding="utf-8")
    assert "'ridge-g' differs from line 2 in capitals only" in rejected(folder, uow)[0]
    variants.write_text(kept, encoding="utf-8")
    import_folder(folder, uow, terms=TERMS)
    for name, text in (
        ("variants.csv", "sku,product,price,currency,stock\nridge-g,ridge,899,CNY,5\n"),
        ("products.csv", "id,category\nridge,Tents\n"),
        ("variants.csv", "sku,product,price\nRIDGE-G,Ridge,899\n"),
    ):
        with pytest.raises(ImportRejected, match="write capitals as they are there"):
            import_folder(only(folder, name, text), uow, terms=TERMS)


def test_what_a_file_leaves_out_stays(folder, uow):
    import_folder(folder, uow, terms=TERMS)
    prices = "sku,product,price\nRIDGE-S,ridge,799\n"
    import_folder(only(folder, "variants.csv", prices), uow, terms=TERMS)
    size = "sku,option_size_en\nRIDGE-G,XL\n"
    import_folder(only(folder, "variants.csv", size), uow, terms=TERMS)
    name = "id,name_zh\ntents,大帐篷\n"
    import_folder(only(folder, "categories.csv", name), uow, terms=TERMS)
    with uow:
        green, sand = uow.session.get(Product, "ridge").variants
        assert (green.sku, sand.sku, sand.position) == ("RIDGE-G", "RIDGE-S", 1)
        assert (sand.price, sand.options["color"]["zh"]) == (Decimal(799), "沙色")
        assert green.options["color"] == {"zh": "松绿", "en": "pine"}
        assert green.options["size"]["en"] == "XL"
        assert uow.session.get(Category, "tents").name == Localized(zh="大帐篷", en="Tents")


def test_what_a_customer_said_goes_before_the_file(folder, uow):
    import_folder(folder, uow, terms=TERMS)
    with uow:
        ann = uow.customers.by_email("ann@example.com")
        wang = uow.customers.by_email("wang@example.com")
        assert (ann.personalised, wang.personalised) == (True, False)
        consent.say(uow, ann, allowed=True, at=ann.joined_at)
        uow.commit()
    said = "email,personalised\nann@example.com,no\nwang@example.com,yes\n"
    imported = import_folder(only(folder, "customers.csv", said), uow, terms=TERMS)
    assert "Customers of whom the file says otherwise" in imported.notices[0]
    with uow:
        # Her own yes; and a no, whoever said it.
        assert uow.customers.by_email("ann@example.com").personalised
        assert not uow.customers.by_email("wang@example.com").personalised


def test_the_shop_may_switch_off_what_nobody_spoke_of(folder, uow):
    import_folder(folder, uow, terms=TERMS)
    said = "email,personalised\nann@example.com,no\n"
    import_folder(only(folder, "customers.csv", said), uow, terms=TERMS)
    with uow:
        assert not uow.customers.by_email("ann@example.com").personalised
