"""One turn: a customer's message in, growing text and final messages out, once per message id.

The events of a turn go two ways: to the requests that follow it (server-sent events), and to the
session's channel of the bus, which all of its WebSockets follow, in whatever gateway they are:

  line      the customer's own line, for the other tabs
  renewed   {epoch, expires_at}: older tokens are worth nothing now; with origin, who gets a new one
  accepted, delta {seq, text: the whole text so far}, message {reply_to, body}, done {unanswered}
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import languages
from bot.dialogue.notes import Notes
from bot.gateway.conversations import Conversations, Epoch, MessageReceipt
from bot.gateway.rasa import Rasa, RasaGone, RasaUnavailable, Reply
from bot.messages import BotMessage, Button
from bot.runtime import tracing
from bot.runtime.locks import SessionLocks
from bot.runtime.metrics import FIRST_DELTA_SECONDS, OPEN_TURNS, RETRIES, TURN_SECONDS, TURNS
from bot.runtime.steps import reached
from bot.runtime.streams import TurnStreams
from bot.wording.phrases import phrase
from data.errors import DataError
from retrieval.text import detect_language
from retrieval.types import Language

log = structlog.get_logger("turn")

_GROWN_S = 0.05  # so often it is looked whether an answer that shall stop has begun to grow


def stop_channel(session_id: str, message_id: str) -> str:
    """Of the bus, on which it is told that an answer shall grow no more."""
    return f"stop:{session_id}:{message_id}"


def renewal(epoch: Epoch) -> dict[str, Any]:
    """The event that closes the sockets whose token is of an earlier epoch, but for `origin`."""
    return {"type": "renewed", "epoch": epoch.number, "expires_at": epoch.expires_at.isoformat()}


@dataclass(frozen=True)
class TurnEvent:
    """One event of the stream: `delta` {seq, text}, `message`, `trace` or `done` {unanswered: true
    when only an apology was possible}."""

    name: Literal["delta", "message", "trace", "done"]
    data: dict[str, Any]


@dataclass(frozen=True)
class IncomingMessage:
    """What a customer said. `origin` is the socket or the request that it came by; `asked_from` is
    the keyed hash of the network address, to count by; `page` what they look at, as they sent it;
    `files` the ids of what they sent along."""

    session_id: str
    message_id: str
    text: str
    language: str | None = None
    origin: str = ""
    asked_from: str = ""
    page: Mapping[str, Any] | None = None
    files: Sequence[str] = ()

    @property
    def spoken(self) -> str | None:
        """The language that is wanted, else the words' own, else the page's."""
        if self.language or (own := languages.own(self.text)):
            return self.language or own
        return languages.of_tag((self.page or {}).get("language")) or detect_language(self.text)


class RunningTurn:
    """A turn under way; any number of requests with its message id may follow it."""

    def __init__(self, origin: str, text: str) -> None:
        self.origin = origin
        self.text = text
        self.followers = 0
        self.renewed: Epoch | None = None
        """Of which tokens have to be now that the turn proved who the customer is. A new one is for
        `origin` alone: whoever else followed knew the token of a stranger's conversation."""
        self._delta: TurnEvent | None = None
        self._final: list[TurnEvent] = []
        self._changed = asyncio.Event()
        self.accepted = False
        self.started = time.perf_counter()
        self.first_delta_s: float | None = None

    def grow(self, text: str) -> TurnEvent:
        """Take the whole text so far; a slow reader skips what was overtaken."""
        if self.first_delta_s is None:
            self.first_delta_s = time.perf_counter() - self.started
        seq = 1 if self._delta is None else self._delta.data["seq"] + 1
        self._delta = TurnEvent("delta", {"seq": seq, "text": text})
        self._wake()
        return self._delta

    @property
    def grown(self) -> str:
        """The whole text so far."""
        return str(self._delta.data["text"]) if self._delta else ""

    def finish(self, events: list[TurnEvent], *, answered: bool) -> None:
        self._final = [*events, TurnEvent("done", {} if answered else {"unanswered": True})]
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def follow(self) -> AsyncIterator[TurnEvent]:
        self.followers += 1
        try:
            async for event in self._follow():
                yield event
        finally:
            self.followers -= 1

    async def _follow(self) -> AsyncIterator[TurnEvent]:
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
        self._left_behind: set[asyncio.Task[Reply]] = set()  # answers that were stopped

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

    def running(self, session_id: str, message_id: str) -> RunningTurn | None:
        return self._running.get((session_id, message_id))

    def start(self, incoming: IncomingMessage) -> RunningTurn:
        """Begin the turn, or join it when this message id is being answered already.

        The turn runs to its end even when nobody follows it, so that history and retries have it.
        """
        key = (incoming.session_id, incoming.message_id)
        if key not in self._running:
            turn = self._running[key] = RunningTurn(incoming.origin, incoming.text)
            task = asyncio.create_task(self._play(turn, incoming))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return self._running[key]

    async def drain(self) -> None:
        """Let running turns end; each has its own time limit."""
        if under_way := {*self._tasks, *self._left_behind}:
            await asyncio.wait(under_way)

    async def _play(self, turn: RunningTurn, incoming: IncomingMessage) -> None:
        OPEN_TURNS.inc()
        try:
            with tracing.span("turn"):
                async with (
                    asyncio.timeout(self._timeout_s),
                    self._locks.hold(f"turn:{incoming.session_id}"),
                ):
                    reached("turn claimed")
                    events = await self._events(turn, incoming)
                    # Who asks again from now on begins a turn of their own, behind this one.
                    self._finish(turn, incoming, events, answered=True)
        except (TimeoutError, RasaUnavailable, DataError, SQLAlchemyError) as error:
            if self._is_running(turn, incoming):
                await self._apologise(turn, incoming, error)
        except Exception as error:
            log.exception("turn failed", error=type(error).__name__)
            if self._is_running(turn, incoming):
                await self._apologise(turn, incoming, error)
        finally:
            OPEN_TURNS.dec()
            self._finish(turn, incoming, [], answered=False)

    def _finish(
        self,
        turn: RunningTurn,
        incoming: IncomingMessage,
        events: list[TurnEvent],
        *,
        answered: bool,
    ) -> None:
        """Once, whatever comes behind."""
        if self._is_running(turn, incoming):
            del self._running[(incoming.session_id, incoming.message_id)]
            turn.finish(events, answered=answered)

    def _is_running(self, turn: RunningTurn, incoming: IncomingMessage) -> bool:
        return self._running.get((incoming.session_id, incoming.message_id)) is turn

    async def _events(self, turn: RunningTurn, incoming: IncomingMessage) -> list[TurnEvent]:
        receipt = await self._conversations.begin(
            incoming.session_id, incoming.message_id, incoming.text, incoming.files
        )
        reached("message stored")
        if receipt.replies:
            # Said before: only who asked again is told again.
            self._tell(incoming, receipt.replies, only=incoming.origin)
            return [TurnEvent("message", body) for body in receipt.replies]
        if receipt.line is not None:
            self._publish(incoming, {"type": "line", **receipt.line}, origin=incoming.origin)
        self._publish(incoming, {"type": "accepted", "message_id": incoming.message_id})
        turn.accepted = True
        if receipt.agent is not None:
            return await self._hand_on(incoming, receipt)
        if not incoming.text:
            return await self._acknowledge(incoming, receipt)
        asked_ms = _ms_since(turn.started)
        turn_id = uuid.uuid4().hex

        def grow(text: str) -> None:
            delta = turn.grow(text)
            event = {"type": "delta", "message_id": incoming.message_id, **delta.data}
            self._publish(incoming, event)

        with self._streams.listen(turn_id, grow):
            reply = await self._asked(turn, incoming, turn_id)
        if not reply.messages:  # an action failed: Rasa then says nothing
            raise RasaUnavailable("empty reply")
        reached("answer made")
        answered_ms = _ms_since(turn.started)
        if reply.notes.proved:
            # Before anything of the answer is told to sockets with an older token.
            turn.renewed = await self._conversations.epoch(incoming.session_id)
            if turn.renewed is not None:
                self._publish(incoming, renewal(turn.renewed), origin=incoming.origin)
        bodies = [message.model_dump(mode="json") for message in reply.messages]
        if receipt.files:
            bodies.append(self._of_files(incoming, receipt, beside=True))
        # Whoever lost the lease in between tells what the other one answered.
        bodies = await self._conversations.answer(
            incoming.session_id, incoming.message_id, bodies, retried=receipt.line is None
        )
        reached("answer stored")
        self._tell(incoming, bodies)
        reached("answer told")
        self._account(turn, turn_id, reply, incoming.text)
        events = [TurnEvent("message", body) for body in bodies]
        if self._traced:
            trace = await self._trace(incoming.session_id, reply)
            trace["timings_ms"] = {
                **(reply.notes.timings_ms or {}),
                "before_rasa": asked_ms,
                "rasa": answered_ms - asked_ms,
                "turn": _ms_since(turn.started),
            }
            events.append(TurnEvent("trace", trace))
        return events

    async def _asked(self, turn: RunningTurn, incoming: IncomingMessage, turn_id: str) -> Reply:
        """Rasa's answer, or as much of it as had grown when the customer stopped it. Rasa goes on
        to its end then, so that the dialogue knows what it said, and the next message waits for it
        there. An answer that has not begun to grow is never stopped: it may be one that proves who
        the customer is."""
        stopped = asyncio.Event()

        def stop(event: dict[str, Any]) -> None:
            stopped.set()

        asking = asyncio.create_task(self._ask(incoming, turn_id))
        try:
            with self._streams.bus.follow(
                stop_channel(incoming.session_id, incoming.message_id), stop
            ):
                waiting = asyncio.create_task(stopped.wait())
                try:
                    await asyncio.wait({asking, waiting}, return_when=asyncio.FIRST_COMPLETED)
                    while not asking.done() and not turn.grown:
                        await asyncio.wait({asking}, timeout=_GROWN_S)
                finally:
                    waiting.cancel()
        except BaseException:
            asking.cancel()
            raise
        if asking.done() or not turn.grown:
            return await asking
        self._left_behind.add(asking)
        asking.add_done_callback(self._forget)
        spoken = self._spoken(incoming)
        return Reply([BotMessage(text=turn.grown, language=spoken)], Notes(kind="stopped"))

    def _forget(self, asking: asyncio.Task[Reply]) -> None:
        self._left_behind.discard(asking)
        if not asking.cancelled() and (error := asking.exception()):
            log.warning("a stopped answer failed behind it", cause=type(error).__name__)

    async def _ask(self, incoming: IncomingMessage, turn_id: str) -> Reply:
        """Rasa's answer. When Rasa dies meanwhile, it is asked again as soon as it is back; the
        turn's time limit bounds that."""
        while True:
            try:
                with tracing.span("rasa"):
                    return await self._rasa.say(
                        incoming.session_id,
                        incoming.text,
                        turn_id=turn_id,
                        message_id=incoming.message_id,
                        language=incoming.language,
                        asked_from=incoming.asked_from,
                        page=incoming.page,
                    )
            except RasaGone as error:
                RETRIES.inc()
                log.warning("rasa broke off; asking again when it is back", cause=str(error))
                await self._rasa.returned()

    async def _acknowledge(
        self, incoming: IncomingMessage, receipt: MessageReceipt
    ) -> list[TurnEvent]:
        """Files without a word: there is nothing to understand, so nothing is pretended."""
        bodies = [self._of_files(incoming, receipt, beside=False)]
        bodies = await self._conversations.answer(
            incoming.session_id, incoming.message_id, bodies, retried=receipt.line is None
        )
        self._tell(incoming, bodies)
        TURNS.labels(kind="files", outcome="answered").inc()
        return [TurnEvent("message", body) for body in bodies]

    def _of_files(
        self, incoming: IncomingMessage, receipt: MessageReceipt, *, beside: bool
    ) -> dict[str, Any]:
        """What is said of files that came along."""
        spoken = self._spoken(incoming)
        if not receipt.files:
            key = "files.lost"
        elif receipt.waits:
            key = "channel.media_queued"
        else:
            key = "files.beside" if beside else "files.kept"
        human = phrase("button.human", spoken)
        buttons = [] if receipt.waits else [Button(title=human, payload=human)]
        message = BotMessage(text=phrase(key, spoken), language=spoken, buttons=buttons)
        return message.model_dump(mode="json")

    async def _hand_on(self, incoming: IncomingMessage, receipt: MessageReceipt) -> list[TurnEvent]:
        """The message is for the person who took the ticket; the first time that is said."""
        bodies: list[dict[str, Any]] = []
        if receipt.first and receipt.agent is not None:
            spoken = self._spoken(incoming)
            notice = BotMessage(
                text=phrase("handoff.with_agent", spoken, agent=receipt.agent.agent),
                language=spoken,
                handoff=receipt.agent,
            )
            bodies.append(notice.model_dump(mode="json"))
            await self._conversations.answer(incoming.session_id, incoming.message_id, bodies)
        self._tell(incoming, bodies)
        TURNS.labels(kind="agent", outcome="handed_on").inc()
        return [TurnEvent("message", body) for body in bodies]

    def _tell(
        self,
        incoming: IncomingMessage,
        bodies: Sequence[dict[str, Any]],
        *,
        answered: bool = True,
        **to: str,
    ) -> None:
        """Publish the end of the turn. `only` tells one socket alone. An apology is numbered 0: it
        is no line of the conversation."""
        for n, body in enumerate(bodies, 1 if answered else 0):
            event = {
                "type": "message",
                "message_id": f"{incoming.message_id}.{n}",
                "reply_to": incoming.message_id,
                "body": body,
            }
            self._publish(incoming, event, **to)
        done = {"type": "done", "message_id": incoming.message_id}
        self._publish(incoming, done if answered else {**done, "unanswered": True}, **to)

    def _publish(self, incoming: IncomingMessage, event: dict[str, Any], **to: str) -> None:
        self._streams.bus.publish(f"session:{incoming.session_id}", {**event, **to})

    def _spoken(self, incoming: IncomingMessage) -> Language:
        return languages.spoken(incoming.spoken, self._conversations.languages)

    def _account(self, turn: RunningTurn, turn_id: str, reply: Reply, text: str) -> None:
        kind = reply.notes.kind or "utter"
        seconds = time.perf_counter() - turn.started
        TURNS.labels(kind=kind, outcome="answered").inc()
        TURN_SECONDS.labels(kind=kind).observe(seconds)
        if turn.first_delta_s is not None:
            FIRST_DELTA_SECONDS.observe(turn.first_delta_s)
        tracing.note(kind=kind)
        written = {"text": text} if self._log_texts else {}
        log.info("turn", turn=turn_id, kind=kind, ms=round(seconds * 1000), **written)

    async def _apologise(
        self, turn: RunningTurn, incoming: IncomingMessage, error: Exception
    ) -> None:
        """The apology is no part of the conversation: the message stays open to a retry."""
        cause = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
        TURNS.labels(kind="apology", outcome=cause).inc()
        log.warning("turn apologised", cause=cause)
        spoken = self._spoken(incoming)
        message = BotMessage(text=phrase("apology", spoken), language=spoken)
        body = message.model_dump(mode="json")
        with suppress(DataError, SQLAlchemyError):  # then nothing of it was stored
            await self._conversations.leave_unanswered(incoming.session_id, incoming.message_id)
        self._tell(incoming, [body], answered=False)
        self._finish(turn, incoming, [TurnEvent("message", body)], answered=False)

    async def _trace(self, session_id: str, reply: Reply) -> dict[str, Any]:
        """What was understood; nothing of Rasa's part when it is gone after its answer."""
        noted: dict[str, Any] = {"kind": "utter", "passages": [], "wording": None}
        noted |= dict.fromkeys(("expects", "lost", "failed"))
        noted |= {name: value for name, value in reply.notes.plain().items() if name in noted}
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
            "reading": latest.get("reading") or {},
        }


def _ms_since(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
