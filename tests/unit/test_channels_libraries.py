"""Signatures against the platforms' own libraries, which we do not use to check them."""

from __future__ import annotations

import base64
import hashlib
import hmac

import httpx
from hypothesis import given
from hypothesis import strategies as st
from linebot.v3.webhook import SignatureValidator
from pydantic import SecretStr

from bot.channels.base import Channel, Request
from bot.channels.errors import Refused
from bot.channels.http import Http
from bot.channels.line import Line, LineSettings


def accepts(channel: Channel, request: Request) -> bool:
    try:
        channel.verify(request)
    except Refused:
        return False
    return True


@given(key=st.text(min_size=1), body=st.text(), wrong=st.booleans())
def test_line(key: str, body: str, wrong: bool) -> None:
    settings = LineSettings(_env_file=None, token=SecretStr("t"), secret=SecretStr(key))
    signed = f"{body}!" if wrong else body
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    request = Request(
        "POST", "https://shop.example", {"x-line-signature": signature}, {}, body.encode()
    )
    accepted = accepts(Line(settings, Http(httpx.AsyncClient())), request)
    assert accepted == SignatureValidator(key).validate(body, signature) == (not wrong)
