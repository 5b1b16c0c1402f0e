"""Two real gateways with one Redis, one database and one Rasa: one shop.

Rasa calls the actions of the first, so what the second streams has come by Redis. The first is
`shopguide serve`, the second `shopguide gateway` without a generator of its own.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from bot.runtime.processes import environment, free_port
from bot.settings import ROOT
from bot.terminal.client import Client, ClientError
from tests.running import System, running

Frame = dict[str, Any]

# A question whose answer begins to stream before its message is there.
STREAMED = "岭线双人帐防水吗？"


class Tab:
    """An open page at one of the gateways."""

    def __init__(self, url: str, token: str, after: str | None = None) -> None:
        self._socket = connect(f"{url.replace('http', 'ws')}/api/v1/chat", proxy=None)
        self.send(type="hello", token=token, after=after)
        assert self.receive()["type"] == "ready"

    def send(self, **frame: object) -> None:
        self._socket.send(json.dumps(frame))

    def receive(self, timeout: float = 60) -> Frame:
        event: Frame = json.loads(self._socket.recv(timeout))
        return event

    def until(self, kind: str) -> list[Frame]:
        events = [self.receive()]
        while events[-1]["type"] != kind:
            events.append(self.receive())
        return events

    def code(self) -> int:
        """Of the close that is awaited."""
        try:
            while True:
                self.receive()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006


@dataclass
class Pair:
    first: System
    second: str
    redis: str
    process: subprocess.Popen[bytes]

    def rasa(self) -> psutil.Process:
        """Rasa's own process, which the first gateway has started."""
        family = psutil.Process(self.first.process.pid).children(recursive=True)
        return next(each for each in family if "rasa/serve.py" in " ".join(each.cmdline()))

    def session(self) -> str:
        with Client(self.first.url) as client:
            return client.open_session().token

    def at(self, url: str, token: str) -> Client:
        """A client of the gateway with that session."""
        client = Client(url)
        session = client.open_session()
        client.session = type(session)(session.id, token, session.expires_at, None)
        return client

    def shop_environment(self) -> dict[str, str]:
        settings = self.first.settings
        return environment(
            PYTHONPATH=ROOT,
            SHOPGUIDE_STATE=settings.state,
            SHOPGUIDE_DATABASE_URL="",
            SHOPGUIDE_REDIS_URL=self.redis,
        )

    def agent(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "bot.commands.main", "tickets", *arguments]
        subprocess.run(command, env=self.shop_environment(), cwd=ROOT, check=True, timeout=60)


