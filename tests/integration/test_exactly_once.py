"""Every message that was acknowledged is answered, once and in order, whatever dies: each process
by kill -9 at each step, two gateways beside each other without Redis, a full disk, a clock that
jumps. Rasa itself is killed in test_gateway_pair.py and in tests/e2e."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from sqlalchemy import Engine, event, func, select

from bot.channels.delivery import Pauses
from bot.channels.http import Http
from bot.dialogue.desk import Desk
from bot.messages import BotMessage
from bot.runtime.steps import STEPS
from bot.terminal.client import Client, ClientError, Session
from bot.wording.phrases import phrase
from data.database import create_engine
from data.models import ChannelUser, ChatMessage, Feedback, Ticket
from data.unit_of_work import UnitOfWork
from tests.mortal import Mortal, Plain, PlainSettings
from tests.unit.fake_gateway import listening, make_channels, make_gateway, make_units

PATIENCE_S = 120  # a slow machine is no failure


class Platform:
    """The servers of `Plain`: takes what is sent, in the order in which it comes."""

    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        taken = self.taken

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def shown(self, user: str) -> list[str]:
        """What the user sees, by the question that it answers: a key comes once more where it was
        not yet marked as sent, and platforms that know keys show it once."""
        by_key = {call["key"]: call["text"] for call in self.taken if call["user"] == user}
        return [text.partition(":")[0] for text in by_key.values()]


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform()
    yield platform
    platform.close()


def until(holds: Callable[[], bool], what: str = "it did not happen in time") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def answered_once(units: Callable[[], UnitOfWork]) -> tuple[int, int]:
    """(customers' lines, lines of feedback), with each line answered exactly once."""
    with units() as uow:
        lines = uow.session.scalars(select(ChatMessage).order_by(ChatMessage.id)).all()
        asked = [line.message_id for line in lines if line.sender == "customer"]
        answers = [line.reply_to for line in lines if line.sender == "bot"]
        assert sorted(asked) == sorted(filter(None, answers))
        feedback = uow.session.scalar(select(func.count()).select_from(Feedback)) or 0
    return len(asked), feedback


class Load:
    """A customer on the website and two on the platform, who write until they are told to stop,
    to whichever gateway lives."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.said: dict[str, list[str]] = {}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._page)]
        self._threads += [threading.Thread(target=self._chat, args=[user]) for user in ("a", "b")]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive(), "somebody waits in vain"

    def _page(self) -> None:
        """Again with the same message id when the line breaks or only an apology comes."""
        said = self.said["web"] = []
        session: Session | None = None

        def answered() -> bool:
            nonlocal session
            n = len(said) + 1
            with suppress(ClientError, httpx.HTTPError), Client(self.url) as client:
                session = client.session = session or client.open_session()
                events = list(client.say(f"web{n}", message_id=f"m{n}"))
                return bool(events) and not events[-1].data.get("unanswered")
            return False

        while not self._stop.is_set():
            until(answered, "the page got no answer")
            said.append(f"web{len(said) + 1}")
            time.sleep(0.1)

    def _chat(self, user: str) -> None:
        """As platforms do: the same event again, until somebody says that it has it."""
        said = self.said[user] = []
        while not self._stop.is_set():
            text = f"{user}{len(said) + 1}"

            def taken(text: str = text) -> bool:
                with suppress(httpx.HTTPError):
                    body = {"id": text, "user": user, "text": text}
                    answer = httpx.post(f"{self.url}/channels/plain", json=body, timeout=5)
                    return answer.status_code == 200
                return False

            until(taken, "no gateway took the event")
            said.append(text)
            time.sleep(0.1)


def test_a_gateway_that_is_killed_at_each_step_loses_nothing_and_says_nothing_twice(
    tmp_path: Path, platform: Platform
) -> None:
    """One dies at the first step, the next one at the second, and so on, while people write."""
    units = make_units(tmp_path)
    living = Mortal(tmp_path, platform.url, die_at=STEPS[0])
    load = Load(living.url)
    try:
        for step, following in pairwise([*STEPS, ""]):
            assert living.dead(within_s=PATIENCE_S), f"nobody came to the step {step!r}"
            assert living.code == -9
            living = Mortal(tmp_path, platform.url, die_at=following)
            load.url = living.url
        until(lambda: len(load.said["web"]) > 1)
        load.stop()
        for user in ("a", "b"):
            until(lambda u=user: platform.shown(u) == load.said[u], f"{platform.taken}")
        count = sum(map(len, load.said.values()))
        assert count > len(STEPS)
        assert answered_once(units) == (count, count)
    finally:
        load.stop()
        living.stop()


# Two gateways beside each other, without Redis


def test_two_gateways_without_redis_answer_each_message_once_and_in_order(
    tmp_path: Path, platform: Platform
) -> None:
    """The same events come to both, since a platform repeats them wherever it is sent, and so do
    the pages' messages; one of the two dies amid it."""
    units = make_units(tmp_path)
    one, two = Mortal(tmp_path, platform.url), Mortal(tmp_path, platform.url)
    users = [f"u{n}" for n in range(6)]
    wanted = {user: [f"{user}-{n}" for n in range(8)] for user in users}
    answers: dict[str, list[list[str]]] = {}

    def chat(user: str) -> None:
        for text in wanted[user]:
            body = {"id": text, "user": user, "text": text}
            taken = 0
            for url in (one.url, two.url):
                with suppress(httpx.HTTPError):
                    answer = httpx.post(f"{url}/channels/plain", json=body, timeout=20)
                    taken += answer.status_code == 200
            assert taken, text

    def page(name: str) -> None:
        with Client(two.url) as client:
            session = client.open_session()

        def ask(url: str, n: int, told: list[str]) -> None:
            with suppress(ClientError, httpx.HTTPError), Client(url) as client:
                client.session = session
                events = client.say(f"{name}-{n}", message_id=f"m{n}")
                told.extend(each.data["text"] for each in events if each.name == "message")

        for n in range(4):
            told: tuple[list[str], list[str]] = ([], [])
            asking = [
                threading.Thread(target=ask, args=(url, n, one_of))
                for url, one_of in zip((one.url, two.url), told, strict=True)
            ]
            for thread in asking:
                thread.start()
            for thread in asking:
                thread.join(PATIENCE_S)
            answers.setdefault(name, []).append(sorted({*told[0], *told[1]}))

    talking = [threading.Thread(target=chat, args=[user]) for user in users]
    talking += [threading.Thread(target=page, args=[f"page{n}"]) for n in range(2)]
    try:
        for thread in talking:
            thread.start()
        until(lambda: len(platform.taken) > 10)
        one.kill()
        for thread in talking:
            thread.join(PATIENCE_S)
        for user in users:
            until(lambda u=user: platform.shown(u) == wanted[u], f"{platform.taken}")
        # Whoever asked at both was told one answer.
        assert [len(told) for name in answers for told in answers[name]] == [1] * 8
        count = sum(map(len, wanted.values())) + 8
        assert answered_once(units) == (count, count)
        again = [call["key"] for call in platform.taken]
        assert len(again) - len(set(again)) <= 2 * len(users)  # what was on its way at the kill
    finally:
        one.kill()
        two.stop()


# A full disk, a clock that jumps, the power


class Shop:
    """A gateway in this process with the platform `Plain`; its database may be full."""

    def __init__(self, folder: Path, platform: Platform) -> None:
        self.engine = create_engine(f"sqlite:///{folder / 'shop.db'}")
        make_units(folder)  # the tables
        self.gateway = make_gateway(folder, messages_per_minute=10**6)
        self.gateway.fake.play = lambda session, text: [BotMessage(text=f"{text}: said")]
        self.platform = platform
        channel = Plain(PlainSettings(_env_file=None, api=platform.url), http := Http())
        self.channels = make_channels([channel], self.gateway, http, pauses=Pauses(0.05))

    def post(self, url: str, user: str, n: int) -> int:
        body = {"id": f"{user}{n}", "user": user, "text": f"{user}{n}"}
        return httpx.post(f"{url}/channels/plain", json=body, timeout=20).status_code


def test_a_full_disk_is_no_acknowledgement_and_loses_nothing(
    tmp_path: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    pages = "PRAGMA max_page_count = {}"

    def limited(connection: Any, record: Any, proxy: Any) -> None:
        most = connection.execute("PRAGMA page_count").fetchone()[0] if full.is_set() else 10**9
        connection.execute(pages.format(most))

    event.listen(Engine, "checkout", limited)
    try:
        shop = Shop(tmp_path, platform)
        with listening(shop.gateway, shop.channels) as url:
            assert shop.post(url, "a", 1) == 200
            until(lambda: platform.shown("a") == ["a1"])
            full.set()
            taken = [n for n in range(2, 40) if shop.post(url, "a", n) == 200]
            assert len(taken) < 38, "the disk is not full"  # the last free pages took some
            full.clear()
            assert shop.post(url, "b", 1) == 200  # as the platform repeats it
            for n in range(2, 40):
                assert shop.post(url, "a", n) == 200
            until(lambda: platform.shown("b") == ["b1"])
            until(lambda: len(platform.shown("a")) == 39)
    finally:
        event.remove(Engine, "checkout", limited)
    # Each was told something, once: the answer, or where its row did not fit any more an apology.
    apology = phrase("apology", "en")
    told = platform.shown("a")
    answered = [text for text in told if text != apology]
    assert sorted({*answered}) == sorted(answered)
    assert set(range(2, 40)) - {int(text[1:]) for text in answered} <= set(taken)


def test_a_clock_that_jumps_holds_nothing_up_and_loses_nothing(
    tmp_path: Path, platform: Platform
) -> None:
    """An hour ahead while the gateway runs, and back again: what was to be sent then is sent."""
    shop = Shop(tmp_path, platform)
    with listening(shop.gateway, shop.channels) as url:
        for n, hours in enumerate((0, 1, 0, -48, 0), 1):
            with time_machine.travel(datetime.now(UTC) + timedelta(hours=hours), tick=True):
                assert shop.post(url, "a", n) == 200
                until(lambda n=n: len(platform.shown("a")) == n)
        assert platform.shown("a") == [f"a{n}" for n in range(1, 6)]
        with Client(url) as client:
            client.open_session()
            for n, minutes in enumerate((0, 30, 0)):
                with time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes), tick=True):
                    assert [e.name for e in client.say(f"hello {n}", message_id=f"m{n}")][-1]
            assert [line["message_id"] for line in client.history()] == [
                f"m{n}{part}" for n in range(3) for part in ("", ".1")
            ]


