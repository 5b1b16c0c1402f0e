"""The shop's own answers in a conversation, and what nothing was found for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from talking import Talk, demo_services

from bot.dialogue.services import Services
from retrieval import curated


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return demo_services(tmp_path_factory.mktemp("curated"))


@pytest.mark.parametrize(
    ("question", "asked", "answer", "language"),
    [
        ("店里可以给登山杖换杖尖吗？", "店里能给登山杖换杖尖吗", "可以，到店免费换。", "zh"),
        ("Do you replace the tips of trekking poles?", "do you replace trekking pole tips",
         "Yes, free of charge in our shop.", "en"),
    ],
)  # fmt: skip
def test_an_answer_of_the_shop_goes_before_its_pages(
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    question: str,
    asked: str,
    answer: str,
    language: str,
) -> None:
    monkeypatch.setattr(curated, "_LOOK_S", 0.0)
    before = Talk(services).say("policy_question", asked, language)
    assert answer not in before.text
    with services.unit_of_work() as uow:
        uow.curated.put(language, question, answer, datetime.now(UTC))
        uow.commit()
    said = Talk(services).say("policy_question", asked, language)
    assert said.text == answer
    assert said.notes["wording"]["origin"] == "curated"
    # A question about something else is not answered by it.
    other = "退货要几天" if language == "zh" else "how many days do I have for a return"
    assert answer not in Talk(services).say("policy_question", other, language).text


def test_what_nothing_was_found_for_is_noted(services: Services) -> None:
    talk = Talk(services)
    talk.say("policy_question", "do you sell life insurance for parrots", "en")
    with services.unit_of_work() as uow:
        texts = [each.text for each in uow.unanswered.most_asked(10)]
    assert "do you sell life insurance for parrots" in texts
