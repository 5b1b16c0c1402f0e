"""What is offered unasked, and when it is not."""

from __future__ import annotations

import pytest
from talking import INTENTS, Talk, demo_services

from bot.dialogue.services import Services


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("state"))


@pytest.mark.parametrize(
    ("text", "language", "first", "said"),
    [
        ("Can I return the Ridgeline 2 Tent?", "en", "Ridgeline 3 Tent", "did not suit you"),
        ("岭线双人帐不喜欢，能退吗？", "zh", "岭线三人三季帐", "不太合适"),
    ],
)
def test_a_return_brings_what_can_take_its_place(
    services: Services, text: str, language: str, first: str, said: str
) -> None:
    answer = Talk(services).say("return_eligibility", text, language)
    assert [card["title"] for card in answer.cards] == [first]
    assert said in answer.text
    assert answer.notes["product"] == "ridgeline-2-tent"
    assert "Ridgeline 2" in answer.cards[0]["reason"] or "岭线双人" in answer.cards[0]["reason"]


@pytest.mark.parametrize(
    "text",
    [
        "my Ridgeline 2 tent is torn, can I return it?",
        "岭线双人帐漏水，能退吗？",
        "this is ridiculous, I want to return the Ridgeline 2 tent",
        "岭线双人帐太差了，我要退货",
        "Can I return the Nightjar 1 Tent?",  # nothing is enough like it at its price
    ],
)
def test_a_complaint_brings_no_offer(services: Services, text: str) -> None:
    assert not Talk(services).say("return_eligibility", text).cards


def test_a_complaint_is_remembered_for_a_while(services: Services) -> None:
    talk = Talk(services)
    talk.say("complaint", "the parcel came a week late and nobody called")
    for _ in range(4):
        assert not talk.say("return_eligibility", "Can I return the Ridgeline 2 Tent?").cards
    assert talk.say("return_eligibility", "Can I return the Ridgeline 2 Tent?").cards


def test_once_in_five_turns_and_never_after_a_no(services: Services) -> None:
    talk = Talk(services)
    offers = [
        bool(talk.say("return_eligibility", "Can I return the Ridgeline 2 Tent?").cards)
        for _ in range(11)
    ]
    assert offers == [True, *[False] * 4, True, *[False] * 4, True]
    talk.say("deny", "no thanks")
    for _ in range(6):
        assert not talk.say("return_eligibility", "Can I return the Ridgeline 2 Tent?").cards


@pytest.mark.parametrize(
    ("no", "wish", "language"),
    [("never mind, too dear", "is the Nightjar 1 Tent waterproof", "en"),
     ("算了太贵了", "夜莺单人帐防水吗", "zh")],
)  # fmt: skip
def test_a_turn_to_another_wish_declines_no_offer(
    services: Services, no: str, wish: str, language: str
) -> None:
    talk = Talk(services)
    assert talk.say("return_eligibility", "Can I return the Ridgeline 2 Tent?", language).cards
    said = talk.say_several([("deny", no), ("product_question", wish)], language)
    assert not said.text.startswith(("Fine", "All right", "好的"))
    assert not said.notes.get("declined")
    assert not talk.say("deny", no, language).notes.get("declined")


def test_a_delivered_order_brings_what_goes_with_it(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(INTENTS, "order_status", "action_order_status")
    told = Talk(services, "emma.clarke@example.com").say("order_status", "has my order come?")
    offered = [card for card in told.cards if card.get("reason")]
    assert [card["product_id"] for card in offered] == [told.notes["offer"]]
    assert "bought it with the Fellwind Trail Runner" in offered[0]["reason"]
    under_way = Talk(services, "chen.hao@example.com").say("order_status", "where is my parcel?")
    assert "offer" not in under_way.notes
