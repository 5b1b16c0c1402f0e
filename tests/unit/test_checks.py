"""`shopguide check`: a sound shop has nothing to mend, of a broken one everything is told."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from fake_gateway import make_units

from bot.commands import check
from bot.settings import ROOT, Settings
from data.checks import Finding, Kind
from data.checks.catalogue import Imported, check_catalogue
from data.checks.folder import DECISIONS, check_folder
from data.models import Address, Category, Customer, Localized, Order, OrderStatus, Product, Variant
from data.rules import ShopRules
from data.shop import Lexicon

SHOPS = [ROOT / "demo" / "shop", *sorted((ROOT / "tests" / "shops").glob("*/shop.yaml"))]
NOW = datetime(2026, 11, 20, tzinfo=UTC)

SHOP = """
name: Maple & Main
languages: [en]
country: US
currency: USD
timezone: America/New_York
email: hello@maple.example
website: https://maple.example
order_number: {pattern: 'M\\d{4}'}
service_hours: {mon-fri: ["09:00", "17:00"]}
"""
RULES = """
delivery: {methods: {flat: {name: flat-rate shipping, fee: "5.95", days: [3, 5]}}}
cancellation: {until: packed}
returns:
  classes:
    standard: {days: 30}
    sealed: {days: 30, voided_by: [opened]}
  refund_working_days: 5
  how: Write to us.
warranty: {months: 12}
membership: {window_days: 365, tiers: [{id: friend, name: Friend, from: "100.00"}]}
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write(
        tmp_path / "maple",
        {
            "shop.yaml": SHOP,
            "rules.yaml": RULES,
            "documents/delivery.md": "# Delivery\n\n## How much is it?\n\n$5.95.\n",
            "sources.yaml": "delivery.cost: delivery\n",
        },
    )


def settings(folder: Path, state: Path) -> Settings:
    return Settings(_env_file=None, shop=folder, state=state, database_url="")


def texts(found: list[Finding], kind: Kind, where: str = "") -> str:
    return "\n".join(f.text for f in found if f.kind is kind and where in f.where)


@pytest.mark.parametrize("path", SHOPS, ids=lambda path: path.parent.name)
def test_the_shops_that_come_along_are_sound(path: Path) -> None:
    found, rules, shop = check_folder(path if path.is_dir() else path.parent)
    assert not texts(found, Kind.WRONG)
    assert rules
    assert shop


def test_nothing_is_said_of_a_shop_that_has_everything(sound: Path) -> None:
    assert check_folder(sound)[0] == []


def test_every_file_is_looked_at_whatever_is_wrong_with_one(sound: Path, tmp_path: Path) -> None:
    write(
        sound,
        {
            "shop.yaml": "name: [unclosed",
            "rules.yaml": "returns: {classes: {sealed: {days: 30}}}\ndelivry: {}\n",
            "sources.yaml": "delivery.cost: []\n",
            "lexicon.yaml": "tag: {}\n",
            "examples.yaml": "greeting: [hello]\ngreet: hello\n",
            "documents/notes.docx": "x",
        },
    )
    found = list(check.findings(sound, settings(sound, tmp_path / "state")))
    wrong = {each.where for each in found if each.kind is Kind.WRONG}
    assert wrong == {
        "shop.yaml", "rules.yaml", "sources.yaml", "lexicon.yaml", "examples.yaml",
    }  # fmt: skip
    assert "not YAML" in texts(found, Kind.WRONG, "shop.yaml")
    assert "delivry is not known" in texts(found, Kind.WRONG, "rules.yaml")
    assert "needs standard too" in texts(found, Kind.WRONG, "rules.yaml")
    assert "greeting is no intent" in texts(found, Kind.WRONG, "examples.yaml")
    assert "greet needs a list" in texts(found, Kind.WRONG, "examples.yaml")


def test_codes_need_a_mail_server(sound: Path, tmp_path: Path) -> None:
    (sound / "shop.yaml").write_text(f"{SHOP}\nidentify: [email, postcode, code]\n", "utf-8")
    found = list(check.findings(sound, settings(sound, tmp_path / "state")))
    assert "SHOPGUIDE_SMTP_HOST" in texts(found, Kind.ODD, "shop.yaml")


def test_pages_phrases_and_decisions_are_looked_up(sound: Path, tmp_path: Path) -> None:
    write(
        sound,
        {
            "sources.yaml": "delivery.cost: gone\ndelivery.weight: delivery\n"
            "delivery.method.flat: delivery\nreturns.class.sealed: delivery\n",
            "phrases/en.yaml": "list: {emtpy: none}\n",
            "phrases/de.yaml": "list: {}\n",
            "documents/notes.docx": "x",
        },
    )
    found = list(check.findings(sound, settings(sound, tmp_path / "state")))
    assert "no page gone" in texts(found, Kind.WRONG, "sources.yaml")
    assert texts(found, Kind.ODD, "sources.yaml").count("is no decision") == 1
    assert "list.emtpy" in texts(found, Kind.WRONG, "phrases/en.yaml")
    assert "no language" in texts(found, Kind.WRONG, "phrases/de.yaml")
    assert "notes.docx is plain text, not a Word document" in texts(found, Kind.ODD, "documents")
    assert "no database yet" in texts(found, Kind.ODD, "catalogue")
    assert not (tmp_path / "state").exists()  # to look makes nothing


