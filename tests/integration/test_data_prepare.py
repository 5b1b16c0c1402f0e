"""Making a shop's database ready, once and again."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_rows import NOW, customer, fill, order, product, variant
from sqlalchemy import func, select

from data import migrations
from data.database import check, create_engine, session_factory
from data.errors import DatabaseUnavailable
from data.models import Base, Category, Customer, Localized, Order, Product
from data.prepare import load_of, main, prepare


def small_shop(session, *, progress):
    progress("catalogue", 0.5)
    text = Localized(zh="帐篷", en="Tents")
    session.add(Category(id="tents", name=text, aliases={"zh": [], "en": []}))
    session.flush()
    lin = customer("lin@example.com", "林悦", "310000")
    session.add_all([product("ridge", "tents", [variant("R-1", "899.00", 3)]), lin])
    session.flush()
    session.add(order("SP10000001", lin, NOW, [("R-1", 1, "899.00")]))


def interrupted_shop(session, *, progress):
    small_shop(session, progress=progress)
    session.flush()
    raise KeyboardInterrupt


def count(url, model):
    engine = create_engine(url)
    with session_factory(engine)() as session:
        number = session.scalar(select(func.count()).select_from(model))
    engine.dispose()
    return number


def test_from_nothing(empty_database):
    told = []
    prepare(empty_database, tell=told.append, load=small_shop, name="Demo shop")
    assert count(empty_database, Order) == 1
    assert told == [
        f"Database: migrating from empty to version {migrations.head()} …",
        "Demo shop:  50% catalogue …",
        "Demo shop: 1 products, 1 customers, 1 orders, 0 reviews.",
    ]


def test_a_shop_brings_its_catalogue_along(empty_database, capsys):
    shop = Path(__file__).parents[1] / "shops" / "electronics"
    assert main(["--database", empty_database, "--shop", str(shop)]) == 0
    assert count(empty_database, Product) == 23
    assert "Shop: 23 products, 7 customers, 14 orders" in capsys.readouterr().err
    assert main(["--database", empty_database, "--shop", str(shop)]) == 0
    assert "nothing is loaded" in capsys.readouterr().err


def test_a_shop_without_files_stays_empty(empty_database, tmp_path):
    assert main(["--database", empty_database, "--shop", str(tmp_path)]) == 0
    assert count(empty_database, Product) == 0


def test_again_does_nothing(empty_database):
    prepare(empty_database, load=small_shop)
    told = []
    prepare(empty_database, tell=told.append, load=small_shop, name="Demo shop")
    assert count(empty_database, Product) == 1
    assert told[0].startswith("Database: up to date")
    assert "nothing is loaded" in told[1]


def test_an_interrupted_load_leaves_nothing_and_the_next_one_succeeds(empty_database):
    with pytest.raises(KeyboardInterrupt):
        prepare(empty_database, load=interrupted_shop)
    for mapper in Base.registry.mappers:
        assert count(empty_database, mapper.class_) == 0
    prepare(empty_database, load=small_shop)
    assert count(empty_database, Customer) == 1


def test_nothing_is_loaded_unasked(empty_database):
    prepare(empty_database)
    assert count(empty_database, Product) == 0


def test_a_shop_of_ones_own_is_left_alone(new_uow, database):
    fill(new_uow())
    prepare(database, load=small_shop)
    assert count(database, Product) == 3


def test_the_command_says_what_to_do(empty_database, tmp_path, capsys):
    assert main(["--database", empty_database]) == 0
    check(create_engine(empty_database))
    assert capsys.readouterr().out.startswith("Ready: ")
    assert main(["--database", "mysql://localhost/shop"]) == 1
    assert "use sqlite:///FILE" in capsys.readouterr().err
    assert main(["--database", f"sqlite:///{tmp_path}"]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_passwords_are_not_printed(empty_database, capsys):
    if empty_database.startswith("sqlite"):
        pytest.skip("SQLite has no passwords")
    url = empty_database.replace("postgres@", "postgres:hidden-word@")
    assert main(["--database", url]) == 0
    output = capsys.readouterr()
    assert "hidden-word" not in output.out + output.err


def test_a_server_that_is_away(tmp_path):
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        prepare("postgresql://nobody@127.0.0.1:9/shop")


def test_a_folder_without_files_of_ours_fills_nothing(tmp_path):
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "README.md").write_text("put CSV files here")
    assert load_of(tmp_path) is None
