"""Skills know the page that the customer looks at; what was named or shown since goes first."""

from __future__ import annotations

import pytest
from talking import Talk, demo_services

from bot.dialogue.services import Services
from data.models import Product

TENT, OTHER, BOOT = "ridgeline-2-tent", "ridgeline-3-tent", "skyridge-hiking-boots"
EMMA, LIN = "emma.clarke@example.com", "lin.yue@example.com"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("state"))


def product(services: Services, product_id: str) -> Product:
    with services.unit_of_work() as uow:
        found = uow.products.get(product_id)
    assert found is not None
    return found


def several(services: Services) -> Product:
    """A product that comes in several sizes."""
    return next(
        each
        for each in services.catalogue.values()
        if len(each.variants) > 4 and all("size" in v.options for v in each.variants)
    )


def weight(services: Services, language: str) -> str:
    attributes = services.catalogue[TENT].attributes
    return str(next(a["value"][language] for a in attributes if a["key"] == "weight"))


@pytest.mark.parametrize(
    ("language", "question"), [("en", "how heavy is this?"), ("zh", "这个多重？")]
)
@pytest.mark.parametrize(
    "page",
    [{"product_id": TENT}, {"url": "https://www.shop.example/products/ridgeline-2-tent?a=1"}],
)
def test_this_is_the_product_of_the_page(
    services: Services, language: str, question: str, page: dict[str, str]
) -> None:
    said = Talk(services).say("product_question", question, language, page=page)
    if language == "en":  # in Chinese another sentence of the same product is quoted
        assert weight(services, language).split()[0] in said.text
    assert said.notes["product"] == TENT


@pytest.mark.parametrize(("language", "question"), [("en", "is it in stock?"), ("zh", "有货吗")])
def test_what_is_in_stock_is_that_of_the_page(
    services: Services, language: str, question: str
) -> None:
    said = Talk(services).say("stock_check", question, language, page={"product_id": TENT})
    assert said.products == [TENT]


def test_without_a_page_it_is_as_before(services: Services) -> None:
    said = Talk(services).say("stock_check", "有货吗", "zh")
    assert TENT not in said.products[:1]


def test_the_variant_chosen_on_the_page_is_meant(services: Services) -> None:
    one = several(services)
    variant = product(services, one.id).variants[-1]
    page = {"product_id": one.id, "variant_id": variant.sku}
    said = Talk(services).say("price_question", "how much is it?", "en", page=page)
    assert said.notes["options"]["size"] == variant.options["size"]["en"]
    asked = Talk(services).say(
        "price_question", "how much is it?", "en", page={"product_id": one.id}
    )
    assert "options" not in asked.notes


def test_what_was_named_since_the_page_was_opened_goes_first(services: Services) -> None:
    talk, page = Talk(services), {"product_id": TENT}
    talk.say("price_question", "how much is it?", "en", page=page)
    talk.say("price_question", "how much is the Ridgeline 3?", "en", page=page)
    said = talk.say("stock_check", "is it in stock?", "en", page=page)
    assert said.products == [OTHER]


def test_a_page_newly_opened_goes_before_what_was_talked_of(services: Services) -> None:
    talk = Talk(services)
    talk.say("price_question", "how much is the Ridgeline 3?", "en", page={"url": "/"})
    said = talk.say("stock_check", "is it in stock?", "en", page={"product_id": TENT})
    assert said.products == [TENT]


@pytest.mark.parametrize(
    ("language", "question"),
    [("zh", "这个和岭线三人帐有什么区别"), ("en", "how does this differ from the Ridgeline 3?")],
)
def test_this_beside_a_name_is_compared_with_it(
    services: Services, language: str, question: str
) -> None:
    said = Talk(services).say("compare", question, language, page={"product_id": TENT})
    assert said.products == [TENT, OTHER]


