"""Recommendations in the chat: for whom, from what, and why."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from rasa_sdk import Tracker
from talking import NOW, Talk, demo_services

from bot.dialogue.services import Services
from bot.dialogue.turn import Turn
from bot.wording.reasons import reason
from data.experiments.assignment import Experiment
from data.models import OrderStatus
from retrieval.recommend import Recommendation, Recommender
from retrieval.recommend.recommender import Explain

EMMA = "emma.clarke@example.com"
NEW = "new.customer@example.com"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("state"))


def spoken_to(services: Services, language: str = "en") -> Turn:
    latest = {"text": "", "metadata": {"language": language}}
    return Turn(Tracker("s", {}, latest, [], False, None, {}, ""), services)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("what should I buy my father who hikes, under 500?", "en"),
        ("想给我爸买个礼物，他喜欢徒步，500以内", "zh"),
    ],
)
def test_a_grown_up_gets_nothing_made_for_children(
    services: Services, text: str, language: str
) -> None:
    talk = Talk(services)
    lists = [talk.say("recommend_gift", text, language)]
    lists += [talk.say("refine", "others" if language == "en" else "换一批", language)]
    shown = [product for said in lists for product in said.products]
    assert shown
    assert not [i for i in shown if "kids" in services.catalogue[i].tags]


@pytest.mark.parametrize(
    ("text", "language"),
    [("a present for my daughter, six years old", "en"), ("给孩子买个礼物，六岁", "zh")],
)
def test_a_child_may_get_what_is_made_for_children(
    services: Services, text: str, language: str
) -> None:
    shown = Talk(services).say("recommend_gift", text, language).products
    assert any("kids" in services.catalogue[i].tags for i in shown)


def test_a_customer_without_purchases_gets_what_fits_the_conversation(services: Services) -> None:
    with services.unit_of_work() as uow:
        customer = uow.customers.by_email(NEW)
        assert customer is not None
        for order in uow.orders.of_customer(customer.id):
            order.status = OrderStatus.CANCELLED
        uow.commit()
    talk = Talk(services, NEW)
    cold = talk.say("recommend", "recommend something")
    assert {card["reason"].split()[-1] for card in cold.cards} == {"lately"}
    talk.say("product_question", "Is the Ridgeline 2 tent waterproof?")
    warm = talk.say("recommend", "what would suit me?")
    assert "looking at" in warm.text
    assert any("Ridgeline 2 Tent" in card["reason"] for card in warm.cards)


@pytest.mark.parametrize(("count", "kind"), [(2, "chosen because of"), (9, "often bought with")])
def test_two_customers_are_not_often(services: Services, count: int, kind: str) -> None:
    turn = spoken_to(services)
    found = Recommendation("down-wash", 1.0, "ridgeline-2-tent", "co_purchase", count)
    told = reason(
        turn, turn.services.catalogue, found, {"ridgeline-2-tent": NOW - timedelta(days=9)}
    )
    assert told == f"{kind} the Ridgeline 2 Tent that you bought in November"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_new_product_is_called_new_since_it_was_launched(
    services: Services, language: str
) -> None:
    product = services.catalogue["summit-1000-headlamp"]
    turn = spoken_to(services, language)
    told = reason(turn, services.catalogue, Recommendation(product.id, 1.0, None, "new", 0))
    assert ("2025年9月" if language == "zh" else "September 2025") in told


def test_an_arm_can_do_without_the_trained_models(services: Services) -> None:
    class Trained(Recommender):
        """Knows of nothing but what may be bought again."""

        def __init__(self, counts: Recommender) -> None:
            vars(self).update(vars(counts))
            self._counts = counts

        @property
        def by_counts(self) -> Recommender:
            return self._counts

        def _ranked(self, *_: object) -> tuple[list[Recommendation], Explain]:
            return [], list

    trained = dataclasses.replace(services, recommender=Trained(services.recommender))
    asked = "recommend something"
    assert len(Talk(trained, EMMA).say("recommend", asked).cards) == 1
    experiment = Experiment("models", {"counts": 1, "personal": 0})
    arm = dataclasses.replace(trained, experiment=experiment)
    assert len(Talk(arm, EMMA).say("recommend", asked).cards) == 3
