"""The gateway with everything real but Rasa: an SQLite file, a clock to turn, a Rasa that plays."""

from __future__ import annotations

import asyncio
import functools
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from bot.app import AssistantForChannels, create_app
from bot.channels.channel import Channel
from bot.channels.delivery import Pauses
from bot.channels.http import Http
from bot.channels.service import Channels
from bot.channels.webhooks import webhooks
from bot.dialogue.notes import Notes
from bot.gateway.conversations import Conversations
from bot.gateway.gateway import Gateway
from bot.gateway.rasa import Rasa, RasaGone, RasaUnavailable, Reply
from bot.gateway.server import create_server
from bot.messages import BotMessage
from bot.runtime.processes import bound
from bot.runtime.streams import TurnStreams
from bot.settings import ROOT, Settings
from bot.terminal.client import AnswerEvent, read_events
from data import migrations
from data.database import create_engine, session_factory
from data.models import Customer
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork

SESSION_KEY = "the key of the sessions, long enough for HS256"
RULES = ShopRules.load(ROOT / "demo/shop")
IDENTITY_KEY = "the key that the shop shares, long enough for HS256"
EMAIL = "lin@example.com"

Play = Callable[[str, str], list[BotMessage]]


def echo(session_id: str, text: str) -> list[BotMessage]:
    return [BotMessage(text=f"You said: {text}")]


class FakeRasa(Rasa):
    """Answers by `play`; publishes `deltas` first. Waits on `gate`, is down when told so,
    breaks off `breaks` times before it answers, and is not back as long as it is `away`."""

    def __init__(self, streams: TurnStreams) -> None:
        super().__init__("http://rasa.invalid", timeout_s=5)
        self._streams = streams
        self.asked: list[tuple[str, str, str | None]] = []
        self.play: Play = echo
        self.deltas: list[str] = []
        self.gate: asyncio.Event | None = None
        self.down = False
        self.breaks = 0
        self.away = False
        self.notes: dict[str, Any] = {"kind": "answer", "timings_ms": {"action": 1}}

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
        self.asked_from = asked_from
        self.page = page
        self.asked.append((session_id, text, language))
        if self.down:
            raise RasaUnavailable("ConnectError")
        if self.breaks:
            self.breaks -= 1
            raise RasaGone("ReadError")
        for delta in self.deltas:
            self._streams.publish(turn_id, delta)
            await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        return Reply(self.play(session_id, text), Notes.read(self.notes))

    async def ready(self) -> bool:
        return not (self.down or self.away)

    async def tracker(self, session_id: str) -> dict[str, Any]:
        if self.down:
            raise RasaUnavailable("ConnectError")
        return {
            "latest_message": {
                "intent": {"name": "policy_question", "confidence": 0.98765},
                "entities": [{"entity": "price", "value": "99"}],
            },
            "slots": {"language": "en", "empty": None},
        }


class FakeGateway(Gateway):
    """A gateway whose Rasa is a `FakeRasa`."""

    loop: asyncio.AbstractEventLoop  # of the server, for what another thread wants done

    def __init__(
        self,
        settings: Settings,
        unit_of_work: Callable[[], UnitOfWork],
        *,
        traced: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        streams = TurnStreams()
        conversations = Conversations(unit_of_work, timedelta(hours=1), RULES)
        self.parts = {"database": True, "index": True, "generator": True}
        checks = {name: lambda name=name: self.parts[name] for name in self.parts}
        self.unit_of_work = unit_of_work
        self.fake = FakeRasa(streams)
        super().__init__(
            settings, conversations, streams, checks, traced=traced, rasa=self.fake, clock=clock
        )

    def open(self) -> None:
        self.loop = asyncio.get_running_loop()
        super().open()


def make_settings(folder: Path, **changes: Any) -> Settings:
    return Settings(
        _env_file=None,
        state=folder,
        session_secret=SecretStr(SESSION_KEY),
        identity_secret=SecretStr(IDENTITY_KEY),
        **changes,
    )


def make_units(folder: Path) -> Callable[[], UnitOfWork]:
    """A fresh database with one customer; in the same folder again, the one that is there."""
    file = folder / "shop.db"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_fresh_database())
    sessions = session_factory(create_engine(f"sqlite:///{file}"))
    return lambda: UnitOfWork(sessions)


@functools.cache
def _fresh_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "shop.db"
        engine = create_engine(f"sqlite:///{file}")
        migrations.upgrade(engine)
        with UnitOfWork(session_factory(engine)) as uow:
            uow.session.add(
                Customer(email=EMAIL, name="林悦", language="zh", joined_at=datetime.now(UTC))
            )
            uow.commit()
        engine.dispose()
        return file.read_bytes()


def make_gateway(
    folder: Path,
    *,
    traced: bool = False,
    clock: Callable[[], float] = time.monotonic,
    **changes: Any,
) -> FakeGateway:
    settings = make_settings(folder, **changes)
    return FakeGateway(settings, make_units(folder), traced=traced, clock=clock)


def make_channels(
    channels: Sequence[Channel], gateway: FakeGateway, http: Http, *, pauses: Pauses | None = None
) -> Channels:
    """These platforms before this gateway."""
    return Channels(
        channels,
        AssistantForChannels(gateway),
        gateway.unit_of_work,
        settings=gateway.settings,
        bus=gateway.bus,
        http=http,
        pauses=pauses,
    )


@contextmanager
def listening(gateway: Gateway, channels: Channels | None = None) -> Iterator[str]:
    """The gateway's application on a free port of this machine, in a thread; yields its URL."""
    held = bound("127.0.0.1", 0, "")
    app = create_app(gateway, routers=[webhooks(channels)] if channels else [], link_codes=channels)
    server = create_server(app, gateway.settings, gateway.retire)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]})
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Caller:
    """Asks the gateway as a browser would, without a network."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.token = ""

    @property
    def key(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def open(self, **body: object) -> dict[str, Any]:
        opened: dict[str, Any] = (await self.http.post("/api/v1/sessions", json=body)).json()
        self.token = opened.get("token", "")
        return opened

    async def post(self, text: object, message_id: str = "m1", **more: object) -> httpx.Response:
        body = {"text": text, "message_id": message_id, **more}
        return await self.http.post("/api/v1/messages", json=body, headers=self.key)

    async def say(self, text: str, message_id: str = "m1", **more: object) -> list[AnswerEvent]:
        answer = await self.post(text, message_id, **more)
        assert answer.status_code == 200, answer.text
        return list(read_events(answer))

    async def history(self) -> list[dict[str, Any]]:
        answer = await self.http.get("/api/v1/messages", headers=self.key)
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found


@asynccontextmanager
async def calling(gateway: Gateway) -> AsyncIterator[Caller]:
    """A caller with an open session; unexpected errors come as the 503 that customers see."""
    transport = httpx.ASGITransport(create_app(gateway), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop") as http:
        caller = Caller(http)
        await caller.open()
        yield caller
    await gateway.close()


def texts(events: list[AnswerEvent]) -> list[str]:
    return [event.data["text"] for event in events if event.name == "message"]
