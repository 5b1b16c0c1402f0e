"""Several requests in one message: each is served, in order, in one reply. What was read is given,
the rest is real."""

from __future__ import annotations

import pytest
from talking import Talk, demo_services

from bot.dialogue.services import Services


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("several"))  # nothing here changes the shop


@pytest.mark.parametrize(
    ("requests", "language", "both"),
    [
        (
            [("product_question", "岭线双人帐防水吗"), ("price_question", "多少钱")],
            "zh",
            ("3,000|3000", "899"),
        ),
        (
            [("price_question", "how much is the Ridgeline 2"),
             ("delivery_cost", "and what does delivery cost")],
            "en",
            ("899", "99"),
        ),
    ],
)  # fmt: skip
def test_each_request_is_served_in_order(
    services: Services, requests: list[tuple[str, str]], language: str, both: tuple[str, str]
) -> None:
    said = Talk(services).say_several(requests, language)
    (message,) = said.messages
    first, second = (
        min(at for each in words.split("|") if (at := message["text"].find(each)) >= 0)
        for words in both
    )
    assert first < second


def test_it_in_the_second_request_is_the_product_of_the_first(services: Services) -> None:
    said = Talk(services).say_several(
        [("product_question", "is the Ridgeline 2 waterproof"), ("stock_check", "is it in stock")]
    )
    assert "Ridgeline 2" in said.text
    assert said.notes["product"] == "ridgeline-2-tent"


def test_citations_are_numbered_through(services: Services) -> None:
    said = Talk(services).say_several(
        [("product_question", "岭线双人帐防水吗"), ("delivery_cost", "运费多少")], "zh"
    )
    (message,) = said.messages
    numbers = [citation["number"] for citation in message["citations"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(f"[{number}]" in message["text"] for number in numbers)
    assert len(numbers) >= 2


def test_an_order_is_asked_after_only_once_the_customer_is_known(services: Services) -> None:
    said = Talk(services).say_several(
        [("price_question", "岭线双人帐多少钱"), ("order_status", "我的订单到哪了")], "zh"
    )
    (message,) = said.messages
    assert message["asks"] == "identity"
    assert "899" in message["text"]


CANCEL = {"zh": "帮我把还没发的那单取消", "en": "cancel the order that has not shipped"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_rules_say_whether_an_order_can_be_cancelled(services: Services, language: str) -> None:
    """林悦 has an order that waits to be packed; nothing is cancelled, a person is offered."""
    talk = Talk(services, "lin.yue@example.com")
    said = talk.say("cancel_order", CANCEL[language], language)
    assert said.notes["expects"] == "human"
    assert ("可以取消" if language == "zh" else "can still be cancelled") in said.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_visitor_is_told_the_rule_and_how_to_go_on(services: Services, language: str) -> None:
    said = Talk(services).say("cancel_order", CANCEL[language], language)
    assert ("打包前可以取消" if language == "zh" else "until it is packed") in said.text
    assert said.notes["pending"]["intent"] == "cancel_order"


def test_who_is_angry_and_wants_a_person_is_told_once(services: Services) -> None:
    said = Talk(services).say_several(
        [
            ("complaint", "Third time that you send me the wrong size, I am fed up."),
            ("human", "I want to talk to a person."),
        ]
    )
    assert said.text.count("ticket") == 1
    assert "just say so" not in said.text
