"""One turn: a customer's message in, growing text and final messages out, once per message id."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.gateway.conversations import Conversations
from bot.gateway.rasa import Rasa, RasaUnavailable, Reply
from bot.messages import BotMessage
from bot.metrics import FIRST_DELTA_SECONDS, OPEN_TURNS, TURN_SECONDS, TURNS
from bot.phrases import phrase
from bot.streams import TurnStreams
from data.errors import DataError
from retrieval.text import detect_language

log = structlog.get_logger("turn")


@dataclass(frozen=True)
class Event:
    """One event of the stream: `delta` {seq, text}, `message`, `trace` or `done`."""

    name: Literal["delta", "message", "trace", "done"]
    data: dict[str, Any]


class RunningTurn:
    """A turn under way; any number of requests with its message id may follow it."""

    def __init__(self) -> None:
        self._delta: Event | None = None
        self._final: list[Event] = []
        self._changed = asyncio.Event()
        self.started = time.perf_counter()
        self.first_delta_s: float | None = None

    def grow(self, text: str) -> None:
        """Take the whole text so far; a slow reader skips what was overtaken."""
        if self.first_delta_s is None:
            self.first_delta_s = time.perf_counter() - self.started
        seq = 1 if self._delta is None else self._delta.data["seq"] + 1
        self._delta = Event("delta", {"seq": seq, "text": text})
        self._wake()

    def finish(self, events: list[Event]) -> None:
        self._final = [*events, Event("done", {})]
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(self) -> AsyncIterator[Event]:
        seen = 0
        while True:
            changed = self._changed
            if self._delta is not None and self._delta.data["seq"] > seen and not self._final:
                seen = self._delta.data["seq"]
                yield self._delta
                continue
            if self._final:
                for event in self._final:
                    yield event
                return
            await changed.wait()


class Turns:
    """Runs turns: one at a time for each session, each message id once, every one answered."""

    def __init__(
        self,
        conversations: Conversations,
        rasa: Rasa,
        streams: TurnStreams,
        *,
        timeout_s: float,
        log_texts: bool = False,
        traced: bool = False,
    ) -> None:
        self._conversations = conversations
        self._rasa = rasa
        self._streams = streams
        self._timeout_s = timeout_s
        self._log_texts = log_texts
        self._traced = traced
        self._running: dict[tuple[str, str], RunningTurn] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._one_at_a_time: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def open_for(self, session_id: str) -> int:
        return sum(1 for running_session, _ in self._running if running_session == session_id)

    def is_open(self, session_id: str, message_id: str) -> bool:
        return (session_id, message_id) in self._running

    def start(
        self, session_id: str, message_id: str, text: str, language: str | None
    ) -> RunningTurn:
        """Begin the turn, or join it when this message id is being answered already.

        The turn runs to its end even when nobody follows it, so that history and retries have it.
        """
        key = (session_id, message_id)
        if key not in self._running:
            turn = self._running[key] = RunningTurn()
            task = asyncio.create_task(self._play(turn, key, text, language))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._running[key]

    async def drain(self) -> None:
        """Let running turns end; each has its own time limit."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _play(
        self, turn: RunningTurn, key: tuple[str, str], text: str, language: str | None
    ) -> None:
        session_id, message_id = key
        lock = self._one_at_a_time.setdefault(session_id, asyncio.Lock())
        events: list[Event] = []
        OPEN_TURNS.inc()
        try:
            async with asyncio.timeout(self._timeout_s), lock:
                events = await self._events(turn, session_id, message_id, text, language)
        except (TimeoutError, RasaUnavailable, DataError, SQLAlchemyError) as error:
            events = [self._apology(error, text, language)]
        except Exception as error:
            log.exception("turn failed", error=type(error).__name__)
            events = [self._apology(error, text, language)]
        finally:
            OPEN_TURNS.dec()
            del self._running[key]
            turn.finish(events)

    async def _events(
        self, turn: RunningTurn, session_id: str, message_id: str, text: str, language: str | None
    ) -> list[Event]:
        earlier = await self._conversations.replies(session_id, message_id)
        if earlier:
            return [Event("message", body) for body in earlier]
        asked_ms = _ms_since(turn.started)
        turn_id = uuid.uuid4().hex
        with self._streams.listen(turn_id, turn.grow):
            reply = await self._rasa.say(session_id, text, turn_id=turn_id, language=language)
        if not reply.messages:  # an action failed: Rasa then says nothing
            raise RasaUnavailable("empty reply")
        answered_ms = _ms_since(turn.started)
        bodies = [message.model_dump(mode="json") for message in reply.messages]
        await self._conversations.record(session_id, message_id, text, bodies)
        self._account(turn, turn_id, reply, text)
        events = [Event("message", body) for body in bodies]
        if self._traced:
            trace = await self._trace(session_id, reply)
            trace["timings_ms"] = {
                **reply.notes.get("timings_ms", {}),
                "before_rasa": asked_ms,
                "rasa": answered_ms - asked_ms,
                "turn": _ms_since(turn.started),
            }
            events.append(Event("trace", trace))
        return events

    def _account(self, turn: RunningTurn, turn_id: str, reply: Reply, text: str) -> None:
        kind = str(reply.notes.get("kind", "utter"))
        seconds = time.perf_counter() - turn.started
        TURNS.labels(kind=kind, outcome="answered").inc()
        TURN_SECONDS.labels(kind=kind).observe(seconds)
        if turn.first_delta_s is not None:
            FIRST_DELTA_SECONDS.observe(turn.first_delta_s)
        written = {"text": text} if self._log_texts else {}
        log.info("turn", turn=turn_id, kind=kind, ms=round(seconds * 1000), **written)

    def _apology(self, error: Exception, text: str, language: str | None) -> Event:
        cause = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
        TURNS.labels(kind="apology", outcome=cause).inc()
        log.warning("turn apologised", cause=cause)
        spoken = language or detect_language(text)
        in_language: Literal["zh", "en"] = "zh" if spoken == "zh" else "en"
        message = BotMessage(text=phrase("apology", in_language), language=in_language)
        return Event("message", message.model_dump(mode="json"))

    async def _trace(self, session_id: str, reply: Reply) -> dict[str, Any]:
        """What was understood; nothing of Rasa's part when it is gone after its answer."""
        noted = {
            "kind": reply.notes.get("kind", "utter"),
            "passages": reply.notes.get("passages", []),
            "wording": reply.notes.get("wording"),
        }
        try:
            tracker = await self._rasa.tracker(session_id)
        except RasaUnavailable:
            return noted
        latest = tracker["latest_message"]
        return {
            **noted,
            "intent": latest["intent"]["name"],
            "confidence": round(latest["intent"]["confidence"], 3),
            "entities": [[entity["entity"], entity["value"]] for entity in latest["entities"]],
            "slots": {name: value for name, value in tracker["slots"].items() if value},
        }


def _ms_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
