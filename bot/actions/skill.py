"""The base of all actions.

A skill is synchronous and runs in a thread of its own, so that the database and the generator
never hold up the event loop. Whatever fails in it becomes an apology, and the dialogue goes on.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import structlog
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.actions import asides
from bot.dialogue import corrected, gathered, references, thread
from bot.dialogue.notes import Notes
from bot.dialogue.services import Services
from bot.dialogue.turn import Turn
from bot.runtime.steps import reached
from bot.understanding.reading import Request
from bot.wording import replies

log = structlog.get_logger("action")

_OUT_OF_SCOPE = "out_of_scope"  # as bot/rasa/intents/ has it

BY_ACTION: dict[str, type[Skill]] = {}  # every skill that names its action


class Skill(Action, ABC):  # type: ignore[misc]  # rasa-sdk has no types
    """One action of the Rasa domain. `action` is its name there, `kind` its name in metrics."""

    action: ClassVar[str]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "action" in cls.__dict__:
            BY_ACTION[cls.action] = cls

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

    def _serve(self, turn: Turn) -> None:
        """Each request of the utterance by its skill, in order, and all of it in one reply. Bare
        digits are a code while one is awaited, whatever they were understood as."""
        if turn.awaited_code() is not None:
            self.serving("provide_identity").act(turn)
            return
        wanted = corrected.again(turn) or turn.requests()
        turn.alone = len(wanted) == 1
        served: list[Request] = []
        for request in wanted:
            turn.turn_to(request)
            turn.turn_to(thread.by_name(turn))
            turn.turn_to(thread.of_delivery(turn))
            parts = thread.parts(turn)
            turn.alone = turn.alone and len(parts) == 1
            for part in parts:
                turn.turn_to(part)
                turn.turn_to(thread.with_subject(turn, served))
                served.append(turn.request)
                asked = thread.in_full(turn)
                turn.turn_to(asked)
                if not asides.answered(turn):
                    self._skill(turn).act(turn)
                gathered.note(turn)
                turn.note(asked=thread.kept(turn), served=corrected.kept(turn, asked))
        if turn.notes.first_of is not None and turn.messages:
            self._say_which(turn)
        if not turn.alone:
            turn.messages = [replies.as_one(turn.messages)]

    def _say_which(self, turn: Turn) -> None:
        """Say of which of several a question was answered that said only "this"."""
        product = self.services.catalogue.get(turn.notes.product or "")
        if product is not None:
            told = turn.phrase("product.first_of", name=turn.name_of(product))
            first = turn.messages[0]
            turn.messages[0] = first.model_copy(update={"text": f"{told}\n{first.text}"})

    def _skill(self, turn: Turn) -> Skill:
        """The skill that serves the request."""
        # No reading knows all carriers' numbers: "where is 1Z999AA10123456784" is in no scope.
        lost = turn.intent == _OUT_OF_SCOPE and references.order_of_parcel(turn) is not None
        if turn.alone and lost:
            return self.serving("order_status")
        # Rasa may have chosen another action than the act's: where it is not sure of it.
        return self if turn.alone and turn.intent == turn.whole.act else self.serving(turn.intent)

    def serving(self, act: str) -> Skill:
        """The skill that serves an act."""
        return BY_ACTION[self.services.actions[act]](self.services)

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        turn = Turn(tracker, self.services)
        reached("action begun")
        try:
            await asyncio.to_thread(self._serve, turn)
        except Exception as error:
            # The traceback names code, not values; what the customer wrote stays out of the log.
            log.exception("action failed", action=self.action, error=type(error).__name__)
            turn.messages.clear()
            turn.say(turn.phrase("apology"))
            turn.notes = Notes(failed=type(error).__name__)
        if turn.foreign:
            first = turn.messages[0]
            text = f"{turn.notice_of_languages()}\n{first.text}"
            turn.messages[0] = first.model_copy(update={"text": text})
        turn.note(kind=self.kind, timings_ms={"action": round(turn.seconds() * 1000)})
        for position, message in enumerate(turn.messages):
            last = position == len(turn.messages) - 1
            dispatcher.utter_message(
                text=message.text,
                json_message={
                    "message": message.model_dump(mode="json"),
                    "notes": turn.notes.plain() if last else {},
                },
            )
        reached("action done")
        return turn.events