@pytest.mark.parametrize(
    ("language", "question"), [("en", "which is lightest?"), ("zh", "哪款最轻")]
)
@pytest.mark.parametrize("intent", ["product_search", "product_question", "compare"])
def test_on_the_page_of_a_kind_that_kind_is_meant(
    services: Services, language: str, question: str, intent: str
) -> None:
    kind = services.catalogue[TENT].category_id
    said = Talk(services).say(intent, question, language, page={"category": kind})
    of_kind = [each for each in services.catalogue.values() if each.category_id == kind]
    weights = {
        each.id: next(a["number"] for a in each.attributes if a["key"] == "weight")
        for each in of_kind
    }
    assert said.products[0] == min(weights, key=lambda each: weights[each])


def test_an_order_is_told_to_whom_it_belongs(services: Services) -> None:
    with services.unit_of_work() as uow:
        emma = uow.customers.by_email(EMMA)
        assert emma is not None
        number = uow.orders.of_customer(emma.id)[-1].number
    page = {"order_number": number}
    mine = Talk(services, EMMA).say("order_status", "where is it?", "en", page=page)
    assert [card["number"] for card in mine.cards if card["kind"] == "order"] == [number]
    for talk in (Talk(services, LIN), Talk(services)):
        assert number not in talk.say("order_status", "where is it?", "en", page=page).text


@pytest.mark.parametrize(
    ("language", "question"), [("en", "what is in my cart?"), ("zh", "购物车里有什么")]
)
def test_the_cart_is_told_at_the_catalogues_prices(
    services: Services, language: str, question: str
) -> None:
    one = product(services, several(services).id)
    lines = [
        {"product_id": one.id, "variant_id": one.variants[0].sku, "quantity": 2},
        {"product_id": "made-up", "quantity": 1},
    ]
    said = Talk(services).say("product_search", question, language, page={"cart": lines})
    (message,) = said.messages
    assert len(message["table"]["rows"]) == 1
    total = one.variants[0].price * 2
    assert f"{total.normalize():,f}" in message["text"]
    assert "1" in message["text"]
    assert "made-up" not in message["text"]
    assert said.notes["product"] == one.id
    empty = Talk(services).say("product_search", question, language, page={"cart": []})
    assert not empty.messages[0]["table"]
    assert "made-up" not in empty.text


def test_a_kind_that_the_page_does_not_say_is_priced_where_all_cost_the_same(
    services: Services,
) -> None:
    line = {"product_id": TENT, "quantity": 2}
    said = Talk(services).say("product_search", "my cart", "en", page={"cart": [line]})
    tent = product(services, TENT)
    assert f"{(tent.variants[0].price * 2).normalize():,f}" in said.text
    differing = next(
        each
        for each in services.catalogue.values()
        if len({v.price for v in product(services, each.id).variants}) > 1
    )
    lines = [{"product_id": differing.id, "quantity": 1}]
    said = Talk(services).say("product_search", "my cart", "en", page={"cart": lines})
    assert "cannot add up" in said.text
    said = Talk(services).say("product_search", "my cart", "en", page={"cart": [line, *lines]})
    assert "the rest is" in said.text


def test_a_cart_that_no_page_tells_is_not_made_up(services: Services) -> None:
    said = Talk(services).say("product_search", "what's in my basket?", "en")
    assert "cannot see your cart" in said.text


@pytest.mark.parametrize(
    "text", ["add it to my cart", "把它加入购物车", "is there a cart for kids?"]
)
def test_other_words_of_a_cart_are_no_question_for_it(services: Services, text: str) -> None:
    said = Talk(services).say("product_search", text, "en", page={"cart": []})
    assert "nothing in your cart" not in said.text


@pytest.mark.parametrize("text", ["ok", "42", "GORE-TEX?", "emma@example.com"])
def test_the_page_decides_the_language_of_words_that_have_none(
    services: Services, text: str
) -> None:
    talk = Talk(services)
    assert talk.say("greet", text, "", page={"language": "zh-CN"}).messages[0]["language"] == "zh"
    talk.say("price_question", "how much is the Ridgeline 3?", "", page={"language": "zh"})
    assert talk.say("greet", text, "", page={"language": "zh"}).messages[0]["language"] == "en"