def test_what_is_absent_is_told_with_what_it_means(tmp_path: Path) -> None:
    bare = "name: X\nlanguages: [zh, en]\ncountry: US\ncurrency: USD\ntimezone: America/New_York\n"
    folder = write(tmp_path, {"shop.yaml": bare, "documents/zh/a.md": "# 甲\n\n乙。\n"})
    found, _, _ = check_folder(folder)
    for section in ("delivery", "cancellation", "returns", "warranty", "membership"):
        assert f"no {section}:" in texts(found, Kind.SILENT, "rules.yaml")
    for key in ("order_number", "service_hours", "website", "email"):
        assert f"no {key}" in texts(found, Kind.SILENT, "shop.yaml")
    assert "no pages in en" in texts(found, Kind.ODD, "documents")


def test_a_shop_without_pages_cannot_be_set_up(sound: Path) -> None:
    (sound / "documents" / "delivery.md").unlink()
    assert "holds no pages" in texts(check_folder(sound)[0], Kind.WRONG, "documents")


def test_an_amount_that_the_pages_do_not_say_is_told(sound: Path) -> None:
    page = sound / "documents" / "delivery.md"
    page.write_text("# Delivery\n\nIt is $4.95, and 3 to 5 days.\n", encoding="utf-8")
    told = texts(check_folder(sound)[0], Kind.ODD, "rules.yaml")
    assert told == "delivery.methods.flat.fee is 5.95, which stands on no page: do the pages say " \
        "the same?"  # fmt: skip
    page.write_text("# Delivery\n\nIt is 5,95 up to 1.299,00.\n", encoding="utf-8")
    assert not check_folder(sound)[0]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    found, rules, shop = check_folder(tmp_path / "nowhere")
    assert "new-shop" in texts(found, Kind.WRONG)
    assert rules is None
    assert shop is None


def test_decisions_are_those_that_the_assistant_tells() -> None:
    actions = "".join(path.read_text("utf-8") for path in (ROOT / "bot" / "actions").glob("*.py"))
    for decision in DECISIONS:
        assert f'"{decision}"' in actions, decision


def product(product_id: str, **given: object) -> Product:
    text = Localized.of
    made = {
        "category_id": "mugs",
        "brand": None,
        "name": text(f"{product_id} mug"),
        "aliases": {},
        "summary": None,
        "description": text("Holds tea."),
        "attributes": [
            {"key": "volume", "name": {"en": "Volume"}, "value": {"en": "300 ml"}, "number": 300}
        ],
        "sizing": None,
        "care": None,
        "tags": [],
        "return_class": "sealed",
        "page_url": "https://maple.example/p",
        "picture_url": "https://maple.example/p.jpg",
        "sold": True,
        "variants": [
            Variant(sku=f"{product_id}-1", position=0, options={}, price=Decimal(9),
                    list_price=None, currency="USD", stock=1)
        ],
    }  # fmt: skip
    return Product(id=product_id, **{**made, **given})


def imported(**given: object) -> Imported:
    mugs = Category(id="mugs", name=Localized.of("Mugs"), aliases={"en": ["cups"]})
    sound: dict[str, object] = {
        "products": [product("blue"), product("red")],
        "categories": [mugs],
        "customers": [("Dana", "dana@mail.example", "+15125550148", "friend")],
        "addresses": [("US", "78704"), ("US", "070421807"), ("GB", "SW1A1AA")],
        "orders": [("M1001", "flat", "USD")],
    }
    return Imported(**{**sound, **given})  # type: ignore[arg-type]


def of_catalogue(folder: Path, lexicon: Lexicon | None = None, **given: object) -> list[Finding]:
    rules = ShopRules.load(folder)
    return check_catalogue(imported(**given), rules, lexicon or Lexicon())


def test_a_sound_catalogue(sound: Path) -> None:
    assert of_catalogue(sound) == []


