"""Skills on the demo shop without Rasa: what was understood is given, the rest is real."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from pydantic import SecretStr
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.orm import Session

import demo
from bot.actions import SKILLS
from bot.bootstrap import bootstrap
from bot.dialogue.services import Services
from bot.rasa import examples
from bot.rasa.components.reading_model import ReadingModel
from bot.settings import ROOT, Settings
from bot.understanding.reading import Reading, Request
from data import access, migrations
from data.database import create_engine
from weights import WeightsError, locate

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)

INTENTS = examples.actions()  # what Rasa does for an intent


@cache
def _demo_database() -> TemporaryDirectory[str]:
    """Holds `shop.db`, the demo shop as of `DAY`: filled once, which takes seconds, and copied."""
    folder = TemporaryDirectory(prefix="demo-")
    engine = create_engine(f"sqlite:///{folder.name}/shop.db")
    migrations.upgrade(engine)
    with Session(engine) as session:
        demo.load(session, today=DAY)
        session.commit()
    engine.dispose()  # the last connection moves the write-ahead log into the file
    return folder


def demo_services(state: Path) -> Services:
    """The demo shop as of `DAY`, in the folder `state`; skips where nothing is set up."""
    if not (ROOT / "var" / "index").is_dir():
        pytest.skip("There is no index yet; run `make setup`.")
    (state / "index").symlink_to(ROOT / "var" / "index")
    shutil.copy(Path(_demo_database().name, "shop.db"), state / "shop.db")
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


@cache
def _reader() -> ReadingModel:
    try:
        return ReadingModel(locate("reading"))
    except WeightsError as error:
        pytest.skip(str(error))


def _read(text: str, intent: str) -> Reading:
    """What is read in a text that is one request of this intent."""
    found = _reader().read(text).requests
    request = Request(
        intent, 1.0, "", 0, len(text), text,
        tuple(span for each in found for span in each.spans),
        frozenset().union(*(each.facts for each in found)),
    )  # fmt: skip
    return Reading((request,))


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

    def say(self, intent: str, text: str, language: str = "en", **metadata: Any) -> Said:
        return self._turn(text, language, intent, _read(text, intent), **metadata)

    def say_several(self, requests: Sequence[tuple[str, str]], language: str = "en") -> Said:
        """One message with several requests, each an intent and its words."""
        text, read = "", []
        for intent, words in requests:
            (one,) = _read(words, intent).requests
            at = len(text)
            spans = tuple(
                replace(span, start=span.start + at, end=span.end + at) for span in one.spans
            )
            read.append(replace(one, start=at, end=at + len(words), spans=spans))
            text += f"{words} "
        return self._turn(text, language, requests[0][0], Reading(tuple(read)))

    def _turn(
        self, text: str, language: str, intent: str, reading: Reading, **metadata: Any
    ) -> Said:
        skill = next(s for s in SKILLS if s.action == INTENTS[intent])(self.services)
        understood = {"intent": {"name": intent}, "reading": reading.plain()}
        known = {"turn_id": f"turn-{len(self.events) + 1}", "language": language, **metadata}
        said = {"event": "user", "text": text, "parse_data": understood, "metadata": known}
        self.events.append(said)
        latest = {
            "text": text,
            "intent": {"name": intent},
            "entities": [],
            "reading": understood["reading"],
            "metadata": known,
        }
        tracker = Tracker(self.session_id, {}, latest, self.events, False, None, {}, skill.action)
        dispatcher = CollectingDispatcher()
        asyncio.run(skill.run(dispatcher, tracker, {}))
        sent = [message["custom"] for message in dispatcher.messages]
        self.events += [{"event": "bot", "data": {"custom": custom}} for custom in sent]
        return Said([custom["message"] for custom in sent], sent[-1]["notes"])
