"""What the chat says of itself: true by how the assistant is set up, in both languages, and nothing
is switched, filed or deleted by the question."""

from __future__ import annotations

import dataclasses

import pytest
from talking import Talk, demo_services

from bot.dialogue.services import Services
from data.models import ProfileCorrection, Ticket


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = demo_services(tmp_path_factory.mktemp("state"))
    return dataclasses.replace(made, keep_days=45, keep_ticket_days=200)


@pytest.mark.parametrize(
    ("language", "text", "told"),
    [
        ("en", "who gets to read our conversation?", ["people of Spruce", "45 days", "@"]),
        ("zh", "我们的对话谁看得到", ["工作人员", "45 天", "@"]),
        ("en", "when will this chat be erased?", ["45 days after it ends"]),
        ("zh", "这段对话留几天", ["结束 45 天后删除"]),
        ("en", "erase our conversation", ["cannot delete", "45 days", "delete all my data"]),
        ("zh", "清空我们的聊天", ["不能删除", "45 天", "删除我的全部信息"]),
    ],
)
@pytest.mark.parametrize("misread", ["help", "history_off", "policy_question"])
def test_the_chat_tells_of_itself(
    services: Services, language: str, text: str, told: list[str], misread: str
) -> None:
    talk = Talk(services)
    said = talk.say(misread, text, language).text
    assert all(part in said for part in told), said
    with services.unit_of_work() as uow:
        assert not uow.session.query(Ticket).count()
        assert not uow.session.query(ProfileCorrection).count()


def test_it_leads_to_the_shops_page_and_names_whom_else_words_go_to(services: Services) -> None:
    shop = services.rules.shop
    pages = shop.pages.model_copy(update={"privacy": "https://shop.example/privacy"})
    rules = services.rules.model_copy(update={"shop": shop.model_copy(update={"pages": pages})})
    made = dataclasses.replace(services, rules=rules, worded_elsewhere=True)
    said = Talk(made).say("help", "who can see this chat?").text
    assert "https://shop.example/privacy" in said
    assert "the service that words my answers" in said


@pytest.mark.parametrize(
    ("language", "text", "begins"),
    [
        ("en", "is there a real person here?", "No, I am an automated assistant"),
        ("en", "are you a robot?", "Yes, I am an automated assistant"),
        ("zh", "您是真人吗", "不是，我是"),
        ("zh", "您是机器人吗", "是的，我是"),
    ],
)
def test_no_person_answers_and_one_is_offered(
    services: Services, language: str, text: str, begins: str
) -> None:
    talk = Talk(services)
    said = talk.say("bot_challenge", text, language)
    assert said.text.startswith(begins)
    assert said.messages[-1]["buttons"]
    handed = talk.say("affirm", {"en": "yes", "zh": "好"}[language], language)
    assert handed.messages[-1]["handoff"]
