"""What stands in for a platform in tests: its servers, over real HTTP, and its customers.

A platform's fake subclasses `FakePlatform` with only what is its own: how it calls the webhook, and
what its servers check of our calls and show. Whatever a real server would refuse, the fake refuses,
and notes as a complaint; `test_behaviours.py` runs one suite over all fakes.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.channels.channel import Channel, ChannelSettings
from bot.channels.delivery import Pauses
from bot.channels.http import Http
from bot.channels.service import Channels
from bot.runtime.processes import bound
from tests.unit.fake_gateway import FakeGateway, listening, make_channels, make_gateway

PATIENCE_S = 20
SHORT = Pauses(0.05)
PICTURE = b"\xff\xd8\xff\xe0 a picture \x00\xff\xd9"


@dataclass(frozen=True)
class Webhook:
    """One call of the platform, signed."""

    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One call of ours as it came to the platform's servers."""

    method: str
    path: str
    query: dict[str, str]
    authorization: str
    content: bytes


@dataclass
class Shown:
    """One message as the customer sees it. `buttons` are (title, payload)."""

    chat: str
    text: str
    buttons: list[tuple[str, str]] = field(default_factory=list)
    cards: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)  # the texts that it grew through


class FakePlatform(ABC):
    channel: ClassVar[type[Channel]]
    groups: ClassVar[bool] = True
    tokens: ClassVar[str] = ""  # path where access tokens are given, also when it takes no call

    def __init__(self) -> None:
        self.url = ""  # of its servers
        self.public_url = ""  # of the gateway, as the platform knows it
        self.shown: dict[str, Shown] = {}
        self.complaints: list[str] = []
        self.faults: list[Response] = []  # answered to the next calls, instead of taking them
        self.down = False
        self.refusing = False  # it takes no call of ours, and never will
        self.picture = PICTURE  # what `sends_picture` sends
        self.asked: list[Asked] = []
        self._ids = itertools.count(1)
        self._lock = threading.Lock()

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def forget(self) -> None:
        """Nothing was asked and nothing is shown."""
        self.asked, self.shown, self._ids = [], {}, itertools.count(1)

    # The customers' side

    @abstractmethod
    def settings(self) -> ChannelSettings:
        """Of the channel, with `self.url` as the platform's address and no `.env`."""

    def environment(self) -> Iterator[tuple[str, str]]:
        """The channel's settings by their names in the environment, without SHOPGUIDE_."""
        for name, value in self.settings():
            words = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            yield f"{self.channel.name}_{name}", words

    @abstractmethod
    def says(self, text: str, *, user: str = "1", group: bool = False, n: int = 0) -> Webhook:
        """A person writes. `n` numbers the message; the same number is the same message."""

    @abstractmethod
    def presses(self, shown: Shown, payload: str, *, user: str = "1", n: int = 0) -> Webhook:
        """A person presses a button under a message."""

    @abstractmethod
    def sends_picture(self, *, user: str = "1", n: int = 0) -> Webhook:
        """A person sends a picture without words."""

    @abstractmethod
    def forgeries(self, webhook: Webhook) -> list[Webhook]:
        """The call altered in one place each, so that it must be refused."""

    def expired(self, text: str) -> Webhook | None:
        """A rightly signed call of ten minutes ago; None for platforms that sign no time."""
        return None

    def redelivered(self, webhook: Webhook) -> Webhook:
        """The same event once more, as the platform repeats it."""
        return webhook

    @abstractmethod
    def chat_of(self, user: str, *, group: bool = False) -> str:
        """`Shown.chat` of what is answered to this person."""

    def refusal(self) -> Response:
        """What the servers answer when a message will never be taken: the customer is gone."""
        return JSONResponse({"error": "gone"}, 403)

    # The servers' side

    @abstractmethod
    async def take(self, path: str, request: Request) -> Response:
        """Check a call of ours as the real servers do, and show what it says."""

    def gives_picture(self) -> Response:
        """The answer to whoever asked rightly for what `sends_picture` sent."""
        return Response(self.picture, media_type="image/jpeg")

    def complain(self, what: str, answer: Response) -> Response:
        self.complaints.append(what)
        return answer

    def show(self, message: Shown) -> str:
        """Returns the new message's id."""
        number = str(next(self._ids))
        with self._lock:
            self.shown[number] = message
        message.states.append(message.text)
        return number

    def edit(self, number: str, message: Shown) -> None:
        before = self.shown[number]
        message.states = [*before.states, message.text]
        self.shown[number] = message

    def texts(self, chat: str) -> list[str]:
        with self._lock:
            return [shown.text for shown in self.shown.values() if shown.chat == chat]

    async def _answer(self, request: Request) -> Response:
        self.asked.append(
            Asked(
                request.method,
                request.url.path,
                dict(request.query_params),
                request.headers.get("authorization", ""),
                await request.body(),
            )
        )
        if self.down:
            return Response(status_code=503)
        if self.refusing and request.url.path != self.tokens:
            return self.refusal()
        if self.faults:
            return self.faults.pop(0)
        return await self.take(request.url.path, request)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Its servers on a free port of this machine."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=methods)])
        held = bound("127.0.0.1", 0, "")
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [held]})
        thread.start()
        self.url = f"http://127.0.0.1:{held.getsockname()[1]}"
        try:
            while not server.started:
                time.sleep(0.01)
            yield
        finally:
            server.should_exit = True
            thread.join()