def test_sqlite_writes_each_commit_to_the_disk(tmp_path: Path) -> None:
    """What a platform or a page was told that we have outlives the machine's power."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    engine.dispose()


# What agents write


def handed_over(units: Callable[[], UnitOfWork]) -> int:
    """The number of a ticket of the conversation that is held on the platform."""
    with units() as uow:
        user = uow.session.scalars(select(ChannelUser)).one()
        ticket = Ticket(
            session_id=user.session_id, language="en", reason="asked", transcript=[],
            status="open", created_at=datetime.now(UTC),
        )  # fmt: skip
        uow.tickets.add(ticket)
        uow.commit()
        return ticket.id


def test_what_an_agent_writes_while_no_gateway_runs_goes_out_when_one_does(
    tmp_path: Path, platform: Platform
) -> None:
    """However long that is, and though the ticket is closed meanwhile."""
    shop = Shop(tmp_path, platform)
    with listening(shop.gateway, shop.channels) as url:
        assert shop.post(url, "a", 1) == 200
        until(lambda: platform.shown("a") == ["a1"])
    desk = Desk(shop.gateway.unit_of_work, None)
    number = handed_over(shop.gateway.unit_of_work)
    with time_machine.travel(datetime.now(UTC) - timedelta(days=5), tick=True):
        desk.take(number, "Li")
        desk.say(number, "Your refund goes out today.")
        desk.say(number, "Anything else?")
        desk.close(number)
    assert not desk.taken_up(number, within_s=0)
    again = Shop(tmp_path, platform)
    with listening(again.gateway, again.channels):
        until(lambda: len(platform.taken) == 4)
        assert desk.taken_up(number, within_s=5)
        time.sleep(1.2)  # the desk is looked at every second
    told = [call["text"] for call in platform.taken][1:]
    assert told[:2] == ["Li: Your refund goes out today.", "Li: Anything else?"]
    assert len(told) == 3


def test_a_line_that_is_not_stored_is_not_sent(tmp_path: Path, platform: Platform) -> None:
    """The line and what sends it are one transaction."""
    shop = Shop(tmp_path, platform)
    with listening(shop.gateway, shop.channels) as url:
        assert shop.post(url, "a", 1) == 200
        until(lambda: platform.shown("a") == ["a1"])
        number = handed_over(shop.gateway.unit_of_work)
        with shop.gateway.unit_of_work() as uow:
            ticket = uow.tickets.get(number)
            line = ChatMessage(
                session_id=ticket.session_id, message_id="desk-1", sender="agent",
                body={"text": "no", "agent": "Li"}, created_at=datetime.now(UTC),
            )  # fmt: skip
            uow.messages.add(line)
            uow.channels.write(line, datetime.now(UTC))
        time.sleep(1.2)
        assert len(platform.taken) == 1
