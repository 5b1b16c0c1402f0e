"""The gateway's line to Rasa: its REST channel, and how its pieces become messages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import aiohttp
from pydantic import ValidationError

from bot.dialogue.notes import Notes
from bot.errors import ShopguideError
from bot.messages import BotMessage
from bot.runtime import tracing
from retrieval.text import detect_language
from retrieval.types import Language

_LOOK_AGAIN_S = 0.3  # small beside the seconds that Rasa takes to start
_PARSE_S = 3  # for a message that is only understood; a Rasa that takes longer is not ready
_JSON = {"Content-Type": "application/json"}
_MOST_BYTES = 16 * 1024 * 1024  # of an answer


class RasaUnavailable(ShopguideError):
    """Rasa did not answer, or answered with an error."""


class RasaGone(RasaUnavailable):
    """The connection broke or there was none: Rasa died or is being started."""


@dataclass(frozen=True)
class Reply:
    """What one turn brought: messages, and what the actions noted about it (never shown)."""

    messages: list[BotMessage]
    notes: Notes = field(default_factory=Notes)


class Rasa:
    """On this machine or in a private network: never behind the environment's proxy.

    By aiohttp, since every turn makes one such call: httpx took 15 times the processor time for it.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._opened: aiohttp.ClientSession | None = None
        self._return: asyncio.Task[None] | None = None

    async def say(
        self,
        session_id: str,
        text: str,
        *,
        turn_id: str,
        message_id: str,
        language: str | None,
        asked_from: str = "",
        page: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Hand over one utterance. Raises `RasaGone` when it may be asked again, and else
        `RasaUnavailable`."""
        trace = tracing.carrier()
        known = {
            "message_id": message_id,
            "language": language,
            "asked_from": asked_from,
            "page": dict(page or {}),
        }
        metadata = {"turn_id": turn_id, **{k: v for k, v in known.items() if v}, **trace}
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
            async with (
                asyncio.timeout(timeout_s or self._timeout_s),
                self._session.request(
                    method, self._url + path, data=sent, headers={**_JSON, **(headers or {})}
                ) as response,
            ):
                status, answer = response.status, await _whole(response)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            raise RasaGone(type(error).__name__) from error
        except aiohttp.ClientError as error:
            raise RasaUnavailable(type(error).__name__) from error
        except TimeoutError as error:
            raise RasaUnavailable("timeout") from error
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
        if self._opened is not None:
            await self._opened.close()

    @property
    def _session(self) -> aiohttp.ClientSession:
        """Opened in the loop that uses it; each call has a time limit of its own."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(),
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body. Raises `RasaUnavailable` for an endless one."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > _MOST_BYTES:
            raise RasaUnavailable("an endless answer")
    return bytes(body)


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
            language: Language = "zh" if detect_language(text) == "zh" else "en"
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
    return Reply(messages, Notes.read(notes))