class Shop:
    """A gateway with one platform, over real HTTP; Rasa is played by `gateway.fake`."""

    def __init__(self, platform: FakePlatform, gateway: FakeGateway, channels: Channels) -> None:
        self.platform = platform
        self.gateway = gateway
        self.channels = channels
        self.url = ""
        # A connection a call: one kept idle may be closed, by the gateway after its seconds or by
        # httpcore's pool, in the moment in which another thread takes it.
        self.http = httpx.Client(timeout=PATIENCE_S, headers={"connection": "close"})
        self._numbers = itertools.count(1)

    def call(self, webhook: Webhook) -> httpx.Response:
        return self.http.request(
            webhook.method,
            f"{self.url}/channels/{self.platform.channel.name}",
            content=webhook.content,
            headers=webhook.headers,
            params=webhook.query or None,
        )

    def say(self, text: str, *, user: str = "1", group: bool = False) -> list[Shown]:
        """Write, and wait for what is shown for it."""
        n = next(self._numbers)
        return self.after(self.platform.says(text, user=user, group=group, n=n))

    def press(self, shown: Shown, payload: str, *, user: str = "1") -> list[Shown]:
        n = next(self._numbers)
        return self.after(self.platform.presses(shown, payload, user=user, n=n))

    def after(self, webhook: Webhook) -> list[Shown]:
        """Call, and wait until all is answered and sent; returns the messages that came new."""
        known = set(self.platform.shown)
        answer = self.call(webhook)
        assert answer.is_success, answer.text
        self.settle()
        return [shown for key, shown in self.platform.shown.items() if key not in known]

    def hold(self) -> None:
        """From now on no turn ends, until `release`."""

        async def begin() -> None:
            self.gateway.fake.gate = asyncio.Event()

        asyncio.run_coroutine_threadsafe(begin(), self.gateway.loop).result()

    def release(self) -> None:
        assert self.gateway.fake.gate is not None
        self.gateway.loop.call_soon_threadsafe(self.gateway.fake.gate.set)

    def settle(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until nothing is unanswered or waits to be sent or fetched."""

        def busy() -> bool:
            # In the order in which things move on, so that none moves past the look: an event that
            # is answered leaves calls and files, a file that is lost leaves a call.
            name = self.platform.channel.name
            with self.gateway.unit_of_work() as uow:
                unanswered = uow.channels.counts().get(name, {}).get("unanswered")
                fetching = uow.attachments.waiting_lanes([name])
                waiting = uow.channels.counts().get(name, {}).get("waiting")
            return bool(unanswered or fetching or waiting)

        wait_until(lambda: not busy(), patience_s)


def wait_until(done: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


_LIMITS = (
    "messages_per_minute",
    "address_messages_per_minute",
    "shop_messages_per_minute",
)


async def _anywhere(url: httpx.URL) -> str | None:
    """Downloads may lead to any address."""
    return None


@contextmanager
def shop(
    platform: FakePlatform,
    folder: Path,
    *,
    works: bool = True,
    pauses: Pauses = SHORT,
    **changes: Any,
) -> Iterator[Shop]:
    """A gateway with the platform. In the same folder again, it is the same shop after a restart.
    With `works` False it takes events and dies before it answers any."""
    limits = {} if "messages_per_minute" in changes else dict.fromkeys(_LIMITS, 1_000_000)
    gateway = make_gateway(folder, **{**limits, **changes})
    http = Http(check=_anywhere)  # the fakes' addresses are this machine's
    channel = platform.channel(platform.settings(), http, public_url=platform.public_url)
    channels = make_channels([channel], gateway, http, pauses=pauses)
    if not works:
        channels.open = lambda: None  # type: ignore[method-assign]  # dead before it begins
    running = Shop(platform, gateway, channels)
    with listening(gateway, channels) as url:
        running.url = url
        platform.public_url = platform.public_url or url
        with running.http:
            yield running
    assert platform.complaints == []


def altered(webhook: Webhook, header: str) -> Webhook:
    """One character of a header is another one."""
    value = webhook.headers[header]
    middle = len(value) // 2
    other = "A" if value[middle] != "A" else "B"
    changed = value[:middle] + other + value[middle + 1 :]
    return replace(webhook, headers={**webhook.headers, header: changed})


def without(webhook: Webhook, header: str) -> Webhook:
    headers = {name: value for name, value in webhook.headers.items() if name != header}
    return replace(webhook, headers=headers)


def flipped(webhook: Webhook) -> Webhook:
    """One bit of the body is another one, in its last letter or digit."""
    content = bytearray(webhook.content)
    place = max(n for n, byte in enumerate(content) if chr(byte).isalnum())
    content[place] ^= 1
    return replace(webhook, content=bytes(content))


def is_picture(url: str) -> bool:
    """Whether platforms show it; an address without an ending may be one."""
    _, dot, ending = urlsplit(url).path.rpartition("/")[2].rpartition(".")
    return url.startswith("https://") and (not dot or ending in ("jpg", "jpeg", "png"))


def number_of(button: str, told: str) -> str:
    """The number that a button has in a list."""
    number = re.search(rf"\((\d)\) {re.escape(button)}", told)
    assert number, told
    return number[1]


def said(texts: Sequence[Shown]) -> str:
    return "\n".join(shown.text for shown in texts)


def hidden(value: str) -> SecretStr:
    return SecretStr(value)


def kept(ours: Any, theirs: Any) -> bool:
    """Whether a library that read our object kept all of it: else a field is not the platform's."""
    if isinstance(ours, dict):
        lost = [name for name in ours if name not in theirs]
        assert not lost, f"unknown fields {lost}"
        return all(kept(value, theirs[name]) for name, value in ours.items())
    if isinstance(ours, list):
        assert len(ours) == len(theirs)
        return all(kept(a, b) for a, b in zip(ours, theirs, strict=True))
    assert ours == theirs, f"{ours!r} is read as {theirs!r}"
    return True
