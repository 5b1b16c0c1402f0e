"""The base of all actions: what a skill is told of the turn, and how it speaks.

A skill is synchronous and runs in a thread of its own, so that the database and the generator
never hold up the event loop. Whatever fails in it becomes an apology, and the dialogue goes on.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, ClassVar, Literal

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.messages import (
    BotMessage,
    Button,
    CitationView,
    HandoffView,
    OrderCard,
    ProductCard,
    Table,
)
from bot.phrases import phrase
from bot.services import Services
from bot.taste import Taste, taste_of
from data import access
from data.models import Customer, Product, Tier
from data.unit_of_work import UnitOfWork
from retrieval.text import detect_language

log = structlog.get_logger("action")

Language = Literal["zh", "en"]


class Turn:
    """One customer utterance and the bot's answer to it.

    State between turns is not kept in slots but read back from the notes that earlier messages
    carry in the tracker (`noted`), so there is one record of what was said, shown and offered.
    """

    def __init__(self, tracker: Tracker, services: Services) -> None:
        self.services = services
        self.session_id: str = tracker.sender_id
        latest = tracker.latest_message
        self.text: str = latest.get("text") or ""
        self.intent: str = (latest.get("intent") or {}).get("name") or ""
        metadata = latest.get("metadata") or {}
        self.turn_id: str = metadata.get("turn_id", "")
        detected = detect_language(self.text)
        self.foreign = detected == "other" and "language" not in metadata
        spoken = metadata.get("language") or tracker.get_slot("language")
        self.language: Language = "zh" if spoken == "zh" else "en"
        self._entities: list[dict[str, Any]] = latest.get("entities") or []
        self._events: list[dict[str, Any]] = tracker.events
        self.messages: list[BotMessage] = []
        self.notes: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []  # for Rasa: slots to set
        self._started = time.perf_counter()

    # What the customer said

    def entities(self, name: str) -> list[str]:
        return [str(e["value"]) for e in self._entities if e["entity"] == name]

    @property
    def today(self) -> date:
        return self.services.rules.today(self.services.clock())

    # What was said before

    def earlier(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The notes of earlier turns, latest first, each with how many customer turns ago."""
        turns_ago = 0
        for event in reversed(self._events):
            if event.get("event") == "user":
                turns_ago += 1
            elif event.get("event") == "bot":
                notes = ((event.get("data") or {}).get("custom") or {}).get("notes")
                if notes:
                    yield turns_ago, notes

    def noted(self, key: str, *, within: int) -> Any:
        """The latest note of that key made at most `within` customer turns ago, else None."""
        return self.newest(key, within=within).get(key)

    def newest(self, *keys: str, within: int) -> dict[str, Any]:
        """The latest notes with any of the keys, made at most `within` customer turns ago; {} when
        there are none."""
        for turns_ago, notes in self.earlier():
            if turns_ago > within:
                break
            if any(key in notes for key in keys):
                return notes
        return {}

    def said_lately(self, turns: int) -> list[tuple[str, str]]:
        """Intent and text of this utterance and of so many before it, latest first."""
        said = [event for event in reversed(self._events) if event.get("event") == "user"]
        before = [
            (
                ((e.get("parse_data") or {}).get("intent") or {}).get("name") or "",
                e.get("text") or "",
            )
            for e in said[1 : 1 + turns]
        ]
        return [(self.intent, self.text), *before]

    # What the bot says

    def say(
        self,
        text: str,
        *,
        cards: Sequence[ProductCard | OrderCard] = (),
        citations: Sequence[CitationView] = (),
        buttons: Sequence[Button] = (),
        table: Table | None = None,
        handoff: HandoffView | None = None,
    ) -> None:
        self.messages.append(
            BotMessage(
                text=text,
                cards=list(cards),
                citations=list(citations),
                buttons=list(buttons),
                table=table,
                language=self.language,
                handoff=handoff,
            )
        )

    def phrase(self, key: str, **facts: object) -> str:
        return phrase(key, self.language, **facts)

    def button(self, key: str) -> Button:
        """A button whose press says what stands on it."""
        title = self.phrase(f"button.{key}")
        return Button(title=title, payload=title)

    def publish(self, text: str) -> None:
        """Stream the whole text so far."""
        self.services.streams.publish(self.turn_id, text)

    def name_of(self, product: Product) -> str:
        return product.name[self.language]

    def customer(self, uow: UnitOfWork) -> Customer | None:
        """Whom the session is bound to, whatever the conversation claims."""
        return access.customer_of_session(uow, self.session_id, now=self.services.clock())

    def taste(self, uow: UnitOfWork) -> Taste:
        """What a recommendation may know of whoever speaks, as it stands now."""
        customer = self.customer(uow)
        services = self.services
        return taste_of(uow, customer, self.session_id, services.catalogue, services.clock())

    def seconds(self) -> float:
        """Since the action began."""
        return time.perf_counter() - self._started


def tier_of(customer: Customer | None) -> Tier:
    return customer.tier if customer is not None else Tier.STANDARD


class Skill(Action, ABC):  # type: ignore[misc]  # rasa-sdk has no types
    """One action of the Rasa domain. `action` is its name there, `kind` its name in metrics."""

    action: ClassVar[str]

    def __init__(self, services: Services) -> None:
        self.services = services

    @property
    def kind(self) -> str:
        return self.action.removeprefix("action_")

    def name(self) -> str:
        return self.action

    @abstractmethod
    def act(self, turn: Turn) -> None:
        """Say something, by `turn.say`."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn(tracker, self.services)
        try:
            await asyncio.to_thread(self.act, turn)
        except Exception as error:
            # The traceback names code, not values; what the customer wrote stays out of the log.
            log.exception("action failed", action=self.action, error=type(error).__name__)
            turn.messages.clear()
            turn.say(turn.phrase("apology"))
            turn.notes = {"failed": type(error).__name__}
        if turn.foreign:
            first = turn.messages[0]
            notice = phrase("languages", "en")
            turn.messages[0] = first.model_copy(update={"text": f"{notice}\n{first.text}"})
        notes = {
            "kind": self.kind,
            "timings_ms": {"action": round(turn.seconds() * 1000)},
            **turn.notes,
        }
        for position, message in enumerate(turn.messages):
            last = position == len(turn.messages) - 1
            dispatcher.utter_message(
                text=message.text,
                json_message={
                    "message": message.model_dump(mode="json"),
                    "notes": notes if last else {},
                },
            )
        return turn.events
