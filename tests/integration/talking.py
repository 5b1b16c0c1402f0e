"""Skills on the demo shop without Rasa: what was understood is given, the rest is real."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

from bot.actions import SKILLS
from bot.bootstrap import bootstrap
from bot.services import Services
from bot.settings import ROOT, Settings
from data import access, demo, migrations
from data.database import create_engine
from weights import WeightsError

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)

INTENTS = {
    "recommend": "action_recommend",
    "recommend_companion": "action_recommend",
    "recommend_gift": "action_recommend",
    "why": "action_why",
    "refine": "action_search",
    "return_eligibility": "action_return",
    "delivery_time": "action_delivery",
    "delivery_cost": "action_delivery",
    "stock_check": "action_stock",
    "membership": "action_membership",
    "price_question": "action_price",
    "policy_question": "action_answer",
    "deny": "action_deny",
    "complaint": "action_handoff",
    "wish_list": "action_wish_list",
    "compare": "action_compare",
    "product_search": "action_search",
    "product_question": "action_answer",
    "not_interested": "action_not_interested",
    "see_profile": "action_profile",
    "correct_profile": "action_correct_profile",
    "history_off": "action_use_of_history",
    "history_on": "action_use_of_history",
}


def demo_services(state: Path) -> Services:
    """The demo shop as of `DAY`, in the folder `state`; skips where nothing is set up."""
    if not (ROOT / "var" / "index").is_dir():
        pytest.skip("There is no index yet; run `make setup`.")
    (state / "index").symlink_to(ROOT / "var" / "index")
    engine = create_engine(f"sqlite:///{state / 'shop.db'}")
    migrations.upgrade(engine)
    with Session(engine) as session:
        demo.load(session, today=DAY)
        session.commit()
    engine.dispose()
    settings = Settings(
        _env_file=None,
        state=state,
        generator="off",
        session_secret=SecretStr("the key of the sessions, long enough for HS256"),
        identity_secret=SecretStr("the key that the shop shares, long enough for HS256"),
    )
    try:
        return bootstrap(settings, clock=lambda: NOW)
    except WeightsError as error:
        pytest.skip(str(error))


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
        understood = {"intent": {"name": intent}}
        self.events.append({"event": "user", "text": text, "parse_data": understood})
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
