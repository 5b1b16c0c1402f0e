"""The WebSocket against a real server: what arrives, in which order, at which tabs, and who is
sent away."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from fake_gateway import EMAIL, IDENTITY_KEY, SESSION_KEY, FakeGateway, listening, make_gateway
from prometheus_client import REGISTRY
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State
from websockets.sync.client import ClientConnection, connect
from websockets.uri import parse_uri

from bot.dialogue.desk import Desk
from bot.gateway import sockets
from bot.gateway.tokens import mint_identity
from bot.messages import BotMessage
from bot.terminal.client import Client, Session
from bot.wording.phrases import phrase
from data import access
from data.models import Customer, Ticket

Frame = dict[str, Any]


def now() -> datetime:
    return datetime.now(UTC)  # read anew: long runs outlive a token signed when this was imported


class Tab:
    """One open page."""

    def __init__(self, url: str, origin: str | None = None) -> None:
        self.socket: ClientConnection = connect(
            f"{url.replace('http', 'ws')}/api/v1/chat", origin=origin, proxy=None, max_size=None
        )

    def send(self, **frame: object) -> None:
        self.socket.send(json.dumps(frame))

    def receive(self, timeout: float = 30) -> Frame:
        event: Frame = json.loads(self.socket.recv(timeout))
        return event

    def until(self, kind: str) -> list[Frame]:
        """Everything up to the next event of this kind."""
        events = [self.receive()]
        while events[-1]["type"] != kind:
            events.append(self.receive())
        return events

    def hello(self, token: str, after: str | None = None) -> Frame:
        self.send(type="hello", token=token, after=after)
        return self.receive()

    def say(self, text: str, message_id: str = "m1") -> list[Frame]:
        self.send(type="message", message_id=message_id, text=text)
        return self.until("done")

    def nothing_comes(self) -> bool:
        """Whatever was sent before has arrived when a pong does."""
        self.send(type="ping")
        return self.receive() == {"type": "pong"}

    def closed(self, timeout: float = 30) -> tuple[int, list[Frame]]:
        """The close code, and what came before it."""
        events = []
        deadline = time.monotonic() + timeout
        try:
            while time.monotonic() < deadline:
                events.append(self.receive(timeout))
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006, events
        raise AssertionError(f"still open after {events}")


class Shop:
    """A running gateway."""

    def __init__(self, gateway: FakeGateway, url: str) -> None:
        self.gateway = gateway
        self.url = url

    def session(self, identity: str | None = None) -> str:
        """The token of a new one."""
        with Client(self.url) as client:
            return client.open_session(identity).token

    def tab(self, token: str | None = None, after: str | None = None) -> Tab:
        tab = Tab(self.url)
        if token is not None:
            assert tab.hello(token, after)["type"] == "ready"
        return tab

    def over_http(self, token: str, text: str, message_id: str) -> None:
        with Client(self.url) as client:
            client.open_session()
            assert client.session is not None
            client.session = type(client.session)("", token, "", None)
            list(client.say(text, message_id=message_id))


@contextmanager
def open_shop(folder: Path, **settings: Any) -> Iterator[Shop]:
    gateway = make_gateway(folder, **settings)
    with listening(gateway) as url:
        yield Shop(gateway, url)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with open_shop(tmp_path) as opened:
        yield opened


def kinds(events: list[Frame]) -> list[str]:
    return [event["type"] for event in events]


def refused(reason: str) -> float:
    return REGISTRY.get_sample_value("shopguide_refused_total", {"reason": reason}) or 0


# One conversation


def test_a_turn_is_accepted_grows_and_ends(shop: Shop) -> None:
    shop.gateway.fake.deltas = ["It", "It is free"]
    tab = Tab(shop.url)
    ready = tab.hello(shop.session())
    assert set(ready) == {"type", "session_id", "customer", "handoff"}
    events = tab.say("is it free?")
    assert events[0] == {"type": "accepted", "message_id": "m1"}
    assert events[-1] == {"type": "done", "message_id": "m1"}
    message = events[-2]
    assert (message["message_id"], message["reply_to"]) == ("m1.1", "m1")
    assert BotMessage.model_validate(message["body"]).text == "You said: is it free?"
    deltas = events[1:-2]
    assert [delta["text"] for delta in deltas][-1] == "It is free"
    assert [delta["seq"] for delta in deltas] == sorted({delta["seq"] for delta in deltas})


def test_every_tab_shows_the_same_conversation(shop: Shop) -> None:
    token = shop.session()
    here, there = shop.tab(token), shop.tab(token)
    own = here.say("hello", "m1")
    line, *rest = there.until("done")
    assert (line["type"], line["sender"], line["text"]) == ("line", "customer", "hello")
    assert rest == own
    shop.over_http(token, "by request", "m2")
    assert kinds(here.until("done")) == kinds(there.until("done"))
    assert here.nothing_comes()


def test_another_session_hears_nothing(shop: Shop) -> None:
    mine, theirs = shop.tab(shop.session()), shop.tab(shop.session())
    mine.say("hello")
    assert theirs.nothing_comes()


def test_who_comes_back_gets_what_was_missed(shop: Shop) -> None:
    token = shop.session()
    shop.over_http(token, "one", "m1")
    shop.over_http(token, "two", "m2")
    for after, missed in (
        (None, ["m1", "m1.1", "m2", "m2.1"]),
        ("m1.1", ["m2", "m2.1"]),
        ("m2.1", []),
        ("m2.0", ["m2.1"]),  # an apology, which no history holds
        ("unknown", ["m1", "m1.1", "m2", "m2.1"]),
    ):
        tab = shop.tab(token, after)
        tab.send(type="ping")
        lines = tab.until("pong")[:-1]
        assert [line["message_id"] for line in lines] == missed
    assert {"sender", "created_at", "text"} <= set(lines[0] if lines else shop_line(shop, token))


def shop_line(shop: Shop, token: str) -> Frame:
    tab = shop.tab(token, None)
    return tab.receive()


def test_who_comes_in_the_middle_of_a_turn_sees_its_end_once(shop: Shop) -> None:
    shop.gateway.fake.gate = asyncio.Event()
    token = shop.session()
    first = shop.tab(token)
    first.send(type="message", message_id="m1", text="hello")
    assert first.receive()["type"] == "accepted"
    late = shop.tab(token)
    assert kinds([late.receive(), late.receive()]) == ["line", "accepted"]
    shop.gateway.fake.gate.set()
    assert kinds(late.until("done")) == ["message", "done"]
    assert late.nothing_comes()


def test_a_repeated_message_is_answered_again_to_who_asks_alone(shop: Shop) -> None:
    token = shop.session()
    here, there = shop.tab(token), shop.tab(token)
    first = here.say("hello")
    there.until("done")
    assert here.say("hello")[-2:] == first[-2:]
    assert there.nothing_comes()
    assert len(shop.gateway.fake.asked) == 1


def test_an_apology_leaves_the_message_open_to_a_retry(shop: Shop) -> None:
    token = shop.session()
    tab = shop.tab(token)
    shop.gateway.fake.down = True
    for _ in range(2):
        message, done = tab.say("hello")[-2:]
        assert message["message_id"] == "m1.0"
        assert done["unanswered"] is True
        assert message["body"]["text"] == phrase("apology", "en")
    assert shop_line(shop, token)["unanswered"] is True
    shop.gateway.fake.down = False
    message = tab.say("hello")[-2]
    assert (message["message_id"], message["body"]["text"]) == ("m1.1", "You said: hello")
    assert "unanswered" not in shop_line(shop, token)


# Who somebody is


def test_whoever_signs_in_goes_on_by_another_token_and_alone(shop: Shop) -> None:
    token = shop.session()
    here, there = shop.tab(token), shop.tab(token)
    here.send(type="identify", identity=mint_identity(EMAIL, now(), IDENTITY_KEY))
    renewed, ready = here.receive(), here.receive()
    assert (renewed["type"], ready["type"], ready["customer"]) == ("renewed", "ready", "林悦")
    assert there.closed()[0] == 4401
    late = Tab(shop.url)
    assert late.hello(token)["code"] == "unauthorized"
    again = shop.tab(renewed["token"])
    here.send(type="message", text="hello", message_id="m1")
    assert "message" in kinds(again.until("done"))


def test_signing_in_again_changes_nothing(shop: Shop) -> None:
    token = shop.session(mint_identity(EMAIL, now(), IDENTITY_KEY))
    here, there = shop.tab(token), shop.tab(token)
    here.send(type="identify", identity=mint_identity(EMAIL, now(), IDENTITY_KEY))
    assert [tab.receive()["type"] for tab in (here, there)] == ["ready", "ready"]


def test_a_request_that_proves_who_it_is_cuts_the_sockets_off(shop: Shop) -> None:
    token = shop.session()
    there = shop.tab(token)
    with Client(shop.url) as client:
        client.session = Session("", token, "", None)
        client.identify(mint_identity(EMAIL, now(), IDENTITY_KEY))
        assert there.closed()[0] == 4401
        assert client.current()["customer"] == "林悦"


def test_a_client_over_http_goes_on_by_the_token_that_its_proof_brought(shop: Shop) -> None:
    def play(session_id: str, text: str) -> list[BotMessage]:
        with shop.gateway.unit_of_work() as uow:
            assert access.sign_in(uow, session_id, EMAIL)
        return [BotMessage(text="Thank you, that matches.")]

    shop.gateway.fake.play = play
    shop.gateway.fake.notes = {"kind": "identify", "proved": True}
    with Client(shop.url) as client:
        client.open_session()
        there = shop.tab(client.session.token if client.session else None)
        list(client.say("lin@example.com 310000"))
        assert client.current()["customer"] == "林悦"
        assert there.closed()[0] == 4401


def test_the_end_of_a_session_closes_its_sockets(shop: Shop) -> None:
    token = shop.session()
    tab = shop.tab(token)
    with Client(shop.url) as client:
        client.session = Session("", token, "", None)
        client.end()
    assert tab.closed()[0] == 4401
    assert Tab(shop.url).hello(token)["code"] == "unauthorized"


def test_nothing_of_the_proving_answer_goes_to_an_older_token(shop: Shop) -> None:
    """Somebody who planted the token of a stranger's conversation listens in when the customer
    proves who they are in the chat."""
    token = shop.session()
    here, there = shop.tab(token), shop.tab(token)

    def play(session_id: str, text: str) -> list[BotMessage]:
        with shop.gateway.unit_of_work() as uow:
            assert access.sign_in(uow, session_id, EMAIL)
        return [BotMessage(text="Your order is on its way.")]

    shop.gateway.fake.play = play
    shop.gateway.fake.notes = {"kind": "identify", "proved": True}
    here.send(type="message", text="lin@example.com 310000", message_id="m1")
    events = here.until("done")
    assert "renewed" in kinds(events)
    code, heard = there.closed()
    assert (code, set(kinds(heard)) - {"line", "accepted"}) == (4401, set())
    renewed = next(event for event in events if event["type"] == "renewed")
    assert shop.tab(renewed["token"], "m1")


def test_a_session_stays_with_its_customer(shop: Shop) -> None:
    with shop.gateway.unit_of_work() as uow:
        other = Customer(email="o@example.com", name="Other", language="en", joined_at=now())
        uow.session.add(other)
        uow.commit()
    tab = shop.tab(shop.session(mint_identity(EMAIL, now(), IDENTITY_KEY)))
    for identity in (
        mint_identity("o@example.com", now(), IDENTITY_KEY),
        mint_identity("nobody@example.com", now(), IDENTITY_KEY),
        mint_identity(EMAIL, now(), SESSION_KEY),
        mint_identity(EMAIL, now() - timedelta(hours=1), IDENTITY_KEY),
        "no token",
    ):
        tab.send(type="identify", identity=identity)
        error = tab.receive()
        assert (error["type"], error["code"]) == ("error", "identity_refused")
    assert shop_ready(shop, tab)["customer"] == "林悦"


def shop_ready(shop: Shop, tab: Tab) -> Frame:
    """Sign in rightly: the answer says whose the session is."""
    tab.send(type="identify", identity=mint_identity(EMAIL, now(), IDENTITY_KEY))
    return tab.receive()


@pytest.mark.parametrize("forge", ["other key", "expired", "none", "identity", "id", "unknown"])
def test_only_a_true_token_opens_a_session(shop: Shop, forge: str) -> None:
    honest = shop.tab(token := shop.session())
    claims = jwt.decode(token, options={"verify_signature": False})
    key: str | None = SESSION_KEY
    match forge:
        case "other key":
            key = "another key that is long enough for HS256"
        case "expired":
            claims["exp"] = now() - timedelta(seconds=1)
        case "none":
            key = None
        case "unknown":
            claims["sid"] = "00000000-0000-0000-0000-000000000000"
    forged = jwt.encode(claims, key, algorithm="HS256" if key else "none")
    if forge == "identity":
        forged = mint_identity(EMAIL, now(), IDENTITY_KEY)
    elif forge == "id":
        forged = claims["sid"]
    before = refused("unauthorized")
    tab = Tab(shop.url)
    tab.send(type="hello", token=forged)
    code, events = tab.closed()
    assert code == 4401
    assert [event["code"] for event in events] == ["unauthorized"]
    assert refused("unauthorized") == before + 1
    assert kinds(honest.say("still here?"))[-1] == "done"


def test_a_socket_says_hello_first_and_soon(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tab = Tab(shop.url)
    tab.send(type="message", message_id="m1", text="hello")
    assert tab.closed()[0] == 4401
    monkeypatch.setattr(sockets, "HELLO_S", 0.1)
    assert Tab(shop.url).closed()[0] == 4408
    assert shop.gateway.fake.asked == []


def test_an_expired_session_is_told_and_closed(shop: Shop) -> None:
    tab = shop.tab(shop.session())
    with shop.gateway.unit_of_work() as uow:
        uow.session.connection().exec_driver_sql(
            "UPDATE chat_sessions SET expires_at = '2020-01-01 00:00:00'"
        )
        uow.commit()
    tab.send(type="message", message_id="m1", text="hello")
    code, events = tab.closed()
    assert (code, events[0]["code"], events[0]["message_id"]) == (4401, "unauthorized", "m1")


def test_pages_of_other_sites_are_refused_unless_they_are_listed(tmp_path: Path) -> None:
    with open_shop(tmp_path, allowed_origins="https://shop.example") as shop:
        token = shop.session()
        for origin in (None, shop.url, "https://shop.example"):
            assert Tab(shop.url, origin).hello(token)["type"] == "ready"
        before = refused("origin_refused")
        for origin in ("https://evil.example", "https://shop.example.evil.example", "null"):
            with pytest.raises(InvalidStatus) as refusal:
                Tab(shop.url, origin)
            assert refusal.value.response.status_code == 403
        assert refused("origin_refused") == before + 3


# What is refused, and that the rest goes on


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 20_000,
        '{"type": "shout"}',
        '{"type": "message"}',
        '{"type": "message", "message_id": "../etc", "text": "x"}',
        '{"type": "message", "message_id": "desk:1", "text": "x"}',
        '{"type": "message", "message_id": "m1", "text": 5}',
        '{"type": "message", "message_id": "m1", "text": "\\ud800"}',
        '{"type": "hello", "token": "x"}',
        b"\x00\x01",
    ],
)
def test_what_is_no_frame_is_refused_and_never_repeated(shop: Shop, frame: str | bytes) -> None:
    tab = shop.tab(shop.session())
    tab.socket.send(frame)
    error = tab.receive()
    assert error["type"] == "error"
    assert error["code"] in ("unreadable", "invalid", "empty")
    assert set(error["message"]) == {"zh", "en"}
    assert "etc" not in json.dumps(error)
    assert kinds(tab.say("still here?"))[-1] == "done"


def test_a_frame_beyond_all_bounds_closes_the_socket(shop: Shop) -> None:
    token = shop.session()
    # While it still sends, a client may be cut off before it reads why: 1006.
    for size, codes in ((40_000, {4413}), (2_000_000, {1009, 1006})):
        tab = shop.tab(token)
        with suppress(ConnectionClosed):  # it may be closed before all of the frame is sent
            tab.socket.send("x" * size)
        assert tab.closed()[0] in codes
    assert kinds(shop.tab(token).say("still here?"))[-1] == "done"


def test_a_message_that_is_too_long_or_too_soon_is_told_so(tmp_path: Path) -> None:
    with open_shop(tmp_path, message_chars=10, messages_per_minute=6) as shop:
        tab = shop.tab(shop.session())
        tab.send(type="message", message_id="m1", text="x" * 11)
        assert (error := tab.receive())["code"] == "too_long"
        assert error["message_id"] == "m1"
        for name in ("m2", "m3"):
            assert kinds(tab.say("hello", name))[-1] == "done"
        before = refused("too_many")
        tab.send(type="message", message_id="m4", text="hello")
        error = tab.receive()
        assert (error["code"], error["message_id"]) == ("too_many", "m4")
        assert 0 < error["retry_after"] <= 10
        assert refused("too_many") == before + 1
        other = shop.tab(shop.session())
        assert kinds(other.say("hello"))[-1] == "done"


def test_only_so_many_answers_are_under_way(tmp_path: Path) -> None:
    with open_shop(tmp_path, open_streams=1) as shop:
        shop.gateway.fake.gate = asyncio.Event()
        tab = shop.tab(shop.session())
        tab.send(type="message", message_id="m1", text="one")
        tab.until("accepted")
        tab.send(type="message", message_id="m2", text="two")
        error = tab.receive()
        assert (error["code"], error["message_id"]) == ("too_many_streams", "m2")
        shop.gateway.fake.gate.set()
        tab.until("done")


def test_a_flood_of_frames_closes_the_socket_and_no_other(shop: Shop) -> None:
    token = shop.session()
    flooding, calm = shop.tab(token), shop.tab(token)
    with suppress(ConnectionClosed):
        for _ in range(300):
            flooding.send(type="ping")
    code, events = flooding.closed()
    assert code == 4429
    assert events[-1]["code"] == "too_many"
    assert calm.nothing_comes()


def test_sockets_are_bounded_by_session_and_address(tmp_path: Path) -> None:
    with open_shop(tmp_path, sockets_per_session=2, sockets_per_address=3) as shop:
        token = shop.session()
        tabs = [shop.tab(token), shop.tab(token)]
        third = Tab(shop.url)
        third.send(type="hello", token=token)
        code, events = third.closed()
        assert (code, events[0]["code"]) == (4429, "too_many_sockets")
        tabs.append(shop.tab(shop.session()))
        assert Tab(shop.url).closed()[0] == 4429
        tabs.pop().socket.close()
        assert _eventually(lambda: shop.tab(shop.session()).nothing_comes())
    assert _open_sockets() == 0


def _eventually(holds: Any) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
        except (ConnectionClosed, AssertionError):
            time.sleep(0.05)
    return False


def test_a_silent_socket_is_closed(tmp_path: Path) -> None:
    with open_shop(tmp_path, socket_idle_s=2) as shop:
        tab = shop.tab(shop.session())
        for _ in range(4):
            time.sleep(0.7)
            assert tab.nothing_comes()
        assert tab.closed()[0] == 4408


def test_who_does_not_read_is_cut_and_nobody_waits_for_them(tmp_path: Path) -> None:
    with open_shop(tmp_path, send_timeout_s=0.5) as shop:
        shop.gateway.fake.play = lambda session_id, text: [BotMessage(text="x" * 800_000)]
        token = shop.session()
        reading = shop.tab(token)
        with deaf(shop.url, token):
            assert _eventually(lambda: _open_sockets() == 2)
            for n in range(6):  # more than all buffers on the way hold
                shop.over_http(token, "hello", f"m{n}")
                assert kinds(reading.until("done"))[-1] == "done"
            assert _eventually(lambda: _open_sockets() == 1)
        assert reading.nothing_comes()


@contextmanager
def deaf(url: str, token: str) -> Iterator[None]:
    """A socket that says hello and then reads nothing, not even what its system would hold."""
    protocol = ClientProtocol(parse_uri(f"{url.replace('http', 'ws')}/api/v1/chat"))
    with socket.socket() as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect((protocol.uri.host, protocol.uri.port))
        protocol.send_request(protocol.connect())
        plain.sendall(b"".join(protocol.data_to_send()))
        while protocol.state is not State.OPEN:
            protocol.receive_data(plain.recv(1024))
        protocol.send_text(json.dumps({"type": "hello", "token": token}).encode())
        plain.sendall(b"".join(protocol.data_to_send()))
        yield


def _open_sockets() -> float:
    return REGISTRY.get_sample_value("shopguide_sockets") or 0


# The end


def test_a_stop_lets_the_running_turn_end_and_tells_when_to_come_back(tmp_path: Path) -> None:
    gateway = make_gateway(tmp_path)
    gateway.fake.gate = asyncio.Event()
    with listening(gateway) as url:
        shop = Shop(gateway, url)
        tab = shop.tab(shop.session())
        tab.send(type="message", message_id="m1", text="hello")
        tab.until("accepted")
        loop = gateway.loop
        ending = asyncio.run_coroutine_threadsafe(gateway.retire(), loop)
        closing = tab.receive()
        assert closing["type"] == "closing"
        assert 0 < closing["retry_ms"] < 10_000
        tab.send(type="message", message_id="m2", text="one more")
        error = tab.receive()
        assert (error["code"], error["message_id"]) == ("closing", "m2")
        assert error["retry_after"] > 0
        loop.call_soon_threadsafe(gateway.fake.gate.set)
        assert kinds(tab.until("done")) == ["message", "done"]
        assert tab.closed() == (1012, [])
        ending.result(5)
        with Client(url) as client:
            assert client.readiness()["gateway"] is False


# A person


def test_a_person_takes_over_and_gives_back(shop: Shop) -> None:
    token = shop.session()
    tab = shop.tab(token)
    tab.say("hello", "m1")
    session_id = shop.gateway.fake.asked[0][0]
    with shop.gateway.unit_of_work() as uow:
        uow.tickets.add(
            Ticket(
                session_id=session_id,
                language="zh",
                reason="asked",
                transcript=[],
                created_at=datetime.now(UTC),
            )
        )
        uow.commit()
    desk = Desk(shop.gateway.unit_of_work, None)
    waiting = tab.receive()
    assert (waiting["type"], waiting["state"], waiting["position"]) == ("handoff", "queued", 1)
    assert kinds(tab.say("while I wait", "m2"))[-2:] == ["message", "done"]

    desk.take(1, "小李")
    taken = tab.receive()
    assert (taken["type"], taken["state"], taken["agent"]) == ("handoff", "agent", "小李")
    desk.say(1, "您好，我来看看")
    line = tab.receive()
    assert (line["sender"], line["agent"], line["text"]) == ("agent", "小李", "您好，我来看看")
    assert tab.receive() == {"type": "read", "message_id": "m2"}  # whoever answers has read

    first = tab.say("谢谢你", "m3")
    assert first[1]["body"]["text"] == phrase("handoff.with_agent", "zh", agent="小李")
    assert kinds(tab.say("还有一件事", "m4")) == ["accepted", "done"]
    assert [text for _, text, _ in shop.gateway.fake.asked] == ["hello", "while I wait"]

    desk.close(1)
    events = [tab.receive(), tab.receive()]
    assert kinds(events) == ["handoff", "line"]
    assert events[0]["state"] == "closed"
    assert events[1]["text"] == phrase("handoff.ended", "zh", agent="小李")
    assert tab.say("hello again", "m5")[-2]["body"]["text"] == "You said: hello again"

    again = shop.tab(token)
    again.send(type="ping")
    lines = again.until("pong")[:-1]
    assert lines.pop() == {"type": "read", "message_id": "m2"}
    assert [line["sender"] for line in lines] == [
        *("customer", "bot", "customer", "bot"),
        *("agent", "customer", "bot", "customer", "bot", "customer", "bot"),
    ]
    assert len({line["message_id"] for line in lines}) == len(lines)


def test_the_place_in_the_queue_moves_up(shop: Shop) -> None:
    tabs = []
    for n in (1, 2):
        token = shop.session()
        tabs.append(shop.tab(token))
        with shop.gateway.unit_of_work() as uow:
            sid = jwt.decode(token, options={"verify_signature": False})["sid"]
            uow.tickets.add(
                Ticket(
                    session_id=sid,
                    language="en",
                    reason="asked",
                    transcript=[],
                    created_at=datetime.now(UTC),
                )
            )
            uow.commit()
        assert tabs[-1].receive()["position"] == n
    Desk(shop.gateway.unit_of_work, None).take(1, "Li")
    assert tabs[1].receive()["position"] == 1
