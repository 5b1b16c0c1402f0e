"""Skills on the demo shop without Rasa: what was understood is given, the rest is real."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import SKILLS
from bot.services import Services
from data import access

INTENTS = {
    "recommend": "action_recommend",
    "recommend_companion": "action_recommend",
    "recommend_gift": "action_recommend",
    "why": "action_why",
    "product_search": "action_search",
    "product_question": "action_answer",
    "not_interested": "action_not_interested",
    "see_profile": "action_profile",
    "correct_profile": "action_correct_profile",
    "history_off": "action_use_of_history",
    "history_on": "action_use_of_history",
}


@dataclass
class Said:
    """All that one turn brought."""

    messages: list[dict[str, Any]]
    notes: dict[str, Any]

    @property
    def text(self) -> str:
        return "\n".join(message["text"] for message in self.messages)

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [card for message in self.messages for card in message["cards"]]

    @property
    def products(self) -> list[str]:
        return [card["product_id"] for card in self.cards]


@dataclass
class Talk:
    """One conversation, of a visitor or of a signed-in customer."""

    services: Services
    email: str | None = None
    session_id: str = ""
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.services.unit_of_work() as uow:
            now = self.services.clock()
            self.session_id = access.open_session(uow, timedelta(hours=1), now=now).id
            if self.email:
                assert access.sign_in(uow, self.session_id, self.email, now=now)

    def say(self, intent: str, text: str, language: str = "en") -> Said:
        skill = next(s for s in SKILLS if s.action == INTENTS[intent])(self.services)
        self.events.append({"event": "user", "text": text})
        latest = {
            "text": text,
            "intent": {"name": intent},
            "entities": [],
            "metadata": {"turn_id": f"turn-{len(self.events)}", "language": language},
        }
        tracker = Tracker(self.session_id, {}, latest, self.events, False, None, {}, skill.action)
        dispatcher = CollectingDispatcher()
        asyncio.run(skill.run(dispatcher, tracker, {}))
        sent = [message["custom"] for message in dispatcher.messages]
        self.events += [{"event": "bot", "data": {"custom": custom}} for custom in sent]
        return Said([custom["message"] for custom in sent], sent[-1]["notes"])
