"""The WebSocket: the same conversation as over HTTP, both ways on one connection.

  client   hello {token, after}, message {message_id, text, …}, identify {identity}, ping
  server   ready, line, accepted, delta, message, done, handoff, read, renewed, error, pong, closing

A socket says hello first, within seconds. It gets whatever its session's channel of the bus
carries, so all tabs of a customer show the same conversation.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

import structlog
from fastapi import APIRouter
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from bot.gateway.conversations import Epoch
from bot.gateway.errors import Refusal
from bot.gateway.gateway import Gateway
from bot.gateway.limits import RateLimit, address_key
from bot.gateway.outbox import Outbox, Overflow
from bot.gateway.shapes import Frame, Hello, Identify, MessageFrame, Ping, complaint, read_frame
from bot.runtime.metrics import SOCKETS_CLOSED
from data.errors import DataError

log = structlog.get_logger("socket")

HELLO_S = 5.0  # the widget says it at once; the rest is for slow networks
MOST_BYTES = 32 * 1024  # of a frame; the longest message in JSON escapes is below
_FRAMES = 4  # times the messages that a session may send: pings, repetitions, mistakes
_REMEMBERED = 2000  # ids of the lines sent last, so that none is sent twice

UNAUTHORIZED, SILENT, TOO_BIG, TOO_MANY, BROKEN = 4401, 4408, 4413, 4429, 1011

socket_api = APIRouter(prefix="/api/v1")


@socket_api.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    gateway = cast("Gateway", websocket.app.state.gateway)
    await websocket.accept()
    socket = Socket(websocket, gateway)
    code = 1000
    try:
        await socket.serve()
    except _Leave as leaving:
        code = leaving.code
    except WebSocketDisconnect:
        return
    SOCKETS_CLOSED.labels(code=str(code)).inc()
    if websocket.application_state is WebSocketState.CONNECTED:
        with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(gateway.settings.send_timeout_s):
                await websocket.close(code)


class _Leave(Exception):
    """The socket is to be closed with `code`."""

    def __init__(self, code: int) -> None:
        self.code = code


class Socket:
    """One connection."""

    def __init__(self, websocket: WebSocket, gateway: Gateway) -> None:
        self._websocket = websocket
        self._gateway = gateway
        self._id = uuid.uuid4().hex
        self._address = address_key(websocket.client.host if websocket.client else "unknown")
        self._session_id, self._epoch = "", -1  # until it says hello
        self._outbox = Outbox()
        self._holding = True  # until the history is sent
        self._held: list[dict[str, Any]] = []
        self._lines: dict[str, None] = {}
        frames = _FRAMES * gateway.settings.messages_per_minute
        self._frames = RateLimit(frames, max(1, frames // 3))
        self._left: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Until the other side has gone (`WebSocketDisconnect`) or we have enough of it."""
        try:
            with self._gateway.connections.at_address(self._address):
                if self._gateway.closing:
                    raise _Leave(1012)
                await self._gateway.check_connection(self._address)
                hello = await self._hello()
                claim = await self._gateway.claim_of(hello.token)
                session_id = self._session_id = claim.session_id
                self._epoch = claim.epoch
                with (
                    self._gateway.connections.of_session(session_id, self),
                    self._gateway.bus.follow(f"session:{session_id}", self._take),
                ):
                    await self._catch_up(session_id, hello.after)
                    await self._talk(session_id)
        except Refusal as refusal:
            await self._refuse(refusal)
            raise _Leave(TOO_MANY if refusal.status_code == 429 else UNAUTHORIZED) from None
        except (DataError, SQLAlchemyError) as error:
            log.error("socket failed", error=type(error).__name__, cause=str(error))
            await self._refuse(Refusal(503, "unavailable"))
            raise _Leave(BROKEN) from None

    # For others

    def put(self, frame: dict[str, object]) -> None:
        """Send this after what waits already."""
        try:
            self._outbox.put(frame)
        except Overflow:
            self._end(SILENT)

    def leave(self, code: int) -> None:
        """Close with this code after what waits already."""
        self.put({"type": "", "code": code})

    # From the bus

    def _take(self, event: dict[str, Any]) -> None:
        if self._left.done():
            return
        if event["type"] == "ended":
            self._end(UNAUTHORIZED)
            return
        if self._holding:
            self._held.append(event)
            return
        frame = dict(event)
        origin, only = frame.pop("origin", None), frame.pop("only", self._id)
        if frame["type"] == "renewed":
            self._renew(origin, Epoch(frame["epoch"], datetime.fromisoformat(frame["expires_at"])))
            return
        if only != self._id or (origin == self._id and frame["type"] == "line"):
            return
        if frame["type"] in ("line", "message") and "only" not in event:
            # What this socket itself asks for again is sent again, all else once.
            if frame["message_id"] in self._lines:
                return
            if frame["type"] == "line":
                self._remember(frame["message_id"])
        self.put(frame)

    def _renew(self, origin: str | None, epoch: Epoch) -> None:
        """The customer was proven. Whoever did it goes on by another token; all else here may be
        somebody who knew the old one, and is cut off at once."""
        if epoch.number <= self._epoch:
            return
        if origin != self._id:
            self._end(UNAUTHORIZED)
            return
        self._epoch = epoch.number
        self.put({"type": "renewed", **self._gateway.token_of(self._session_id, epoch)})

    def _remember(self, line_id: str) -> None:
        self._lines[line_id] = None
        if len(self._lines) > _REMEMBERED:
            del self._lines[next(iter(self._lines))]

    # The conversation

    async def _hello(self) -> Hello:
        try:
            async with asyncio.timeout(HELLO_S):
                frame = self._read(await self._websocket.receive_text())
        except TimeoutError:
            raise _Leave(SILENT) from None
        except KeyError:  # bytes, not text
            raise Refusal(422, "unreadable") from None
        if not isinstance(frame, Hello):
            raise Refusal(401, "unauthorized")
        return frame

    async def _catch_up(self, session_id: str, after: str | None) -> None:
        """Everything that was said, then what happened meanwhile, each once."""
        current = await self._gateway.conversations.current(session_id)
        if current is None or current.epoch != self._epoch:
            raise Refusal(401, "unauthorized")
        handoff = current.handoff.model_dump(mode="json") if current.handoff else None
        await self._send(
            {
                "type": "ready",
                "session_id": session_id,
                "customer": current.customer,
                "handoff": handoff,
            }
        )
        for line in await self._gateway.conversations.history(session_id, after):
            self._remember(line["message_id"])
            await self._send({"type": "line", **line})
        if current.read_to is not None:
            await self._send({"type": "read", "message_id": current.read_to})
        under_way = self._gateway.turns.accepted_for(session_id)
        await asyncio.sleep(0)  # what they have published by now has arrived here
        for message_id in under_way:
            accepted = {"type": "accepted", "message_id": message_id}
            if accepted not in self._held:
                await self._send(accepted)
        self._holding = False
        for event in self._held:
            self._take(event)
        self._held.clear()

    async def _talk(self, session_id: str) -> None:
        tasks = [
            asyncio.ensure_future(part)
            for part in (self._listen(session_id), self._write(), self._left)
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            raise _Leave(self._left.result() if self._left.done() else 1000)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, session_id: str) -> None:
        while True:
            try:
                async with asyncio.timeout(self._gateway.settings.socket_idle_s):
                    text = await self._websocket.receive_text()
            except TimeoutError:
                raise _Leave(SILENT) from None
            except KeyError:
                self.put(_error(Refusal(422, "unreadable")))
                continue
            if self._frames.take(""):
                self.put(_error(Refusal(429, "too_many", seconds=30), retry_after=30))
                raise _Leave(TOO_MANY)
            await self._answer(session_id, text)

    async def _answer(self, session_id: str, text: str) -> None:
        """Do what the frame asks for; a refusal is told, and the socket goes on."""
        more: dict[str, Any] = {}
        try:
            frame = self._read(text)
            match frame:
                case Ping():
                    self.put({"type": "pong"})
                case MessageFrame():
                    more = {"message_id": frame.message_id}
                    await self._gateway.say(session_id, self._address, frame, origin=self._id)
                case Identify():
                    await self._identify(session_id, frame.identity)
                case Hello():
                    raise Refusal(422, "invalid", detail="hello: said already")
        except Refusal as refusal:
            seconds = (refusal.headers or {}).get("Retry-After")
            if seconds:
                more["retry_after"] = int(seconds)
            self.put(_error(refusal, **more))
            if refusal.code == "unauthorized":
                self.leave(UNAUTHORIZED)
        except (DataError, SQLAlchemyError) as error:
            log.error("socket failed", error=type(error).__name__, cause=str(error))
            self.put(_error(Refusal(503, "unavailable"), **more))

    async def _identify(self, session_id: str, identity: str) -> None:
        """The tabs that are left learn who the customer is, in another `ready`."""
        await self._gateway.identify(session_id, identity, origin=self._id)
        current = await self._gateway.conversations.current(session_id)
        if current is not None:
            ready = {
                "type": "ready",
                "session_id": session_id,
                "customer": current.customer,
                "handoff": current.handoff.model_dump(mode="json") if current.handoff else None,
            }
            self._gateway.bus.publish(f"session:{session_id}", ready)

    @staticmethod
    def _read(text: str) -> Frame:
        if len(text.encode()) > MOST_BYTES:
            raise _Leave(TOO_BIG)
        try:
            return read_frame.validate_json(text)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
            if problems[0]["type"] == "json_invalid":
                raise Refusal(400, "unreadable") from None
            raise Refusal(422, "invalid", detail=complaint(list(problems))) from None

    # The wire

    async def _write(self) -> None:
        while True:
            frame = await self._outbox.get()
            if not frame["type"]:
                raise _Leave(frame["code"])
            await self._send(frame)

    async def _send(self, frame: dict[str, Any]) -> None:
        """A reader that takes nothing for too long has gone, whatever its connection says."""
        try:
            async with asyncio.timeout(self._gateway.settings.send_timeout_s):
                await self._websocket.send_text(json.dumps(frame, ensure_ascii=False))
        except TimeoutError:
            raise _Leave(SILENT) from None

    async def _refuse(self, refusal: Refusal) -> None:
        with suppress(_Leave, WebSocketDisconnect, RuntimeError):
            await self._send(_error(refusal))

    def _end(self, code: int) -> None:
        if not self._left.done():
            self._left.set_result(code)


def _error(refusal: Refusal, **more: Any) -> dict[str, Any]:
    return {"type": "error", **refusal.body(), **more}
