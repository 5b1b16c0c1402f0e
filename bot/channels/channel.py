"""The seam: what a messaging platform has of its own. All else is shared (service.py).

    verify(request) → events(request) → … the turn … → reply(messages) → send(call)

What may go wrong stands in errors.py.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.channels.errors import Refused, Undeliverable
from bot.channels.http import Download, Http
from bot.channels.render import Capabilities
from bot.messages import BotMessage
from bot.settings import ROOT
from data import attachments
from retrieval.types import Language

Address = dict[str, Any]
"""What a platform needs to be answered: a chat, a thread, a reply token. JSON; kept with the user,
the newest wins."""

Call = dict[str, Any]
"""One call to a platform as its channel made it, to be stored and sent; JSON."""

_OLD_S = 300  # the five minutes that Slack and others tell receivers to allow


class ChannelSettings(BaseSettings):
    """A platform's block of settings. The fields without a default have to be set: a channel
    without them is off. `api` is where the platform listens; tests name their own."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore")


@dataclass(frozen=True)
class Request:
    """A platform's call as it came. `url` is the one that the platform called, also behind a proxy
    (SHOPGUIDE_PUBLIC_URL); names of `headers` are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises `Refused`."""
        try:
            body = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused("the body is no JSON") from None
        if not isinstance(body, dict):
            raise Refused("the body is no JSON object")
        return body


AttachmentKind = attachments.AttachmentKind


@dataclass(frozen=True)
class Attachment:
    """What a person sent besides words, still with the platform. `place` is what the platform needs
    to give it out (`Channel.fetch`): an id, an address; JSON."""

    kind: AttachmentKind
    place: dict[str, Any]


@dataclass(frozen=True)
class ChannelEvent:
    """Something that a person did on a platform.

    `id` is the platform's own and the same in each redelivery; `conversation` is the chat that the
    answers go to and whose events are answered in order, of one person: in a group it names both.
    `language` is a hint for what has no words.
    """

    id: str
    conversation: str
    # hello: opened the chat, said nothing yet; cart: goods that were put together on the platform
    kind: Literal["text", "press", "hello", "media", "cart"]
    address: Address
    text: str = ""  # of "press": the button's payload
    group: bool = False
    language: Language | None = None
    attachments: Sequence[Attachment] = ()

    def stored(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Answer:
    """What the platform wants to read back at once."""

    body: str = ""
    media_type: str = "text/plain"
    status: int = 200


@dataclass(frozen=True)
class Received:
    """What a request brought. `answer` goes out as soon as the events are stored."""

    events: Sequence[ChannelEvent] = ()
    answer: Answer = field(default_factory=Answer)


class Channel(ABC):
    """One platform. Subclasses hold only what is the platform's own; they keep no state but access
    tokens (tokens.py), so that any gateway can go on where another stopped."""

    name: ClassVar[str]
    """In its path (/channels/NAME), in tables, and in SHOPGUIDE_NAME_…: letters only."""
    title: ClassVar[str]
    Settings: ClassVar[type[ChannelSettings]]
    capabilities: Capabilities  # of the class, or where settings change it, of one channel

    def __init__(
        self,
        settings: Any,
        http: Http,
        *,
        public_url: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.http = http
        self.public_url = public_url.rstrip("/")
        self.clock = clock

    # What comes

    @abstractmethod
    def verify(self, request: Request) -> None:
        """Raises `Refused` unless the request is the platform's and fresh."""

    @abstractmethod
    def events(self, request: Request) -> Received:
        """What a verified request says. Whatever is unknown or not for us is no event: platforms
        add kinds, and repeat what is refused."""

    # What goes

    @abstractmethod
    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        """The calls that show an answer, in their order. `draft` is the platform's id of the
        growing text that the first of them takes the place of."""

    @abstractmethod
    async def send(self, call: Call, key: str) -> None:
        """Make one call. `key` is the same at each attempt, for platforms that know repetitions
        by it. Raises `TryAgain`, `Undeliverable`."""

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        """An attachment, of at most so many bytes. Asked only where the shop keeps such. Raises
        `TryAgain`, `Undeliverable`: it is gone, or larger."""
        raise Undeliverable(f"{self.title} gives nothing out")

    async def notice(self, event: ChannelEvent) -> None:  # noqa: B027 - a platform may have none
        """Show that the event has come: a typing sign, asked for when the answer takes a moment; a
        button that stops turning, at once. May fail; nobody tries again."""

    async def show(self, text: str, to: Address, draft: str | None) -> str | None:
        """Post a growing text (`draft` None), or change the one that was posted; returns its id,
        None when it cannot be shown. Asked only with `capabilities.edit_every_s`."""
        return None

    def passive(self, calls: Sequence[Call], request: Request) -> Answer | None:
        """The calls as the answer of the request itself, for accounts that may not write by
        themselves. Asked only when `passive_s`."""
        return None

    @property
    def passive_s(self) -> float:
        """Seconds that a request waits for its answer, to carry it (`passive`); 0: answers are
        sent by calls. A request that waits in vain gets no answer, so that the platform repeats it.
        """
        return 0

    def link(self, code: str) -> str | None:
        """An address that opens the chat with this one-time code, where the platform has such."""
        return None

    # Shared

    def fresh(self, timestamp: str) -> None:
        """Raises `Refused` for seconds since 1970 that are five minutes from now, or no number."""
        try:
            apart = abs(self.clock() - float(timestamp))
        except ValueError:
            raise Refused("the timestamp is no number") from None
        if not apart <= _OLD_S:
            raise Refused("the timestamp is too old")


def same(given: str, expected: str) -> None:
    """Compare in constant time. Raises `Refused`."""
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused("the signature is wrong")


def bearer(token: str) -> dict[str, str]:
    """The header that says who asks."""
    return {"Authorization": f"Bearer {token}"}


def secret(setting: SecretStr) -> str:
    return setting.get_secret_value()


def key_of(channel: str, event_id: str) -> str:
    """What an event is known by: the id of its message in the conversation, too."""
    return f"{channel}-{hashlib.sha256(event_id.encode()).hexdigest()[:32]}"


def read_event(stored: Mapping[str, Any]) -> ChannelEvent:
    sent = [Attachment(**one) for one in stored.get("attachments", ())]
    return ChannelEvent(**{**stored, "attachments": sent})


def kind_of(media_type: str) -> AttachmentKind:
    """What a media type (image/jpeg) is to people."""
    kinds: dict[str, AttachmentKind] = {"image": "picture", "audio": "voice", "video": "video"}
    return kinds.get(media_type.partition("/")[0].strip().lower(), "file")