def start_second(first: System, redis: str, log: Path) -> tuple[str, subprocess.Popen[bytes]]:
    port, actions = free_port("127.0.0.1", 0), free_port("127.0.0.1", 0)
    env = environment(
        PYTHONPATH=ROOT,
        SHOPGUIDE_STATE=first.settings.state,
        SHOPGUIDE_DATABASE_URL="",
        SHOPGUIDE_REDIS_URL=redis,
        SHOPGUIDE_RASA_URL=f"http://127.0.0.1:{first.settings.rasa_port}",
        SHOPGUIDE_PORT=port,
        SHOPGUIDE_ACTIONS_PORT=actions,
        SHOPGUIDE_GENERATOR="off",
        SHOPGUIDE_TURN_TIMEOUT_S=first.settings.turn_timeout_s,
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.commands.main", "gateway"],
            env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    with Client(url) as client:
        for _ in range(300):
            try:
                if all(client.readiness().values()):
                    return url, process
            except ClientError:
                time.sleep(0.2)
    raise AssertionError(f"the second gateway does not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed")
    folder = tmp_path_factory.mktemp("pair")
    port = free_port("127.0.0.1", 0)
    url = f"redis://127.0.0.1:{port}/0"
    server = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        cwd=folder, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TICKET_LOCK_LIFETIME", "10")  # as long as a turn is by default
            with running(
                folder,
                generator="qwen2.5-0.5b",
                redis_url=url,
                turn_timeout_s=55.0,  # so long that Rasa can come back within a turn
                answer_deadline_s=20.0,
            ) as first:
                second, process = start_second(first, url, folder / "second.log")
                yield Pair(first, second, url, process)
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 0
    finally:
        server.terminate()
        server.wait(10)


def kinds(events: list[Frame]) -> list[str]:
    return [event["type"] for event in events]


def test_a_session_goes_on_at_either_gateway(pair: Pair) -> None:
    token = pair.session()
    with pair.at(pair.first.url, token) as first, pair.at(pair.second, token) as second:
        list(first.say("订单满多少包邮？", message_id="m1"))
        list(second.say("谢谢", message_id="m2"))
        assert first.history() == second.history()
        customers = [line["text"] for line in first.history() if line["sender"] == "customer"]
    assert customers == ["订单满多少包邮？", "谢谢"]


def test_text_that_grows_in_one_process_streams_from_the_other(pair: Pair) -> None:
    token = pair.session()
    here, there = Tab(pair.second, token), Tab(pair.first.url, token)
    here.send(type="message", message_id="m1", text=STREAMED)
    own, other = here.until("done"), there.until("done")
    deltas = [event["text"] for event in own if event["type"] == "delta"]
    assert deltas, "the answer did not stream through Redis"
    assert kinds(other)[0] == "line"
    answer = [event["body"] for event in own if event["type"] == "message"]
    assert answer == [event["body"] for event in other if event["type"] == "message"]
    assert [event["seq"] for event in own if event["type"] == "delta"] == sorted(
        {event["seq"] for event in own if event["type"] == "delta"}
    )
    with pair.at(pair.second, token) as client:
        names = [event.name for event in client.say("它有多重？", message_id="m2")]
    assert names[-1] == "done"


def test_one_message_at_both_gateways_is_answered_once(pair: Pair) -> None:
    token = pair.session()
    answers: dict[str, list[Any]] = {}

    def ask(url: str) -> None:
        with pair.at(url, token) as client:
            said = client.say("How much is delivery?", message_id="m1")
            answers[url] = [event.data for event in said if event.name == "message"]

    threads = [threading.Thread(target=ask, args=[url]) for url in (pair.first.url, pair.second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers[pair.first.url] == answers[pair.second] != []
    with pair.at(pair.second, token) as client:
        senders = [line["sender"] for line in client.history()]
    assert senders == ["customer", *["bot"] * len(answers[pair.second])]


def test_an_agent_s_command_reaches_the_tabs_at_both(pair: Pair) -> None:
    token = pair.session()
    here, there = Tab(pair.first.url, token), Tab(pair.second, token)
    here.send(type="message", message_id="m1", text="转人工")
    events = here.until("done")
    handoff = next(e["body"]["handoff"] for e in events if e["type"] == "message")
    assert handoff["state"] == "queued"
    there.until("done")
    pair.agent("take", str(handoff["ticket"]), "--as", "小李")
    pair.agent("say", str(handoff["ticket"]), "您好，我是小李", "--as", "小李")
    for tab in (here, there):
        line = tab.until("line")[-1]
        assert (line["sender"], line["agent"], line["text"]) == ("agent", "小李", "您好，我是小李")
    there.send(type="message", message_id="m2", text="我的帐篷漏水")
    assert "小李" in there.until("message")[-1]["body"]["text"]
    pair.agent("close", str(handoff["ticket"]))
    assert here.until("handoff")[-1]["state"] == "closed"
    there.send(type="message", message_id="m3", text="你好")
    answer = there.until("message")
    while answer[-1]["reply_to"] != "m3":
        answer = there.until("message")


def test_a_rasa_that_is_killed_in_mid_turn_loses_no_message(pair: Pair) -> None:
    token = pair.session()
    tab = Tab(pair.first.url, token)
    tab.send(type="message", message_id="m1", text=STREAMED)
    tab.until("delta")
    pair.rasa().kill()
    told = [event for event in tab.until("done") if event["type"] == "message"]
    assert told[0]["message_id"] == "m1.1", "an apology came instead of the answer"
    assert told[0]["body"]["citations"]
    with pair.at(pair.second, token) as client:
        kept = [line["message_id"] for line in client.history()]
    assert kept == ["m1", *(event["message_id"] for event in told)]


def test_a_gateway_that_stops_ends_its_turns_and_the_other_goes_on(pair: Pair) -> None:
    """The last one: the second gateway is gone afterwards, and comes back."""
    token = pair.session()
    tab = Tab(pair.second, token)
    rasa = pair.rasa()
    rasa.suspend()  # so that the turn is under way, however fast the machine is
    try:
        tab.send(type="message", message_id="m1", text=STREAMED)
        tab.until("accepted")
        pair.process.send_signal(signal.SIGTERM)
        tab.until("closing")
    finally:
        rasa.resume()
    assert "message" in kinds(tab.until("done"))
    assert tab.code() == 1012
    assert pair.process.wait(30) == 0
    again = Tab(pair.first.url, token, after="m1")
    assert again.receive()["message_id"] == "m1.1"
    again.send(type="message", message_id="m2", text="谢谢")
    assert kinds(again.until("done"))[-2:] == ["message", "done"]
