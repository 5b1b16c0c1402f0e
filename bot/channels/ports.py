"""What platforms need of the assistant. bot/app.py gives it to them; nothing here knows
the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from bot.channels.errors import ChannelError
from retrieval.types import Language


class Declined(ChannelError):
    """The assistant does not take a message. `code` is one of the public interface's; `sentences`
    say so to the person; after `retry_after` seconds it may be sent again."""

    def __init__(self, code: str, sentences: Mapping[Language, str], retry_after: float) -> None:
        super().__init__(code)
        self.code = code
        self.sentences = sentences
        self.retry_after = retry_after


class AnswerPart(Protocol):
    """`delta` {text: the whole text so far} or `message`, a BotMessage; others may be skipped."""

    @property
    def name(self) -> str: ...

    @property
    def data(self) -> dict[str, Any]: ...


class Answering(Protocol):
    """A message that is being answered."""

    def follow(self) -> AsyncIterator[AnswerPart]:
        """What there is of the answer and what comes, up to its end."""


class Assistant(Protocol):
    """Answers what people write, each message id once."""

    async def say(self, session_id: str, address: str, message_id: str, text: str) -> Answering:
        """`address` is what counts as one sender. Raises `Declined`."""
