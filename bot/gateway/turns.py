"""One turn: a customer's message in, growing text and final messages out, once per message id.

The events of a turn go two ways: to the requests that follow it (server-sent events), and to the
session's channel of the bus, which all of its WebSockets follow, in whatever gateway they are:

  line      the customer's own line, for the other tabs
  accepted, delta {seq, text: the whole text so far}, message {reply_to, body}, done {unanswered}
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import tracing
from bot.gateway.conversations import Begun, Conversations
from bot.gateway.locks import SessionLocks
from bot.gateway.rasa import Rasa, RasaGone, RasaUnavailable, Reply
from bot.messages import BotMessage
from bot.metrics import FIRST_DELTA_SECONDS, OPEN_TURNS, RETRIES, TURN_SECONDS, TURNS
from bot.phrases import phrase
from bot.streams import TurnStreams
from data.errors import DataError
from retrieval.text import detect_language

log = structlog.get_logger("turn")


@dataclass(frozen=True)
class Event:
    """One event of the stream: `delta` {seq, text}, `message`, `trace` or `done` {unanswered: true
    when only an apology was possible}."""

    name: Literal["delta", "message", "trace", "done"]
    data: dict[str, Any]


@dataclass(frozen=True)
class Said:
    """What a customer said. `origin` is the socket that it came by, "" for a request."""

    session_id: str
    message_id: str
    text: str
    language: str | None = None
    origin: str = ""

    @property
    def spoken(self) -> Literal["zh", "en"]:
        return "zh" if (self.language or detect_language(self.text)) == "zh" else "en"


class RunningTurn:
    """A turn under way; any number of requests with its message id may follow it."""

    def __init__(self) -> None:
        self._delta: Event | None = None
        self._final: list[Event] = []
        self._changed = asyncio.Event()
        self.accepted = False
        self.started = time.perf_counter()
        self.first_delta_s: float | None = None

    def grow(self, text: str) -> Event:
        """Take the whole text so far; a slow reader skips what was overtaken."""
        if self.first_delta_s is None:
            self.first_delta_s = time.perf_counter() - self.started
        seq = 1 if self._delta is None else self._delta.data["seq"] + 1
        self._delta = Event("delta", {"seq": seq, "text": text})
        self._wake()
        return self._delta

    def finish(self, events: list[Event], *, answered: bool) -> None:
        self._final = [*events, Event("done", {} if answered else {"unanswered": True})]
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
        locks: SessionLocks,
        *,
        timeout_s: float,
        log_texts: bool = False,
        traced: bool = False,
    ) -> None:
        self._conversations = conversations
        self._rasa = rasa
        self._streams = streams
        self._locks = locks
        self._timeout_s = timeout_s
        self._log_texts = log_texts
        self._traced = traced
        self._running: dict[tuple[str, str], RunningTurn] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open_for(self, session_id: str) -> int:
        return sum(1 for session, _ in self._running if session == session_id)

    def accepted_for(self, session_id: str) -> list[str]:
        """The message ids that are being answered, which has been published."""
        return [
            message_id
            for (session, message_id), turn in self._running.items()
            if session == session_id and turn.accepted
        ]

    def is_open(self, session_id: str, message_id: str) -> bool:
        return (session_id, message_id) in self._running

    def start(self, said: Said) -> RunningTurn:
        """Begin the turn, or join it when this message id is being answered already.

        The turn runs to its end even when nobody follows it, so that history and retries have it.
        """
        key = (said.session_id, said.message_id)
        if key not in self._running:
            turn = self._running[key] = RunningTurn()
            task = asyncio.create_task(self._play(turn, said))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._running[key]

    async def drain(self) -> None:
        """Let running turns end; each has its own time limit."""
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _play(self, turn: RunningTurn, said: Said) -> None:
        events: list[Event] = []
        answered = False
        OPEN_TURNS.inc()
        try:
            with tracing.span("turn"):
                async with (
                    asyncio.timeout(self._timeout_s),
                    self._locks.hold(said.session_id),
                ):
                    events = await self._events(turn, said)
                    answered = True
        except (TimeoutError, RasaUnavailable, DataError, SQLAlchemyError) as error:
            events = await self._apologise(error, said)
        except Exception as error:
            log.exception("turn failed", error=type(error).__name__)
            events = await self._apologise(error, said)
        finally:
            OPEN_TURNS.dec()
            del self._running[(said.session_id, said.message_id)]
            turn.finish(events, answered=answered)

    async def _events(self, turn: RunningTurn, said: Said) -> list[Event]:
        begun = await self._conversations.begin(said.session_id, said.message_id, said.text)
        if begun.replies:
            # Said before: only who asked again is told again.
            self._tell(said, begun.replies, only=said.origin)
            return [Event("message", body) for body in begun.replies]
        if begun.line is not None:
            self._publish(said, {"type": "line", **begun.line}, origin=said.origin)
        self._publish(said, {"type": "accepted", "message_id": said.message_id})
        turn.accepted = True
        if begun.agent is not None:
            return await self._hand_on(said, begun)
        asked_ms = _ms_since(turn.started)
        turn_id = uuid.uuid4().hex

        def grow(text: str) -> None:
            delta = turn.grow(text)
            event = {"type": "delta", "message_id": said.message_id, **delta.data}
            self._publish(said, event)

        with self._streams.listen(turn_id, grow):
            reply = await self._ask(said, turn_id)
        if not reply.messages:  # an action failed: Rasa then says nothing
            raise RasaUnavailable("empty reply")
        answered_ms = _ms_since(turn.started)
        bodies = [message.model_dump(mode="json") for message in reply.messages]
        await self._conversations.answer(
            said.session_id, said.message_id, bodies, retried=begun.line is None
        )
        self._tell(said, bodies)
        self._account(turn, turn_id, reply, said.text)
        events = [Event("message", body) for body in bodies]
        if self._traced:
            trace = await self._trace(said.session_id, reply)
            trace["timings_ms"] = {
                **reply.notes.get("timings_ms", {}),
                "before_rasa": asked_ms,
                "rasa": answered_ms - asked_ms,
                "turn": _ms_since(turn.started),
            }
            events.append(Event("trace", trace))
        return events

    async def _ask(self, said: Said, turn_id: str) -> Reply:
        """Rasa's answer. When Rasa dies meanwhile, it is asked again as soon as it is back; the
        turn's time limit bounds that."""
        while True:
            try:
                with tracing.span("rasa"):
                    return await self._rasa.say(
                        said.session_id, said.text, turn_id=turn_id, language=said.language
                    )
            except RasaGone as error:
                RETRIES.inc()
                log.warning("rasa broke off; asking again when it is back", cause=str(error))
                await self._rasa.returned()

    async def _hand_on(self, said: Said, begun: Begun) -> list[Event]:
        """The message is for the person who took the ticket; the first time that is said."""
        bodies: list[dict[str, Any]] = []
        if begun.first and begun.agent is not None:
            notice = BotMessage(
                text=phrase("handoff.with_agent", said.spoken, agent=begun.agent.agent),
                language=said.spoken,
                handoff=begun.agent,
            )
            bodies.append(notice.model_dump(mode="json"))
            await self._conversations.answer(said.session_id, said.message_id, bodies)
        self._tell(said, bodies)
        TURNS.labels(kind="agent", outcome="handed_on").inc()
        return [Event("message", body) for body in bodies]

    def _tell(
        self, said: Said, bodies: Sequence[dict[str, Any]], *, answered: bool = True, **to: str
    ) -> None:
        """Publish the end of the turn. `only` tells one socket alone. An apology is numbered 0: it
        is no line of the conversation."""
        for n, body in enumerate(bodies, 1 if answered else 0):
            event = {
                "type": "message",
                "message_id": f"{said.message_id}.{n}",
                "reply_to": said.message_id,
                "body": body,
            }
            self._publish(said, event, **to)
        done = {"type": "done", "message_id": said.message_id}
        self._publish(said, done if answered else {**done, "unanswered": True}, **to)

    def _publish(self, said: Said, event: dict[str, Any], **to: str) -> None:
        self._streams.bus.publish(f"session:{said.session_id}", {**event, **to})

    def _account(self, turn: RunningTurn, turn_id: str, reply: Reply, text: str) -> None:
        kind = str(reply.notes.get("kind", "utter"))
        seconds = time.perf_counter() - turn.started
        TURNS.labels(kind=kind, outcome="answered").inc()
        TURN_SECONDS.labels(kind=kind).observe(seconds)
        if turn.first_delta_s is not None:
            FIRST_DELTA_SECONDS.observe(turn.first_delta_s)
        tracing.note(kind=kind)
        written = {"text": text} if self._log_texts else {}
        log.info("turn", turn=turn_id, kind=kind, ms=round(seconds * 1000), **written)

    async def _apologise(self, error: Exception, said: Said) -> list[Event]:
        """The apology is no part of the conversation: the message stays open to a retry."""
        cause = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
        TURNS.labels(kind="apology", outcome=cause).inc()
        log.warning("turn apologised", cause=cause)
        message = BotMessage(text=phrase("apology", said.spoken), language=said.spoken)
        body = message.model_dump(mode="json")
        with suppress(DataError, SQLAlchemyError):  # then nothing of it was stored
            await self._conversations.leave_unanswered(said.session_id, said.message_id)
        self._tell(said, [body], answered=False)
        return [Event("message", body)]

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
