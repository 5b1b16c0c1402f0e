"""The gateway's line to Rasa: its REST channel, and how its pieces become messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from pydantic import ValidationError

from bot import tracing
from bot.gateway.upstream import Broken, NotHttp, Upstream
from bot.messages import BotMessage
from retrieval.text import detect_language

_LOOK_AGAIN_S = 0.3
_PARSE_S = 3
_JSON = (b"Content-Type", b"application/json")


class RasaUnavailable(Exception):
    """Rasa did not answer, or answered with an error."""


class RasaGone(RasaUnavailable):
    """The connection broke or there was none: Rasa died or is being started."""


@dataclass(frozen=True)
class Reply:
    """What one turn brought: messages, and what the actions noted about it (never shown)."""

    messages: list[BotMessage]
    notes: dict[str, Any] = field(default_factory=dict)


class Rasa:
    """On this machine or in a private network: never behind the environment's proxy."""

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._upstream = Upstream(url)
        self._timeout_s = timeout_s
        self._return: asyncio.Task[None] | None = None

    async def say(
        self,
        session_id: str,
        text: str,
        *,
        turn_id: str,
        language: str | None,
    ) -> Reply:
        """Hand over one utterance. Raises `RasaGone` when it may be asked again, and else
        `RasaUnavailable`."""
        trace = tracing.carrier()
        metadata = {"turn_id": turn_id, **({"language": language} if language else {}), **trace}
        body = {"sender": session_id, "message": as_utterance(text), "metadata": metadata}
        items = await self._ask("/webhooks/rest/webhook", body, headers=trace)
        try:
            return read_reply(items)
        except ValueError as error:
            raise RasaUnavailable(str(error)) from error

    async def ready(self) -> bool:
        """Whether it understands a message now.

        The first one after a start takes seconds, since Rasa's dictionaries load then: asking here
        spares the first customer that.
        """
        try:
            await self._ask("/model/parse", {"text": "你好"}, timeout_s=_PARSE_S)
        except RasaUnavailable:
            return False
        return True

    async def _ask(
        self,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        """What Rasa says to a POST of `body`, or to a GET without one. Raises `RasaGone` and
        `RasaUnavailable`."""
        method, sent = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s):
                status, answer = await self._upstream.ask(
                    method, path, sent, {"Content-Type": "application/json", **(headers or {})}
                )
        except Broken as error:
            raise RasaGone(str(error)) from error
        except (NotHttp, TimeoutError) as error:
            raise RasaUnavailable(str(error) or "timeout") from error
        if status != 200:
            raise RasaUnavailable(f"HTTP {status}")
        try:
            return json.loads(answer)
        except ValueError as error:
            raise RasaUnavailable("no JSON") from error

    async def returned(self) -> None:
        """Wait until it understands messages again; for all who wait, it is asked once."""
        if self._return is None or self._return.done():
            self._return = asyncio.create_task(self._watch())
        await asyncio.shield(self._return)

    async def _watch(self) -> None:
        while not await self.ready():  # noqa: ASYNC110  # it cannot tell us
            await asyncio.sleep(_LOOK_AGAIN_S)

    async def tracker(self, session_id: str) -> dict[str, Any]:
        """Rasa's own view of the conversation, for `/trace`. Raises `RasaUnavailable`."""
        path = f"/conversations/{session_id}/tracker?include_events=NONE"
        return cast("dict[str, Any]", await self._ask(path))

    async def close(self) -> None:
        if self._return is not None:
            self._return.cancel()
        self._upstream.close()


def as_utterance(text: str) -> str:
    """The text as Rasa shall read it: never as one of its commands ("/restart", "/affirm"), with
    which a customer could choose the intent themselves."""
    return text.lstrip("/ \t\n") or "?"


def read_reply(items: list[dict[str, Any]]) -> Reply:
    """Join what the REST channel took apart.

    Rasa sends a response's text split at blank lines, then its `custom` object; ours holds the
    whole message again, so it replaces the pieces before it.
    """
    messages: list[BotMessage] = []
    notes: dict[str, Any] = {}
    pieces: list[str] = []

    def flush() -> None:
        if pieces:
            text = "\n\n".join(pieces)
            language: Literal["zh", "en"] = "zh" if detect_language(text) == "zh" else "en"
            messages.append(BotMessage(text=text, language=language))
            pieces.clear()

    for item in items:
        custom = item.get("custom")
        if isinstance(custom, dict) and "message" in custom:
            pieces.clear()
            notes |= custom.get("notes", {})
            try:
                messages.append(BotMessage.model_validate(custom["message"]))
            except ValidationError as error:
                raise ValueError("an action sent a message of an unknown shape") from error
        elif item.get("text"):
            pieces.append(str(item["text"]))
    flush()
    return Reply(messages, notes)
