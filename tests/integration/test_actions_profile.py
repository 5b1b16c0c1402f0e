"""What the customer sees of what is known of them, and that their say over it holds at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any, Self, cast

import pytest
import yaml
from sqlalchemy import delete, select, update
from talking import NOW, Talk, demo_services

from bot.dialogue.services import Services
from bot.settings import ROOT
from bot.understanding import own_data
from bot.wording.phrases import phrase
from data.experiments.assignment import Experiment
from data.models import BehaviourEvent, Customer, EventKind, Impression, ProfileCorrection, Ticket
from data.repositories import Impressions
from data.taste import taste_of
from data.unit_of_work import UnitOfWork
from retrieval.recommend import Recommender
from retrieval.types import Language

EMMA, LIN = "emma.clarke@example.com", "lin.yue@example.com"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("state"))


@pytest.fixture
def services(shop: Services) -> Iterator[Services]:
    """The shop as it was before the test."""
    yield shop
    with shop.unit_of_work() as uow:
        for table in (BehaviourEvent, Impression, ProfileCorrection):
            uow.session.execute(delete(table))
        uow.session.execute(update(Customer).values(personalised=True))
        uow.commit()


def rows(services: Services, table: type[Any]) -> Sequence[Any]:
    with services.unit_of_work() as uow:
        return uow.session.scalars(select(table).order_by(table.id)).all()


def test_every_line_says_what_it_is_known_from(services: Services) -> None:
    told = Talk(services, EMMA).say("see_profile", "what do you know about me?").text
    assert told.startswith("Emma Clarke, ")
    assert "Footwear: your size is 39 (you bought the Fellwind Trail Runner in" in told
    assert "order SP39274618" in told
    chinese = Talk(services, LIN).say("see_profile", "你知道我什么？", "zh").text
    assert chinese.startswith("林悦，")
    assert "会买" in chinese
    assert "买过" in chinese


def test_a_visitor_is_told_why_there_is_nothing(services: Services) -> None:
    talk = Talk(services)
    for intent in ("see_profile", "correct_profile", "history_off", "history_on"):
        assert "not signed in" in talk.say(intent, "what do you know about me?").text
        assert "没有登录" in talk.say(intent, "你知道我什么？", "zh").text


@pytest.mark.parametrize(
    ("intent", "text", "language", "reason"),
    [
        ("see_profile", "send me a copy of my data", "en", "data_copy"),
        ("see_profile", "I want to see all my data", "en", "data_copy"),
        ("see_profile", "show me all the information you hold about me", "en", "data_copy"),
        ("see_profile", "把我的个人信息导出一份给我", "zh", "data_copy"),
        ("human", "我要下载我的数据", "zh", "data_copy"),
        ("history_off", "delete all my data", "en", "data_erasure"),
        ("history_off", "please erase my personal information", "en", "data_erasure"),
        ("human", "I want you to delete everything you have about me", "en", "data_erasure"),
        ("history_off", "删除我的所有个人信息", "zh", "data_erasure"),
        ("history_off", "把我的数据全部删掉", "zh", "data_erasure"),
        ("human", "我要注销账号", "zh", "data_erasure"),
        ("policy_question", "I want to delete my account", "en", "data_erasure"),
        ("policy_question", "我的个人信息怎么删除", "zh", "data_erasure"),
    ],
)
def test_who_asks_for_all_their_data_is_told_how_and_a_person_gets_it(
    services: Services, intent: str, text: str, language: Language, reason: str
) -> None:
    visitor = Talk(services).say(intent, text, language)
    if intent == "policy_question":
        assert visitor.text != phrase("own_data.visitor", language)
    else:
        assert visitor.text == phrase("own_data.visitor", language)
    talk = Talk(services, LIN)
    said = talk.say(intent, text, language)
    assert phrase(f"own_data.{reason.removeprefix('data_')}", language) in said.text
    ticket = rows(services, Ticket)[-1]
    assert (ticket.reason, ticket.status) == (reason, "open")
    assert str(ticket.id) in said.text
    with services.unit_of_work() as uow:
        lin = uow.customers.by_email(LIN)
        assert lin is not None
        assert lin.personalised  # asking deletes and switches nothing


@pytest.mark.parametrize(
    "text",
    ["what do you know about me?", "don't use my data for recommendations", "我的订单信息",
     "remove the line about tents", "delete my profile and don't use it", "删掉我的画像，别用了",
     "别用我的资料推荐东西", "show me my profile"],
)  # fmt: skip
def test_less_than_all_of_it_is_no_such_request(text: str) -> None:
    assert own_data.wanted(text) is None


def test_of_the_sentences_of_all_intents_only_those_of_an_account_are_such_requests() -> None:
    files = (ROOT / "bot" / "rasa" / "intents").glob("*.yml")
    kept = [yaml.safe_load(file.read_text("utf-8")).get("sentences", {}) for file in files]
    said = [str(text) for each in kept for texts in each.values() for text in texts]
    assert len(said) > 1000
    assert {text for text in said if own_data.wanted(text)} == {
        "怎么注销账号",
        "我的个人信息怎么删除",
        "how do I delete my account",
        "remove my personal data",
        "I want to delete my account",
    }


def test_a_size_is_corrected_and_said_to_be_the_customers_own_word(services: Services) -> None:
    talk = Talk(services, EMMA)
    said = talk.say("correct_profile", "I don't wear 39 any more, I wear 40")
    assert said.text == "Noted: size 40 for Footwear."
    assert (
        "Footwear: your size is 40 (you said so yourself)"
        in Talk(services, EMMA).say("see_profile", "what do you know about me?").text
    )


def test_a_category_that_is_not_theirs_is_left_out_at_once(services: Services) -> None:
    talk = Talk(services, LIN)
    before = talk.say("recommend", "recommend something").products
    category = services.catalogue[before[0]].category_id
    name = services.catalogue[before[0]].category.name.en
    talk.say("correct_profile", f"remove the line about {name.lower()}")
    again = Talk(services, LIN).say("recommend", "recommend something").products
    assert category not in {services.catalogue[i].category_id for i in again}
    talk.say("correct_profile", "remove the brand Spruce from my profile")
    branded = Talk(services, LIN).say("recommend", "recommend something").products
    assert "Spruce" not in {services.catalogue[i].brand for i in branded}


def test_what_is_sold_out_in_the_customers_size_is_not_recommended(services: Services) -> None:
    def unwanted() -> frozenset[str]:
        with services.unit_of_work() as uow:
            emma = uow.customers.by_email(EMMA)
            return taste_of(uow, emma, None, services.catalogue, NOW).unwanted

    def pieces(size: str) -> int:
        boot = services.catalogue["granite-mid-boot"].variants
        return sum(v.stock for v in boot if v.options["size"]["en"] == size)

    assert pieces("39") > 0 == pieces("45")
    assert "granite-mid-boot" not in unwanted()  # she wears 39
    Talk(services, EMMA).say("correct_profile", "I wear size 45 now")
    assert "granite-mid-boot" in unwanted()


def test_what_cannot_be_read_is_asked_back(services: Services) -> None:
    told = Talk(services, EMMA).say("correct_profile", "my profile is wrong").text
    assert "Which line" in told
    assert rows(services, ProfileCorrection) == []


def test_history_switched_off_is_not_used_from_then_on(services: Services) -> None:
    talk = Talk(services, EMMA)
    own = talk.say("recommend", "anything you would recommend for me?")
    assert any("you bought" in card["reason"] for card in own.cards)

    assert "From now on I do not use" in talk.say("history_off", "don't use my history").text
    without = talk.say("recommend", "anything else?")
    assert without.cards
    # Another conversation of a customer of whom the shop knows nothing is told the same.
    stranger = Talk(services, "new.customer@example.com")
    stranger.say("history_off", "don't use my history")
    fresh = Talk(services, EMMA).say("recommend", "recommend something")
    assert fresh.products == stranger.say("recommend", "recommend something").products
    for said in (without, fresh):
        assert "you bought" not in " ".join(card["reason"] for card in said.cards)
        assert "personal recommendations off" in said.text
    assert "not work out" in talk.say("see_profile", "what do you know about me?").text
    assert "already" in talk.say("history_off", "don't use my history").text

    talk.say("history_on", "you can use my history again")
    assert any(
        "you bought" in card["reason"]
        for card in Talk(services, EMMA).say("recommend", "recommend something").cards
    )


def test_without_history_the_conversation_itself_counts(services: Services) -> None:
    talk = Talk(services, EMMA)
    talk.say("history_off", "don't use my history")
    talk.say("product_question", "Is the Ridgeline 2 tent waterproof?")
    cards = talk.say("recommend", "recommend something").cards
    assert any("Ridgeline 2 Tent" in card["reason"] for card in cards)


def test_nothing_is_kept_of_a_customer_who_switched_it_off(services: Services) -> None:
    talk = Talk(services, EMMA)
    talk.say("history_off", "don't use my history")
    talk.say("product_question", "Is the Ridgeline 2 tent waterproof?")
    talk.say("product_search", "I am looking for a sleeping bag")
    talk.say("recommend", "recommend something")
    assert rows(services, BehaviourEvent) == []
    assert {shown.customer_id for shown in rows(services, Impression)} == {None}


def test_what_is_asked_for_in_the_chat_becomes_an_interest(services: Services) -> None:
    talk = Talk(services, EMMA)
    talk.say("product_question", "Is the Ridgeline 2 tent waterproof?")
    talk.say("product_search", "I am looking for a sleeping bag, my mail is a@example.com")
    sleep = next(p for p in services.catalogue.values() if p.category_id == "sleep").category
    assert {(e.kind, e.product_id, e.query) for e in rows(services, BehaviourEvent)} == {
        (EventKind.VIEW, "ridgeline-2-tent", None),
        (EventKind.SEARCH, None, sleep.name.en),  # the kind, never the words
    }
    told = talk.say("see_profile", "what do you know about me?").text
    assert "looking at Tents lately (you looked at the Ridgeline 2 Tent in November)" in told


@pytest.mark.parametrize("email", [EMMA, None])
def test_what_somebody_is_not_interested_in_never_comes_again(
    services: Services, email: str | None
) -> None:
    talk = Talk(services, email)
    first = talk.say("recommend", "recommend something").products
    said = talk.say("not_interested", "I don't like the second one")
    assert services.catalogue[first[1]].name.en in said.text
    gone = {first[1]}
    fresh = Talk(services, email) if email else talk
    again = fresh.say("recommend", "recommend something").products
    assert not gone & set(again)
    all_gone = fresh.say("not_interested", "none of these interest me")
    assert all(services.catalogue[i].name.en in all_gone.text for i in again)
    third = (Talk(services, email) if email else talk).say("recommend", "recommend").products
    assert not (gone | set(again)) & set(third)


@pytest.mark.parametrize("email", [EMMA, None])
def test_a_whole_kind_can_be_declined(services: Services, email: str | None) -> None:
    talk = Talk(services, email)
    shown = talk.say("product_search", "a light tent").products
    assert {services.catalogue[i].category_id for i in shown} == {"tents"}
    assert talk.say("not_interested", "I'm not interested in tents").text.endswith("again.")
    with services.unit_of_work() as uow:
        customer = uow.customers.by_email(email) if email else None
        now = services.clock()
        taste = taste_of(uow, customer, talk.session_id, services.catalogue, now)
    tents = {p.id for p in services.catalogue.values() if p.category_id == "tents"}
    assert tents <= taste.unwanted


def test_a_dislike_holds_for_offers_and_companions_too(services: Services) -> None:
    question = "Is the Ridgeline 2 tent waterproof?"
    offered = Talk(services).say("product_question", question).products
    talk = Talk(services)
    companions = talk.say("recommend_companion", "what goes with the Ridgeline 2 Tent?").products
    assert offered
    assert offered[0] in companions
    name = services.catalogue[offered[0]].name.en
    talk.say("not_interested", f"I'm not interested in the {name}")
    assert offered[0] not in talk.say("product_question", question).products
    again = talk.say("recommend_companion", "what goes with the Ridgeline 2 Tent?").products
    assert offered[0] not in again


def test_no_interest_in_nothing_is_a_plain_no(services: Services) -> None:
    assert "Is there anything else" in Talk(services).say("not_interested", "not interested").text
    assert rows(services, BehaviourEvent) == []


def test_what_was_shown_is_kept_with_its_reason_and_a_link_of_its_own(services: Services) -> None:
    talk = Talk(services, EMMA)
    cards = talk.say("recommend", "recommend something").cards
    kept = rows(services, Impression)
    assert [i.product_id for i in kept] == [card["product_id"] for card in cards]
    assert [i.rank for i in kept] == [1, 2, 3]
    assert [card["url"] for card in cards] == [
        f"/products/{i.product_id}?ref={i.ref}" for i in kept
    ]
    assert {i.reason for i in kept} <= {"co_purchase", "similar", "popular", "rebuy"}
    assert {(i.surface, i.session_id) for i in kept} == {("recommend", talk.session_id)}


def test_an_arm_of_an_experiment_decides_what_is_recommended(services: Services) -> None:
    def shown(arms: dict[str, int]) -> set[str]:
        chosen = dataclasses.replace(services, experiment=Experiment("test", arms))
        said = Talk(chosen, EMMA).say("recommend", "recommend something")
        return {card["reason"] for card in said.cards}

    assert not any("you bought" in why for why in shown({"popular": 1, "personal": 0}))
    assert any("you bought" in why for why in shown({"popular": 0, "personal": 1}))
    assert {(i.experiment, i.arm, i.model) for i in rows(services, Impression)} == {
        ("test", "popular", "popular"),
        ("test", "personal", "personal"),
    }


def test_a_recommender_that_fails_fails_no_turn(services: Services) -> None:
    class Broken(Recommender):
        def __init__(self) -> None:
            """Holds nothing, so every question fails."""

    broken = dataclasses.replace(services, recommender=Broken())
    said = Talk(broken, EMMA).say("recommend", "recommend something")
    assert "failed" not in said.notes
    assert "Nothing fits" in said.text
    answer = Talk(broken).say("product_question", "Is the Ridgeline 2 tent waterproof?")
    assert "failed" not in answer.notes
    assert "3,000 mm" in answer.text


def test_what_cannot_be_kept_fails_no_turn(services: Services) -> None:
    class Unkept(UnitOfWork):
        def __enter__(self) -> Self:
            super().__enter__()
            self.impressions = cast("Impressions", None)
            return self

    factory = services.unit_of_work()._factory
    broken = dataclasses.replace(services, unit_of_work=lambda: Unkept(factory))
    cards = Talk(broken, EMMA).say("recommend", "recommend something").cards
    assert cards
    assert not any("ref=" in card["url"] for card in cards)


@pytest.mark.parametrize(
    ("said", "word", "language"),
    [("我对头灯没兴趣", "头灯", "zh"), ("I'm not interested in headlamps", "headlamps", "en")],
)
def test_a_narrow_kind_is_declined_and_not_all_of_its_category(
    services: Services, said: str, word: str, language: str
) -> None:
    talk = Talk(services)
    told = talk.say("not_interested", said, language).text
    assert word in told
    with services.unit_of_work() as uow:
        disliked = uow.behaviour.disliked(None, talk.session_id)
    names = {services.catalogue[product].name.en for product in disliked}
    assert names
    assert all("Headlamp" in name for name in names)
