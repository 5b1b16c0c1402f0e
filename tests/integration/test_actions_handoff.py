"""Nobody files so many tickets that others are not heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from talking import NOW, Talk, demo_services

from bot.dialogue.notices import CHANNEL, Notices
from bot.dialogue.services import Services
from bot.wording.phrases import phrase
from data.models import Ticket

LIN = "lin.yue@example.com"
FULL = phrase("handoff.full", "en")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("state"))


@pytest.fixture
def services(shop: Services) -> Iterator[Services]:
    """The shop as it was before the test."""
    yield shop
    with shop.unit_of_work() as uow:
        uow.session.execute(delete(Ticket))
        uow.commit()


def ask(services: Services, email: str | None = None, talk: Talk | None = None) -> str:
    return (talk or Talk(services, email)).say("human", "a person please", asked_from="home").text


def test_an_address_files_so_many_in_an_hour_and_a_known_customer_still_gets_through(
    services: Services,
) -> None:
    told = [FULL in ask(services) for _ in range(12)]
    assert told == [False] * 10 + [True] * 2
    assert FULL not in ask(services, LIN)
    with services.unit_of_work() as uow:
        assert uow.tickets.filed_since(NOW, asked_from="home") == 11
        uow.session.execute(update(Ticket).values(created_at=NOW - timedelta(hours=2)))
        uow.commit()
    assert FULL not in ask(services)


def test_a_conversation_files_three_in_an_hour(services: Services) -> None:
    talk = Talk(services, LIN)
    for _ in range(3):
        assert FULL not in ask(services, talk=talk)
        assert "already" in ask(services, talk=talk)  # one that is open is not filed again
        with services.unit_of_work() as uow:
            uow.session.execute(update(Ticket).values(status="closed"))
            uow.commit()
    assert FULL in ask(services, talk=talk)


def test_the_strangers_of_a_shop_file_so_many_in_an_hour(services: Services) -> None:
    talk = Talk(services)
    with services.unit_of_work() as uow:
        for number in range(300):
            uow.tickets.add(
                Ticket(session_id=talk.session_id, language="en", reason="asked", transcript=[],
                       status="closed", created_at=NOW, asked_from=str(number))
            )  # fmt: skip
        uow.commit()
    assert FULL in ask(services)
    assert FULL not in ask(services, LIN)


NIGHT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)  # Sunday, half past eleven in the shop


def at_night(services: Services) -> Services:
    return replace(services, clock=lambda: NIGHT)


def ticket_of(services: Services, talk: Talk) -> Ticket:
    with services.unit_of_work() as uow:
        found = uow.tickets.newest_of_session(talk.session_id)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("language", "ask_for", "left"),
    [
        ("en", "a person please", "you can reach me at Wang@Example.com"),
        ("zh", "转人工", "138 0013 8000"),
    ],
)
@pytest.mark.parametrize("act", ["provide_identity", "out_of_scope"])
def test_out_of_hours_an_address_is_left_and_proves_nothing(
    services: Services, language: str, ask_for: str, left: str, act: str
) -> None:
    talk = Talk(at_night(services))
    asked = talk.say("human", ask_for, language)
    assert phrase("handoff.leave", language) in asked.text
    assert asked.messages[0]["handoff"]["contact"] is True
    told = talk.say(act, left, language)
    contact = ticket_of(services, talk).contact
    assert contact in ("wang@example.com", "+8613800138000")
    assert contact in told.text
    assert told.messages[0]["asks"] is None
    assert told.messages[0]["handoff"]["contact"] is False


def test_whoever_the_shop_knows_is_asked_for_no_address(services: Services) -> None:
    asked = Talk(at_night(services), LIN).say("human", "a person please")
    assert asked.messages[0]["handoff"]["contact"] is False
    assert phrase("handoff.leave", "en") not in asked.text


def test_within_hours_an_address_begins_the_proof_as_before(services: Services) -> None:
    talk = Talk(services)
    talk.say("human", "a person please")
    assert talk.say("provide_identity", "wang@example.com").messages[0]["asks"] == "identity"
    assert ticket_of(services, talk).contact is None


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "cancel that, I do not need a person any more"),
        ("zh", "不用转人工了"),
        ("en", phrase("button.withdraw", "en")),
        ("zh", phrase("button.withdraw", "zh")),
    ],
)
@pytest.mark.parametrize("act", ["deny", "human", "cancel_order"])
def test_a_ticket_is_taken_back(services: Services, language: str, text: str, act: str) -> None:
    talk = Talk(services)
    asked = talk.say("human", "a person please", language)
    assert asked.messages[0]["buttons"][0]["title"] == phrase("button.withdraw", language)
    told = talk.say(act, text, language)
    ticket = ticket_of(services, talk)
    assert ticket.status == "closed"
    assert told.text == phrase("handoff.withdrawn", language, number=ticket.id)
    assert told.messages[0]["handoff"]["state"] == "closed"
    assert [each["kind"] for each in ticket.events or ()] == ["withdrawn"]


def test_with_nobody_waited_for_there_is_nothing_to_take_back(services: Services) -> None:
    talk = Talk(services)
    talk.say("deny", "no person needed, thanks")
    with services.unit_of_work() as uow:
        assert uow.tickets.newest_of_session(talk.session_id) is None


@pytest.mark.parametrize(("language", "text"), [("en", "the zip is broken"), ("zh", "拉链坏了")])
def test_a_complaint_is_a_mark_and_no_place_in_the_queue(
    services: Services, language: str, text: str
) -> None:
    marked = [Talk(services, LIN) for _ in range(2)]
    said = [talk.say("complaint", text, language) for talk in marked]
    assert said[0].messages[0]["handoff"] is None
    first = ticket_of(services, marked[0])
    assert first.waiting_since is None
    assert phrase("handoff.marked", language, number=first.id) in said[0].text
    waits = Talk(services)
    assert waits.say("human", "转人工", "zh").messages[0]["handoff"]["position"] == 1
    # Who complained and then asks for a person has one, and waits from then on.
    now = marked[0].say("affirm", "yes", language)
    assert now.messages[0]["handoff"]["position"] in (1, 2)
    assert ticket_of(services, marked[0]).id == first.id
    assert ticket_of(services, marked[0]).waiting_since is not None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shops_own_number_hands_nobody_over(services: Services, language: str) -> None:
    talk = Talk(services)
    told = talk.say("human", "400-555-0137", language).text
    assert "400-555-0137" in told
    assert told != phrase("handoff.our_number", language, phone="400-555-0137")  # with the hours
    with services.unit_of_work() as uow:
        assert uow.tickets.newest_of_session(talk.session_id) is None


def test_a_ticket_knows_the_page_that_it_came_from(services: Services) -> None:
    talk = Talk(services)
    page = {"url": "https://s.example/a", "title": "A", "language": "zh", "product_id": "x"}
    talk.say("human", "转人工", "zh", page=page)
    assert ticket_of(services, talk).page == {
        "url": "https://s.example/a", "title": "A", "language": "zh",
    }  # fmt: skip


def test_the_shops_agents_are_told_in_the_same_transaction(services: Services) -> None:
    talk = Talk(replace(services, notices=Notices(calls=True, mails=["desk@shop.example"])))
    talk.say("human", "a person please")
    talk.say("human", "a person please")  # one that is open is told once
    with services.unit_of_work() as uow:
        lanes = [uow.channels.waiting_calls((CHANNEL, lane), most=9) for lane in ("calls", "mails")]
        assert [len(calls) for calls in lanes] == [1, 1]
        assert (lanes[0][0].call or {})["call"]["type"] == "ticket"
