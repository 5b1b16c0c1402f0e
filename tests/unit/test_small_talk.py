"""Greetings and the like, and the language that a turn is answered in, without Rasa."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot import languages
from bot.actions.skill import Skill
from bot.actions.smalltalk import BotChallenge, Goodbye, Greet, Help, Thanks
from bot.dialogue.services import Services
from bot.messages import BotMessage
from bot.wording.phrases import Phrases
from data.database import create_engine, session_factory
from data.models import Base, Localized
from data.unit_of_work import UnitOfWork

NAME = Localized(zh="蓝杯子", en="Blue Mug")
SECTIONS = ("delivery", "returns", "warranty", "membership", "invoice")


def services(spoken: tuple[str, ...] = ("zh", "en"), *decided: str) -> Services:
    """As much of the services as small talk needs, of a shop with these sections in its rules."""
    rules = SimpleNamespace(
        name=NAME,
        shop=SimpleNamespace(languages=spoken),
        **{section: object() if section in decided else None for section in SECTIONS},
    )
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    sessions = session_factory(engine)
    return cast(
        "Services",
        SimpleNamespace(
            rules=rules,
            phrases=Phrases.load(),
            clock=lambda: datetime.now(UTC),
            unit_of_work=lambda: UnitOfWork(sessions),
        ),
    )


def say(
    kind: type[Skill],
    of: Services,
    text: str = "hello",
    *,
    slot: str = "en",
    chosen: str | None = None,
    turn_id: str = "",
) -> BotMessage:
    metadata: dict[str, Any] = {"turn_id": turn_id, **({"language": chosen} if chosen else {})}
    latest = {"text": text, "intent": {"name": ""}, "entities": [], "metadata": metadata}
    skill = kind(of)
    tracker = Tracker("s", {"language": slot}, latest, [], False, None, {}, skill.action)
    dispatcher = CollectingDispatcher()
    asyncio.run(skill.run(dispatcher, tracker, {}))
    (sent,) = dispatcher.messages
    return BotMessage.model_validate(sent["custom"]["message"])


def test_the_shop_greets_by_its_name_and_names_what_it_has_decided() -> None:
    said = say(Greet, services(("zh", "en"), "delivery"))
    assert (
        said.text == "Hello, and welcome to Blue Mug. Ask me about products, orders and delivery."
    )
    said = say(Greet, services(), "您好", slot="zh")
    assert said.text == "您好，这里是蓝杯子。商品和订单都可以问我，直接说就行。"


@pytest.mark.parametrize("kind", [Greet, Goodbye, Thanks, BotChallenge])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_small_talk_varies_and_the_same_turn_says_the_same(
    kind: type[Skill], language: str
) -> None:
    of = services(("zh", "en"), *SECTIONS)
    hello = "你好" if language == "zh" else "hello"
    texts = [say(kind, of, hello, slot=language, turn_id=f"t{n}").text for n in range(20)]
    assert len(set(texts)) >= 3
    assert texts[7] == say(kind, of, hello, slot=language, turn_id="t7").text


def test_help_never_mentions_what_the_shop_has_not() -> None:
    assert "warranty" not in say(Help, services(("zh", "en"), "delivery", "returns")).text
    assert "保修" in say(Help, services(("zh", "en"), *SECTIONS), "你能做什么", slot="zh").text


@pytest.mark.parametrize(
    ("spoken", "text", "slot", "chosen", "language", "notice"),
    [
        (("zh", "en"), "你好", "zh", None, "zh", ""),
        (("zh", "en"), "hello", "en", None, "en", ""),
        (
            ("zh", "en"),
            "bonjour, où est ma commande ?",
            "en",
            None,
            "en",
            "I can help you in English and Chinese.",
        ),
        (("zh", "en"), "bonjour, où est ma commande ?", "en", "zh", "zh", ""),
        (("zh", "en"), "SP20417388", "zh", None, "zh", ""),
        (("en",), "hello", "en", None, "en", ""),
        (("en",), "你好，有杯子吗", "zh", None, "en", "I can help you in English."),
        (("en",), "你好，有杯子吗", "zh", "zh", "en", "I can help you in English."),
        (("zh",), "你好", "zh", None, "zh", ""),
        (("zh",), "hello, do you have mugs?", "en", None, "zh", "我可以用中文为您服务。"),
        (("zh",), "12345678", "en", None, "zh", ""),
    ],
)
def test_the_language_of_the_answer(
    spoken: tuple[str, ...], text: str, slot: str, chosen: str | None, language: str, notice: str
) -> None:
    said = say(Goodbye, services(spoken), text, slot=slot, chosen=chosen)
    assert said.language == language
    first, _, rest = said.text.partition("\n")
    assert (first == notice and rest) if notice else not rest


def test_a_language_that_the_shop_does_not_speak() -> None:
    assert languages.spoken(None, ("zh", "en")) == "en"
    assert languages.spoken("fr", ("zh",)) == "zh"
