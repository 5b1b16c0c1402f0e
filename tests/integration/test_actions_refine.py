"""A list that was shown, narrowed: it stays the kind of list that it was."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from talking import Said, Talk, demo_services

from bot.dialogue.services import Services

CHEN, LIN = "chen.hao@example.com", "lin.yue@example.com"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("state"))


def prices(said: Said) -> list[Decimal]:
    return [Decimal(card["price"]) for card in said.cards]


def middle(said: Said) -> Decimal:
    """Of an even number the lower one."""
    return sorted(prices(said))[(len(said.cards) - 1) // 2]


@pytest.mark.parametrize(
    ("ask", "cheaper", "language"),
    [("有什么适合我的？", "便宜点的", "zh"), ("what would suit me?", "cheaper", "en")],
)
def test_cheaper_recommendations_are_cheaper_and_still_for_this_customer(
    services: Services, ask: str, cheaper: str, language: str
) -> None:
    talk = Talk(services, LIN)
    first = talk.say("recommend", ask, language)
    second = talk.say("refine", cheaper, language)
    assert second.cards
    assert max(prices(second)) < middle(first)
    assert all(card["reason"] for card in second.cards)
    assert not set(second.products) & set(first.products)
    with services.unit_of_work() as uow:
        customer = uow.customers.by_email(LIN)
        assert customer is not None
        owned = {p.product_id: p for p in uow.orders.purchases(customer.id)}
    for product_id in set(second.products) & set(owned):
        assert services.catalogue[product_id].rebuy_days  # what is used up may come again


def test_cheaper_twice(services: Services) -> None:
    talk = Talk(services, CHEN)
    lists = [talk.say("recommend", "recommend something")]
    while len(lists) < 3 and lists[-1].cards:
        lists.append(talk.say("refine", "cheaper"))
    shown = [said for said in lists if said.cards]
    assert len(shown) > 1
    for before, after in pairwise(shown):
        assert max(prices(after)) < middle(before)
        assert not set(after.products) & set(before.products)


def test_others_are_others(services: Services) -> None:
    talk = Talk(services, LIN)
    first = talk.say("recommend", "what would suit me?")
    second = talk.say("refine", "others")
    third = talk.say("refine", "show me others")
    seen = [*first.products, *second.products, *third.products]
    assert len(seen) == len(set(seen)) == 9


def test_a_gift_stays_a_gift_within_its_budget(services: Services) -> None:
    talk = Talk(services, CHEN)
    ask = "what should I buy my father who hikes, under 500?"
    first = talk.say("recommend_gift", ask)
    assert max(prices(first)) <= 500
    others = talk.say("refine", "others")
    assert others.cards
    assert max(prices(others)) <= 500
    assert not set(others.products) & set(first.products)
    plain = talk.say("refine", "no leather please")
    assert plain.cards
    cheaper = talk.say("refine", "cheaper")
    assert max(prices(cheaper)) < middle(plain)
    for said in (first, others, plain, cheaper):
        assert not any(services.catalogue[i].rebuy_days for i in said.products)


def test_companions_stay_companions(services: Services) -> None:
    talk = Talk(services)
    first = talk.say("recommend_companion", "what goes with the Ridgeline 2 Tent?")
    second = talk.say("refine", "others")
    assert second.cards
    assert not set(second.products) & set(first.products)
    assert all("Ridgeline 2 Tent" in card["reason"] for card in second.cards)


def test_nothing_is_cheaper_than_the_cheapest(services: Services) -> None:
    talk = Talk(services, LIN)
    talk.say("recommend", "something under 10 yuan")
    said = talk.say("refine", "cheaper")
    assert not said.cards
    assert "price range" in said.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_why_is_about_the_list_that_stands(services: Services, language: str) -> None:
    talk = Talk(services, LIN)
    talk.say("recommend", "what would suit me?", language)
    cheaper = talk.say("refine", "便宜点的" if language == "zh" else "cheaper", language)
    why = talk.say("why", "为什么推荐这个？" if language == "zh" else "why this?", language)
    for card in cheaper.cards:
        assert f"{card['title']}" in why.text
        assert card["reason"] in why.text
    talk.say("product_search", "帐篷" if language == "zh" else "tents", language)
    searched = talk.say("why", "为什么？" if language == "zh" else "why these?", language)
    assert not any(card["title"] in searched.text for card in cheaper.cards)
    assert ("帐" if language == "zh" else "Tent") in searched.text


@pytest.mark.parametrize(
    ("ask", "declined", "intent", "language"),
    [
        ("想给爱露营的朋友买个礼物，预算300", "不要灯", "deny", "zh"),
        ("a present for a friend who camps, under 300", "not headlamps", "refine", "en"),
        ("a present for a friend who camps, under 300", "no headlamps please", "deny", "en"),
    ],
)
def test_what_is_declined_is_left_out_and_the_gift_stays_a_gift(
    services: Services, ask: str, declined: str, intent: str, language: str
) -> None:
    talk = Talk(services)
    first = talk.say("recommend_gift", ask, language)
    assert first.cards
    unwanted = "headlamp" if "headlamp" in declined else "lamp"
    for said in (
        talk.say(intent, declined, language),
        talk.say("refine", "换一批" if language == "zh" else "others", language),
    ):
        assert said.cards
        assert max(prices(said)) <= 300
        for product_id in said.products:
            product = services.catalogue[product_id]
            assert unwanted not in product.name.en.lower()
            assert language == "en" or "灯" not in product.name.zh


@pytest.mark.parametrize(
    ("text", "language"), [("不要了", "zh"), ("还是不要", "zh"), ("no thanks", "en"), ("no", "en")]
)
def test_a_plain_no_changes_no_list(services: Services, text: str, language: str) -> None:
    talk = Talk(services)
    talk.say("recommend_gift", "a present for a friend who camps, under 300", language)
    assert not talk.say("deny", text, language).cards


def test_another_kind_of_present_has_the_same_budget(services: Services) -> None:
    talk = Talk(services)
    talk.say("recommend_gift", "a present for a friend who camps, under 300")
    said = talk.say("refine", "rather a backpack")
    assert said.cards
    assert max(prices(said)) <= 300
