"""Signatures against the platforms' own libraries, which we do not use to check them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from urllib.parse import urlencode

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st
from linebot.v3.webhook import SignatureValidator
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from bot.channels.base import Channel, Request
from bot.channels.errors import Refused
from bot.channels.http import Http
from bot.channels.line import Line, LineSettings
from bot.channels.twilio import Twilio, TwilioSettings, gsm_units
from tests.integration.channels.twilio import segments

HTTP = Http(httpx.AsyncClient())


def accepts(channel: Channel, request: Request) -> bool:
    try:
        channel.verify(request)
    except Refused:
        return False
    return True


@settings(deadline=None)
@given(key=st.text(min_size=1), body=st.text(), wrong=st.booleans())
def test_line(key: str, body: str, wrong: bool) -> None:
    keys = LineSettings(_env_file=None, token=SecretStr("t"), secret=SecretStr(key))
    signed = f"{body}!" if wrong else body
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    request = Request(
        "POST", "https://shop.example", {"x-line-signature": signature}, {}, body.encode()
    )
    accepted = accepts(Line(keys, HTTP), request)
    assert accepted == SignatureValidator(key).validate(body, signature) == (not wrong)


@settings(deadline=None)
@given(
    key=st.text(min_size=1),
    address=st.sampled_from(
        [
            "https://shop.example/channels/twilio",
            "https://shop.example:8443/channels/twilio?a=1&b=%20",
            "http://127.0.0.1:8000/channels/twilio",
        ]
    ),
    fields=st.dictionaries(st.text(min_size=1), st.text()),
    wrong=st.booleans(),
)
def test_twilio(key: str, address: str, fields: dict[str, str], wrong: bool) -> None:
    library = RequestValidator(key)
    signature = library.compute_signature(f"{address}x" if wrong else address, fields)
    keys = TwilioSettings(_env_file=None, account="AC1", token=SecretStr(key))
    body = urlencode(fields).encode()
    request = Request("POST", address, {"x-twilio-signature": signature}, {}, body)
    accepted = accepts(Twilio(keys, HTTP), request)
    assert accepted == library.validate(address, fields, signature) == (not wrong)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("aZ @€{[~\n外é👍🏽")), st.sampled_from("a€外👍"))
def test_units_of_an_sms_grow_with_it_and_count_its_segments(text: str, more: str) -> None:
    assert len(text) <= gsm_units(text) <= gsm_units(text + more)
    assert segments(text) <= max(1, math.ceil(gsm_units(text) / 152))
