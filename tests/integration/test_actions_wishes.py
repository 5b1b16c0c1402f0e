"""The list that a customer puts together in the chat."""

from __future__ import annotations

from pathlib import Path

import pytest
from talking import Said, Talk, demo_services

from bot.dialogue.services import Services
from data import access

LIN, EMMA = "lin.yue@example.com", "emma.clarke@example.com"


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return demo_services(tmp_path)


def listed(talk: Talk, language: str = "en") -> list[str]:
    ask = "看看我的清单" if language == "zh" else "show me my list"
    return talk.say("wish_list", ask, language).products


@pytest.mark.parametrize(
    ("search", "first_two", "named", "language"),
    [
        ("tents", "save the first two", "put the {beacon} on my list", "en"),
        ("帐篷", "前两个都收藏", "把{beacon}加到清单", "zh"),
    ],
)
def test_what_is_picked_or_named_is_kept_once(
    services: Services, search: str, first_two: str, named: str, language: str
) -> None:
    talk = Talk(services, LIN)
    shown = talk.say("product_search", search, language).products
    talk.say("wish_list", first_two, language)
    talk.say("wish_list", first_two, language)
    beacon = services.catalogue["beacon-400-headlamp"].name[language]
    talk.say("wish_list", named.format(beacon=beacon), language)
    expected = [*shown[:2], "beacon-400-headlamp"]
    assert listed(talk, language) == expected
    assert listed(Talk(services, LIN), language) == expected  # another day
    assert listed(Talk(services, EMMA), language) == []
    assert listed(Talk(services), language) == []


@pytest.mark.parametrize(
    ("take_off", "clear", "language"),
    [
        ("take the first one off my list", "clear my list", "en"),
        ("把第一个从清单里删掉", "清空清单", "zh"),
    ],
)
def test_things_are_taken_off_and_all_is_cleared(
    services: Services, take_off: str, clear: str, language: str
) -> None:
    talk = Talk(services, LIN)
    shown = talk.say("product_search", "帐篷" if language == "zh" else "tents", language).products
    talk.say("wish_list", "这些都收藏" if language == "zh" else "save all of these", language)
    assert listed(talk, language) == shown
    talk.say("wish_list", take_off, language)
    assert listed(talk, language) == shown[1:]
    talk.say("wish_list", clear, language)
    assert listed(talk, language) == []
    assert "空" in talk.say("wish_list", clear, "zh").text


def test_a_visitor_s_list_goes_with_them_when_they_sign_in(services: Services) -> None:
    talk = Talk(services)
    said = talk.say("wish_list", "save the Ridgeline 2 Tent")
    assert "sign in" in said.text
    assert listed(talk) == ["ridgeline-2-tent"]
    with services.unit_of_work() as uow:
        access.sign_in(uow, talk.session_id, EMMA, now=services.clock())
    assert listed(talk) == ["ridgeline-2-tent"]
    assert listed(Talk(services, EMMA)) == ["ridgeline-2-tent"]
    assert listed(Talk(services)) == []


def test_nothing_is_meant_and_too_much_is_meant(services: Services) -> None:
    talk = Talk(services, LIN)
    assert "Which product" in talk.say("wish_list", "put it on my list").text
    assert "not on your list" in _after_one(talk).text
    others = [p for p in services.catalogue.values() if p.name.en != "Northwall Down Parka"]
    for product in others[:40]:
        talk.say("wish_list", f"add the {product.name.en} to my list")
    assert len(listed(talk)) == 30
    assert "at most 30" in talk.say("wish_list", "save the Northwall Down Parka").text


def _after_one(talk: Talk) -> Said:
    talk.say("wish_list", "save the Ridgeline 2 Tent")
    return talk.say("wish_list", "remove the Beacon 400 headlamp from my list")