@pytest.mark.parametrize(
    ("given", "kind", "told"),
    [
        ({"products": []}, Kind.ODD, "no products yet"),
        ({"orders": []}, Kind.SILENT, "there are none"),
        ({"orders": [("M1001", "flat", "EUR")]}, Kind.WRONG, "1 order in another currency"),
        ({"orders": [("1009", "flat", "USD")]}, Kind.WRONG, "does not match 1 of 1"),
        ({"orders": [("M1001", "sled", "USD")]}, Kind.ODD, "in 1 of 1: sled"),
        ({"customers": [("A", None, "+15125550148", None)]}, Kind.ODD, "cannot say who they are"),
        ({"customers": [("A", "a@b.example", "12", None)]}, Kind.ODD, "telephone number"),
        ({"customers": [("A", "a@b.example", None, "gold")]}, Kind.WRONG, "tier .*: gold"),
        ({"addresses": [("US", "ABC"), ("CA", "K1A 0B1")]}, Kind.ODD, "1 of 1 with a postcode"),
        ({"addresses": [("US", None)]}, Kind.ODD, "1 of 1 without a postcode"),
        ({"categories": [Category(id="mugs", name=Localized.of("Mugs"), aliases={})]}, Kind.ODD,
         "1 category without other names"),
        ({"products": [product("a", return_class="silk"), product("b")]}, Kind.WRONG,
         "does not have: a"),
        ({"products": [product("a", return_class="standard")]}, Kind.ODD, "class sealed"),
        ({"products": [product("a", description=Localized.of(""))]}, Kind.ODD, "description"),
        ({"products": [product("a", attributes=[])]}, Kind.ODD, "without attributes"),
        ({"products": [product("a", picture_url=None)]}, Kind.ODD, "without a picture"),
        ({"products": [product("a", page_url=None)]}, Kind.ODD, "without a page"),
        ({"products": [product("a", name=Localized.of("X")), product("b", name=Localized.of("x"))]},
         Kind.ODD, "one name for several.*a, b"),
    ],
)  # fmt: skip
def test_what_is_odd_in_a_catalogue(
    sound: Path, given: dict[str, object], kind: Kind, told: str
) -> None:
    found = of_catalogue(sound, **given)
    assert [each.kind for each in found] == [kind]
    assert re.search(told, found[0].text)


def test_words_for_what_no_product_has(sound: Path) -> None:
    lexicon = Lexicon.model_validate({"tags": {"wool": ["woolly"]}, "attributes": {"weight": {}}})
    found = of_catalogue(sound, lexicon)
    assert "tag wool" in texts(found, Kind.ODD, "lexicon.yaml")
    assert "attribute weight" in texts(found, Kind.ODD, "lexicon.yaml")


def test_words_for_a_material_that_products_are_made_of_are_used(sound: Path) -> None:
    lexicon = Lexicon.model_validate(
        {"tags": {"wool": ["woolly"]}, "attributes": {"fabric": {"made_of": True}}}
    )
    fabric = {"key": "fabric", "name": {"en": "Fabric"}, "value": {"en": "woolly cloth"}}
    assert of_catalogue(sound, lexicon, products=[product("a", attributes=[fabric])]) == []


def test_a_pattern_that_takes_anything_is_told(sound: Path) -> None:
    write(sound, {"shop.yaml": SHOP.replace("M\\d{4}", "[A-Z0-9]+")})
    assert "too wide" in texts(of_catalogue(sound), Kind.ODD, "shop.yaml")


def test_the_command_reads_the_shops_database(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    with make_units(state)() as uow:
        home = Address(country="US", postcode="78704")
        dana = Customer(email="dana@mail.example", name="Dana", language="en", addresses=[home])
        uow.session.add(Category(id="mugs", name=Localized.of("Mugs"), aliases={"en": ["cups"]}))
        uow.session.add_all([product("blue"), dana])
        uow.session.flush()
        order = Order(
            number="1009",
            customer_id=dana.id,
            status=OrderStatus.PAID,
            placed_at=NOW,
            address_id=home.id,
            currency="USD",
            subtotal=Decimal(9),
            delivery_fee=Decimal(0),
            total=Decimal(9),
        )
        uow.session.add(order)
        uow.commit()
    monkeypatch.setenv("SHOPGUIDE_STATE", str(state))
    monkeypatch.setenv("SHOPGUIDE_SHOP", str(sound))
    from bot.commands import main

    monkeypatch.setattr("sys.argv", ["shopguide", "check"])
    with pytest.raises(SystemExit) as end:
        main.main()
    lines = capsys.readouterr().out.splitlines()
    assert end.value.code == 1
    assert lines[0].startswith("✗ shop.yaml: order_number.pattern does not match 1 of 1 orders")
    assert lines[-1].endswith(
        "1 to mend, 0 worth a look, 1 that the assistant will say nothing of."
    )


def test_usual_questions_stand_in_both_languages_and_name_keys_that_there_are() -> None:
    rules = ShopRules.load(ROOT / "demo" / "shop")
    found = check.questions()
    assert len(found) >= 25
    for question in found:
        assert question["zh"]
        assert question["en"]
        for key in question.get("decided", ()):
            check.setting(rules, key)  # raises for a key that there is not
