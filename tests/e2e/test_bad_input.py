"""What people, and attackers, send that is no question."""

from __future__ import annotations

import json
import re
import uuid

import httpx
import pytest

from bot.evaluation.asking import ask
from bot.terminal.client import Client, Refused
from tests.running import System


@pytest.mark.parametrize(
    "text",
    [
        "😀😀😀",
        '{"text": 5, "rating": "5 stars"}',
        "。。。",
        "<script>alert(1)</script><b>hi</b>",
        "'; DROP TABLE orders; --",
        "SELECT * FROM customers WHERE email = 'lin.yue@example.com'",
        "\u202egnp.exe\u202c where is my order",
        "a\x00b\x07c where is my order",
        "{{7*7}} ${jndi:ldap://x} %s %d {name}",
        "订单 SP99999999 在哪",
        "order sp-6184 0357",
        "SP1234567890123",
        "我想return这个tent，可以吗？我two months前买的",
        "¿Dónde está mi pedido?",
        "注文した商品はいつ届きますか",
        "/greet",
        "/restart",
        "长" * 1900,
    ],
)
def test_strange_messages_are_answered(system: System, text: str) -> None:
    with system.client() as client:
        answer = ask(client, text)
        assert answer.messages
        assert answer.text.strip()
        for leak in ("Traceback", "sqlite", "SELECT", "<script", "utter_", "林悦", "陈浩"):
            assert leak not in answer.text
        following = ask(client, "is 60 enough for free delivery?")
        assert "39" in following.text


@pytest.mark.parametrize(
    ("text", "words"), [("?", "not sure what you mean"), ("？？？", "not sure what you mean")]
)
def test_marks_alone_are_asked_back(system: System, text: str, words: str) -> None:
    with system.client() as client:
        assert words in ask(client, text).text


def test_another_customers_order_and_none_get_the_same_words(system: System) -> None:
    with system.client("emma.clarke@example.com") as client:
        foreign = ask(client, "where is order SP61840357?").all_words
        unknown = ask(client, "where is order SP99999999?").all_words
        assert foreign.replace("SP61840357", "SP99999999") == unknown
        assert "SP99999999" in unknown
        for number in ("SP12", "SP6184035712345"):
            odd = ask(client, f"where is order {number}?").text
            assert number in odd
            assert "eight digits" in odd


def test_a_third_language_is_told_what_we_speak(system: System) -> None:
    with system.client() as client:
        for text in ("Wo ist meine Bestellung geblieben, bitte?", "注文した商品はいつ届きますか"):
            assert "English and Chinese" in ask(client, text).text


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("", "empty", 422),
        ("   \n\t ", "empty", 422),
        ("\x00\x01", "empty", 422),
        ("x" * 100_000, "too_long", 413),
    ],
)
def test_what_is_no_message_is_refused_in_both_languages(
    system: System, text: str, code: str, status: int
) -> None:
    with system.client() as client:
        with pytest.raises(Refused) as refusal:
            ask(client, text)
        assert (refusal.value.code, refusal.value.status) == (code, status)
        assert re.search("[\u4e00-\u9fff]", refusal.value.sentence("zh"))
        assert refusal.value.sentence("en").isascii()
        assert ask(client, "hello").messages


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\xfa",
        b"{",
        b'{"text": "\xff\xfe", "message_id": "a"}',
        b"[]",
        b'{"text": 5, "message_id": "a"}',
        b'{"text": "hi", "message_id": "../../etc"}',
        b'{"text": "hi"}',
        b'{"text": "hi", "message_id": "' + b"x" * 300_000 + b'"}',
    ],
)
def test_broken_requests_get_a_reason(system: System, body: bytes) -> None:
    with system.client() as client:
        assert client.session is not None
        headers = {
            "Authorization": f"Bearer {client.session.token}",
            "Content-Type": "application/json",
        }
        answer = httpx.post(f"{system.url}/api/v1/messages", content=body, headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["message"]["zh"]
    assert b"Traceback" not in answer.content


def test_a_lone_surrogate_is_refused(system: System) -> None:
    with system.client() as client:
        assert client.session is not None
        body = {"text": "hello \ud800", "message_id": uuid.uuid4().hex}
        answer = httpx.post(
            f"{system.url}/api/v1/messages",
            content=json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {client.session.token}"},
        )
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"


def test_a_session_is_opened_by_its_token_only(system: System) -> None:
    with system.client("chen.hao@example.com") as owner, Client(system.url) as stranger:
        assert owner.session is not None
        ask(owner, "我的订单")
        for key in ("none", owner.session.id, "eyJhbGciOiJub25lIn0.eyJzaWQiOiJ4In0."):
            answer = httpx.get(
                f"{system.url}/api/v1/messages", headers={"Authorization": f"Bearer {key}"}
            )
            assert answer.status_code == 401
        stranger.open_session()
        assert stranger.history() == []


def test_logs_hold_no_messages_and_no_addresses(system: System) -> None:
    with system.client() as client:
        ask(client, "我的邮箱是 secret.person@example.com 邮编 310013")
        ask(client, "Where is order SP61840357, zebra crossing?")
    logs = [system.log("serve.log"), system.log("rasa.log")]
    for log in logs:
        for secret in ("secret.person", "zebra", "310013"):
            assert secret not in log
