"""A gateway, a process of its own, that dies where it is told to: at a step of an answer
(bot/runtime/steps.py), by SIGKILL. All real but Rasa, whose place a call of the gateway's own
actions takes, and the platform and the browser, which are the test's."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
from fastapi import FastAPI

from bot.app import create_app
from bot.bootstrap import create_actions_app
from bot.channels.channel import (
    Address,
    Call,
    Channel,
    ChannelEvent,
    ChannelSettings,
    Received,
    Request,
)
from bot.channels.delivery import Pauses
from bot.channels.errors import TryAgain
from bot.channels.http import Http
from bot.channels.render import Capabilities
from bot.channels.webhooks import webhooks
from bot.dialogue.services import Services
from bot.gateway import logs
from bot.gateway.gateway import Gateway
from bot.gateway.rasa import Rasa, RasaUnavailable, Reply, read_reply
from bot.gateway.server import create_server
from bot.messages import BotMessage
from bot.runtime import steps
from bot.runtime.locks import SessionLocks
from bot.runtime.processes import bound
from bot.runtime.streams import TurnStreams
from bot.wording.phrases import Phrases
from data.rules import ShopRules
from data.unit_of_work import UnitOfWork
from tests.unit.fake_gateway import RULES, make_channels, make_gateway

LEASE_S = 1.0  # a test waits for its end
_UNLIMITED = dict.fromkeys(
    (
        "messages_per_minute",
        "address_messages_per_minute",
        "shop_messages_per_minute",
        "sessions_per_minute",
        "shop_sessions_per_minute",
    ),
    1_000_000,
)


class PlainSettings(ChannelSettings):
    api: str = ""


class Plain(Channel):
    """A platform with nothing of its own: {id, user, text} comes, {key, user, text} goes."""

    name = "plain"
    title = "Plain"
    Settings = PlainSettings
    capabilities = Capabilities(text=4000)

    def verify(self, request: Request) -> None:
        pass

    def events(self, request: Request) -> Received:
        body = request.json()
        to = {"user": body["user"]}
        return Received([ChannelEvent(body["id"], body["user"], "text", to, text=body["text"])])

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        return [{"user": to["user"], "text": message.text} for message in messages]

    async def send(self, call: Call, key: str) -> None:
        answer = await self.http.post(self.settings.api, json={**call, "key": key})
        if answer.status_code != 200:
            raise TryAgain(f"HTTP {answer.status_code}")


class ActingRasa(Rasa):
    """Understands every message as feedback, and calls that action as Rasa does."""

    def __init__(self, actions: FastAPI) -> None:
        super().__init__("http://rasa.invalid", timeout_s=5)
        transport = httpx.ASGITransport(actions)
        self._actions = httpx.AsyncClient(transport=transport, base_url="http://actions")

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
        latest = {
            "text": text,
            "intent": {"name": "feedback"},
            "entities": [],
            "metadata": {"turn_id": turn_id, "message_id": message_id},
        }
        call = {
            "next_action": "action_feedback",
            "sender_id": session_id,
            "tracker": {"sender_id": session_id, "slots": {}, "latest_message": latest},
            "domain": {},
        }
        answer = await self._actions.post("/webhook", json=call)
        if answer.status_code != 200:
            raise RasaUnavailable(f"HTTP {answer.status_code}")
        reply = read_reply(answer.json()["responses"])
        # Each answer repeats its question, so that the test sees which one it is of.
        said = [m.model_copy(update={"text": f"{text}: {m.text}"}) for m in reply.messages]
        return Reply(said, reply.notes)

    async def ready(self) -> bool:
        return True


def acting(gateway: Gateway, unit_of_work: Callable[[], UnitOfWork], rules: ShopRules) -> None:
    """Let the gateway's messages be answered by an `ActingRasa`."""
    from datetime import UTC, datetime

    parts = {
        "unit_of_work": unit_of_work,
        "phrases": Phrases.load(),
        "rules": rules,
        "streams": TurnStreams(),
        "clock": lambda: datetime.now(UTC),
    }
    services = cast("Services", SimpleNamespace(**parts))
    gateway.rasa = gateway.turns._rasa = ActingRasa(create_actions_app(services))


class Mortal:
    """Runs it. `die_at` is one of `steps.STEPS`, reached for the `times`-th time."""

    _processes = multiprocessing.get_context("forkserver")
    _processes.set_forkserver_preload(["tests.mortal"])  # imports take seconds, and are the same

    def __init__(
        self, folder: Path, platform: str, *, die_at: str = "", times: int = 1, port: int = 0
    ) -> None:
        here, there = self._processes.Pipe()
        self._process = self._processes.Process(
            target=_live, args=(folder, platform, die_at, times, port, there)
        )
        self._process.start()
        there.close()
        self.url: str = here.recv()

    def dead(self, within_s: float) -> bool:
        self._process.join(within_s)
        return self._process.exitcode is not None

    @property
    def code(self) -> int | None:
        return self._process.exitcode

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(20)


def _live(folder: Path, platform: str, die_at: str, times: int, port: int, told: Any) -> None:
    left = times

    def reached(step: str) -> None:
        nonlocal left
        if step == die_at:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    steps.watch(reached)
    SessionLocks.lease_s = LEASE_S
    gateway = make_gateway(folder, **_UNLIMITED)
    acting(gateway, gateway.unit_of_work, RULES)
    http = Http()
    channel = Plain(PlainSettings(_env_file=None, api=platform), http)
    channels = make_channels([channel], gateway, http, pauses=Pauses(0.05))
    logs.configure("error")
    held = bound("127.0.0.1", port, "")
    app = create_app(gateway, routers=[webhooks(channels)], link_codes=channels)
    server = create_server(app, gateway.settings, gateway.retire)

    async def run() -> None:
        serving = asyncio.create_task(server.serve([held]))
        while not server.started:  # noqa: ASYNC110  # it cannot tell us
            await asyncio.sleep(0.01)
        told.send(f"http://127.0.0.1:{held.getsockname()[1]}")
        await serving

    asyncio.run(run())
